"""Which turns the human talked over, and what came of each: sound, decision and transcript together."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from server.rehearsal.client import Event
from server.rehearsal.figures import Spoken
from server.rehearsal.interruptions import Interruption, Words, interruption, words_sent
from server.rehearsal.packets import PCM_HZ, STEP, Packet, Sound
from server.rehearsal.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Overtalk:
    """One turn that was cut. `heard_ms` is what the server says was sent of it."""

    turn: str
    speaker: str
    act: str
    measured: Interruption
    words: Words
    heard_ms: int
    sounded_ms: float
    """Its last audible sample that arrived; a voice that was cut between two words ends before the cut."""
    received_ms: float
    """The end of its last packet that arrived, audible or not: no more can have been heard."""
    text: str

    def figures(self) -> dict[str, object]:
        return {
            "turn": self.turn,
            "speaker": self.speaker,
            "act": self.act,
            **asdict(self.measured),
            "words": asdict(self.words),
            "heard_ms": self.heard_ms,
            "sounded_ms": self.sounded_ms,
            "received_ms": self.received_ms,
            "text": self.text,
        }


def overtalks(
    timeline: Timeline, events: list[Event], packets: list[Packet], sound: Sound
) -> list[Overtalk]:
    """Every interrupted turn over which the human's voice began."""
    found = []
    for turn, start, until in _places(timeline, sound):
        received_ms = _received_ms(packets, sound, start, until)
        if turn.interrupted and (one := _overtalk(timeline, events, sound, turn, start, until, received_ms)):
            found.append(one)
    return found


def uncut_ms(timeline: Timeline, sound: Sound) -> list[float]:
    """For how long a voice went on over the human, in ms, in each turn that was not cut."""
    found = []
    for turn, start, until in _places(timeline, sound):
        for speech in timeline.speech:
            heard = sound.audible(speech, until) if start <= speech < until else None
            if heard is not None and not turn.interrupted:
                found.append(round((heard[1] + 1 - speech) * 1000 / PCM_HZ, 1))
    return found


def _places(timeline: Timeline, sound: Sound) -> list[tuple[Spoken, int, int]]:
    """Each turn with its first sample and that of the next one."""
    starts = [sound.index(turn.rtp_timestamp) for turn in timeline.turns]
    return list(zip(timeline.turns, starts, [*starts[1:], sound.pcm.size], strict=True))


def _received_ms(packets: list[Packet], sound: Sound, start: int, until: int) -> float:
    places = ((packet.timestamp - sound.start) // 2 for packet in packets)
    last = max((place for place in places if start <= place < until), default=start - STEP // 2)
    return round((min(last + STEP // 2, until) - start) * 1000 / PCM_HZ, 1)


def _overtalk(
    timeline: Timeline,
    events: list[Event],
    sound: Sound,
    turn: Spoken,
    start: int,
    until: int,
    received_ms: float,
) -> Overtalk | None:
    speech = next((place for place in timeline.speech if start <= place < until), None)
    decision = next((ms for ms in timeline.decisions if timeline.sample_at(ms) >= start), None)
    if speech is None or decision is None:
        return None
    measured = interruption(sound, start, speech, round(timeline.sample_at(decision)), until)
    if measured is None:
        return None
    ended = next(e.data for e in events if e.type == "turn.ended" and e.data.get("turn") == turn.turn)
    text, heard_ms = str(ended.get("text")), ended.get("heard_ms")
    cut_ms = heard_ms if isinstance(heard_ms, int) else 0
    words = words_sent(text, _caption_words(events, turn.turn), cut_ms)
    last = speech + round(measured.silent_ms * PCM_HZ / 1000)
    sounded_ms = round((last - start) * 1000 / PCM_HZ, 1)
    received = (cut_ms, sounded_ms, received_ms)
    return Overtalk(turn.turn, turn.speaker, turn.act, measured, words, *received, text)


def _caption_words(events: list[Event], turn: str) -> list[tuple[str, int]]:
    """Each word of the turn's captions with its start in ms, in the order in which they are spoken."""
    captions = [event.data for event in events if event.type == "caption" and event.data.get("turn") == turn]
    found: list[tuple[str, int]] = []
    for caption in captions:
        words = caption.get("words")
        for word in words if isinstance(words, list) else []:
            if isinstance(word, dict) and isinstance(word.get("start_ms"), int):
                found.append((str(word.get("text")), word["start_ms"]))
    return sorted(found, key=lambda word: word[1])
