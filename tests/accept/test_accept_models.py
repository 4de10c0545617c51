"""sherpa-onnx itself has the names and arguments that its fake has. No weights are at hand, so none run."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from sessions import Note

from tests.fakes import sherpa_library

pytestmark = pytest.mark.accept


def test_the_fake_library_says_nothing_that_the_real_one_does_not(note: Note, tmp_path: Path) -> None:
    import sherpa_onnx

    fake, real = sherpa_library.OnlineRecognizer, sherpa_onnx.OnlineRecognizer
    arguments = inspect.signature(fake.from_transducer).parameters
    assert set(arguments) <= set(inspect.signature(real.from_transducer).parameters)
    for name in ("create_stream", "is_ready", "decode_stream", "tokens", "ys_probs"):
        mine, theirs = inspect.signature(getattr(fake, name)), inspect.signature(getattr(real, name))
        assert list(mine.parameters) == list(theirs.parameters), name
    for name in ("accept_waveform", "input_finished"):
        assert hasattr(sherpa_onnx.OnlineStream, name), name
    files = {"model": str(tmp_path / "m.onnx"), "tokens": str(tmp_path / "t"), "data_dir": str(tmp_path)}
    vits = sherpa_onnx.OfflineTtsVitsModelConfig(**files)
    kokoro = sherpa_onnx.OfflineTtsKokoroModelConfig(voices=str(tmp_path / "v"), **files)
    for chosen in ({"vits": vits}, {"kokoro": kokoro}):
        model = sherpa_onnx.OfflineTtsModelConfig(num_threads=1, **chosen)
        assert not sherpa_onnx.OfflineTtsConfig(model=model).validate()
    said = sherpa_onnx.OfflineTts.generate.__doc__
    assert all(f"{name}:" in said for name in ("text", "sid", "speed"))
    assert all(hasattr(sherpa_onnx.OfflineTts, name) for name in ("num_speakers", "sample_rate"))
    version = sherpa_onnx.__version__
    note(point="sherpa-onnx's interface", required="as the fake in the tests has it", measured=version)
