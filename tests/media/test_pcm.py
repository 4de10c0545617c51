"""Sound as bytes."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from virtual_media import steady, tone

from media import pcm
from media.pcm import Resampler, as_array, audible_end, first_audible, level_dbfs, ramp, silence


def test_levels_are_rms_below_full_scale() -> None:
    assert level_dbfs(b"") == level_dbfs(silence(480)) == pcm.SILENCE_DBFS
    assert level_dbfs(steady(20, 32767)) == pytest.approx(0, abs=0.01)
    assert level_dbfs(tone(100, amplitude=3276.8)) == pytest.approx(-23.01, abs=0.1)


def test_the_audible_part_is_found_to_the_sample_in_both_signs() -> None:
    sound = silence(7) + steady(10, -200) + silence(11)
    assert first_audible(sound) == 7
    assert audible_end(sound) == 7 + 240
    for nothing in (b"", silence(9), steady(5, 163), steady(5, -163)):
        assert first_audible(nothing) is None
        assert audible_end(nothing) == 0
        assert pcm.is_silent(nothing)


def test_the_lowest_sample_is_loud() -> None:
    assert first_audible(steady(1, -32768)) == 0


def test_a_fade_goes_to_zero_and_leaves_the_rest() -> None:
    faded = as_array(pcm.fade_out(steady(10), 120))
    assert set(faded[:120].tolist()) == {8000}
    assert np.all(np.diff(faded[120:].astype(int)) < 0)
    assert abs(int(faded[-1])) < 100
    assert pcm.fade_out(b"", 120) == b""
    assert len(pcm.fade_out(steady(2), 120)) == 96


def test_a_ramp_goes_on_where_it_stopped() -> None:
    first, gain = ramp(steady(10), 1.0, 0.5, 0.5 / 480)
    second, end = ramp(steady(10), gain, 0.5, 0.5 / 480)
    whole, _ = ramp(steady(20), 1.0, 0.5, 0.5 / 480)
    assert first + second == whole
    assert gain == pytest.approx(0.75)
    assert end == 0.5


@pytest.mark.parametrize(("rate_hz", "channels"), [(16_000, 1), (22_050, 1), (48_000, 2), (44_100, 1)])
def test_resampling_is_exact_over_chunks_of_any_size(rate_hz: int, channels: int) -> None:
    at = np.arange(rate_hz) / rate_hz
    mono = np.rint(8000 * np.sin(2 * np.pi * 440 * at)).astype("<i2")
    data = np.repeat(mono, channels).tobytes()
    whole, pieces = Resampler(rate_hz, channels), Resampler(rate_hz, channels)
    expected = whole.push(data) + whole.flush()
    got = b"".join(pieces.push(data[at : at + 777]) for at in range(0, len(data), 777)) + pieces.flush()
    assert got == expected
    assert len(expected) // 2 == pytest.approx(24_000, abs=40)
    assert level_dbfs(expected) == pytest.approx(level_dbfs(mono.tobytes()), abs=0.3)


def test_24_khz_mono_passes_unchanged() -> None:
    resampler = Resampler(24_000)
    assert resampler.push(b"\x01\x02\x03") + resampler.push(b"\x04") == b"\x01\x02\x03\x04"
    assert resampler.flush() == b""


@pytest.mark.parametrize(("rate_hz", "channels"), [(0, 1), (-1, 1), (24_000, 3)])
def test_what_cannot_be_resampled_is_refused(rate_hz: int, channels: int) -> None:
    with pytest.raises(ValueError, match="cannot resample"):
        Resampler(rate_hz, channels)


def test_the_module_stands_alone() -> None:
    code = "import sys, media.pcm; sys.exit(any(name.split('.')[0] == 'aiortc' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
