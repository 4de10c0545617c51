"""espeak-ng (GPL-3, lives in the engine's own process) through ctypes, from espeakng-loader's wheel.

Names and layouts are those of `speak_lib.h`, revision 12. The library's state is global in the process, so
one lock guards all of it. Synchronous mode: no thread, about 0.2 % of the audio's time.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence

import espeakng_loader
import numpy as np

from server.engine.voices_speech import Speech
from server.engine.voices_table import EspeakTimbre

_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_EVENT_WORD = 1
_RATE, _PITCH = 1, 3
_POS_CHARACTER = 1
_CHARS_UTF8 = 1

_lock = threading.Lock()


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Espeak:
    """espeak-ng's variants. Raises OSError when the library or its data is missing."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(str(espeakng_loader.get_library_path()))
        self._library.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        path = str(espeakng_loader.get_data_path()).encode()
        with _lock:
            self.rate_hz = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, path, _DONT_EXIT))
        if self.rate_hz <= 0:
            raise OSError("espeak-ng found no voice data")

    def synthesize(self, words: Sequence[str], timbre: EspeakTimbre, speed: float) -> Speech:
        """Speak `words` (each one or more plain words with a closing mark); spans are per word."""
        text = " ".join(words)
        pieces: list[bytes] = []
        events: list[tuple[int, int]] = []

        def receive(wave: ctypes._Pointer[ctypes.c_short], count: int, event: ctypes._Pointer[_Event]) -> int:
            if wave and count > 0:
                pieces.append(ctypes.string_at(wave, 2 * count))
            index = 0
            while event and event[index].type:
                if event[index].type == _EVENT_WORD:
                    events.append((event[index].text_position - 1, event[index].audio_position))
                index += 1
            return 0

        callback = _Callback(receive)
        data = text.encode()
        with _lock:
            library = self._library
            library.espeak_SetSynthCallback(callback)
            library.espeak_SetVoiceByName(timbre.voice.encode())
            library.espeak_SetParameter(_RATE, max(80, min(450, round(timbre.rate_wpm * speed))), 0)
            library.espeak_SetParameter(_PITCH, timbre.pitch, 0)
            library.espeak_Synth(data, len(data) + 1, 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None)
        samples = np.frombuffer(b"".join(pieces), np.int16)
        return Speech(samples, self.rate_hz, _spans(words, events, round(1000 * len(samples) / self.rate_hz)))


def _spans(
    words: Sequence[str], events: Sequence[tuple[int, int]], total_ms: int
) -> tuple[tuple[int, int], ...]:
    """A word starts at its first event and ends where the next one starts; () without events."""
    if not events:
        return ()
    starts: list[int] = []
    position = 0
    for word in words:
        end = position + len(word)
        times = [time for at, time in events if position <= at < end]
        starts.append(times[0] if times else (starts[-1] if starts else 0))
        position = end + 1
    return tuple(zip(starts, [*starts[1:], total_ms], strict=True))
