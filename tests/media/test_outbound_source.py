"""What is sent is the source, sample by sample, at the time that the session clock says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from transparent import TransparentStage, check_the_stream, hush, starts, voice
from virtual_media import START, Stage, steady, tone

from media.clock import SessionClock
from media.fanout import OutboundPacket
from media.floor import Floor, PlayoutFinished
from media.opus import Encoder
from media.outbound import Outbound
from media.pcm import FRAME_SAMPLES, SAMPLE_RATE_HZ, as_array, silence

MINUTES = 10
SWITCH_S = 3.0
AHEAD_BYTES = 48_001
"""A second at once, so that the rest (within a second) is always in time; and half a sample."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn as a persona's Line delivers it, and what of it must be heard."""

    turn: str
    pcm: bytes
    audible: bytes
    pause_ms: int


def spoken(rng: np.random.Generator, number: int) -> Spoken:
    """About 2.7 s with a synthesizer's silence before, inside and after."""
    lead, tail = hush(rng, rng.uniform(0, 250)), hush(rng, rng.uniform(0, 200))
    audible = voice(rng, rng.uniform(800, 1600)) + hush(rng, 50) + voice(rng, rng.uniform(800, 1600))
    return Spoken(f"turn {number}", lead + audible + tail, audible, int(rng.integers(0, 600)))


def deltas(rng: np.random.Generator, pcm: bytes) -> Iterator[bytes]:
    """Pieces of 1 byte to 400 ms."""
    while pcm:
        size = int(rng.choice((1, 961, 9600, rng.integers(1, 19_200))))
        yield pcm[:size]
        pcm = pcm[size:]


def hold_a_conversation(stage: TransparentStage, rng: np.random.Generator) -> list[Spoken]:
    """Every 3 s another persona: its turn is given, and arrives bit by bit while the one before is heard."""
    said = []
    for number in range(int(MINUTES * 60 / SWITCH_S)):
        one = spoken(rng, number)
        said.append(one)
        stage.floor.give(one.turn, one.pause_ms)
        pieces = [one.pcm[:AHEAD_BYTES], *deltas(rng, one.pcm[AHEAD_BYTES:])]
        for piece in pieces:
            stage.floor.lane(one.turn).put(piece)
            stage.loop.run_ms(rng.uniform(0, 1000 / len(pieces)))
        stage.floor.lane(one.turn).finish()
        stage.loop.run_until(START + (number + 1) * SWITCH_S)
    stage.rest()
    return said


def test_ten_minutes_of_talk_are_sent_to_the_sample() -> None:
    rng = np.random.default_rng(3)
    stage = TransparentStage()
    said = hold_a_conversation(stage, rng)
    check_the_stream(stage)
    line, started = stage.timeline(), starts(stage.events)
    free = 0
    for one in said:
        (segment,) = stage.floor.sent_segments(one.turn)
        assert segment.source == 0
        assert segment.count * 2 == len(one.audible)
        end = segment.position + segment.count
        assert line[segment.position : end].tobytes() == one.audible
        assert not line[free : segment.position].any()
        assert started[one.turn] == stage.clock.rtp_timestamp(segment.position)
        free = end
    assert not line[free:].any()
    ended = [event for event in stage.events if isinstance(event, PlayoutFinished)]
    lengths = [round(len(one.audible) / 2 / SAMPLE_RATE_HZ * 1000) for one in said]
    assert [event.sent_ms for event in ended] == lengths
    assert len(said) == 200


def test_across_the_pauses_of_ten_minutes_rtp_time_is_the_session_clock() -> None:
    stage = TransparentStage()
    hold_a_conversation(stage, np.random.default_rng(4))
    off_ms = [1000 * (time - stage.clock.time_of(packet.position)) for time, packet in stage.packets]
    assert max(np.abs(off_ms)) <= 1
    spurts, positions = stage.spurts(), np.array(stage.positions)
    assert len(spurts) > 100
    for spurt in spurts:
        assert set(np.diff(positions[spurt])) == {FRAME_SAMPLES}


class Remembering(Encoder):
    """What sound each packet was made of, however far ahead."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[bytes, bytes] = {}

    def encode(self, pcm: bytes) -> bytes:
        payload = super().encode(pcm)
        self.made[payload] = pcm
        return payload


@pytest.mark.parametrize("expected_loss_percent", [0, 10])
@pytest.mark.parametrize("seed", range(4))
def test_packets_are_made_as_if_nothing_had_ever_been_taken_back(
    seed: int, expected_loss_percent: int
) -> None:
    """A fresh encoder that is given only what was sent makes the same packets, bit by bit."""
    rng = np.random.default_rng(seed)
    stage = Stage()
    stage.outbound.close()
    encoder = Remembering()
    encoder.expected_loss_percent = expected_loss_percent
    stage.outbound = Outbound(stage.floor, stage.clock, stage.loop, encoder)
    sent: list[bytes] = []

    def take(packet: OutboundPacket) -> None:
        sent.append(encoder.made[packet.payload])
        stage.packets.append((stage.loop.now, packet))

    stage.outbound.subscribe(take)
    for turn in range(40):
        stage.say(f"turn {turn}", tone(rng.uniform(50, 600), hz=rng.uniform(100, 2000)), pause_ms=30)
        stage.loop.run_ms(rng.uniform(0, 300))
        act = (stage.floor.cut, stage.floor.duck, stage.floor.restore, stage.floor.hold)[rng.integers(4)]
        act()
        stage.loop.run_ms(rng.uniform(0, 100))
        stage.floor.resume()
    stage.loop.run_ms(5000)
    fresh = Encoder()
    fresh.expected_loss_percent = expected_loss_percent
    for pcm, (_, packet) in zip(sent, stage.packets, strict=True):
        assert fresh.encode(pcm) == packet.payload
    assert len(stage.packets) > 200


def test_a_stall_after_a_cut_leaves_no_blip() -> None:
    """The fade belongs to the sound before it; 300 ms later it would be one of its own."""
    stage = Stage()
    stage.say("a", steady(500))
    stage.loop.run_ms(90)
    stage.floor.cut()
    stage.loop.lag = 0.3
    stage.loop.run_ms(1000)
    assert [packet.level_dbov for _, packet in stage.packets[5:]] == [-127]


def test_silence_that_turns_out_to_be_the_end_is_not_sent() -> None:
    stage = Stage()
    lane = stage.floor.lane("a")
    lane.put(steady(40) + steady(100, level=100))
    stage.floor.give("a", 0)
    stage.loop.run_ms(65)
    lane.finish()
    stage.loop.run_ms(500)
    assert [packet.level_dbov for _, packet in stage.packets[2:]] == [-50, -50, -127]
    assert stage.events[-1] == PlayoutFinished("a", 80)


class Counting(Encoder):
    def __init__(self) -> None:
        super().__init__()
        self.frames = 0

    def encode(self, pcm: bytes) -> bytes:
        self.frames += 1
        return super().encode(pcm)


def test_what_concerns_a_later_turn_costs_no_encoding() -> None:
    stage = Stage()
    stage.outbound.close()
    encoder = Counting()
    stage.outbound = Outbound(stage.floor, stage.clock, stage.loop, encoder)
    stage.say("a", tone(500))
    stage.loop.run_ms(100)
    before = encoder.frames
    stage.floor.lane("b").put(tone(100))
    stage.floor.give("b", 100)
    stage.floor.give("b", 200)
    stage.floor.discard("b")
    assert encoder.frames == before


def test_a_floor_without_listeners_to_its_changes_still_keeps_its_books() -> None:
    floor = Floor(SessionClock(0.0), lambda event: None)
    lane = floor.lane("a")
    lane.put(silence(100) + steady(20))
    floor.give("a", 0)
    block = floor.peek(0, decisive=True)
    assert block is not None
    floor.sent(block)
    assert (lane.trimmed, lane.sent, lane.waiting) == (100, 480, 0)
    assert as_array(block.pcm)[0] == 8000
