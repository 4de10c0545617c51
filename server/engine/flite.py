"""flite (CMU, BSD-like licence) through ctypes, where the machine has libflite 2.x with its US voices.

Struct layouts are those of `cst_wave.h` and `cst_voice.h`. Voices are global in the library, so one lock
guards all of it; synthesis takes about 2 % of the audio's time.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import cast

import numpy as np

from server.engine.voices_speech import Speech
from server.engine.voices_table import FliteTimbre

_LIBRARY = "libflite.so.1"
_VOICES = ("slt", "rms", "awb", "kal16")
_WORD_START = b"R:SylStructure.daughter1.daughter1.R:Segment.p.end"
_WORD_END = b"R:SylStructure.daughtern.daughtern.R:Segment.end"
_NATURAL_STRETCH = {"kal16": 1.1}

_lock = threading.Lock()


class _Wave(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_short)),
    ]


class _Voice(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("features", ctypes.c_void_p),
        ("ffunctions", ctypes.c_void_p),
        ("utt_init", ctypes.c_void_p),
    ]


class Flite:
    """All of flite's voices. Raises OSError when a library is missing."""

    def __init__(self) -> None:
        library = ctypes.CDLL(_LIBRARY)
        pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_float
        self._synth = _function(library, "flite_synth_text", pointer, text, pointer)
        self._wave = _function(library, "utt_wave", ctypes.POINTER(_Wave), pointer)
        self._delete = _function(library, "delete_utterance", None, pointer)
        self._relation = _function(library, "utt_relation", pointer, pointer, text)
        self._head = _function(library, "relation_head", pointer, pointer)
        self._next = _function(library, "item_next", pointer, pointer)
        self._daughter = _function(library, "item_daughter", pointer, pointer)
        self._number = _function(library, "flite_ffeature_float", number, pointer, text)
        self._set = _function(library, "flite_feat_set_float", None, pointer, text, number)
        with _lock:
            library.flite_init()
            self._voices = {name: _register(name) for name in _VOICES}

    def synthesize(self, words: Sequence[str], timbre: FliteTimbre, speed: float) -> Speech:
        """Speak `words` (each one or more plain words with a closing mark); spans are per word."""
        voice = self._voices[timbre.voice]
        features = voice.contents.features
        stretch = _NATURAL_STRETCH.get(timbre.voice, 1.0) * timbre.size / (timbre.rate * speed)
        with _lock:
            self._set(features, b"duration_stretch", stretch)
            self._set(features, b"f0_shift", timbre.f0)
            text = " ".join(words).encode("ascii", "ignore")
            utterance = self._synth(text, ctypes.addressof(voice.contents))
            if not utterance:
                return Speech(np.zeros(0, np.int16), 16_000, ())
            try:
                return self._speech(utterance, words, timbre.size)
            finally:
                self._delete(utterance)

    def _speech(self, utterance: int, words: Sequence[str], size: float) -> Speech:
        wave = cast("ctypes._Pointer[_Wave]", self._wave(utterance)).contents
        count = wave.num_samples
        samples = np.ctypeslib.as_array(wave.samples, (count,)).copy() if count else np.zeros(0, np.int16)
        tokens = list(self._token_spans(utterance))
        spans = _group(tokens, [len(word.split()) for word in words], size)
        return Speech(samples, round(wave.sample_rate * size), spans)

    def _token_spans(self, utterance: int) -> Iterator[tuple[float, float]]:
        """(start, end) in seconds of each blank-separated token."""
        for token in self._items(self._head(self._relation(utterance, b"Token"))):
            said = list(self._items(self._daughter(token)))
            if said:
                yield self._number(said[0], _WORD_START), self._number(said[-1], _WORD_END)
            else:
                yield 0.0, 0.0

    def _items(self, item: int | None) -> Iterator[int]:
        while item:
            yield item
            item = self._next(item)


def _group(
    tokens: Sequence[tuple[float, float]], counts: Sequence[int], size: float
) -> tuple[tuple[int, int], ...]:
    """Token times as milliseconds per word; () when the tokens are not the words."""
    if len(tokens) != sum(counts):
        return ()
    spans = []
    first = 0
    for count in counts:
        start, end = tokens[first][0], tokens[first + count - 1][1]
        spans.append((round(1000 * start / size), round(1000 * end / size)))
        first += count
    return tuple(spans)


def _register(name: str) -> ctypes._Pointer[_Voice]:
    library = ctypes.CDLL(f"libflite_cmu_us_{name}.so.1")
    register = _function(library, f"register_cmu_us_{name}", ctypes.POINTER(_Voice), ctypes.c_void_p)
    return cast("ctypes._Pointer[_Voice]", register(None))


def _function(library: ctypes.CDLL, name: str, result: object, *arguments: object) -> Callable[..., int]:
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
    return cast("Callable[..., int]", function)
