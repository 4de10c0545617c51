"""A website's job in its own worker: the settings reach the model, and what comes of it the session."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.jobs import means
from server.jobs.runner import JobRunner
from server.settings import Settings
from tests.fakes.chat_endpoint import KEY, Answer, chat_endpoint
from tests.fakes.workshops import BRIEF, Listener

INSTEAD = "The usual site is built instead."


@pytest.mark.timeout(180)  # a worker gives way to everybody: on a machine that is busy it takes its time
async def test_the_settings_reach_a_model_through_the_worker_and_its_refusal_the_log(tmp_path: Path) -> None:
    async with chat_endpoint(Answer(refusal="No.")) as chat:
        settings = Settings(
            data=tmp_path, builder_model="m", openai_base_url=chat.url, openai_api_key=KEY, builder="model"
        )
        runner, listener = JobRunner(tmp_path, means=means.of_settings(settings)), Listener()
        folder = tmp_path / "sessions" / "s1"
        folder.mkdir(parents=True)
        runner.start("s1", "j1", "website", dict(BRIEF), folder, listener)
        said: list[str] = []
        try:
            async with asyncio.timeout(150):
                while not said:
                    await asyncio.sleep(0.05)
                    said = [line for line in listener.lines if line.endswith(INSTEAD)]
        finally:
            await runner.close()
    assert listener.lines[0] == "model: begins with the project of the usual site"
    if not chat.asked:
        pytest.skip(said[0])  # without Node or a sandbox no model is asked
    assert said == [f"model: The model refused to build this site. {INSTEAD}"]
    assert (len(chat.asked), chat.refused) == (1, [])
    assert KEY not in "\n".join(listener.lines)
