"""How long the silence is when one persona follows another, measured from what was sent."""

from __future__ import annotations

from collections.abc import Callable

from orchestration.notices import HumanHeard, HumanListening, HumanSpeaking, Notice, TurnEnded, TurnStarted

RTP_HZ = 48_000
_RTP_TIMES = 1 << 32


class HandOvers:
    """Told a session's notices, it tells `observe` each pause in seconds.

    A pause is the RTP time from the last audible sample of a turn to the first of the next one, by somebody
    else and with no human in between. A turn that was cut ends in none; a turn that starved in its middle is
    taken to have ended earlier, by as much as was missing.
    """

    def __init__(self, observe: Callable[[float], None]) -> None:
        self._observe = observe
        self._speaker = ""
        self._started = 0
        self._ended: int | None = None

    def told(self, notice: Notice) -> None:
        match notice:
            case TurnStarted():
                if self._ended is not None and notice.speaker != self._speaker:
                    self._observe((notice.rtp_timestamp - self._ended) % _RTP_TIMES / RTP_HZ)
                self._speaker, self._started, self._ended = notice.speaker, notice.rtp_timestamp, None
            case TurnEnded(interrupted=False) if notice.heard_ms > 0:
                self._ended = self._started + notice.heard_ms * RTP_HZ // 1000
            case TurnEnded() | HumanListening(True) | HumanSpeaking() | HumanHeard():
                self._ended = None
            case _:
                pass
