"""The encoder's two modes on real speech: which one is in force, what it carries, the way between."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from speech import rms, speech

from media.opus import Decoder, Encoder, packet_has_fec
from media.outbound import FEC_LOSS_PERCENT
from media.pcm import FRAME_SAMPLES, Samples, as_array

CELT = range(16, 32)
HYBRID = range(12, 16)
FULL_20_MS = (13, 15, 19, 23, 27, 31)
"""Configurations of 20 ms in those two modes (RFC 6716 section 3.1, table 2)."""
DELAY = 156
LOUD = 600
"""RMS of a frame of speech."""
STEP = 7
"""Frames between two switches."""


def config(packet: bytes) -> int:
    """The first five bits of the TOC byte (RFC 6716 section 3.1)."""
    return packet[0] >> 3


@cache
def source() -> Samples:
    joined = np.concatenate(speech())
    return joined[: joined.size // FRAME_SAMPLES * FRAME_SAMPLES]


@cache
def loudness() -> Samples:
    return np.array([rms(frame) for frame in source().reshape(-1, FRAME_SAMPLES)])


def encoded(expected_loss_percent: Callable[[int], int]) -> list[bytes]:
    """All speech, frame by frame, each with its own setting."""
    encoder, packets = Encoder(), []
    for index, frame in enumerate(source().reshape(-1, FRAME_SAMPLES)):
        if encoder.expected_loss_percent != expected_loss_percent(index):
            encoder.expected_loss_percent = expected_loss_percent(index)
        packets.append(encoder.encode(frame.tobytes()))
    return packets


def decoded(packets: list[bytes]) -> Samples:
    """In place: the coder's delay taken out."""
    decoder = Decoder()
    return as_array(b"".join(decoder.decode(packet) for packet in packets))[DELAY:].astype(float)


@pytest.mark.parametrize("percent", [0, 1, 5])
def test_on_a_clean_line_the_encoder_is_celt_without_fec(percent: int) -> None:
    """Up to 5 percent libopus stays in CELT, which cannot carry FEC: such a setting would help nobody."""
    packets = encoded(lambda index: percent)
    assert {config(packet) in CELT for packet in packets} == {True}
    assert not any(packet_has_fec(packet) for packet in packets)


@pytest.mark.parametrize("percent", [6, FEC_LOSS_PERCENT, 20])
def test_where_loss_is_expected_it_is_hybrid_and_speech_carries_its_copy(percent: int) -> None:
    packets = encoded(lambda index: percent)
    assert {config(packet) in HYBRID for packet in packets[1:]} == {True}
    loud = [index + 1 for index in np.flatnonzero(loudness()[:-1] > LOUD)]
    assert np.mean([packet_has_fec(packets[index]) for index in loud]) > 0.95


@pytest.mark.parametrize("percent", [0, FEC_LOSS_PERCENT])
def test_every_packet_is_one_mono_frame_of_20_ms(percent: int) -> None:
    for packet in encoded(lambda index: percent):
        assert config(packet) in FULL_20_MS
        assert packet[0] & 0b111 == 0


def test_a_lost_packet_is_rebuilt_close_to_what_it_was() -> None:
    """Far closer than by concealment: of all lost frames of speech, by the error against the lossless run."""
    packets = encoded(lambda index: FEC_LOSS_PERCENT)
    whole = decoded(packets)
    error = {}
    for name in ("recover", "conceal"):
        decoder, sound, lost = Decoder(), [], []
        for index, packet in enumerate(packets[:-1]):
            if index % 6 != 3:
                sound.append(decoder.decode(packet))
                continue
            if loudness()[index] > LOUD:
                lost.append(slice(index * FRAME_SAMPLES - DELAY, (index + 1) * FRAME_SAMPLES - DELAY))
            following = packets[index + 1]
            rebuilt = name == "recover"
            sound.append(decoder.recover(following, 480) if rebuilt else decoder.conceal(480))
        heard = as_array(b"".join(sound))[DELAY:].astype(float)
        error[name] = [rms(heard[part] - whole[part]) / rms(whole[part]) for part in lost]
    assert len(error["recover"]) > 80
    assert np.median(error["recover"]) < 0.35
    assert np.percentile(error["recover"], 75) < np.percentile(error["conceal"], 25)


def bend(samples: Samples) -> float:
    """The sharpest bend: what a click has and speech has not."""
    return float(np.abs(np.diff(samples, 2)).max())


@cache
def alone() -> tuple[Samples, Samples]:
    """Each mode without any change."""
    return decoded(encoded(lambda index: 0)), decoded(encoded(lambda index: FEC_LOSS_PERCENT))


def changes(phase: int) -> list[tuple[float, float]]:
    """For each change of mode, 20 ms before to 60 ms after it: how sharp, and how far from the source.

    Both as shares of the worse of the two modes alone at the same place. What is less sharp than a tenth of
    the speech's level counts as that.
    """

    def lossy(index: int) -> int:
        return FEC_LOSS_PERCENT if (index + phase) // STEP % 2 else 0

    packets = encoded(lossy)
    assert {config(packet) in CELT for packet in packets} == {True, False}
    heard, found = decoded(packets), []
    for index in range(2, len(packets) - 3):
        if lossy(index) != lossy(index - 1):
            part = slice((index - 1) * FRAME_SAMPLES, (index + 3) * FRAME_SAMPLES)
            clean = source()[part].astype(float)
            sharpest = max(0.1 * rms(source()), bend(clean), *(bend(sound[part]) for sound in alone()))
            furthest = max(rms(sound[part] - clean) for sound in alone())
            found.append((bend(heard[part]) / sharpest, rms(heard[part] - clean) / furthest))
    return found


def test_a_change_of_mode_inside_speech_is_no_click() -> None:
    """Of 1 500 changes 99 in 100 are hardly sharper than the speech around them, and none is far sharper."""
    sharp, far = np.transpose([change for phase in range(2 * STEP) for change in changes(phase)])
    print(f"sharpness {np.percentile(sharp, [50, 99, 100])}, error {np.percentile(far, [50, 95])}")
    assert sharp.size > 1000
    assert np.median(sharp) <= 1
    assert np.percentile(sharp, 99) <= 1.5
    assert sharp.max() <= 3.5
    assert np.median(far) <= 1
    assert np.percentile(far, 95) <= 1.5
