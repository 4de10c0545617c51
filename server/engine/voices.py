"""Text to speech: OpenAI's voice names, spoken by what this machine has.

flite where its library is found, espeak-ng otherwise. Each sentence is resampled to 24 kHz, trimmed and
brought to one loudness; the pause between sentences is ours, not the synthesizer's.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from server.engine import sherpa
from server.engine.espeak import Espeak
from server.engine.flite import Flite
from server.engine.voices_level import level, pcm16, resample, trim
from server.engine.voices_speech import Synthesizer
from server.engine.voices_table import DEFAULT, ESPEAK, FLITE
from server.engine.voices_text import Sentence, sentences
from server.engine.voices_types import PAUSE_MS, SAMPLE_RATE_HZ, Chunk, SpokenWord

__all__ = ["SAMPLE_RATE_HZ", "Chunk", "SpokenWord", "Voices", "names"]

MODEL_VARIABLE = "MOENTREPRISE_VOICE_MODEL"
_SHORT_PAUSE_MS = 90
_SPEED_MIN, _SPEED_MAX = 0.25, 4.0


def names() -> tuple[str, ...]:
    """All voice names that `speak` knows; any other name gets the default voice."""
    return tuple(sorted(FLITE))


class Voices:
    """All voices of this process. Safe to use from several threads: synthesis takes turns by sentence.

    `engine` is "flite", "espeak" or "" for the best that is here; a `model` (a folder, see sherpa.py) is used
    instead when it can be. Raises OSError when the engine is not here.
    """

    def __init__(self, engine: str = "", model: str = "") -> None:
        self.engine, self._synthesize = _model(model) or _choose(engine)

    def speak(self, text: str, voice: str, speed: float = 1.0) -> Iterator[Chunk]:
        """Speak `text`, a chunk per sentence or less; blocks while synthesising, close it to abort.

        Every word of the text is in exactly one chunk, in order; words without a sound have no length.
        Text without any sound gives no chunk at all.
        """
        speed = min(_SPEED_MAX, max(_SPEED_MIN, speed))
        name = voice if voice in FLITE else DEFAULT
        at_samples = pause_samples = 0
        for sentence in sentences(text):
            sound, words = self._sentence(sentence, name, speed)
            start = at_samples + pause_samples
            chunk = _chunk(sound, words, start, pause_samples)
            at_samples += len(chunk.pcm) // 2
            pause_samples = (PAUSE_MS if sentence.ends else _SHORT_PAUSE_MS) * SAMPLE_RATE_HZ // 1000
            yield chunk

    def _sentence(self, sentence: Sentence, voice: str, speed: float) -> tuple[bytes, list[SpokenWord]]:
        """PCM of one sentence and its words, in ms from its own start."""
        audible = [word for word in sentence.words if word.spoken]
        speech = self._synthesize([word.spoken + word.mark for word in audible], voice, speed)
        loud = level(resample(speech.samples, speech.rate_hz))
        sound, lead = trim(loud)
        lead_ms, total_ms = lead * 1000 // SAMPLE_RATE_HZ, len(sound) * 1000 // SAMPLE_RATE_HZ
        spans = list(speech.spans) or _guess([word.spoken for word in audible], lead_ms, total_ms)
        words: list[SpokenWord] = []
        now = 0
        for word in sentence.words:
            start, end = spans.pop(0) if word.spoken else (now + lead_ms, now + lead_ms)
            start_ms = min(total_ms, max(now, start - lead_ms))
            now = min(total_ms, max(start_ms, end - lead_ms))
            words.append(SpokenWord(word.written, start_ms, now))
        return pcm16(sound), words


def _chunk(sound: bytes, words: list[SpokenWord], start_samples: int, pause_samples: int) -> Chunk:
    """The sentence with the pause before it, its times counted from the start of all audio."""
    offset = start_samples * 1000 // SAMPLE_RATE_HZ
    moved = (SpokenWord(word.text, word.start_ms + offset, word.end_ms + offset) for word in words)
    return Chunk(bytes(2 * pause_samples) + sound, tuple(moved))


def _guess(spoken: Sequence[str], lead_ms: int, total_ms: int) -> list[tuple[int, int]]:
    """Times by the length of the words, for when the synthesizer names none."""
    weights = [len(word) + 2 for word in spoken]
    spans, before = [], 0
    for weight in weights:
        spans.append(tuple(lead_ms + total_ms * at // sum(weights) for at in (before, before + weight)))
        before += weight
    return [(start, end) for start, end in spans]


def _model(folder: str) -> tuple[str, Synthesizer] | None:
    if not folder:
        return None
    try:
        return "sherpa", sherpa.SherpaVoice(folder, names()).synthesize
    except sherpa.ModelUnusable as error:
        print(f"{MODEL_VARIABLE}: {error}; the usual voices speak instead", file=sys.stderr)
        return None


def _choose(engine: str) -> tuple[str, Synthesizer]:
    if engine != "espeak":
        try:
            flite = Flite()
        except OSError:
            if engine == "flite":
                raise
        else:
            return "flite", lambda words, voice, speed: flite.synthesize(words, FLITE[voice], speed)
    espeak = Espeak()
    return "espeak", lambda words, voice, speed: espeak.synthesize(words, ESPEAK[voice], speed)
