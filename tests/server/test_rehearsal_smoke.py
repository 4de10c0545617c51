"""The rehearsal's own way to the product: a server of its own, real WebRTC, and Marcus is heard."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import numpy as np

from server.rehearsal.client import Event, Visit
from server.rehearsal.clock import against_session_clock
from server.rehearsal.figures import continuity
from server.rehearsal.packets import PCM_HZ, decode
from server.rehearsal.spawn import running_server

ANSWERS = ["Blue Fern", "We sell plants.", "Gardeners", "We deliver by bike.", "Home and shop", "Green"]
HEARD_S = 1.2


async def first_turn(visit: Visit) -> Event:
    async with asyncio.timeout(30):
        while (event := await visit.next_event()) is not None:
            if event.type == "turn.started":
                return event
    raise AssertionError("nobody spoke")


async def test_a_visit_hears_marcus_on_the_servers_own_clock(tmp_path: Path) -> None:
    async with (
        running_server(tmp_path / "data", tmp_path / "server.log") as url,
        aiohttp.ClientSession() as http,
    ):
        visit = Visit(http, url)
        try:
            await visit.open(ANSWERS)
            started = await first_turn(visit)
            await asyncio.sleep(HEARD_S)
        finally:
            await visit.close()
    assert started.data["speaker"] == "marcus"
    packets = visit.tap.packets
    assert len(packets) > 0.5 * HEARD_S / 0.02
    rtp = continuity(packets)
    assert (rtp.sequence_gaps, rtp.steps_inside_spurts, rtp.backward_steps) == (0, 0, 0)
    sound = decode(packets)
    voice = sound.pcm[sound.index(int(str(started.data["rtp_timestamp"]))) :][: PCM_HZ // 2]
    assert np.abs(voice.astype(np.int32)).max() > 1000
    found = against_session_clock(packets, visit.tap.reports)
    assert found is None or found.worst_ms < 500
