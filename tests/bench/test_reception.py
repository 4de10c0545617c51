"""The judgement of a microphone path, on paths whose faults are known."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from media.opus import Decoder, Encoder, packet_has_fec
from media.pcm import BYTES_PER_SAMPLE, FRAME_SAMPLES
from tests.bench import reception
from tests.bench.chromium import Microphone, Sent
from tests.bench.relay import Passed
from tests.bench.sounds import SENTENCES, spoken

FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
FRAMES = 400
START_S, DELAY_S = 100.0, 0.030
Payload = bytes | None
"""None for a packet that was lost."""


@pytest.fixture(scope="module")
def sent() -> list[Sent]:
    encoder = Encoder()
    encoder.expected_loss_percent = 10
    pcm = spoken(" ".join(SENTENCES[:3]))[: FRAMES * FRAME_BYTES]
    frames = [pcm[start : start + FRAME_BYTES] for start in range(0, len(pcm), FRAME_BYTES)]
    made = [Sent(0xFFFF0000 + 960 * i & 0xFFFFFFFF, encoder.encode(frame)) for i, frame in enumerate(frames)]
    encoder.close()
    assert len(made) == FRAMES
    assert sum(packet_has_fec(packet.payload) for packet in made) > 0.6 * FRAMES
    return made


@pytest.fixture(scope="module")
def passed(sent: list[Sent]) -> list[Passed]:
    chance = random.Random(1)
    return [
        Passed(START_S + 0.02 * i, i, packet.timestamp, 60, i > 0 and chance.random() < 0.05)
        for i, packet in enumerate(sent)
    ]


def judged(
    sent: list[Sent], passed: list[Passed], path: Callable[[Decoder, Payload, Payload], bytes]
) -> reception.Reception:
    """`path` makes the sound of a packet, knowing the next one; it is passed on DELAY_S after the arrival."""
    decoder = Decoder()
    got: list[Payload] = [p.payload if not q.lost else None for p, q in zip(sent, passed, strict=True)]
    pieces = [path(decoder, now, after) for now, after in zip(got, [*got[1:], None], strict=True)]
    decoder.close()
    chunks = [(START_S + 0.02 * i + DELAY_S, len(piece) // 2) for i, piece in enumerate(pieces) if piece]
    return reception.judge(reception.ideal(sent, passed), Microphone(b"".join(pieces), tuple(chunks), {}))


def rebuilding(decoder: Decoder, now: Payload, after: Payload) -> bytes:
    if now is not None:
        return decoder.decode(now)
    return decoder.recover(after, FRAME_SAMPLES) if after is not None else decoder.conceal(FRAME_SAMPLES)


def concealing(decoder: Decoder, now: Payload, after: Payload) -> bytes:
    return decoder.decode(now) if now is not None else decoder.conceal(FRAME_SAMPLES)


def skipping(decoder: Decoder, now: Payload, after: Payload) -> bytes:
    return decoder.decode(now) if now is not None else b""


def test_a_path_that_rebuilds_from_fec_misses_only_what_nobody_could_have(
    sent: list[Sent], passed: list[Passed]
) -> None:
    got = judged(sent, passed, rebuilding)
    assert got.speech_frames > 0.6 * FRAMES
    assert got.missing == pytest.approx(got.unavoidable)
    assert got.unavoidable < 0.02
    assert got.delay_ms() == pytest.approx(1000 * DELAY_S, abs=0.1)


def test_concealment_does_not_count_as_received(sent: list[Sent], passed: list[Passed]) -> None:
    lost = sum(packet.lost for packet in passed) / FRAMES
    assert judged(sent, passed, concealing).missing >= 0.7 * lost


def test_a_path_that_skips_what_is_lost_is_followed(sent: list[Sent], passed: list[Passed]) -> None:
    lost = sum(packet.lost for packet in passed) / FRAMES
    got = judged(sent, passed, skipping)
    assert 0.9 * lost <= got.missing <= 3 * lost
    assert got.delay_ms() == pytest.approx(1000 * DELAY_S, abs=0.1)


def test_nothing_passed_on_is_all_missing(sent: list[Sent], passed: list[Passed]) -> None:
    silent = Microphone(bytes(FRAME_BYTES), ((START_S, FRAME_SAMPLES),), {})
    assert reception.judge(reception.ideal(sent, passed), silent).missing == 1


def test_delays_are_told_by_when_the_packets_arrived(sent: list[Sent], passed: list[Passed]) -> None:
    got = judged(sent, passed, rebuilding)
    assert got.delay_ms(START_S + 2, START_S + 3) == pytest.approx(1000 * DELAY_S, abs=0.1)
    assert got.delay_ms(START_S + 1_000) != got.delay_ms(START_S + 1_000)  # NaN: nothing arrived then
