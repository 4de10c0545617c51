"""The answers file, and how well an answer was understood."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from server.rehearsal.answers import KEYS, Answers, AnswersError, load, word_errors

FIXTURES = Path(__file__).parent.parent / "fixtures"
SIX = ["Blue Fern", "We sell plants.", "Gardeners", "We deliver by bike.", "Home and shop", "Green"]


def write(folder: Path, value: object) -> Path:
    path = folder / "answers.json"
    path.write_text(json.dumps(value))
    return path


@pytest.mark.parametrize("name", ["bakery", "yoga", "repair"])
def test_the_fixtures_hold_six_answers(name: str) -> None:
    answers = load(FIXTURES / f"answers-{name}.json")
    assert tuple(answers.said) == KEYS
    assert answers.correction("name", "nonsense") == answers.corrections["name"]


def test_a_list_of_six_corrects_the_name_alone(tmp_path: Path) -> None:
    answers = load(write(tmp_path, SIX))
    assert answers.correction("name", "blue fen") == "Blue Fern"
    assert answers.correction("name", "Blue Fern") is None
    assert answers.correction("offer", "we sell planets") is None


def test_corrections_of_its_own_are_made_and_no_others(tmp_path: Path) -> None:
    answers = load(write(tmp_path, {"answers": SIX, "corrections": {"style": "Dark green"}}))
    assert answers.correction("style", "dark queen") == "Dark green"
    assert answers.correction("name", "blue fen") is None


@pytest.mark.parametrize(
    "value",
    [[], SIX[:5], [*SIX[:5], " "], "text", {"answers": 3}, {"answers": SIX, "corrections": {"x": "y"}}],
)
def test_another_shape_is_refused_with_a_sentence(tmp_path: Path, value: object) -> None:
    with pytest.raises(AnswersError, match="must hold|corrections belong"):
        load(write(tmp_path, value))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnswersError, match="cannot be read"):
        load(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("said", "understood", "errors", "words"),
    [
        ("We bake bread.", "we bake bread", 0, 3),
        ("We bake bread.", "we baked red bread", 2, 3),
        ("We bake bread.", "", 3, 3),
        ("", "something", 1, 0),
    ],
)
def test_word_errors_count_insertions_deletions_and_replacements(
    said: str, understood: str, errors: int, words: int
) -> None:
    assert word_errors(said, understood) == (errors, words)


def test_corrected_answers_are_what_would_be_typed() -> None:
    said = dict(zip(KEYS, ("We are Blue Fern.", "b", "c", "d", "e", "f"), strict=True))
    assert Answers(said, {"name": "Blue Fern"}).corrected() == ["Blue Fern", "b", "c", "d", "e", "f"]
