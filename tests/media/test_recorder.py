"""The .ogg file, read back by FFmpeg."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from virtual_media import Stage, steady, tone

from media.opus import OpusError
from media.pcm import ms_to_samples
from media.recorder import OggOpusWriter


def decoded(ogg: bytes) -> tuple[NDArray[np.float32], float]:
    """The sound at 48 kHz by time stamps, and the length in seconds that the file claims."""
    with av.open(io.BytesIO(ogg), "r") as container:
        stream = container.streams.audio[0]
        frames = [(frame.pts, frame.to_ndarray()[0]) for frame in container.decode(stream)]
        assert stream.duration is not None
        assert stream.time_base is not None
        length = float(stream.duration * stream.time_base)
    return np.concatenate([samples for _, samples in frames]), length


def test_pauses_are_where_they_were() -> None:
    stage = Stage()
    writer = OggOpusWriter()
    stage.outbound.subscribe(lambda packet: writer.add(packet.payload, packet.position))
    stage.say("a", tone(400))
    stage.say("b", tone(300), pause_ms=2345)
    stage.loop.run_ms(4000)
    sound, length = decoded(writer.finish())
    assert length == pytest.approx(0.4 + 2.345 + 0.3 + 0.02, abs=0.03)
    loud = np.flatnonzero(np.abs(sound) > 0.1) / 48_000
    pauses = loud[1:][np.diff(loud) > 0.1]
    assert pauses == pytest.approx([0.4 + 2.345], abs=0.01)
    quiet = sound[int(0.45 * 48_000) : int(2.7 * 48_000)]
    assert np.abs(quiet).max() < 0.02


def test_a_full_writer_stays_within_its_bound_and_readable() -> None:
    stage = Stage()
    writer = OggOpusWriter(bytes_max=10_000)
    stage.outbound.subscribe(lambda packet: writer.add(packet.payload, packet.position))
    stage.say("a", tone(10_000))
    stage.loop.run_ms(11_000)
    ogg = writer.finish()
    assert writer.full
    assert len(ogg) < 30_000
    assert decoded(ogg)[1] > 1


def test_a_huge_pause_cannot_burst_the_bound() -> None:
    stage = Stage()
    stage.say("a", steady(20))
    stage.loop.run_ms(100)
    payload = stage.packets[0][1].payload
    writer = OggOpusWriter(bytes_max=5000)
    writer.add(payload, 0)
    writer.add(payload, ms_to_samples(100 * 3_600_000))
    assert len(writer.finish()) < 6000


def test_a_malformed_packet_is_refused() -> None:
    with pytest.raises(OpusError):
        OggOpusWriter().add(b"", 0)
