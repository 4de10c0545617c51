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
import os
import signal
import sys

from server.engine import sherpa, worker_frames
from server.engine.expecting import Expectation
from server.engine.protocol_validation import float_in, list_in, text_in
from server.engine.recognising import Recogniser
from server.engine.sphinx import SphinxRecogniser
from server.engine.worker_frames import Header

NICENESS = 5
"""Under the media loop and the voices: a transcript may wait, a sound may not."""
MODEL_VARIABLE = "MOENTREPRISE_HEARING_MODEL"


def choose(folder: str) -> Recogniser:
    """The recogniser of the model in `folder`; pocketsphinx without one, or when it cannot be used."""
    if folder:
        try:
            return sherpa.SherpaRecogniser(folder)
        except sherpa.ModelUnusable as error:
            print(f"{MODEL_VARIABLE}: {error}; pocketsphinx hears instead", file=sys.stderr)
    return SphinxRecogniser()


def _heard(recogniser: Recogniser) -> Header:
    words = recogniser.end()
    return {"op": "heard", "words": words, "mean": recogniser.mean, "gain": recogniser.gain}


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the engine; we follow our stdin
    recogniser = choose(os.environ.get(MODEL_VARIABLE, ""))
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
                if partials and (words := recogniser.partial()) is not None:
                    worker_frames.write(out, {"op": "partial", "words": words})
            elif recogniser.listening:  # a "drop" may come after the "end" that answered it
                worker_frames.write(out, _heard(recogniser))


if __name__ == "__main__":
    main()
