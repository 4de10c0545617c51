"""1 000 random walks through everything a Director can do to a Floor, in virtual time."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

import numpy as np
import pytest
from transparent import TransparentStage, check_the_stream, hush, voice

from media.floor import (
    DUCK_GAIN,
    FADE_SAMPLES,
    FloorEvent,
    PlayoutFinished,
    PlayoutInterrupted,
    PlayoutStarted,
    Segment,
)
from media.lane import Lane
from media.outbound import LATE_MAX_S
from media.pcm import AUDIBLE_PEAK, Samples, as_array, ms_to_samples, samples_to_ms

WALKS = 1000
CHUNKS = 20
TESTED_CHUNKS = 8
"""So many of them run each time; the others run with the acceptance tests."""
STEPS = 24
LONG_AGO = -(10**6)


@dataclass
class Said:
    """One turn as its source sees it."""

    lane: Lane
    pcm: bytearray = field(default_factory=bytearray)
    open: bool = True
    """Neither finished, nor cut, nor discarded: what is put still counts."""
    finished_s: float | None = None
    """When it was told to be whole, if that was still possible."""
    given: bool = False

    @property
    def source(self) -> Samples:
        return as_array(self.pcm)

    @property
    def lead(self) -> int:
        loud = np.flatnonzero(np.abs(self.source) >= AUDIBLE_PEAK)
        return int(loud[0]) if loud.size else self.source.size

    @property
    def audible_end(self) -> int:
        """In samples after the lead."""
        loud = np.flatnonzero(np.abs(self.source) >= AUDIBLE_PEAK)
        return int(loud[-1]) + 1 - self.lead if loud.size else 0


class Walk(TransparentStage):
    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = np.random.default_rng(seed)
        self.said: dict[str, Said] = {}
        self.discarded: set[str] = set()
        self.stalls = bool(self.rng.random() < 0.15)
        """So long that a spurt is moved."""
        self.ducks = bool(self.rng.random() < 0.5)
        self.answers = bool(self.rng.random() < 0.3)
        """The owner acts from inside a report."""
        self.actions = [self.new, self.new, self.put, self.put, self.put, self.finish, self.give, self.give]
        self.actions += [self.cut, self.discard, self.hold_or_resume, self.lag]
        self.actions += [self.duck_or_restore] if self.ducks else []

    # ------------------------------------------------------------------ what happens

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def report(self, event: FloorEvent) -> None:
        super().report(event)
        if isinstance(event, PlayoutInterrupted):
            self.said[event.turn].open = False
        if self.answers and self.chance(0.4):
            choice = int(self.rng.integers(4))
            (self.new, self.give, self.cut, self.discard)[choice]()

    def some(self) -> str:
        """A turn, more likely a late one."""
        back = min(len(self.said), 1 + int(self.rng.exponential(1.5)))
        return list(self.said)[-back]

    def new(self) -> None:
        turn = f"turn {len(self.said)}"
        self.said[turn] = Said(self.floor.lane(turn))
        if self.chance(0.7):
            self.put(turn)
        if self.chance(0.3):
            self.finish(turn)
        if self.chance(0.6):
            self.give(turn)

    def put(self, turn: str = "") -> None:
        """Up to 400 ms with hush before, after or inside, split anywhere, even inside a sample."""
        if not self.said:
            return
        said = self.said[turn or self.some()]
        parts = []
        for _ in range(int(self.rng.integers(1, 4))):
            sound = voice if self.chance(0.6) else hush
            parts.append(sound(self.rng, float(self.rng.choice((20, 60, self.rng.uniform(0, 200))))))
        pcm = b"".join(parts)
        split = int(self.rng.integers(0, len(pcm) + 1))
        for part in (pcm[:split], pcm[split:]):
            if said.open:
                said.pcm += part
            said.lane.put(part)

    def finish(self, turn: str = "") -> None:
        if self.said:
            said = self.said[turn or self.some()]
            if said.open:
                said.finished_s = self.loop.now
            said.open = False
            said.lane.finish()

    def give(self, turn: str = "") -> None:
        if self.said:
            turn = turn or self.some()
            self.said[turn].given = True
            self.floor.give(turn, int(self.rng.choice((0, 5, 30, 200))))

    def cut(self) -> None:
        self.floor.cut()

    def discard(self) -> None:
        if self.said:
            turn = self.some()
            self.said[turn].open = False
            self.discarded.add(turn)
            self.floor.discard(turn)

    def duck_or_restore(self) -> None:
        self.floor.duck() if self.chance(0.5) else self.floor.restore()

    def hold_or_resume(self) -> None:
        self.floor.resume() if self.floor.held else self.floor.hold()

    def lag(self) -> None:
        self.loop.lag = float(self.rng.uniform(0, 0.5 if self.stalls else LATE_MAX_S / 2))

    def wander(self) -> None:
        for _ in range(STEPS):
            self.actions[int(self.rng.integers(len(self.actions)))]()
            self.loop.run_ms(float(self.rng.choice((0, 20, self.rng.exponential(60)))))
            self.check_the_lanes()

    def come_to_rest(self) -> None:
        """All that was given may end, the rest is forgotten."""
        self.answers = False
        self.floor.resume()
        for turn, said in list(self.said.items()):
            self.finish(turn)
            if not said.given:
                self.discarded.add(turn)
                self.floor.discard(turn)
        self.rest()

    # ------------------------------------------------------------------ what must be so

    def check_the_lanes(self) -> None:
        """Received = trimmed + sent + waiting, at any moment."""
        for said in self.said.values():
            lane = said.lane
            received = said.lead + said.audible_end if said.finished_s is not None else said.source.size
            if said.open or (said.finished_s is not None and not lane.complete):
                assert lane.trimmed + lane.sent + lane.waiting == max(received, lane.trimmed + lane.sent)

    def check_the_events(self) -> None:
        """Each turn starts at most once, before it ends, and ends once, in ms of what was sent."""
        ended: set[str] = set()
        started: dict[str, int] = {}
        for event in self.events:
            assert event.turn not in ended
            if isinstance(event, PlayoutStarted):
                assert event.turn not in started
                started[event.turn] = event.rtp_timestamp
                continue
            ended.add(event.turn)
            said, sent = self.said[event.turn], self.samples_sent(event.turn)
            assert event.sent_ms == samples_to_ms(sent)
            assert (event.turn in started) == (sent > 0)
            if isinstance(event, PlayoutFinished):
                assert said.audible_end <= sent <= said.source.size - said.lead
            else:
                assert event.source_ms == (samples_to_ms(said.lead + sent) if sent else 0)
        assert {turn for turn, said in self.said.items() if said.given} <= ended | self.discarded
        for turn, rtp_timestamp in started.items():
            assert rtp_timestamp == self.clock.rtp_timestamp(self.floor.sent_segments(turn)[0].position)

    def samples_sent(self, turn: str) -> int:
        return sum(segment.count for segment in self.floor.sent_segments(turn))

    def segments(self) -> list[Segment]:
        found = [segment for turn in self.said for segment in self.floor.sent_segments(turn)]
        return sorted(found, key=lambda segment: segment.position)

    def check_the_sound(self) -> None:
        """Every sample that was sent is the source's, in its place, and between the turns is silence."""
        line = self.timeline().astype(int)
        expected = dict.fromkeys(self.said, 0)
        free = 0
        for segment in self.segments():
            said = self.said[segment.turn]
            assert segment.position >= free
            assert segment.source == expected[segment.turn]
            assert not line[free + FADE_SAMPLES : segment.position].any()
            free = segment.position + segment.count
            expected[segment.turn] += segment.count
            source = said.source[said.lead + segment.source :][: segment.count].astype(int)
            heard = line[segment.position : free]
            assert source.size == heard.size
            late = said.finished_s is None or said.finished_s >= self._sent_s(free - 1)
            self._check_samples(heard, source, late or expected[segment.turn] < said.audible_end)
        assert not line[free + FADE_SAMPLES :].any()

    def _sent_s(self, position: int) -> float:
        """When the packet with this sample left."""
        index = bisect_right(self.packets, position, key=lambda sent: sent[1].position) - 1
        return self.packets[index][0]

    def _check_samples(self, heard: Samples, source: Samples, faded: bool) -> None:
        """Equal bit by bit, but for ducks, and for the fade where it was not known how the turn goes on."""
        body = max(0, heard.size - FADE_SAMPLES) if faded else heard.size
        least = DUCK_GAIN if self.ducks else 1.0
        assert (np.abs(heard) <= np.abs(source)).all()
        assert (heard * source >= 0).all()
        assert (np.abs(heard[:body]) >= np.abs(source[:body]) * least - 1).all()
        if not self.ducks:
            assert (heard[:body] == source[:body]).all()

    def check_the_history(self) -> None:
        """`sent_at` says of any RTP time what was sent then."""
        before = 0
        for segment in self.segments():
            for position in {before - 1, segment.position - 1} & set(range(before, segment.position)):
                assert self.floor.sent_at(self.clock.rtp_timestamp(position)) is None
            for offset in {0, int(self.rng.integers(segment.count)), segment.count - 1}:
                at = segment.position + offset
                expected = Segment(segment.turn, segment.source + offset, at, 1)
                assert self.floor.sent_at(self.clock.rtp_timestamp(at)) == expected
            before = segment.position + segment.count

    def probe(self) -> None:
        """A newly given turn is heard, at the moment that its pause and its audio allow."""
        sound_end, faded = self.last_sound()
        self.loop.run_ms(float(self.rng.uniform(0, 300)))
        turn, pause_ms = f"probe {len(self.said)}", int(self.rng.choice((0, 30, 200)))
        now = self.clock.position(self.loop.now)
        self.said[turn] = Said(self.floor.lane(turn), given=True)
        self.floor.give(turn, pause_ms)
        self.put(turn)
        said = self.said[turn]
        said.pcm += (more := voice(self.rng, 30))
        said.lane.put(more)
        self.finish(turn)
        free = self.positions[-1] + 480 if self.packets else 0
        self.loop.run_ms(300)
        start = self.floor.sent_segments(turn)[0].position
        earliest = max(now, free, sound_end + ms_to_samples(pause_ms))
        assert earliest <= start <= earliest + faded

    def last_sound(self) -> tuple[int, int]:
        """The end of the last audible sample, and how long a fade may have followed it."""
        if not (segments := self.segments()):
            return LONG_AGO, 0
        last = segments[-1]
        said = self.said[last.turn]
        if said.finished_s is None or any(
            isinstance(event, PlayoutInterrupted) and event.turn == last.turn for event in self.events
        ):
            return last.position + last.count, FADE_SAMPLES
        for segment in reversed(segments):
            if segment.turn == last.turn and segment.source < said.audible_end:
                end = segment.position + min(segment.count, said.audible_end - segment.source)
                return end, FADE_SAMPLES if said.finished_s >= self._sent_s(end - 1) else 0
        raise AssertionError("a turn of silence was sent")


def check(walk: Walk) -> None:
    walk.check_the_events()
    walk.check_the_sound()
    walk.check_the_history()
    check_the_stream(walk, late_max_s=LATE_MAX_S + 1e-4, whole=not walk.stalls)
    assert walk.loop.waiting == 0


@pytest.mark.parametrize(
    "chunk",
    [
        *range(TESTED_CHUNKS),
        *(pytest.param(chunk, marks=pytest.mark.accept) for chunk in range(TESTED_CHUNKS, CHUNKS)),
    ],
)
def test_whatever_is_asked_every_sample_is_accounted_for_and_the_next_turn_starts(chunk: int) -> None:
    for seed in range(chunk, WALKS, CHUNKS):
        walk = Walk(seed)
        try:
            walk.wander()
            walk.come_to_rest()
            check(walk)
            walk.probe()
            walk.floor.cut()
            walk.rest()
            walk.probe()
            walk.rest()
            check(walk)
        except AssertionError as error:
            error.add_note(f"walk {seed}")
            raise
        finally:
            walk.outbound.close()
