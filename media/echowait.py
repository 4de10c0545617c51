"""The first 240 ms of a sound over a voice wait until it is known that they are no echo."""

from __future__ import annotations

from collections.abc import Callable

from media.echo import EchoGuard
from media.pcm import BYTES_PER_SAMPLE, silence


class EchoWait:
    """Between the microphone and whoever understands it: nothing is lost, and in time it catches up.

    Who talks over a voice is heard by the gate at once; that it is speech matters half a second later.
    Without the wait a session's very first echo would be understood as words.
    """

    def __init__(self, on_pcm: Callable[[bytes], None], echo: EchoGuard) -> None:
        self._on_pcm = on_pcm
        self._echo = echo
        self._waiting = bytearray()

    def hear(self, pcm: bytes) -> None:
        """Pass on what comes, now or as soon as it is decided; what proved to be an echo is silent."""
        if self._echo.undecided:
            self._waiting += pcm
            return
        if self._waiting:
            proved = self._echo.delay is not None
            waited = silence(len(self._waiting) // BYTES_PER_SAMPLE) if proved else bytes(self._waiting)
            self._waiting.clear()
            pcm = waited + pcm
        self._on_pcm(pcm)
