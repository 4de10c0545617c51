"""Simulated humans, one file each, in virtual time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.acting import Play
from tests.scenarios.holding import complaints
from tests.scenarios.scenario import Scenario, ScenarioError, load, paths

ALL = [load(path) for path in paths()]


def named(scenario: Scenario) -> str:
    return scenario.name


@pytest.mark.parametrize("scenario", ALL, ids=named)
def test_a_human(scenario: Scenario) -> None:
    play = Play(scenario)
    play.start().run()
    found = complaints(play)
    assert not found, "\n".join([scenario.human, *found, f"acts: {play.acts()}"])


def test_every_kind_of_human_is_there() -> None:
    wanted = (
        "answers_two_at_once asks_to_repeat changes_the_subject goes_back hesitates leaves says_mm_hm silent "
        "talks_over"
    ).split()
    assert set(wanted) <= {scenario.name for scenario in ALL}


GOOD = "human: Somebody\nholds: {}\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("human: Somebody\nhold: {}\n", "unknown keys: hold"),
        (GOOD + "answers: {colour: red}\n", "answers has unknown keys: colour"),
        (GOOD + "does: [{during: marcus greet, says: hello}]\n", "unknown keys: says"),
        (GOOD + "does: [{during: marcus greet, at: 3, say: hello}]\n", "exactly one of at, during"),
        (GOOD + "does: [{during: marcus greet}]\n", "exactly one of say, hum"),
        (GOOD + "does: [{at: soon, say: hello}]\n", "`at` must be a number"),
        (GOOD + "does: [{at: 1, say: [hello, there]}]\n", "[text, pause in s, text, ...]"),
        (GOOD + "does: [{at: 1, type: hello, for: 2}]\n", "`for` means nothing to `type`"),
        (GOOD + "does: [{at: 1, tap: publish}]\n", "approve or reject"),
        ("human: Somebody\n", "holds must be a mapping"),
        ("holds: {}\n", "`human` must say"),
        ("human: [", "while parsing"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_its_name(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as told:
        load(path)
    assert str(told.value).startswith("odd.yaml: ")
    assert complaint in str(told.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("holds: {begins: [sarah ask]}", "it began"),
        ("holds: {then: [sophie report_post, maya report_research]}", "was not heard in its place"),
        ("holds: {never: [sarah ask]}", "sarah ask was heard"),
        ("holds: {brief: {name: Silver}}", "the brief's name"),
        ("holds: {ends: stopped}", "it ended as completed"),
        ("holds: {pause: 0.4}", "s of pause"),
        ("job: 30\nholds: {never: [alex still_working]}", "still_working was heard"),
        ("does: [{during: sarah nudge, hum: mhm}]\nholds: {}", "deeds never had their moment"),
        ("does: [{during: marcus greet, say: I have a question}]\nholds: {}", "cut were"),
    ],
)
def test_what_does_not_hold_is_complained_about(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(f"human: Somebody\n{text}\n")
    play = Play(load(path))
    play.start().run()
    assert any(complaint in told for told in complaints(play)), complaints(play)


def test_a_voice_that_does_not_give_way_and_words_that_get_lost_are_complained_about() -> None:
    play = Play(load(next(path for path in paths() if path.stem == "talks_over")))
    play.start().run()
    assert not complaints(play)
    play.voices = [(began, ended + 0.2) for began, ended in play.voices]
    play.said.append("never said")
    assert {told.split()[0] for told in complaints(play)} == {"a", "'never"}
