"""How long a turn took to the ear, step by step. Pure: times are arguments, in seconds of one clock.

The chain: the human's last clear sound (as it came to the server), the end of their speech decided, its
transcript, the decision who speaks, the first audio from the Line, the first packet, the first sound at
the listener. A turn that follows a voice begins with that voice's end. What was prepared before then took
no time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from orchestration.events import PlayoutReported
from orchestration.notices import TurnPart

LAGS_KEPT = 30
"""Half a minute of reports: in that time two clocks do not run apart by more than 2 ms."""
FRESH_S = 30.0
"""So long a delay that was measured stands for a turn that ended before a report of its own."""
DELAY_MAX_S = 5.0
CLOCKS_AGREE_S = 0.05
"""Later than the one or earlier than the other nothing is heard: a clock jumped (a page that slept)."""
_RTP_TIMES = 1 << 32


class Step(StrEnum):
    """The steps in their order; a part bears the name of the step that ends it."""

    END_OF_SPEECH = "end_of_speech"
    """The turn detection decided that the human has ended, after the pause that it waits for."""
    TRANSCRIPT = "transcript"
    DECISION = "decision"
    """The conversation gave the floor to the turn."""
    FIRST_DELTA = "first_delta"
    """The first audio came from the Line."""
    FIRST_PACKET = "first_packet"
    """The first audible sample was sent: its RTP time on the session's clock. The chosen pause is in here."""
    HEARD = "heard"
    """That sample was handed to the listener's loudspeaker."""


class After(StrEnum):
    """What was heard last before a turn: its zero."""

    HUMAN = "human"
    VOICE = "voice"
    START = "start"
    """Nothing: the listener has just come."""


def parts(zero: float, instants: Mapping[Step, float]) -> tuple[TurnPart, ...]:
    """What each known step took after the one before it, in whole ms, never negative.

    Their sum is the time from `zero` to the last known step, exactly. An unknown step is left out, and its
    time is in the next one.
    """
    known = [(step, round((instants[step] - zero) * 1000)) for step in Step if step in instants]
    whole = max(0, known[-1][1]) if known else 0
    found, before = [], 0
    for step, at_ms in known:
        reached = min(whole, max(before, at_ms))
        found.append(TurnPart(step.value, reached - before))
        before = reached
    return tuple(found)


def rtp_since(later: int, earlier: int) -> int:
    """Ticks from one 32-bit RTP time to another, the shorter way round; negative backwards."""
    return (later - earlier + _RTP_TIMES // 2) % _RTP_TIMES - _RTP_TIMES // 2


@dataclass(frozen=True, slots=True)
class Origin:
    """What a turn follows, when that ended, and the human's steps after it."""

    after: After
    zero: float
    instants: Mapping[Step, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Human:
    """The human's last turn, while no voice has answered it."""

    item: str
    last_sound: float
    stopped: float | None = None
    said: float | None = None

    def instants(self) -> dict[Step, float]:
        known = {Step.END_OF_SPEECH: self.stopped, Step.TRANSCRIPT: self.said}
        return {step: at for step, at in known.items() if at is not None}


class Moments:
    """What was heard last, by whom: the zero of the turn that comes next."""

    def __init__(self, patience_s: float) -> None:
        """`patience_s`: the silence after which the turn detection ends the human's turn."""
        self.patience_s = patience_s
        self._human: _Human | None = None
        self._arrived: float | None = None
        self._voice_ended: float | None = None
        self._speech_began: float | None = None
        self._quiet_since: float | None = None
        self._released: float | None = None

    # ------------------------------------------------------------------ the human

    def arrived(self, now: float) -> None:
        """The listener came (back): what was before has no answer any more."""
        self._arrived = now
        self._human = None

    def sound_began(self) -> None:
        self._quiet_since = None

    def sound_ended(self, at: float) -> None:
        """The microphone has been quiet since `at`."""
        self._quiet_since = at

    def speech_started(self, now: float) -> None:
        self._speech_began = now

    def key_released(self, now: float) -> None:
        """The talk key ends the human's turn, without a pause."""
        self._released = now
        if self._human is not None and self._human.stopped is not None and self._human.said is None:
            self._human.stopped = now

    def speech_stopped(self, item: str, now: float) -> None:
        """The turn detection decided. The last sound is what the microphone heard last, within reason.

        It cannot lie inside the pause that the decision waited for (that was noise, then), nor before the
        speech began. Where the microphone's gate told nothing, it lay right before that pause.
        """
        began = now if self._speech_began is None else self._speech_began
        by_key = self._released is not None and self._released >= began
        latest = self._released if by_key and self._released is not None else now - self.patience_s
        quiet = self._quiet_since
        known = quiet is not None and quiet >= began
        last_sound = min(quiet, latest) if known and quiet is not None else latest
        self._human = _Human(item, min(now, max(began, last_sound)), stopped=now)
        self._speech_began = None

    def said(self, item: str, now: float) -> None:
        """Its transcript came, or that there will be none. That of an earlier turn changes nothing."""
        if self._human is not None and self._human.item == item and self._human.said is None:
            self._human.said = now

    def typed(self, now: float) -> None:
        """Typed words: nothing is to be detected, nothing to be transcribed."""
        self._human = _Human("", now)

    # ------------------------------------------------------------------ the voices

    def voice_began(self) -> None:
        """Whatever the human said before has its answer."""
        self._human = None

    def voice_ended(self, at: float, cut: bool) -> None:
        """The end of a voice that the human cut is no zero: the human's own words are."""
        if not (cut and self._human is not None):
            self._voice_ended = at

    def origin(self, asked: float) -> Origin:
        """The zero of a turn that is given the floor now; `asked` is when its voice was asked for it."""
        arrived = asked if self._arrived is None else self._arrived
        if self._human is not None and self._follows_human(self._human):
            return Origin(After.HUMAN, self._human.last_sound, self._human.instants())
        if self._voice_ended is not None and self._voice_ended >= arrived:
            return Origin(After.VOICE, self._voice_ended)
        return Origin(After.START, arrived)

    def _follows_human(self, human: _Human) -> bool:
        ended = human.last_sound if human.stopped is None else human.stopped
        return self._voice_ended is None or ended >= self._voice_ended


class Ear:
    """How late the listener hears what is sent, from what its page reports once a second.

    A report says which RTP time was handed to the loudspeaker at which time of the page's own clock, so that
    the jitter buffer's whole wait is in it. The least delayed of the last reports tells how the two clocks
    lie, but for the way of the message itself: half the round trip. A report may be up to 20 ms (a packet)
    late; what the loudspeaker itself adds nobody knows.
    """

    def __init__(self) -> None:
        self._lags: deque[float] = deque(maxlen=LAGS_KEPT)
        self._delay: float | None = None
        self._measured_at = 0.0

    def forget(self) -> None:
        """The page is gone; another one has another clock and another way."""
        self._lags.clear()
        self._delay = None

    def reported(self, report: PlayoutReported, sent_at: float, now: float) -> float | None:
        """From sending to hearing, in seconds; `sent_at` is the report's RTP time on our clock."""
        way = (report.rtt_ms or 0.0) / 2000
        delay: float | None = None
        if report.at_ms is not None:
            at = report.at_ms / 1000
            self._lags.append(now - at)
            delay = at + min(self._lags) - way - sent_at
        elif report.jitter_buffer_ms is not None and report.rtt_ms is not None:
            delay = way + report.jitter_buffer_ms / 1000
        if delay is None:
            return None
        if not -CLOCKS_AGREE_S <= delay <= DELAY_MAX_S:
            self._lags.clear()
            return None
        self._delay, self._measured_at = max(0.0, delay), now
        return self._delay

    def delay(self, now: float) -> float | None:
        """The last one measured, None when there is none or it is too old."""
        return self._delay if now - self._measured_at <= FRESH_S else None
