"""A streamed text becomes sentences, wherever its pieces are cut."""

from __future__ import annotations

import pytest

from server.engine.brain_sentences import LONGEST, Sentences

CASES = {
    "Good. And now? Fine!": ["Good.", "And now?", "Fine!"],
    "Mr. Miller pays 3.5 euros, e.g. today. Yes.": ["Mr. Miller pays 3.5 euros, e.g. today.", "Yes."],
    "One line\nanother one": ["One line", "another one"],
    '"Really?" she said. Yes.': ['"Really?"', "she said.", "Yes."],
    "**Bold** and `code`.\n- a point": ["Bold and code.", "a point"],
    "[Sarah]: Hello there. How are you?": ["Hello there.", "How are you?"],
    "<think>Shall I. Or not?</think>\n\nYes. I do.": ["Yes.", "I do."],
    "<think>never finished. No": [],
    "[not a label": ["[not a label"],
    "": [],
}


@pytest.mark.parametrize("step", [1, 3, 1_000])
@pytest.mark.parametrize("text", CASES)
def test_sentences_are_the_same_however_the_text_is_cut(text: str, step: int) -> None:
    sentences = Sentences()
    found = [one for at in range(0, len(text), step) for one in sentences.feed(text[at : at + step])]
    found += [rest] if (rest := sentences.rest()) else []
    assert found == CASES[text]


def test_a_sentence_is_given_as_soon_as_the_next_one_begins() -> None:
    sentences = Sentences()
    assert sentences.feed("Good morning. ") == ["Good morning."]
    assert sentences.feed("How are") == []


def test_a_text_without_an_end_is_cut_and_nothing_of_it_is_lost() -> None:
    text = "and so on, " * 100
    sentences = Sentences()
    found = [*sentences.feed(text), sentences.rest()]
    assert " ".join(found) == text.strip()
    assert max(map(len, found)) <= LONGEST
