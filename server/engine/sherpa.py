"""A better voice and a better recogniser from models on this machine, by sherpa-onnx (extra `models`).

A model is a folder as the project's releases unpack: for hearing a streaming transducer (`tokens.txt` and one
`encoder*.onnx`, `decoder*.onnx`, `joiner*.onnx`), for speaking Kokoro (`voices.bin`) or VITS and Piper (one
`*.onnx`, `tokens.txt`, `espeak-ng-data/`). 8-bit files are preferred where a folder has both.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from server.engine.expecting import Expectation
from server.engine.recognising import PARTIAL_BYTES, RATE_HZ, StableWords, Words
from server.engine.voices_speech import Speech

LIBRARY = "sherpa_onnx"
TAIL_SECONDS = 0.5
"""Silence after the speech, so that the model lets go of its last frames."""
_WORD_MARKS = ("▁", " ")


class ModelUnusable(Exception):
    """The library or a file is missing, or the model does not load. The message is for the operator."""


class SherpaRecogniser:
    """A streaming transducer. It needs no speaker's mean or gain, and what is expected does not change it."""

    def __init__(self, folder: str) -> None:
        library, path = _library(), Path(folder)
        files = {part: _file(path, f"{part}*.onnx") for part in ("encoder", "decoder", "joiner")}
        tokens = _file(path, "tokens.txt")
        try:
            self._recogniser = library.OnlineRecognizer.from_transducer(
                tokens=tokens, num_threads=1, sample_rate=RATE_HZ, **files
            )
        except Exception as error:  # whatever the library makes of a stranger's files, speech must go on
            raise ModelUnusable(f"the model in {folder} does not load ({type(error).__name__})") from None
        self.listening = False
        self.mean, self.gain = "", 0.0
        self._begin()

    def begin(self, mean: str, gain: float, expected: Expectation) -> None:
        self.listening = True
        self._begin()

    def _begin(self) -> None:
        self._stream = self._recogniser.create_stream()
        self._stable = StableWords()
        self._unlooked_bytes = 0

    def hear(self, pcm: bytes) -> None:
        self._unlooked_bytes += len(pcm)
        self._accept((np.frombuffer(pcm, "<i2") / 32768).astype(np.float32))

    def partial(self) -> Sequence[str] | None:
        if self._unlooked_bytes < PARTIAL_BYTES:
            return None
        self._unlooked_bytes = 0
        return self._stable.look([word for word, _ in self._words()])

    def end(self) -> Words:
        self._accept(np.zeros(int(TAIL_SECONDS * RATE_HZ), np.float32))
        self._stream.input_finished()
        self._decode()
        self.listening = False
        return self._words()

    def _accept(self, samples: NDArray[np.float32]) -> None:
        self._stream.accept_waveform(RATE_HZ, samples)
        self._decode()

    def _decode(self) -> None:
        while self._recogniser.is_ready(self._stream):
            self._recogniser.decode_stream(self._stream)

    def _words(self) -> Words:
        """Tokens are pieces of words; a word's log probability is the sum of its pieces'."""
        tokens: list[str] = list(self._recogniser.tokens(self._stream))
        logprobs = [float(value) for value in self._recogniser.ys_probs(self._stream)]
        logprobs += [0.0] * (len(tokens) - len(logprobs))
        words: Words = []
        for token, logprob in zip(tokens, logprobs, strict=False):
            text = token.lower().lstrip("".join(_WORD_MARKS))
            if token.startswith(_WORD_MARKS) or not words:
                words.append((text, min(0.0, logprob)))
            else:
                before, sum_so_far = words[-1]
                words[-1] = (before + text, sum_so_far + min(0.0, logprob))
        return [(word, round(logprob, 4)) for word, logprob in words if word]


class SherpaVoice:
    """Kokoro, VITS or Piper. Each of our voices is another speaker, as far as the model has speakers."""

    def __init__(self, folder: str, names: Sequence[str]) -> None:
        library, path = _library(), Path(folder)
        try:
            config = library.OfflineTtsConfig(model=_voice_model(library, path))
            if not config.validate():
                raise ModelUnusable(f"{folder} is no whole voice model")
            self._voice = library.OfflineTts(config)
        except ModelUnusable:
            raise
        except Exception as error:  # as above
            raise ModelUnusable(f"the model in {folder} does not load ({type(error).__name__})") from None
        self._speaker = {name: at % max(1, self._voice.num_speakers) for at, name in enumerate(names)}

    def synthesize(self, words: Sequence[str], voice: str, speed: float) -> Speech:
        """Speak `words` (plain, each with its closing mark); the model names no times."""
        audio = self._voice.generate(" ".join(words), sid=self._speaker[voice], speed=speed)
        samples = np.clip(np.asarray(audio.samples, np.float32), -1.0, 1.0)
        return Speech(np.round(samples * 32767).astype(np.int16), int(audio.sample_rate), ())


def _voice_model(library: ModuleType, path: Path) -> object:
    files = {"model": _file(path, "*.onnx"), "tokens": _file(path, "tokens.txt")}
    files["data_dir"] = str(path / "espeak-ng-data")
    if (path / "voices.bin").exists():
        kokoro = library.OfflineTtsKokoroModelConfig(voices=str(path / "voices.bin"), **files)
        return library.OfflineTtsModelConfig(kokoro=kokoro, num_threads=1)
    vits = library.OfflineTtsVitsModelConfig(**files)
    return library.OfflineTtsModelConfig(vits=vits, num_threads=1)


def _library() -> ModuleType:
    try:
        return importlib.import_module(LIBRARY)
    except ImportError:
        raise ModelUnusable("sherpa-onnx is not installed: pip install 'moentreprise[models]'") from None


def _file(path: Path, pattern: str) -> str:
    found = sorted(path.glob(pattern), key=lambda file: ("int8" not in file.name, file.name))
    if not found:
        raise ModelUnusable(f"there is no {pattern} in {path}")
    return str(found[0])
