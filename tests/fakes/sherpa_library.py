"""The part of sherpa-onnx's Python API (2.0) that the engine uses, with no model behind it.

The recogniser "hears" one scripted token per 0.1 s of audio; the voice makes 0.1 s of a tone per word. Wrong
argument names, missing files and calls out of order fail as there. That the real library has the same names
is checked by tests/accept/test_accept_models.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TOKENS = ("▁WE", "▁SELL", "▁BR", "EAD")
LOGPROBS = (-0.1, -0.2, -0.3, -0.4)
TOKEN_SAMPLES = 1_600


class OnlineStream:
    def __init__(self) -> None:
        self.samples = 0
        self.decoded = 0
        self.finished = False

    def accept_waveform(self, sample_rate: float, waveform: NDArray[np.float32]) -> None:
        assert sample_rate == 16_000
        assert waveform.dtype == np.float32
        assert not self.finished, "input_finished came before"
        assert waveform.size == 0 or float(np.abs(waveform).max()) <= 1.0
        self.samples += waveform.size

    def input_finished(self) -> None:
        self.finished = True


class OnlineRecognizer:
    @classmethod
    def from_transducer(
        cls,
        tokens: str,
        encoder: str,
        decoder: str,
        joiner: str,
        num_threads: int = 2,
        sample_rate: float = 16000,
    ) -> OnlineRecognizer:
        for file in (tokens, encoder, decoder, joiner):
            assert Path(file).is_file(), f"{file} does not exist"
        made = cls()
        made.encoder = encoder
        return made

    encoder = ""

    def create_stream(self, hotwords: str | None = None) -> OnlineStream:
        return OnlineStream()

    def is_ready(self, s: OnlineStream) -> bool:
        return s.decoded < min(s.samples // TOKEN_SAMPLES, len(TOKENS))

    def decode_stream(self, s: OnlineStream) -> None:
        assert self.is_ready(s)
        s.decoded += 1

    def tokens(self, s: OnlineStream) -> list[str]:
        return list(TOKENS[: s.decoded])

    def ys_probs(self, s: OnlineStream) -> list[float]:
        return list(LOGPROBS[: s.decoded])


@dataclass
class OfflineTtsKokoroModelConfig:
    model: str
    voices: str
    tokens: str
    data_dir: str = ""


@dataclass
class OfflineTtsVitsModelConfig:
    model: str
    tokens: str
    data_dir: str = ""


@dataclass
class OfflineTtsModelConfig:
    vits: OfflineTtsVitsModelConfig | None = None
    kokoro: OfflineTtsKokoroModelConfig | None = None
    num_threads: int = 1


@dataclass
class OfflineTtsConfig:
    model: OfflineTtsModelConfig

    def validate(self) -> bool:
        chosen = self.model.kokoro or self.model.vits
        return chosen is not None and Path(chosen.data_dir).is_dir()


@dataclass
class GeneratedAudio:
    samples: list[float]
    sample_rate: int


@dataclass
class OfflineTts:
    config: OfflineTtsConfig
    sample_rate: int = 22_050
    asked: list[tuple[str, int, float]] = field(default_factory=list)

    @property
    def num_speakers(self) -> int:
        return 3 if self.config.model.kokoro else 0

    def generate(self, text: str, sid: int = 0, speed: float = 1.0) -> GeneratedAudio:
        assert sid < max(1, self.num_speakers)
        self.asked.append((text, sid, speed))
        at = np.arange(len(text.split()) * self.sample_rate // 10)
        return GeneratedAudio(list(1.2 * np.sin(at * 2 * np.pi * 200 / self.sample_rate)), self.sample_rate)
