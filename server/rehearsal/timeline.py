"""Three clocks brought together: the session's (`at_ms`), this process's (arrivals), and RTP time.

The server stamps an event and sends a packet before either arrives, so the least difference ever seen is
the offset; what is above it is delay.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from media.pcm import audible_end, first_audible
from server.rehearsal.client import Event, Json
from server.rehearsal.clock import spurt_delays
from server.rehearsal.figures import Spoken, audible_intervals
from server.rehearsal.mouth import RATE_HZ, Said
from server.rehearsal.packets import PCM_HZ, RTP_HZ, Packet, Sound, unwrap

_WAITED_FOR = {
    "human.said": "human",
    "brief.updated": "human",
    "human.speaking": "human",
    "human.listening": "human",
    "approval.resolved": "human",
    "job.finished": "job",
    "job.failed": "job",
    "post.published": "job",
}


@dataclass(slots=True)
class Timeline:
    """Times in ms of the session's clock."""

    turns: list[Spoken] = field(default_factory=list)
    waits: list[tuple[int, str]] = field(default_factory=list)
    audible: list[tuple[float, float]] = field(default_factory=list)
    explained: list[tuple[float, float, str]] = field(default_factory=list)
    decisions: list[int] = field(default_factory=list)
    said: list[tuple[float, Said]] = field(default_factory=list)
    first_sound_ms: float = 0.0
    completed_ms: float = 0.0
    clock_spread_ms: float = 0.0
    """How late `turn.started` was told at the worst, from its RTP time."""
    sound_start_ms: float = 0.0
    speech: list[int] = field(default_factory=list)
    """Where on the sound's samples each utterance of the human began."""
    mapping_error_ms: float = 0.0
    """Session time on RTP time, found in two ways (the server's stamps, arrivals here): the difference."""

    @classmethod
    def of(cls, events: list[Event], packets: list[Packet], sound: Sound, said: list[Said]) -> Timeline:
        """Everything that the figures need, in the session's time."""
        made = cls()
        ordered = sorted(events, key=lambda event: event.seq)
        arrival_ms = min((e.arrival_s * 1000 - e.at_ms for e in ordered), default=0.0)
        made._read(ordered)
        made._place_sound(sound)
        for utterance in said:
            made.said.append((utterance.audible_s * 1000 - arrival_ms, utterance))
        made._place_speech(packets, sound, arrival_ms)
        made._audible(sound)
        return made

    def sample_at(self, at_ms: float) -> float:
        """The sample of the sound that was sent at this session time."""
        return (at_ms - self.sound_start_ms) * PCM_HZ / 1000

    def human_places(self) -> list[tuple[int, bytes]]:
        """Where each utterance lies on the sound's samples, from its first sample on."""
        places = []
        for at_ms, utterance in self.said:
            lead_ms = (first_audible(utterance.pcm) or 0) * 1000 / RATE_HZ
            places.append((round(self.sample_at(at_ms - lead_ms)), utterance.pcm))
        return places

    def _read(self, events: list[Event]) -> None:
        open_turns: dict[str, Event] = {}
        metrics = {str(e.data.get("turn")): e.data for e in events if e.type == "metrics.turn"}
        waiting: dict[str, tuple[int, str]] = {}
        for event in events:
            if event.type in _WAITED_FOR:
                self.waits.append((event.at_ms, _WAITED_FOR[event.type]))
            match event.type:
                case "turn.started":
                    open_turns[str(event.data.get("turn"))] = event
                case "turn.ended":
                    self._turn(event, open_turns, metrics.get(str(event.data.get("turn")), {}))
                case "human.speaking":
                    speaking = bool(event.data.get("speaking"))
                    self.decisions += [event.at_ms] if speaking else []
                    self._waiting(waiting, "hearing", "hearing", not speaking, event.at_ms)
                case "human.said":
                    self._waiting(waiting, "hearing", "hearing", False, event.at_ms)
                case "human.listening":
                    self._waiting(waiting, "human", "human", bool(event.data.get("listening")), event.at_ms)
                case "approval.requested" | "approval.resolved":
                    begins = event.type.endswith("requested")
                    self._waiting(waiting, "approval", "human", begins, event.at_ms)
                case "job.started" | "job.finished" | "job.failed":
                    job = str(event.data.get("job"))
                    self._waiting(waiting, job, "job", event.type == "job.started", event.at_ms)
                case "session.completed":
                    self.completed_ms = event.at_ms
                case _:
                    pass
        self.completed_ms = self.completed_ms or (events[-1].at_ms if events else 0.0)

    def _waiting(
        self, open_since: dict[str, tuple[int, str]], key: str, what: str, begins: bool, at_ms: int
    ) -> None:
        if begins:
            open_since.setdefault(key, (at_ms, what))
        elif key in open_since:
            since_ms, what = open_since.pop(key)
            self.explained.append((since_ms, at_ms, what))

    def _turn(self, ended: Event, open_turns: dict[str, Event], metrics: Json) -> None:
        name = str(ended.data.get("turn"))
        started = open_turns.pop(name, None)
        if started is None:
            return
        self.turns.append(
            Spoken(
                name,
                str(started.data.get("speaker")),
                str(started.data.get("act")),
                _number(started.data.get("rtp_timestamp")),
                started.at_ms,
                ended.at_ms,
                _number(metrics.get("pause_ms"), -1),
                _number(metrics.get("ready_before_ms"), -1),
                bool(ended.data.get("interrupted")),
            )
        )

    def _place_sound(self, sound: Sound) -> None:
        """RTP time is the session's clock: `turn.started` pairs the two for each turn's first sample."""
        offsets = []
        for turn in self.turns:
            place = unwrap(turn.rtp_timestamp, sound.start, 1 << 32) - sound.start
            offsets.append(turn.started_ms - place * 1000 / RTP_HZ)
        self.sound_start_ms = min(offsets, default=0.0)
        self.clock_spread_ms = round(max(offsets, default=0.0) - self.sound_start_ms, 1)

    def _place_speech(self, packets: list[Packet], sound: Sound, arrival_ms: float) -> None:
        """The human's clock is that of the arrivals: the least late packet tells where RTP time is."""
        if not packets:
            return
        start_ms = min(spurt_delays(packets)) + sound.start * 1000 / RTP_HZ
        for _, utterance in self.said:
            self.speech.append(round((utterance.audible_s * 1000 - start_ms) * PCM_HZ / 1000))
        self.mapping_error_ms = round(abs(self.sound_start_ms - (start_ms - arrival_ms)), 2)

    def _audible(self, sound: Sound) -> None:
        team = [
            tuple(self.sound_start_ms + place * 1000 / PCM_HZ for place in interval)
            for interval in audible_intervals(sound)
        ]
        self.audible = [(begin, end) for begin, end in team]
        self.first_sound_ms = self.audible[0][0] if self.audible else 0.0
        for at_ms, utterance in self.said:
            lead = first_audible(utterance.pcm) or 0
            length_ms = (audible_end(utterance.pcm) - lead) * 1000 / RATE_HZ
            self.audible.append((at_ms, at_ms + length_ms))


def _number(value: object, otherwise: int = 0) -> int:
    return value if isinstance(value, int) else otherwise
