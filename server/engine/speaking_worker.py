"""The process that speaks: `python -m server.engine.speaking_worker`. One text at a time, as frames.

In: `{"op": "speak", "text", "voice", "speed"}`, `{"op": "cancel"}` (the text under way is not wanted).
Out: `{"op": "ready"}`, then per text any number of `{"op": "chunk", "words": [[text, start_ms, end_ms]]}`
with PCM as body, and `{"op": "end"}` or `{"op": "error", "message"}`.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
from typing import BinaryIO

from server.engine import worker_frames
from server.engine.protocol_validation import float_in, text_in
from server.engine.voices import MODEL_VARIABLE, Voices
from server.engine.worker_frames import Header


class _Inbox:
    """Reads stdin in a thread, so that a cancel is seen while a text is spoken."""

    def __init__(self, stream: BinaryIO) -> None:
        self._jobs: queue.SimpleQueue[Header | None] = queue.SimpleQueue()
        self._stream = stream
        self.cancelled = threading.Event()
        threading.Thread(target=self._read, name="inbox", daemon=True).start()

    def next(self) -> Header | None:
        return self._jobs.get()

    def _read(self) -> None:
        while (frame := worker_frames.read(self._stream)) is not None:
            if frame[0]["op"] == "cancel":
                self.cancelled.set()
            else:
                self.cancelled.clear()
                self._jobs.put(frame[0])
        self.cancelled.set()
        self._jobs.put(None)


def _speak(voices: Voices, job: Header, cancelled: threading.Event, out: BinaryIO) -> None:
    chunks = voices.speak(text_in(job, "text"), text_in(job, "voice"), float_in(job, "speed", 1.0))
    for chunk in chunks:
        if cancelled.is_set():
            break
        words = [[word.text, word.start_ms, word.end_ms] for word in chunk.words]
        worker_frames.write(out, {"op": "chunk", "words": words}, chunk.pcm)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the engine; we follow our stdin
    inbox = _Inbox(sys.stdin.buffer)
    out = sys.stdout.buffer
    voices = Voices(model=os.environ.get(MODEL_VARIABLE, ""))
    for _ in voices.speak("Hello.", "marin"):
        pass
    with contextlib.suppress(BrokenPipeError):
        worker_frames.write(out, {"op": "ready"})
        while (job := inbox.next()) is not None:
            try:
                _speak(voices, job, inbox.cancelled, out)
                worker_frames.write(out, {"op": "end"})
            except BrokenPipeError:
                raise
            except Exception as error:  # task root: a text that cannot be spoken must not end the worker
                worker_frames.write(out, {"op": "error", "message": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
