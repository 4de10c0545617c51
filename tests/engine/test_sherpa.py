"""Voice and recogniser from a local model, against the library's documented API; no weights are at hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from server.engine import hearing_worker
from server.engine.expecting import Expectation
from server.engine.sherpa import ModelUnusable, SherpaRecogniser, SherpaVoice
from server.engine.sphinx import SphinxRecogniser
from server.engine.voices import Voices, names
from tests.fakes import sherpa_library

TENTH = bytes(3_200)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sherpa_onnx", sherpa_library)


@pytest.fixture
def ears(tmp_path: Path) -> Path:
    for name in ("tokens.txt", "encoder-1.onnx", "encoder-1.int8.onnx", "decoder.onnx", "joiner.onnx"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.fixture(params=["kokoro", "piper"])
def mouth(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    for name in ("tokens.txt", "voice.onnx", *(["voices.bin"] if request.param == "kokoro" else [])):
        (tmp_path / name).touch()
    (tmp_path / "espeak-ng-data").mkdir()
    return tmp_path


@pytest.mark.usefixtures("library")
def test_words_grow_while_audio_comes_and_are_whole_at_the_end(ears: Path) -> None:
    recogniser = SherpaRecogniser(str(ears))
    for _ in range(2):  # the second stretch begins anew
        recogniser.begin("", 0.0, Expectation())
        seen = []
        for _ in range(6):
            recogniser.hear(TENTH)
            if (words := recogniser.partial()) is not None:
                seen.append(list(words))
        assert seen == [["we", "sell"], ["we", "sell", "bread"]]
        assert recogniser.listening
        assert recogniser.end() == [("we", -0.1), ("sell", -0.2), ("bread", -0.7)]
        assert not recogniser.listening


@pytest.mark.usefixtures("library")
def test_the_end_of_the_audio_is_decoded_too(ears: Path) -> None:
    recogniser = SherpaRecogniser(str(ears))
    recogniser.begin("", 0.0, Expectation())
    recogniser.hear(TENTH)
    assert [word for word, _ in recogniser.end()] == ["we", "sell", "bread"]


@pytest.mark.usefixtures("library")
def test_an_8_bit_file_is_preferred(ears: Path) -> None:
    assert "int8" in SherpaRecogniser(str(ears))._recogniser.encoder


@pytest.mark.usefixtures("library")
def test_a_model_speaks_every_word_at_our_rate_and_loudness(mouth: Path) -> None:
    voices = Voices(model=str(mouth))
    assert voices.engine == "sherpa"
    (chunk,) = voices.speak("We sell fresh bread.", "cedar", 1.1)
    assert [word.text for word in chunk.words] == ["We", "sell", "fresh", "bread."]
    starts = [word.start_ms for word in chunk.words]
    assert starts == sorted(starts)
    assert 350 <= len(chunk.pcm) // 48 <= 450


@pytest.mark.usefixtures("library")
def test_voices_are_different_speakers_as_far_as_there_are_some(mouth: Path) -> None:
    voice = SherpaVoice(str(mouth), names())
    for name in names():
        voice.synthesize(["Hello."], name, 1.0)
    speakers = {speaker for _, speaker, _ in voice._voice.asked}
    assert speakers == ({0, 1, 2} if (mouth / "voices.bin").exists() else {0})


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("missing", ["tokens.txt", "joiner.onnx"])
def test_a_model_that_is_not_whole_is_named(ears: Path, missing: str) -> None:
    (ears / missing).unlink()
    with pytest.raises(ModelUnusable, match=r"there is no (tokens|joiner)"):
        SherpaRecogniser(str(ears))


@pytest.mark.usefixtures("library")
def test_a_voice_without_its_data_is_named(mouth: Path) -> None:
    (mouth / "espeak-ng-data").rmdir()
    with pytest.raises(ModelUnusable, match="no whole voice"):
        SherpaVoice(str(mouth), names())


def test_without_the_library_the_usual_ones_hear_and_speak_and_say_why(
    ears: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    assert isinstance(hearing_worker.choose(str(ears)), SphinxRecogniser)
    assert Voices(model=str(ears)).engine in {"flite", "espeak"}
    said = capsys.readouterr().err
    assert "MOENTREPRISE_HEARING_MODEL: sherpa-onnx is not installed" in said
    assert "MOENTREPRISE_VOICE_MODEL: sherpa-onnx is not installed" in said


@pytest.mark.usefixtures("library")
def test_the_worker_hears_with_the_model_that_is_set(ears: Path) -> None:
    assert isinstance(hearing_worker.choose(str(ears)), SherpaRecogniser)
    assert isinstance(hearing_worker.choose(""), SphinxRecogniser)
