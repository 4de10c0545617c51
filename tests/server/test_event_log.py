"""Every event once, in order, replayable, in bounded memory."""

from __future__ import annotations

import asyncio
import json

from orchestration.notices import (
    Error,
    HumanListening,
    JobDone,
    JobLog,
    JobProgress,
    PhaseEntered,
    TurnMetrics,
)
from server import events as module
from server.events import EventLog, is_prompt
from server.joblogs import CUT, MAX_CHARS, JobLogs


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_the_envelope_is_that_of_the_wire() -> None:
    time = 100.0
    log = EventLog(lambda: time)
    time = 101.5
    log.publish(PhaseEntered("greeting", 1, 7))
    assert json.loads(log.after(0)[0].text) == {
        "seq": 1,
        "type": "phase.entered",
        "at_ms": 1500,
        "data": {"phase": "greeting", "index": 1, "of": 7},
    }


async def test_a_reader_gets_what_came_after_its_cursor_and_is_woken_by_more() -> None:
    log = EventLog(now)
    for listening in (True, False, True):
        log.publish(HumanListening(listening))
    assert [entry.seq for entry in log.after(1)] == [2, 3]
    waiting = asyncio.create_task(log.news(3))
    await asyncio.sleep(0)
    assert not waiting.done()
    log.publish(HumanListening(False))
    assert await waiting


async def test_a_closed_log_gives_what_is_there_and_then_the_end() -> None:
    log = EventLog(now)
    waiting = asyncio.create_task(log.news(0))
    await asyncio.sleep(0)
    log.publish(Error("internal", "It broke."))
    log.close()
    log.publish(Error("internal", "Too late."))
    assert await waiting
    assert not await log.news(1)
    assert log.last_seq == 1


async def test_lines_of_output_travel_together_and_before_the_end_of_their_job() -> None:
    log = EventLog(now)
    for n in range(50):
        log.publish(JobLog("job1", "website", n, (f"line {n}",)))
    assert log.last_seq == 0
    log.publish(JobDone("job1", "website"))
    lines, done = (json.loads(entry.text) for entry in log.after(0))
    assert lines["type"] == "job.log"
    assert lines["data"]["first"] == 0
    assert lines["data"]["lines"] == [f"line {n}" for n in range(50)]
    assert done["type"] == "job.finished"
    log.close()


async def test_lines_of_output_do_not_wait_long() -> None:
    log = EventLog(now)
    log.publish(JobLog("job1", "website", 0, ("one",)))
    log.publish(JobLog("job2", "research", 0, ("two",)))
    async with asyncio.timeout(5):
        assert await log.news(1)
    assert {entry.type for entry in log.after(0)} == {"job.log"}
    log.close()


async def test_old_output_is_forgotten_before_anything_else() -> None:
    log = EventLog(now)
    log.publish(PhaseEntered("ideation", 4, 7))
    text = "x" * 10_000
    for n in range(300):
        log.publish(JobLog("job1", "website", n, (text,)))
        log.flush()
    kept = log.after(0)
    assert kept[0].type == "phase.entered"
    assert sum(len(entry.text) for entry in kept) < module.MAX_BULKY_CHARS + 20_000
    assert kept[-1].seq == 301
    whole = log.jobs.text("job1")
    assert whole is not None
    assert whole.count("\n") == 300
    log.close()


def test_one_job_that_never_stops_printing_is_cut() -> None:
    logs = JobLogs()
    for n in range(10):
        logs.add(JobLog("job1", "website", n, ("y" * (MAX_CHARS // 4),)))
    text = logs.text("job1")
    assert text is not None
    assert len(text) < MAX_CHARS + 200
    assert text.endswith(CUT + "\n")
    assert logs.text("job2") is None


def test_only_the_prompt_types_ride_the_data_channel() -> None:
    assert all(
        is_prompt(type) for type in ("caption", "error", "turn.started", "site.ready", "session.state")
    )
    bulky = (JobLog, JobProgress, JobDone, TurnMetrics)
    assert not any(is_prompt(notice.type) for notice in bulky)
    assert not is_prompt("research.ready")
