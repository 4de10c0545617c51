"""A live preview ends with what it belongs to."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from pytest_aiohttp import AiohttpClient
from signalling_fakes import FakeWorkshop, fake_app, fake_crew, opened

from orchestration.events import JobFailed
from server.settings import Settings

ADDRESS = "0123456789abcdef" * 2
NAME = "live-0123456789abcdef"


async def test_it_ends_with_its_job_and_with_its_session(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    workshop = FakeWorkshop()
    room = await opened(await aiohttp_client(fake_app(Settings(data=tmp_path), fake_crew(workshop=workshop))))
    room.director.jobs.start("j1", "website", {})
    listener = workshop.listeners["j1"]
    for last in (lambda: listener.job_event(JobFailed("j1", "website", "crashed", "")), lambda: None):
        with socket.socket(socket.AF_UNIX) as dev:
            folder = os.open(room.session.folder, os.O_PATH)
            dev.bind(f"/proc/self/fd/{folder}/{NAME}")
            os.close(folder)
            listener.job_preview("j1", NAME, ADDRESS)
            assert room.session.live.standing is not None
            last()
            if room.session.live.standing is not None:
                await room.session.stop()
            assert room.session.live.standing is None
            (room.session.folder / NAME).unlink()
    told = [entry.type for entry in room.session.events.after(0)]
    assert told.count("site.building") == 3  # the end of the session is the end of what the page is told
