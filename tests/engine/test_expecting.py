"""What a client expects to hear: its form on the wire, its grammar, and that it helps.

How much it helps is measured by `make accept` (tests/accept/test_accept_expecting.py).
"""

from __future__ import annotations

import pytest

from server.engine import sphinx_expected
from server.engine.downsampler import Downsampler
from server.engine.expecting import Expectation, expectation, grammar
from server.engine.recognising import RATE_HZ, Words
from server.engine.sphinx import USUAL_MEAN, SphinxRecogniser
from tests.fakes.protocol_session import Session, audio_in
from tests.fakes.realtime_engine import speech


@pytest.mark.parametrize(
    ("prompt", "kinds"),
    [
        ("Expect: a colour.", ("colour",)),
        ("expect: a color", ("colour",)),
        ("You talk to a baker. Expect: yes or no, a colour. Thank you.", ("colour", "yes_or_no")),
        ("Expect: a name.", ("name",)),
        ("expect words related to technology", ()),
        ("Expect: something else.", ()),
        ("I like a colour. Expect: a name.", ("name",)),
        ("", ()),
    ],
)
def test_a_prompt_of_our_form_is_understood_and_any_other_changes_nothing(
    prompt: str, kinds: tuple[str, ...]
) -> None:
    assert expectation(prompt) == Expectation(kinds)


def test_keywords_become_plain_phrases_once_each() -> None:
    assert expectation("", ["Golden Crust!", "golden crust", 7, ""]).phrases == ("golden crust",)


def test_a_grammar_has_only_words_that_the_recogniser_knows() -> None:
    known = {"red", "blue", "and", "maybe", "please"}
    text = grammar(Expectation(("colour",), ("xyzzy", "blue")), known.__contains__)
    assert "red" in text
    assert "turquoise" not in text
    assert "xyzzy" not in text
    assert grammar(Expectation((), ("xyzzy",)), known.__contains__) == ""


def test_the_wire_carries_it_and_takes_it_back() -> None:
    session = Session()
    assert not session.protocol.expected
    asked = {"model": "x", "prompt": "Expect: a colour.", "keywords": ["Ochre"]}
    session.send("session.update", **audio_in(transcription=asked))
    assert session.protocol.expected == Expectation(("colour",), ("ochre",))
    session.send("session.update", **audio_in(transcription={"model": "x"}))
    assert not session.protocol.expected


@pytest.fixture(scope="module")
def recogniser() -> SphinxRecogniser:
    return SphinxRecogniser()


def understood(ear: SphinxRecogniser, text: str, prompt: str = "", keywords: tuple[str, ...] = ()) -> str:
    ear.begin("", 0.0, expectation(prompt, keywords))
    ear.hear(Downsampler().push(speech(f"{text}.", "echo", before_ms=300, after_ms=320)))
    words = ear.end()
    assert all(logprob <= 0 for _, logprob in words)
    return " ".join(word for word, _ in words)


def test_single_words_are_understood_when_they_are_expected(recogniser: SphinxRecogniser) -> None:
    """Without, this voice's `blue`, `beige`, `sure` and `okay` are other words."""
    colours = [understood(recogniser, text, "Expect: a colour.") for text in ("Blue", "Beige", "Maybe pink")]
    answers = [understood(recogniser, text, "Expect: yes or no.") for text in ("Sure", "Okay", "No thanks")]
    said = ["blue", "beige", "maybe pink", "sure", "okay", "no thanks"]
    assert sum(map(str.__eq__, said, [*colours, *answers])) >= 5


@pytest.mark.parametrize("prompt", ["Expect: a colour.", "Expect: yes or no.", "Expect: a name."])
def test_another_answer_is_heard_as_without_an_expectation(recogniser: SphinxRecogniser, prompt: str) -> None:
    assert "customers" in understood(recogniser, "Our customers are young families", prompt)
    assert "like" in understood(recogniser, "I want it to look like a bakery", prompt)


def test_a_keyword_is_heard_where_it_was_not(recogniser: SphinxRecogniser) -> None:
    assert understood(recogniser, "Corner books", "", ("Corner Books",)) == "corner books"


def test_what_was_expected_once_is_not_expected_for_ever(
    recogniser: SphinxRecogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Expectation] = []

    def hear(pcm: bytes, mean: str, expected: Expectation, understood: Words) -> None:
        asked.append(expected)

    monkeypatch.setattr(recogniser._answers, "hear", hear)
    understood(recogniser, "Blue", "Expect: a colour.")
    understood(recogniser, "Blue")
    assert asked == [Expectation(("colour",))]


def test_of_many_expectations_only_some_grammars_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """One with names takes 28 MB, and every client may name keywords of its own, as often as it likes."""
    kept: set[str] = set()

    class Counted(sphinx_expected.Decoder):
        def add_jsgf_string(self, name: str, text: str) -> None:
            kept.add(name)
            super().add_jsgf_string(name, text)

        def remove_search(self, name: str) -> None:
            kept.remove(name)
            super().remove_search(name)

    monkeypatch.setattr(sphinx_expected, "Decoder", Counted)
    answers = sphinx_expected.ExpectedAnswers(RATE_HZ)
    for word in ("bread", "milk", "house", "table", "river", "stone", "apple", "chair", "pear", "xyzzy") * 2:
        answers.hear(bytes(RATE_HZ), USUAL_MEAN, Expectation((), (word,)), [])
        assert len(kept) <= sphinx_expected.GRAMMARS_MOST
