"""What is heard now: the Lanes, whose turn it is, and the pauses between them, to the sample.

Pure: positions (samples on the session clock) come in as arguments and nothing is scheduled here.
Outbound asks for the next 20 ms with `peek`, which changes nothing, and says with `sent` that they
went out. So whatever happens in between (a cut, a duck) needs no undoing: Outbound peeks again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from media.clock import SessionClock
from media.history import REMEMBERED, History, Segment
from media.lane import Lane
from media.pcm import BYTES_PER_SAMPLE, FRAME_SAMPLES, fade_out, ms_to_samples, ramp, silence

DUCK_GAIN = 10 ** (-15 / 20)
RAMP_SAMPLES = ms_to_samples(20)
FADE_SAMPLES = ms_to_samples(5)
_RAMP_STEP = (1 - DUCK_GAIN) / RAMP_SAMPLES


@dataclass(frozen=True, slots=True)
class PlayoutStarted:
    """The first sample of the turn was sent."""

    turn: str
    rtp_timestamp: int
    """That sample's RTP time; it may lie inside a packet."""


@dataclass(frozen=True, slots=True)
class PlayoutFinished:
    """The last sample of the turn was sent. A turn without any sound has `sent_ms` 0 and no start."""

    turn: str
    sent_ms: int


@dataclass(frozen=True, slots=True)
class PlayoutInterrupted:
    """The turn was cut."""

    turn: str
    sent_ms: int
    """Audible time really sent, the 5 ms of fade not counted."""
    source_ms: int
    """The position in the received audio: trimmed lead + sent."""


FloorEvent = PlayoutStarted | PlayoutFinished | PlayoutInterrupted


@dataclass(slots=True)  # not frozen: made for every packet, that costs four times as much
class Block:
    """480 samples for one packet. `gains` is the duck's gain of each segment's turn after it."""

    position: int
    pcm: bytes
    segments: tuple[Segment, ...]
    gains: tuple[float, ...]
    faded: int
    """Samples at the start that are the fade of what was cut, or of what lacks its continuation."""
    version: int = field(compare=False)
    """Another one does not make another block: what changed may lie behind it."""

    @property
    def sounds(self) -> bool:
        return bool(self.segments or self.faded)

    @property
    def full(self) -> bool:
        """A turn sounds at its end, so that later audio cannot change it."""
        last = self.segments[-1] if self.segments else None
        return last is not None and last.position + last.count == self.position + FRAME_SAMPLES


@dataclass(slots=True, eq=False)
class _Given:
    """A lane whose turn has come, or will when those before it are done."""

    lane: Lane
    pause: int
    start: int | None = None
    """The position of its first sample, once sent."""
    announced: bool = False
    """That start was reported."""
    gain: float = 1.0
    target: float = 1.0

    @property
    def started(self) -> bool:
        return self.start is not None

    @property
    def undisturbed(self) -> bool:
        """It sounds, is neither ducked nor on its way, and fills the next packet."""
        return self.announced and self.gain == self.target == 1.0 and self.lane.waiting >= FRAME_SAMPLES

    @property
    def ready(self) -> bool:
        """Enough for a whole packet, or all there will be."""
        return self.lane.waiting >= FRAME_SAMPLES or (self.lane.finished and self.lane.waiting > 0)

    def earliest(self, position: int, audible_end: int | None) -> int:
        """Where its next sample may be, `position` being free and `audible_end` the end of the last sound."""
        if self.started or audible_end is None:
            return position
        return max(position, audible_end + self.pause)


class Floor:
    """One per session. All methods return at once; reports go to `on_event`, from inside any call."""

    def __init__(self, clock: SessionClock, on_event: Callable[[FloorEvent], None]) -> None:
        self.on_change: Callable[[], None] = lambda: None
        """Called when there may be something new to send; Outbound sets it."""
        self._clock = clock
        self._on_event = on_event
        self._lanes: dict[str, Lane] = {}
        self._gone: dict[str, None] = {}
        self._given: list[_Given] = []
        self._held = False
        self._cursor = 0
        self._audible_end: int | None = None
        self._sounding = False
        self._fade = b""
        self._history = History()
        self._version = 0

    # ------------------------------------------------------------------ what the Director calls

    def lane(self, turn: str) -> Lane:
        """The turn's lane, opened (unheard until given) if need be. That of a past turn swallows all."""
        lane = self._lanes.get(turn)
        if lane is None:
            lane = Lane(turn, lambda: self._lane_changed(turn))
            if turn in self._gone:
                lane.close()
            else:
                self._lanes[turn] = lane
        return lane

    def give(self, turn: str, pause_ms: int) -> None:
        """Let the lane be heard `pause_ms` after the last audible sample, or at its first sample if later.

        Given lanes are heard in the order of these calls. Giving a turn again before it started sets its
        pause anew; a past turn is ignored.
        """
        if turn in self._gone:
            return
        lane = self.lane(turn)
        known = self._find(turn)
        if known is None:
            self._given.append(_Given(lane, ms_to_samples(pause_ms)))
        elif not known.started:
            known.pause = ms_to_samples(pause_ms)
        self._changed()

    def duck(self) -> None:
        """Lower the turn that is heard, or next, by 15 dB within 20 ms. The duck ends with its turn."""
        self._aim(DUCK_GAIN)

    def restore(self) -> None:
        """Bring it back up within 20 ms."""
        self._aim(1.0)

    def cut(self) -> None:
        """Fade out within 5 ms what is heard, or take back what is next, and report PlayoutInterrupted."""
        if self._given:
            self._interrupt(self._given[0])

    def discard(self, turn: str) -> None:
        """Forget a lane that was never heard; if it was heard after all, it is cut and reported."""
        given = self._find(turn)
        if given is not None and given.started:
            self._interrupt(given)
            return
        if given is not None:
            self._given.remove(given)
        self._forget(turn)
        self._changed()

    def hold(self) -> None:
        """Freeze: a turn under way stops at its next sample (with a fade), nothing starts."""
        if not self._held:
            self._fade_now()
            self._held = True
            self._changed()

    def resume(self) -> None:
        """Go on at once where `hold` stopped; the fade is heard again in full."""
        if self._held:
            self._held = False
            if self._given and self._given[0].started:
                self._fade = b""  # not sent yet: the turn simply goes on
            self._changed()

    @property
    def held(self) -> bool:
        return self._held

    @property
    def turn(self) -> str | None:
        """The turn that is heard now (also while it waits for more audio), None in between."""
        return self._given[0].lane.turn if self._given and self._given[0].started else None

    # ------------------------------------------------------------------ what was sent when

    def sent_at(self, rtp_timestamp: int) -> Segment | None:
        """The sample that carries this RTP time, as a Segment of one; None between the turns."""
        return self._history.at(self._clock.position_of_rtp(rtp_timestamp, self._cursor))

    def time_of(self, rtp_timestamp: int) -> float:
        """When the sample with this RTP time is due on the wire, in the event loop's seconds."""
        return self._clock.time_of(self._clock.position_of_rtp(rtp_timestamp, self._cursor))

    def sent_segments(self, turn: str) -> tuple[Segment, ...]:
        """All that was sent of a turn, in order: one segment unless the audio came too late on the way."""
        return self._history.of(turn)

    # ------------------------------------------------------------------ what Outbound calls

    @property
    def version(self) -> int:
        """Another number means that an unsent Block is out of date."""
        return self._version

    def next_start(self, position: int) -> int | None:
        """Where a talk spurt could begin, at `position` or later; None while there is nothing to say."""
        if self._held or not self._given or not self._given[0].ready:
            return None
        return self._given[0].earliest(max(position, self._cursor), self._audible_end)

    def peek(self, position: int, decisive: bool) -> Block | None:
        """The 480 samples from `position`; all silence when nothing is due.

        None when the turn that is heard lacks samples which may still come in time. If `decisive`, it is
        too late for that: what there is of them fades out.
        """
        whole = self.run(position, 1)
        return whole[0] if whole else self._composed(position, decisive)

    def run(self, position: int, most: int) -> list[Block]:
        """The next blocks, up to `most`, where one turn goes on undisturbed for so long; often it does."""
        head = self._given[0] if self._given and not self._held and not self._fade else None
        if head is None or not head.undisturbed:
            return []
        lane, frame = head.lane, FRAME_SAMPLES
        return [
            Block(
                position + skip,
                lane.read(frame, skip),
                (Segment(lane.turn, lane.sent + skip, position + skip, frame),),
                (1.0,),
                0,
                self._version,
            )
            for skip in range(0, min(most, lane.waiting // frame) * frame, frame)
        ]

    def _composed(self, position: int, decisive: bool) -> Block | None:
        # After a stall the sound has long ended at the listener: a fade would be a blip of its own.
        sounding = self._sounding and position == self._cursor
        fade = self._fade if sounding else b""
        faded = len(fade) // BYTES_PER_SAMPLE
        parts = [fade]
        at = position + faded
        end = at if faded else self._audible_end
        segments: list[Segment] = []
        gains: list[float] = []
        stop = position + FRAME_SAMPLES
        for given in [] if self._held else self._given:
            start = given.earliest(at, end)
            if start >= stop or not (given.ready or (given.started and sounding)):
                break
            lane = given.lane
            count = min(stop - start, lane.waiting)
            starved = start + count < stop and not lane.finished
            if starved and not decisive:
                return None
            pcm = lane.fading(max(count, FADE_SAMPLES)) if starved else lane.read(count)
            pcm, gain = ramp(pcm, given.gain, given.target, _RAMP_STEP)
            parts += [silence(start - at), fade_out(pcm, FADE_SAMPLES) if starved else pcm]
            at = end = start + len(pcm) // BYTES_PER_SAMPLE
            if count:
                segments.append(Segment(lane.turn, lane.sent, start, count))
                gains.append(gain)
            else:
                faded = at - position
            if starved:
                break
        pcm = b"".join(parts) + silence(stop - at)
        return Block(position, pcm, tuple(segments), tuple(gains), faded, self._version)

    def sent(self, block: Block) -> None:
        """The block, peeked since the last change, went out. Reports what began and ended with it."""
        self._cursor = block.position + FRAME_SAMPLES
        self._sounding = block.full
        self._fade = b""
        if block.faded:
            self._audible_end = block.position + block.faded
        for segment, gain in zip(block.segments, block.gains, strict=True):
            self._segment_sent(segment, gain)
        self._settle()

    # ------------------------------------------------------------------ inside

    def _segment_sent(self, segment: Segment, gain: float) -> None:
        given = self._find(segment.turn)
        if given is None:  # cut by whoever was handed the packet
            return
        if given.start is None:
            given.start = segment.position
        given.lane.advance(segment.count)
        given.gain = gain
        self._audible_end = segment.position + segment.count
        self._history.add(segment)

    def _settle(self) -> None:
        """Report what began and ended, in order. A report may call back and change all of it."""
        while self._given:
            head = self._given[0]
            self._announce(head)
            if not head.lane.complete or head not in self._given:
                return
            self._given.remove(head)
            self._forget(head.lane.turn)
            self._on_event(PlayoutFinished(head.lane.turn, head.lane.sent_ms))

    def _announce(self, given: _Given) -> None:
        if given.start is not None and not given.announced:
            given.announced = True
            self._on_event(PlayoutStarted(given.lane.turn, self._clock.rtp_timestamp(given.start)))

    def _lane_changed(self, turn: str) -> None:
        lane = self._lanes.get(turn)
        if lane is not None and lane.finished:
            if lane.sent > lane.audible_end:
                self._audible_end = self._history.position_after(turn, lane.audible_end)
            self._changed()  # what looked like a pause may have become the end
        elif self._given:
            self.on_change()

    def _interrupt(self, given: _Given) -> None:
        if given is self._given[0] and not self._held:
            self._fade_now()
        self._given.remove(given)
        lane = given.lane
        self._forget(lane.turn)
        self._announce(given)
        self._on_event(PlayoutInterrupted(lane.turn, lane.sent_ms, lane.source_ms if lane.sent else 0))
        self._changed()

    def _fade_now(self) -> None:
        """Prepare the 5 ms that lead from the last sample sent to silence, if a sample sounds."""
        if not (self._given and self._given[0].started and self._sounding) or self._fade:
            return
        given = self._given[0]
        pcm, _ = ramp(given.lane.fading(FADE_SAMPLES), given.gain, given.target, _RAMP_STEP)
        self._fade = fade_out(pcm, FADE_SAMPLES)

    def _aim(self, target: float) -> None:
        if self._given and self._given[0].target != target:
            self._given[0].target = target
            self._changed()

    def _forget(self, turn: str) -> None:
        self._gone[turn] = None
        if len(self._gone) > REMEMBERED:
            del self._gone[next(iter(self._gone))]
        lane = self._lanes.pop(turn, None)
        if lane is not None:
            lane.close()

    def _changed(self) -> None:
        self._version += 1
        self._settle()
        self.on_change()

    def _find(self, turn: str) -> _Given | None:
        if self._given and self._given[0].lane.turn == turn:
            return self._given[0]
        return next((given for given in self._given if given.lane.turn == turn), None)
