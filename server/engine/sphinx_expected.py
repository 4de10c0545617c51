"""A second ear for short answers: pocketsphinx with the grammar of what is expected.

It always finds something in its grammar, so what counts is how well the worst word fits the sound: acoustic
scores here are distances from the best of all sounds in each frame (`compallsen`), which the usual decoder's
are not. A name's grammar fits too much for that alone: it is asked only where the usual decoder has doubts.
A search takes 4 % of the audio's time, for a name 10 %.
"""

from __future__ import annotations

import math

from pocketsphinx import Decoder

from server.engine.expecting import Expectation, grammar

LONGEST_SECONDS = 5.0
"""A longer stretch of speech is no short answer."""
WORST_WORD, WORST_WORD_OF_A_NAME = -0.007, -0.005
"""The least mean score of a word's frames, in natural logarithms; silence and fillers do not count. Over five
voices the worst words of most expected colours lie above, those of nearly all other answers below."""
DOUBTFUL = math.log(0.5)
"""A word that the usual decoder gives less than this."""
GRAMMARS_MOST = 8
"""Kept at a time: one with names takes 28 MB, and clients may name any keywords."""
LOGPROB_OF_SCORE = 50.0
"""Turns a score into what is told as a log probability: -0.18 usually, -0.35 for what just passes."""

Words = list[tuple[str, float]]


class ExpectedAnswers:
    """Makes its decoder (27 MB, 0.1 s) when something is expected for the first time."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._decoder: Decoder | None = None
        self._grammars: dict[Expectation, str] = {}
        """The names of their searches, "" for one without words; the last one used is the last here."""
        self._made_so_far = 0

    def hear(self, pcm: bytes, mean: str, expected: Expectation, understood: Words) -> Words | None:
        """The expected answer, levelled 16 kHz PCM16 given; None when it is another one.

        `understood` is what the usual decoder made of it.
        """
        doubtful = not understood or min(logprob for _, logprob in understood) < DOUBTFUL
        if "name" in expected.kinds and not doubtful:
            return None
        if len(pcm) > LONGEST_SECONDS * 2 * self._rate_hz or not (name := self._search(expected)):
            return None
        decoder = self._made()
        decoder.activate_search(name)
        decoder.set_cmn(mean)
        decoder.start_utt()
        decoder.process_raw(pcm, False, True)
        decoder.end_utt()
        words = [
            (segment.word.split("(")[0], _score(segment.ascore, segment.end_frame - segment.start_frame + 1))
            for segment in decoder.seg() or ()
            if not segment.word.startswith(("<", "[", "("))
        ]
        worst = WORST_WORD_OF_A_NAME if "name" in expected.kinds else WORST_WORD
        if not words or min(score for _, score in words) < worst:
            return None
        return [(word, round(score * LOGPROB_OF_SCORE, 4)) for word, score in words]

    def _search(self, expected: Expectation) -> str:
        name = self._grammars.pop(expected, None)
        if name is None:
            name = self._new_search(expected)
        self._grammars[expected] = name
        return name

    def _new_search(self, expected: Expectation) -> str:
        decoder = self._made()
        while len(self._grammars) >= GRAMMARS_MOST:
            if forgotten := self._grammars.pop(next(iter(self._grammars))):
                decoder.remove_search(forgotten)
        text = grammar(expected, lambda word: decoder.lookup_word(word) is not None)
        if not text:
            return ""
        self._made_so_far += 1
        name = f"expected{self._made_so_far}"
        decoder.add_jsgf_string(name, text)
        return name

    def _made(self) -> Decoder:
        if self._decoder is None:
            rate_hz = self._rate_hz
            self._decoder = Decoder(
                lm=None, compallsen=True, bestpath=False, dither=True, loglevel="FATAL", samprate=rate_hz
            )
        return self._decoder


def _score(likelihood: float, frames: int) -> float:
    return math.log(likelihood) / frames if likelihood > 0 else -math.inf
