"""pocketsphinx with the US English model that it brings: the recogniser that needs no download."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from pocketsphinx import Decoder

from server.engine.expecting import Expectation
from server.engine.recognising import PARTIAL_BYTES, RATE_HZ, StableWords, Words
from server.engine.sphinx_expected import ExpectedAnswers

LEVEL_BYTES = RATE_HZ * 2 * 7 // 10
"""0.7 s: the padding before the speech and its first 400 ms."""
SPEECH_RMS = 3_000.0
"""-21 dBFS, where the model was measured. A first utterance 20 dB lower has 29 % errors, levelled 15 %."""
USUAL_MEAN = "51.2,0.2,8.7,11.7,-1.6,-2.3,0.4,-1.0,-1.4,1.2,-1.7,0.6,2.6"
"""Cepstral mean over five voices at speech level. From the model's own start value a first utterance has
30 % word errors, from this one 17 %, which is what decoding whole utterances at once gives (measured)."""


class SphinxRecogniser:
    """English speech to words, streamed (a `Recogniser`). Level and channel are evened out per utterance."""

    def __init__(self) -> None:
        self._decoder = Decoder(fwdflat=False, dither=True, loglevel="FATAL", samprate=RATE_HZ)
        self.listening = False
        self._decoding = False
        self._unlevelled = bytearray()
        self._gain: float | None = None
        self.gain = 0.0
        self.mean = ""
        self._unlooked_bytes = 0
        self._stable = StableWords()
        self._answers = ExpectedAnswers(RATE_HZ)
        self._expected = Expectation()
        self._used_mean = USUAL_MEAN
        self._levelled = bytearray()
        """The stretch again, for the second ear; kept only while something is expected."""

    def begin(self, mean: str, gain: float, expected: Expectation | None = None) -> None:
        self._used_mean = mean or USUAL_MEAN
        self._decoder.set_cmn(self._used_mean)
        self._expected = expected or Expectation()
        self._levelled.clear()
        self.listening = True
        self._unlevelled.clear()
        self._gain = gain or None
        self._unlooked_bytes = 0
        self._stable = StableWords()

    def hear(self, pcm: bytes) -> None:
        if self._gain is not None:
            self._decode(pcm, self._gain)
            return
        self._unlevelled += pcm
        if len(self._unlevelled) >= LEVEL_BYTES:
            self._level()

    def partial(self) -> list[str] | None:
        """Once in 200 ms of audio: the words so far that will probably stay, if they changed."""
        if not self._decoding or self._unlooked_bytes < PARTIAL_BYTES:
            return None
        self._unlooked_bytes = 0
        hypothesis = self._decoder.hyp()
        return self._stable.look(hypothesis.hypstr.split() if hypothesis else [])

    def end(self) -> Words:
        """The words of the stretch, each with the log probability that the decoder gives it."""
        words = self._finish()
        self.listening = False
        self.mean = self._decoder.get_cmn(True) if words else ""
        self.gain = self._gain or 0.0
        return words

    def _finish(self) -> Words:
        if self._gain is None and self._unlevelled:
            self._level()
        if not self._decoding:
            return []
        self._decoder.end_utt()
        self._decoding = False
        words = [
            (_plain(segment.word), round(math.log(min(1.0, max(segment.prob, 1e-6))), 4))
            for segment in self._decoder.seg() or ()
            if not segment.word.startswith(("<", "["))
        ]
        if not self._expected:
            return words
        return self._answers.hear(bytes(self._levelled), self._used_mean, self._expected, words) or words

    def _level(self) -> None:
        """Choose one gain for the whole utterance from the loudest 100 ms of its beginning."""
        audio = bytes(self._unlevelled)
        self._gain = _gain(np.frombuffer(audio, "<i2").astype(np.float32))
        self._decode(audio, self._gain)

    def _decode(self, pcm: bytes, gain: float) -> None:
        if not self._decoding:
            self._decoder.start_utt()
            self._decoding = True
        if pcm:
            louder = np.clip(np.frombuffer(pcm, "<i2") * gain, -32768, 32767).astype("<i2").tobytes()
            self._decoder.process_raw(louder, False, False)
            self._unlooked_bytes += len(pcm)
            if self._expected:
                self._levelled += louder


def _gain(samples: NDArray[np.float32]) -> float:
    window = RATE_HZ // 10
    windows = samples[: samples.size - samples.size % window].reshape(-1, window)
    if not windows.size:
        return 1.0
    loudest = float(np.sqrt(np.mean(windows**2, axis=1)).max())
    return min(max(SPEECH_RMS / max(loudest, 1.0), 0.25), 16.0)


def _plain(word: str) -> str:
    """The dictionary marks variants of pronunciation: `the(2)`."""
    return word.split("(")[0]
