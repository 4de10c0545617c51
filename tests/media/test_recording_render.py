"""What was stored, as a file to listen to: two sides on one clock, whatever became of the packets."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from recorded_sound import clicks, heard, leaping, onsets, packets, rendered, roughness, stored
from virtual_media import tone

from media import recording_journal as journal
from media.pcm import SAMPLE_RATE_HZ, ms_to_samples
from media.recording_journal import Kind, Record
from media.recording_render import render
from media.recording_side import Side


@pytest.mark.parametrize("ppm", [200, -200, 2000])
@pytest.mark.parametrize("noise", [0, 300])
def test_both_sides_lie_within_20_ms_of_each_other(tmp_path: Path, ppm: int, noise: int) -> None:
    team = packets(Kind.TEAM, clicks(60, 2))
    human = packets(Kind.HUMAN, clicks(60, 2, ppm, noise), ppm=ppm)
    left, right = rendered(stored(tmp_path / "journal", team + human))
    ours, theirs = onsets(left), onsets(right)
    assert len(ours) == len(theirs) == 29
    assert max(abs(one - other) for one, other in zip(ours, theirs, strict=True)) < 0.02
    assert ours == pytest.approx([2.0 * n for n in range(1, 30)], abs=0.005)


@pytest.mark.parametrize("ppm", [500, -500])
def test_they_do_so_too_when_the_positions_leap_after_the_clock(tmp_path: Path, ppm: int) -> None:
    human = leaping(packets(Kind.HUMAN, clicks(60, 2, ppm, noise=300), ppm=ppm))
    left, right = rendered(stored(tmp_path / "journal", packets(Kind.TEAM, clicks(60, 2)) + human))
    ours, theirs = onsets(left), onsets(right)
    assert len(ours) == len(theirs) == 29
    assert max(abs(one - other) for one, other in zip(ours, theirs, strict=True)) < 0.02


def test_the_team_is_left_and_the_human_right(tmp_path: Path) -> None:
    records = packets(Kind.TEAM, tone(300)) + packets(Kind.HUMAN, tone(300), ms_to_samples(1000))
    left, right = rendered(stored(tmp_path / "journal", records, end=ms_to_samples(1500)))
    assert onsets(left) == pytest.approx([0.0], abs=0.02)
    assert onsets(right) == pytest.approx([1.0], abs=0.02)
    assert left.size / 48_000 == pytest.approx(1.5, abs=0.03)


def test_pauses_and_times_when_it_was_off_are_where_they_were(tmp_path: Path) -> None:
    begin = ms_to_samples(700_000)
    again = begin + ms_to_samples(60_000)
    records = [
        *packets(Kind.TEAM, tone(400), begin + ms_to_samples(500)),
        Record(Kind.OFF, begin + ms_to_samples(2000)),
        Record(Kind.ON, again),
        *packets(Kind.HUMAN, tone(400), again + ms_to_samples(250)),
    ]
    left, right = rendered(stored(tmp_path / "journal", records, begin, again + ms_to_samples(1000)))
    assert onsets(left) == pytest.approx([0.5], abs=0.02)
    assert onsets(right) == pytest.approx([60.25], abs=0.02)
    assert left.size / 48_000 == pytest.approx(61, abs=0.03)
    quiet = left[48_000 : 59 * 48_000]
    assert np.abs(quiet).max() < 0.01


def test_a_file_that_a_crash_cut_short_still_renders(tmp_path: Path) -> None:
    whole = stored(tmp_path / "journal", packets(Kind.TEAM, clicks(5, 1)))
    size = whole.stat().st_size
    for cut in (size - 1, size - 40, size // 2):
        torn = tmp_path / f"torn{cut}"
        torn.write_bytes(whole.read_bytes()[:cut] + bytes(30) * (cut == size - 40))
        left, _ = rendered(torn)
        assert onsets(left)[:2] == pytest.approx([1.0, 2.0], abs=0.02)


def test_nothing_and_a_foreign_file_make_no_file(tmp_path: Path) -> None:
    for name, content in (("empty", b""), ("torn", journal.MAGIC + b"+"), ("foreign", b"RIFF" * 100)):
        path = tmp_path / name
        path.write_bytes(content)
        assert not render(path, tmp_path / "made.ogg")
    assert not (tmp_path / "made.ogg").exists()


def test_what_a_failed_write_left_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    end = journal.append(path, journal.packed(Record(Kind.ON, 5)), 0)
    with path.open("ab") as file:
        file.write(b"T half a record")
    end = journal.append(path, journal.packed(Record(Kind.OFF, 9)), end)
    assert [record.kind for record in journal.read(path)] == [Kind.ON, Kind.OFF]
    assert path.stat().st_size == end


def test_a_short_loss_is_concealed_and_a_long_one_is_a_pause(tmp_path: Path) -> None:
    records = packets(Kind.HUMAN, tone(2000))
    del records[60:75]
    del records[25]
    _, right = rendered(stored(tmp_path / "journal", records))
    level = [float(np.sqrt(np.mean(right[at : at + 480] ** 2))) for at in range(0, right.size - 480, 480)]
    assert min(level[20:115]) > 0.1
    assert max(level[130:145]) < 0.01


@pytest.mark.parametrize("follow", [list, leaping])
@pytest.mark.parametrize("ppm", [200, -200, 2000])
def test_following_a_clock_makes_no_click(
    ppm: int, follow: Callable[[list[Record]], list[Record]]
) -> None:
    side = Side(0)
    for record in follow(packets(Kind.HUMAN, tone(60_000), ppm=ppm)):
        side.add(record.payload, record.position)
        assert abs(side.end - record.position - 480 + 156) < ms_to_samples(14)
    sound = side.take(side.end)
    clean = Side(0)
    for record in packets(Kind.HUMAN, tone(60_000)):
        clean.add(record.payload, record.position)
    allowed = 1.2 * roughness(clean.take(clean.end)[1000:-1000])
    assert roughness(sound[1000:-1000]) < allowed
    side.close()
    clean.close()


def test_losses_doubles_and_jumps_make_no_click() -> None:
    side = Side(0)
    records = packets(Kind.HUMAN, tone(4000))
    for record in [*records[:50], *records[40:60], *records[90:100]]:
        side.add(record.payload, record.position)
    for record in records[100:150]:
        side.add(record.payload, record.position - ms_to_samples(50))
    sound = side.take(side.end + 4800)
    ramp = 8000 * 2 / 60 + 2 * 8000 * 2 * np.pi * 440 / SAMPLE_RATE_HZ / 60
    assert roughness(sound) < 150 + ramp
    side.close()


def test_malformed_packets_leave_holes_and_the_rest_is_there() -> None:
    side = Side(0)
    for n, record in enumerate(packets(Kind.TEAM, tone(1000))):
        side.add(b"" if n % 10 == 0 else b"\xff\xff" if n % 10 == 5 else record.payload, record.position)
    assert side.take(24_000).size == 24_000
    side.close()


def test_rendering_needs_no_more_memory_for_more_sound(tmp_path: Path) -> None:
    def peak(seconds: int) -> int:
        path = tmp_path / f"journal{seconds}"
        records = packets(Kind.TEAM, clicks(seconds, 1, noise=300)) + [
            Record(Kind.OFF, ms_to_samples(seconds * 1000)),
            Record(Kind.ON, ms_to_samples(seconds * 20_000)),
        ]
        stored(path, records)
        tracemalloc.start()
        render(path, path.with_suffix(".ogg"))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(9) < 1.5 * peak(3)


def test_it_is_rendered_by_a_process_of_low_priority(tmp_path: Path) -> None:
    path = stored(tmp_path / "journal", packets(Kind.TEAM, clicks(3, 1)))
    ogg = tmp_path / "made.ogg"
    command = [sys.executable, "-P", "-m", "media.recording_render", str(path), str(ogg)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        assert child.wait(30) == 0
    assert len(onsets(heard(ogg)[0])) == 2


def test_rendering_ends_when_nobody_waits_for_it(tmp_path: Path) -> None:
    path = stored(tmp_path / "journal", packets(Kind.TEAM, clicks(60, 1)))
    command = [sys.executable, "-P", "-m", "media.recording_render", str(path), str(tmp_path / "made.ogg")]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(30) == 1
