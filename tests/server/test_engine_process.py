"""The engine child is started, watched, restarted and never left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from server.engine_process import EngineError, EngineProcess

FAKE = Path(__file__).parents[1] / "fakes" / "fake_engine.py"


def fake_engine(tmp_path: Path, behaviour: str = "", *, ready_timeout_s: float = 20.0) -> EngineProcess:
    environ = {**os.environ, "FAKE_ENGINE": behaviour, "OPENAI_API_KEY": "sk-never"}
    environ["PYTHONWARNINGS"] = "ignore"
    return EngineProcess(
        (sys.executable, str(FAKE), str(tmp_path / "count")),
        environ=environ,
        ready_timeout_s=ready_timeout_s,
        backoff_s=(0.01, 0.02),
    )


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_started_engine_has_an_address_and_its_own_token_and_no_key_of_ours(tmp_path: Path) -> None:
    engine = fake_engine(tmp_path)
    await engine.start()
    try:
        assert engine.base_url.startswith("http://127.0.0.1:")
        seen = json.loads((tmp_path / "count.seen").read_text())
        assert seen == {"token": engine.token, "leaked": []}
    finally:
        await engine.stop()


async def test_stopping_leaves_no_process_and_may_be_repeated(tmp_path: Path) -> None:
    engine = fake_engine(tmp_path)
    await engine.start()
    pid = engine.pid
    assert pid is not None
    await engine.stop()
    await engine.stop()
    assert not alive(pid)
    assert not engine.ready


async def test_an_engine_that_ignores_its_closed_input_is_ended_all_the_same(tmp_path: Path) -> None:
    engine = fake_engine(tmp_path, "stubborn")
    await engine.start()
    pid = engine.pid
    assert pid is not None
    await engine.stop(timeout_s=0.2)
    assert not alive(pid)


async def test_what_the_engine_started_goes_with_it(tmp_path: Path) -> None:
    engine = fake_engine(tmp_path, "child")
    await engine.start()
    await until((tmp_path / "count.child").exists)
    await asyncio.sleep(0.05)
    grandchild = int((tmp_path / "count.child").read_text())
    assert alive(grandchild)
    await engine.stop()
    await until(lambda: not alive(grandchild))


async def test_a_killed_engine_comes_back_and_whoever_asked_is_told(tmp_path: Path) -> None:
    engine = fake_engine(tmp_path)
    told: list[bool] = []
    engine.subscribe(told.append)
    await engine.start()
    first = engine.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: len(told) == 2)
    assert told == [False, True]
    assert engine.pid != first
    assert engine.restarts == 1
    assert engine.base_url
    await engine.stop()


async def test_a_killed_engine_is_missed_even_while_its_child_holds_the_pipe(tmp_path: Path) -> None:
    engine = fake_engine(tmp_path, "child")
    await engine.start()
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    await until(lambda: engine.restarts == 1)
    await engine.stop()


async def test_while_it_restarts_there_is_no_address(tmp_path: Path) -> None:
    engine = fake_engine(tmp_path)
    seen: list[bool] = []
    engine.subscribe(lambda ready: seen.append(ready == engine.ready))
    await engine.start()
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    await until(lambda: len(seen) == 2)
    assert seen == [True, True]
    await engine.stop()
    with pytest.raises(EngineError):
        _ = engine.base_url


async def test_a_restart_that_fails_is_tried_again(tmp_path: Path) -> None:
    engine = fake_engine(tmp_path, "fails-second")
    await engine.start()
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    await until(lambda: engine.restarts == 1)
    assert (tmp_path / "count").stat().st_size == 3
    await engine.stop()


async def test_a_start_that_breaks_in_an_unknown_way_is_tried_again_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = fake_engine(tmp_path)

    def deaf(ready: bool) -> None:
        raise RuntimeError("deaf")

    engine.subscribe(deaf)
    await engine.start()
    spawn = engine._spawn
    broken = [MemoryError(), ValueError("a line too long")]

    async def breaks() -> asyncio.subprocess.Process:
        if broken:
            raise broken.pop()
        return await spawn()

    monkeypatch.setattr(engine, "_spawn", breaks)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    await until(lambda: engine.restarts == 1)
    assert engine.ready
    assert caplog.text.count("engine restart failed") == 2
    assert caplog.text.count("an engine listener failed") == 2
    await engine.stop()


async def test_a_library_s_endless_line_at_the_start_is_skipped(tmp_path: Path) -> None:
    chatter = "import sys; print('x' * 300_000); print('{\"port\": 4711}', flush=True); sys.stdin.read()"
    engine = EngineProcess((sys.executable, "-c", chatter))
    await engine.start()
    assert engine.base_url == "http://127.0.0.1:4711/v1"
    await engine.stop()


async def test_an_engine_that_cannot_start_is_an_error_with_its_code(tmp_path: Path) -> None:
    engine = fake_engine(tmp_path, "refuses")
    with pytest.raises(EngineError, match="code 3"):
        await engine.start()
    assert engine.pid is None


async def test_an_engine_that_never_gets_ready_is_an_error_and_is_ended(tmp_path: Path) -> None:
    engine = fake_engine(tmp_path, "mute", ready_timeout_s=0.3)
    with pytest.raises(EngineError, match="not ready"):
        await engine.start()
    assert engine.pid is None


async def test_a_missing_program_is_an_error() -> None:
    with pytest.raises(EngineError, match="cannot be started"):
        await EngineProcess(("/nowhere/engine",)).start()


PARENT = """
import asyncio, sys
from server.engine_process import EngineProcess
async def main():
    engine = EngineProcess(sys.argv[1:])
    await engine.start()
    print(engine.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def test_the_engine_dies_with_a_killed_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, sys.executable, str(FAKE), str(tmp_path / "count")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
        parent.wait()
    for _ in range(1000):
        if not alive(pid):
            return
        time.sleep(0.01)
    pytest.fail("the engine outlived its parent")
