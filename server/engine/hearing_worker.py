"""The process that hears: `python -m server.engine.hearing_worker`. One utterance at a time, as frames.

In: `{"op": "begin"}`, `{"op": "audio"}` with 16 kHz mono PCM16 as body, then `{"op": "end"}` or, when nobody
wants the words, `{"op": "drop"}`. Out: `{"op": "ready"}`, then per utterance
`{"op": "heard", "words": [[word, log probability]], "seconds"}`.
pocketsphinx holds the GIL while it decodes, hence a process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

from pocketsphinx import Decoder

from server.engine import worker_frames
from server.engine.worker_frames import Header

NICENESS = 5
"""Under the media loop and the voices: a transcript may wait, a sound may not."""
RATE_HZ = 16_000


class Recogniser:
    """English speech to words, streamed."""

    def __init__(self) -> None:
        self._decoder = Decoder(fwdflat=False, loglevel="FATAL", samprate=RATE_HZ)
        self._samples = 0

    def begin(self) -> None:
        self._decoder.start_utt()
        self._samples = 0

    def hear(self, pcm: bytes) -> None:
        self._samples += len(pcm) // 2
        self._decoder.process_raw(pcm, False, False)

    def end(self) -> Header:
        """The words of the utterance, each with the log probability that the decoder gives it."""
        self._decoder.end_utt()
        scale = self._decoder.logmath
        words = [
            [_plain(segment.word), min(0.0, scale.log_to_ln(segment.prob))]
            for segment in self._decoder.seg() or ()
            if not segment.word.startswith(("<", "["))
        ]
        return {"op": "heard", "words": words, "seconds": self._samples / RATE_HZ}


def _plain(word: str) -> str:
    """The dictionary marks variants of pronunciation: `the(2)`."""
    return word.split("(")[0]


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the engine; we follow our stdin
    os.nice(NICENESS)
    recogniser = Recogniser()
    out = sys.stdout.buffer
    with contextlib.suppress(BrokenPipeError):
        worker_frames.write(out, {"op": "ready"})
        while (frame := worker_frames.read(sys.stdin.buffer)) is not None:
            header, body = frame
            if header["op"] == "begin":
                recogniser.begin()
            elif header["op"] == "audio":
                recogniser.hear(body)
            else:
                worker_frames.write(out, recogniser.end())


if __name__ == "__main__":
    main()
