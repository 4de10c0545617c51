"""The process that hears: `python -m server.engine.hearing_worker`. One stretch of speech after the other.

In: `{"op": "begin", "mean", "gain", "partials", "kinds", "phrases"}` (the speaker's cepstral mean and the
utterance's gain, "" and 0 when unknown, and what is expected), `{"op": "audio"}` with 16 kHz mono PCM16 as
body, then `{"op": "end"}` or, when nobody wants the words, `{"op": "drop"}`. Out: `{"op": "ready"}`, then
per stretch any number of `{"op": "partial", "words": [word]}` if they are wanted, and one
`{"op": "heard", "words": [[word, log probability]], "mean", "gain"}`.
pocketsphinx holds the GIL while it decodes, hence a process.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys

import numpy as np
from numpy.typing import NDArray
from pocketsphinx import Decoder

from server.engine import worker_frames
from server.engine.expecting import Expectation
from server.engine.protocol_validation import float_in, list_in, text_in
from server.engine.sphinx_expected import ExpectedAnswers
from server.engine.worker_frames import Header

NICENESS = 5
"""Under the media loop and the voices: a transcript may wait, a sound may not."""
RATE_HZ = 16_000
LEVEL_BYTES = RATE_HZ * 2 * 7 // 10
"""0.7 s: the padding before the speech and its first 400 ms."""
SPEECH_RMS = 3_000.0
"""-21 dBFS, where the model was measured. A first utterance 20 dB lower has 29 % errors, levelled 15 %."""
PARTIAL_BYTES = RATE_HZ * 2 // 5
"""200 ms: how often the words so far are looked at."""
USUAL_MEAN = "51.2,0.2,8.7,11.7,-1.6,-2.3,0.4,-1.0,-1.4,1.2,-1.7,0.6,2.6"
"""Cepstral mean over five voices at speech level. From the model's own start value a first utterance has
30 % word errors, from this one 17 %, which is what decoding whole utterances at once gives (measured)."""


class Recogniser:
    """English speech to words, streamed. Level and channel are evened out per utterance."""

    def __init__(self) -> None:
        self._decoder = Decoder(fwdflat=False, dither=True, loglevel="FATAL", samprate=RATE_HZ)
        self.listening = False
        self._decoding = False
        self._unlevelled = bytearray()
        self._gain: float | None = None
        self._unlooked_bytes = 0
        self._seen: list[str] = []
        self._stable: list[str] = []
        self._answers = ExpectedAnswers(RATE_HZ)
        self._expected = Expectation()
        self._mean = USUAL_MEAN
        self._levelled = bytearray()
        """The stretch again, for the second ear; kept only while something is expected."""

    def begin(self, mean: str, gain: float, expected: Expectation | None = None) -> None:
        self._mean = mean or USUAL_MEAN
        self._decoder.set_cmn(self._mean)
        self._expected = expected or Expectation()
        self._levelled.clear()
        self.listening = True
        self._unlevelled.clear()
        self._gain = gain or None
        self._unlooked_bytes = 0
        self._seen = []
        self._stable = []

    def hear(self, pcm: bytes) -> None:
        if self._gain is not None:
            self._decode(pcm, self._gain)
            return
        self._unlevelled += pcm
        if len(self._unlevelled) >= LEVEL_BYTES:
            self._level()

    def partial(self) -> Header | None:
        """Once in 200 ms of audio: the words that this look and the last one agree on, if that changed."""
        if not self._decoding or self._unlooked_bytes < PARTIAL_BYTES:
            return None
        self._unlooked_bytes = 0
        hypothesis = self._decoder.hyp()
        now = hypothesis.hypstr.split() if hypothesis else []
        stable = list(os.path.commonprefix([now, self._seen]))
        self._seen = now
        if stable == self._stable:
            return None
        self._stable = stable
        return {"op": "partial", "words": stable}

    def end(self) -> Header:
        """The words of the stretch, each with the log probability that the decoder gives it."""
        words = self._finish()
        self.listening = False
        mean = self._decoder.get_cmn(True) if words else ""
        return {"op": "heard", "words": words, "mean": mean, "gain": self._gain or 0.0}

    def _finish(self) -> list[tuple[str, float]]:
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
        return self._answers.hear(bytes(self._levelled), self._mean, self._expected, words) or words

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


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the engine; we follow our stdin
    recogniser = Recogniser()
    os.nice(NICENESS)
    out = sys.stdout.buffer
    with contextlib.suppress(BrokenPipeError):
        worker_frames.write(out, {"op": "ready"})
        partials = False
        while (frame := worker_frames.read(sys.stdin.buffer)) is not None:
            header, body = frame
            if header["op"] == "begin":
                partials = header["partials"] is True
                kinds, phrases = (tuple(map(str, list_in(header, key))) for key in ("kinds", "phrases"))
                expected = Expectation(kinds, phrases)
                recogniser.begin(text_in(header, "mean"), float_in(header, "gain", 0.0), expected)
            elif header["op"] == "audio":
                recogniser.hear(body)
                if partials and (words := recogniser.partial()):
                    worker_frames.write(out, words)
            elif recogniser.listening:  # a "drop" may come after the "end" that answered it
                worker_frames.write(out, recogniser.end())


if __name__ == "__main__":
    main()
