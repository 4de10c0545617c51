"""Recording while the session runs: what is taken, where it goes, and what a bad disk does to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from recorded_sound import onsets, rendered
from virtual_media import Stage, tone

from media import recording, recording_journal
from media.clock import SessionClock
from media.fanout import OutboundPacket
from media.pcm import SAMPLE_RATE_HZ, ms_to_samples
from media.recording import BYTES_MAX, WAITING_BYTES_MAX, Append, Ending, Recorder, RecordingFullError
from media.recording_journal import Kind, read

PAYLOAD = bytes(100)


def passed(position: int, payload: bytes = PAYLOAD) -> OutboundPacket:
    return OutboundPacket(0, 0, False, payload, position, -20)


class Studio:
    """A recorder whose clock stands still unless it is moved."""

    def __init__(
        self, path: Path, append: Append = recording_journal.append, bytes_max: int = BYTES_MAX
    ) -> None:
        self.now = 100.0
        self.path = path
        self.endings: list[Ending] = []
        self.recorder = Recorder(
            path,
            SessionClock(self.now),
            lambda: self.now,
            self.endings.append,
            append=append,
            write_every_s=0.02,
            bytes_max=bytes_max,
        )

    def pass_ms(self, ms: float) -> None:
        self.now += ms / 1000

    def team(self, position: int) -> None:
        self.recorder.team(passed(position))

    def kinds(self) -> str:
        return b"".join(record.kind.value for record in read(self.path)).decode()


@contextlib.asynccontextmanager
async def studio(
    path: Path, append: Append = recording_journal.append, bytes_max: int = BYTES_MAX
) -> AsyncIterator[Studio]:
    made = Studio(path, append, bytes_max)
    yield made
    await made.recorder.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def test_nothing_is_kept_or_written_before_it_is_on(tmp_path: Path) -> None:
    async with studio(tmp_path / "journal") as made:
        made.team(0)
        made.recorder.human(passed(0))
        await made.recorder.flush()
        assert made.recorder.waiting_bytes == 0
        assert made.recorder.recorded_ms == 0
    assert os.listdir(tmp_path) == []


async def test_both_sides_are_stored_as_they_passed_and_sound_alike(tmp_path: Path) -> None:
    stage = Stage()
    recorder = Recorder(tmp_path / "journal", stage.clock, lambda: stage.loop.now, [].append)
    recorder.start()
    stage.outbound.subscribe(recorder.team)
    stage.say("a", tone(400))
    stage.say("b", tone(300), pause_ms=1500)
    stage.loop.run_ms(4000)
    for _, packet in stage.packets:
        recorder.human(packet)
    await recorder.close()
    records = list(read(tmp_path / "journal"))
    team = [(record.position, record.payload) for record in records if record.kind is Kind.TEAM]
    assert team == [(packet.position, packet.payload) for _, packet in stage.packets]
    assert team == [(record.position, record.payload) for record in records if record.kind is Kind.HUMAN]
    assert recorder.recorded_ms == 4000
    left, right = rendered(tmp_path / "journal")
    assert onsets(left) == onsets(right) == pytest.approx([0.0, 1.9], abs=0.02)
    assert left.size / 48_000 == pytest.approx(4, abs=0.03)


async def test_what_waits_is_in_the_file_within_the_second(tmp_path: Path) -> None:
    async with studio(tmp_path / "journal") as made:
        made.recorder.start()
        made.team(0)
        await until(lambda: made.path.exists() and made.kinds() == "+T")


async def test_off_and_on_again_continues_the_file_with_the_gap(tmp_path: Path) -> None:
    async with studio(tmp_path / "journal") as made:
        made.recorder.start()
        made.team(0)
        made.pass_ms(1000)
        made.recorder.stop()
        made.recorder.stop()
        made.pass_ms(60_000)
        made.team(ms_to_samples(61_000))
        made.recorder.start()
        made.recorder.start()
        made.team(ms_to_samples(61_000))
        made.pass_ms(500)
    assert made.kinds() == "+T-+T-"
    ends = [record.position for record in read(made.path) if record.kind in (Kind.ON, Kind.OFF)]
    assert ends == [ms_to_samples(ms) for ms in (0, 1000, 61_000, 61_500)]
    assert made.recorder.recorded_ms == 1500


async def test_what_was_said_before_it_was_on_stays_out_whenever_it_comes(tmp_path: Path) -> None:
    async with studio(tmp_path / "journal") as made:
        made.pass_ms(1000)
        made.recorder.start()
        made.recorder.human(passed(ms_to_samples(990)))
        made.recorder.human(passed(ms_to_samples(3_600_000)))
        made.recorder.human(passed(ms_to_samples(1000)))
    assert [record.position for record in read(made.path) if record.payload] == [ms_to_samples(1000)]


async def test_a_disk_that_hangs_ends_the_recording_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "CLOSE_S", 0.05)
    stuck, calls = threading.Event(), []

    def hang(path: Path, records: bytes, end: int) -> int:
        calls.append(len(records))
        stuck.wait(30)
        return end + len(records)

    async with studio(tmp_path / "journal", hang) as made:
        made.recorder.start()
        most = 0
        for n in range(20_000):
            made.team(n * 480)
            made.pass_ms(20)
            most = max(most, made.recorder.waiting_bytes)
            if n % 500 == 0:
                await asyncio.sleep(0.001)
        assert most < WAITING_BYTES_MAX + 1000
        assert len(calls) == 1
        assert not made.recorder.on
        assert made.endings == [Ending.STORAGE_FAILED]
        assert made.recorder.waiting_bytes <= calls[0]
    stuck.set()


async def test_a_hanging_disk_does_not_hold_the_loop(tmp_path: Path) -> None:
    stuck = threading.Event()

    def hang(path: Path, records: bytes, end: int) -> int:
        stuck.wait(30)
        return recording_journal.append(path, records, end)

    async with studio(tmp_path / "journal", hang) as made:
        made.recorder.start()
        await until(lambda: made.recorder.waiting_bytes > 0)
        began = time.monotonic()
        for _ in range(20):
            made.team(0)
            await asyncio.sleep(0.005)
        assert time.monotonic() - began < 5
        stuck.set()
    assert made.kinds() == "+" + 20 * "T" + "-"


@pytest.mark.parametrize("trouble", ["missing folder", "full disk"])
async def test_a_disk_that_fails_ends_the_recording_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    def full(path: Path, records: bytes, end: int) -> int:
        raise OSError(28, "No space left on device")

    append = full if trouble == "full disk" else recording_journal.append
    async with studio(tmp_path / "nowhere" / "journal", append) as made:
        made.recorder.start()
        made.team(0)
        await until(lambda: not made.recorder.on)
        made.team(480)
        assert made.endings == [Ending.STORAGE_FAILED]
        assert made.recorder.waiting_bytes == 0
        assert made.recorder.written == 0
    assert "a recording ended by itself" in caplog.text


async def test_a_last_write_that_fails_is_told_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with studio(tmp_path / "nowhere" / "journal") as made:
        made.recorder.start()
        made.team(0)
        made.recorder.stop()
        await made.recorder.flush()
        assert made.endings == [Ending.STORAGE_FAILED]
    assert made.endings == [Ending.STORAGE_FAILED]
    assert "a recording ended by itself" in caplog.text


async def test_after_a_failed_write_the_file_goes_on_where_it_was_whole(tmp_path: Path) -> None:
    broken = False

    def sometimes(path: Path, records: bytes, end: int) -> int:
        if broken:
            with path.open("ab") as file:
                file.write(records[: len(records) // 2])
            raise OSError(28, "No space left on device")
        return recording_journal.append(path, records, end)

    async with studio(tmp_path / "journal", sometimes) as made:
        made.recorder.start()
        made.team(0)
        await made.recorder.flush()
        broken = True
        made.team(480)
        await made.recorder.flush()
        broken = False
        made.pass_ms(100)
        made.recorder.start()
        made.team(ms_to_samples(100))
    assert made.kinds() == "+T+T-"


async def test_it_ends_when_the_file_is_as_long_as_it_may_be(tmp_path: Path) -> None:
    async with studio(tmp_path / "journal", bytes_max=3000) as made:
        made.recorder.start()
        for n in range(100):
            made.team(n * 480)
            made.pass_ms(20)
        assert made.endings == [Ending.TOO_LONG]
        with pytest.raises(RecordingFullError):
            made.recorder.start()
    assert made.path.stat().st_size < 3200
    assert made.kinds().startswith("+TTT")
    assert made.kinds().endswith("T-")


CRASHING = """
import asyncio, pathlib, sys
from media.clock import SessionClock
from media.fanout import OutboundPacket
from media.recording import Recorder

async def main():
    loop = asyncio.get_running_loop()
    clock = SessionClock(loop.time())
    recorder = Recorder(pathlib.Path(sys.argv[1]), clock, loop.time, print)
    recorder.start()
    while True:
        position = clock.position(loop.time())
        recorder.team(OutboundPacket(0, 0, False, bytes(80), position, -20))
        print(position, flush=True)
        await asyncio.sleep(0.02)

asyncio.run(main())
"""


def test_a_crash_loses_at_most_the_last_second(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    command = [sys.executable, "-c", CRASHING, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [int(child.stdout.readline())]
        while told[-1] < 2.7 * SAMPLE_RATE_HZ:
            told.append(int(child.stdout.readline()))
        child.send_signal(signal.SIGKILL)
        told += [int(line) for line in child.stdout.read().split()]
    kept = [record.position for record in read(path)]
    assert told[-1] - kept[-1] < SAMPLE_RATE_HZ
    assert kept[1:] == told[: len(kept) - 1]


async def test_a_long_quiet_recording_costs_no_writes(tmp_path: Path) -> None:
    async with studio(tmp_path / "journal") as made:
        made.recorder.start()
        made.recorder.human(passed(0))
        await until(lambda: made.recorder.waiting_bytes == 0)
        changed = made.path.stat().st_mtime_ns
        await asyncio.sleep(0.1)
        assert made.path.stat().st_mtime_ns == changed


async def test_a_disk_that_hangs_and_then_fails_is_told_once(tmp_path: Path) -> None:
    go_on = threading.Event()

    def hanging(path: Path, records: bytes, end: int) -> int:
        go_on.wait(10)
        raise OSError(5, "Input/output error")

    async with studio(tmp_path / "journal", hanging) as made:
        made.recorder.start()
        writing = asyncio.create_task(made.recorder.flush())
        await until(lambda: bool(made.recorder._in_flight))
        made.recorder._end(Ending.STORAGE_FAILED, "the disk is too slow")
        go_on.set()
        await writing
        assert made.endings == [Ending.STORAGE_FAILED]
