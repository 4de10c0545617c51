"""The coder: what the media plane relies on of libopus."""

from __future__ import annotations

import numpy as np
import pytest
from virtual_media import tone

from media import opus
from media.opus import Decoder, Encoder, OpusError, OpusNotFoundError, packet_has_fec, packet_samples
from media.pcm import as_array, level_dbfs, silence

FRAME = 960


def frames(pcm: bytes) -> list[bytes]:
    return [pcm[at : at + FRAME] for at in range(0, len(pcm), FRAME)]


def test_sound_comes_back_6_ms_later() -> None:
    encoder, decoder = Encoder(), Decoder()
    pcm = tone(400)
    out = as_array(b"".join(decoder.decode(encoder.encode(frame)) for frame in frames(pcm)))
    assert out.size == 9600
    expected = as_array(pcm)[2000:8000].astype(float)
    assert np.corrcoef(expected, out[2156:8156])[0, 1] > 0.99


def test_an_encoder_that_went_back_makes_the_same_packets_again() -> None:
    encoder = Encoder()
    for frame in frames(tone(100)):
        encoder.encode(frame)
    encoder.keep()
    first = [encoder.encode(frame) for frame in frames(tone(100, hz=700))]
    encoder.go_back()
    assert [encoder.encode(frame) for frame in frames(tone(100, hz=700))] == first


def test_fec_is_there_when_loss_is_expected_and_rebuilds_the_lost_packet() -> None:
    encoder, decoder = Encoder(), Decoder()
    encoder.expected_loss_percent = 10
    rng = np.random.default_rng(1)
    # A gliding, modulated voice-like sound: FEC codes speech, not a steady tone's continuation.
    at = np.arange(24_000) / 24_000
    voice = sum(np.sin(2 * np.pi * (120 + 60 * at) * k * at) / k for k in range(1, 12))
    pcm = (6000 * voice * (1 + np.sin(2 * np.pi * 4 * at)) / 2 + rng.normal(0, 20, at.size)).astype("<i2")
    packets = [encoder.encode(frame) for frame in frames(pcm.tobytes())]
    assert sum(packet_has_fec(packet) for packet in packets) > 30
    out = []
    for index, packet in enumerate(packets):
        if index % 10 == 5:
            out.append(decoder.recover(packets[index + 1], 480))
        else:
            out.append(decoder.decode(packet))
    heard = as_array(b"".join(out)).astype(float)
    lost = [slice(480 * index, 480 * (index + 1)) for index in range(15, 49, 10)]
    for part in lost:
        assert level_dbfs(heard[part].astype("<i2").tobytes()) > -45
    assert not packet_has_fec(b"")


def test_the_expected_loss_survives_going_back() -> None:
    encoder = Encoder()
    encoder.expected_loss_percent = 10
    encoder.go_back()
    assert encoder.expected_loss_percent == 10
    encoder.expected_loss_percent = 1000
    assert encoder.expected_loss_percent == 100


def test_concealment_fades_and_invents_as_much_as_asked() -> None:
    encoder, decoder = Encoder(), Decoder()
    for frame in frames(tone(200)):
        decoder.decode(encoder.encode(frame))
    assert len(decoder.conceal(480)) == 960
    for _ in range(20):
        last = decoder.conceal(480)
    assert level_dbfs(last) < -30


@pytest.mark.parametrize("packet", [b"", b"\xff", b"\xff\xff\xff", b"\xff\x00", b"\x03" + b"\xff" * 40])
def test_malformed_packets_are_errors_and_not_crashes(packet: bytes) -> None:
    decoder = Decoder()
    with pytest.raises(OpusError):
        packet_samples(packet)
    with pytest.raises(OpusError):
        decoder.decode(packet)
    assert decoder.decode(Encoder().encode(silence(480)))


def test_wrong_sizes_and_closed_coders_are_errors() -> None:
    encoder, decoder = Encoder(), Decoder()
    with pytest.raises(OpusError):
        encoder.encode(b"12")
    encoder.close()
    decoder.close()
    encoder.close()
    decoder.close()
    with pytest.raises(OpusError, match="closed"):
        encoder.encode(silence(480))
    with pytest.raises(OpusError, match="closed"):
        decoder.decode(b"\xf8\xff\xfe")


def test_a_machine_without_libopus_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opus, "_LIBRARIES", ())
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    with pytest.raises(OpusNotFoundError, match="PyAV"):
        opus.library.__wrapped__()
