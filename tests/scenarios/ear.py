"""What comes of a sound on its way: the real gate, turn detection, recogniser and protocol, in virtual time.

Only the transport is assumed. The recogniser runs inline, so that each of its words has its exact place.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor

from media.gate import SpeechGate
from orchestration import events
from orchestration.ports import LineConfig
from orchestration.realtime_hearing import HumanTurns
from orchestration.realtime_outcomes import (
    HumanHeardSoFar,
    HumanNotUnderstood,
    HumanStarted,
    HumanStopped,
    HumanUnderstood,
    Outcome,
)
from orchestration.realtime_wire import Hearing as HearingConfig
from orchestration.realtime_wire import session_update
from server.engine.expecting import Expectation
from server.engine.hearing import Heard, Progress
from server.engine.protocol import RealtimeProtocol
from server.engine.protocol_effects import Send
from server.engine.session_input import SessionInput
from server.engine.sphinx import SphinxRecogniser

PACKET_S = 0.02
PACKET_BYTES = 960
WAY_S = 0.06
"""From the sound to the server: the packet, the network, the jitter buffer."""
WORDS_S = 0.06
"""What the recogniser needs on top, for words so far and for the final ones."""

Timed = list[tuple[float, events.Event]]
_KINDS = "input_audio_buffer.", "conversation.item.input_audio_transcription."
_HANDLERS = {
    "speech_started": HumanTurns.started,
    "speech_stopped": HumanTurns.stopped,
    "committed": HumanTurns.committed,
    "delta": HumanTurns.heard_so_far,
    "completed": HumanTurns.transcribed,
    "failed": HumanTurns.not_transcribed,
}


class InlineUtterance:
    """One turn on its way through the recogniser, as server.engine.hearing takes it there."""

    def __init__(
        self,
        recogniser: SphinxRecogniser,
        done: Callable[[object, Heard | None], None],
        progress: Callable[[Progress], None] | None,
        expected: Expectation | None,
    ) -> None:
        self._expected = expected
        self._recogniser = recogniser
        self._done = done
        self._progress = progress
        self._words: list[tuple[str, float]] = []
        self._gain = 0.0
        self._mean = ""

    def feed(self, pcm: bytes) -> None:
        if not pcm:
            return
        if not self._recogniser.listening:
            self._recogniser.begin(self._mean, self._gain, self._expected)
        self._recogniser.hear(pcm)
        if self._progress and (told := self._recogniser.partial()):
            settled = [word for word, _ in self._words]
            self._progress(Progress((*settled, *told), settled=False))

    def pause(self) -> None:
        if not self._recogniser.listening:
            return
        self._words += self._recogniser.end()
        self._mean = self._recogniser.mean or self._mean
        self._gain = self._recogniser.gain
        if self._progress:
            self._progress(Progress(tuple(word for word, _ in self._words), settled=True))

    def finish(self) -> None:
        self.pause()
        self._done(self, Heard(tuple(self._words), 1.0, ""))

    def abandon(self) -> None:
        raise AssertionError("nobody gives up here")


class InlineHearing:
    def __init__(self, recogniser: SphinxRecogniser) -> None:
        self._recogniser = recogniser

    def begin(
        self,
        done: Callable[[object, Heard | None], None],
        mean: str = "",
        progress: Callable[[Progress], None] | None = None,
        expected: Expectation | None = None,
    ) -> InlineUtterance:
        return InlineUtterance(self._recogniser, done, progress, expected)


async def hear(pcm: bytes, recogniser: SphinxRecogniser, silence_ms: int) -> Timed:
    """What the conversation is told of this sound, and when (s from its first sample)."""
    numbers = itertools.count(1)
    protocol = RealtimeProtocol("m", new_id=lambda prefix: f"{prefix}_{next(numbers)}")
    listener = LineConfig("listener", "", None, silence_ms=silence_ms)
    protocol.receive(json.dumps(session_update(listener, HearingConfig("m"))))
    hearing = InlineHearing(recogniser)
    entry = SessionInput(protocol, hearing, lambda: None, lambda: None)  # type: ignore[arg-type]
    entry.configure()
    protocol.take()
    gate, turns = SpeechGate(), HumanTurns()
    told: Timed = []
    for start in range(0, len(pcm), PACKET_BYTES):
        now = start / PACKET_BYTES * PACKET_S + WAY_S
        packet = pcm[start : start + PACKET_BYTES]
        if gate.push(packet):
            told.append((now, events.SoundHeard() if gate.open else events.SoundStopped(now)))
        await entry.append(packet)
        told += [(now + late_s, event) for late_s, event in _events(protocol, turns)]
    if recogniser.listening:
        recogniser.end()  # the clip was over before the turn was
    return sorted(told, key=lambda one: one[0])


def _events(protocol: RealtimeProtocol, turns: HumanTurns) -> list[tuple[float, events.Event]]:
    sent = [json.loads(output.text) for output in protocol.take() if isinstance(output, Send)]
    outcomes: list[Outcome] = []
    for event in sent:
        kind = str(event["type"])
        assert kind != "error", event
        handler = _HANDLERS.get(kind.rpartition(".")[2]) if kind.startswith(_KINDS) else None
        if handler is not None:
            outcomes += handler(turns, event)
    return [_event(outcome) for outcome in outcomes]


def _event(outcome: Outcome) -> tuple[float, events.Event]:
    match outcome:
        case HumanStarted(item):
            return 0.0, events.SpeechStarted(item)
        case HumanStopped(item):
            return 0.0, events.SpeechStopped(item)
        case HumanHeardSoFar(item, text):
            return WORDS_S, events.WordsHeard(item, text)
        case HumanUnderstood(item, text, confidence):
            return WORDS_S, events.HumanSaid(text, item=item, confidence=confidence)
        case HumanNotUnderstood(item):
            return WORDS_S, events.TranscriptionFailed(item)
    raise AssertionError(outcome)


# ---------------------------------------------------------------------- many sounds, on all cores

_recogniser: list[SphinxRecogniser] = []


def _hear_one(pcm: bytes, silence_ms: int) -> Timed:
    if not _recogniser:
        _recogniser.append(SphinxRecogniser())
    return asyncio.run(hear(pcm, _recogniser[0], silence_ms), debug=False)  # it blocks, on purpose


def hear_all(sounds: Sequence[bytes], silence_ms: int) -> list[Timed]:
    """Every sound for itself, half of them in each of two processes: it takes a quarter of their own time.

    A recogniser keeps a little of what it heard before, so that who hears what must not depend on the moment.
    """
    half = -(-len(sounds) // 2)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
        return list(pool.map(_hear_one, sounds, itertools.repeat(silence_ms), chunksize=half))
