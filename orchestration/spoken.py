"""What the Director holds of one turn: who generates it, its Lane, its words, when it sounded."""

from __future__ import annotations

from orchestration import captions, notices
from orchestration.ports import Lane
from orchestration.waterfall import Origin, Step, parts


class SpokenTurn:
    """One turn from `Speak` to its end. Times are the Director's clock, in seconds."""

    def __init__(self, turn: str, speaker: str, lane: Lane, requested_at: float) -> None:
        self.turn = turn
        self.speaker = speaker
        self.lane = lane
        self.requested_at = requested_at
        self.first_audio_at: float | None = None
        self.given_at: float | None = None
        self.origin: Origin | None = None
        """What it follows; known when it is given the floor."""
        self.pause_ms: int | None = None
        self.first_rtp_timestamp: int | None = None
        self.sent_at: float | None = None
        """When its first audible sample was sent."""
        self.heard_at: float | None = None
        self.measured = False
        """Its waterfall has been told."""
        self.rtp_timestamp: int | None = None
        """Of its first sample, once the page knows that it began."""
        self.words = captions.TurnWords()
        self.whole = False
        self.received_bytes = 0
        self.said_before = ""
        """The words of the turn that this one goes on with."""

    def captions(self) -> list[notices.Caption]:
        """The sentences that can be told now: none before the turn sounds."""
        if self.rtp_timestamp is None:
            return []
        return [
            captions.caption(self.turn, self.speaker, words, self.lane.trimmed_ms, self.rtp_timestamp)
            for words in self.words.sentences(self.whole)
        ]

    def put(self, pcm: bytes, now: float) -> None:
        """More of its audio came."""
        if self.first_audio_at is None:
            self.first_audio_at = now
        self.received_bytes += len(pcm)
        self.words.hear(pcm)
        self.lane.put(pcm)

    @property
    def said(self) -> str:
        """All its words, after those of the turn that it goes on with."""
        return " ".join(filter(None, [self.said_before, *(word.text for word in self.words.words)]))

    def timed(self, sent_ms: int, cut: bool) -> tuple[notices.Word, ...]:
        """What was heard of it, word by word, in its audible time."""
        return self.words.timed(self.lane.trimmed_ms, sent_ms, cut)

    def heard_after(self, delay_s: float | None) -> None:
        """Its first sample takes so long to the listener; None: nobody knows."""
        if self.sent_at is not None and delay_s is not None:
            self.heard_at = self.sent_at + delay_s

    def metrics(self) -> notices.TurnMetrics:
        """Its waterfall as far as it is known; nothing of it for a turn that was never given the floor."""
        first, given, origin = self.first_audio_at, self.given_at, self.origin
        known = {
            Step.DECISION: given,
            Step.FIRST_DELTA: first,
            Step.FIRST_PACKET: self.sent_at,
            Step.HEARD: self.heard_at,
        }
        instants = {step: at for step, at in known.items() if at is not None}
        chain = parts(origin.zero, {**origin.instants, **instants}) if origin is not None else ()
        return notices.TurnMetrics(
            self.turn,
            self.speaker,
            None if first is None else round((first - self.requested_at) * 1000),
            None if first is None or given is None else max(0, round((given - first) * 1000)),
            self.pause_ms,
            origin.after.value if origin is not None else "",
            sum(part.ms for part in chain) if chain else None,
            chain,
        )
