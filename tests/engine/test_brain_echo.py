"""What a human says comes back as a whole, sensible sentence, or not at all.

The table holds answers as recognisers write them and as people type them, with the words in which Sarah gives
them back. Each line was read: "" is right where the words would not make sense from the other side.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_brain_acts import VOICE, VOICES, fact, human, question, said, sentence_count, turn

from server.engine.brain_echo import echo, spoken, thing

TABLE: dict[str, list[list[str]]] = json.loads(
    (Path(__file__).parents[1] / "fixtures/spoken-answers.json").read_text("utf-8")
)
ROWS = [(key, *row) for key, rows in TABLE.items() for row in rows]


@pytest.mark.parametrize(("key", "text", "back"), ROWS)
def test_an_answer_is_given_back_in_words_that_make_sense(key: str, text: str, back: str) -> None:
    assert spoken(text, whole=key == "pages") == back


@pytest.mark.parametrize("key", TABLE)
def test_the_table_has_many_answers_to_each_question(key: str) -> None:
    assert len(TABLE[key]) >= 40


@pytest.mark.parametrize(
    ("offer", "named"),
    [
        ("We repair and sell used bicycles, and people come to us when they break", "used bicycles"),
        ("we repair and sell used bicycles and people come to us when their bike is broken", "used bicycles"),
        ("we bake and deliver bread", "bread"),
        ("in snow use bicycles and people come now", ""),
        ("we help people to find a home", ""),
        ("our own bread and beer", "your own bread and beer"),
        ("Every loaf rests for two days", ""),
    ],
)
def test_maya_names_the_market_by_a_thing_or_by_the_business(offer: str, named: str) -> None:
    assert thing(offer) == named
    text = turn("start_research", [fact("brief", {"name": "Blue Door", "offer": offer})]).text
    assert (f"for {named}." if named else "for Blue Door now.") in text


def test_an_audience_is_cut_before_its_clause_and_not_within() -> None:
    brief = {
        "name": "Blue Door",
        "offer": "bread",
        "audience": "Families and office workers who live in the old town near the river.",
    }
    text = turn("start_research", [fact("brief", brief)]).text
    assert "families and office workers, and I will name my sources" in text


@pytest.mark.parametrize(
    "remark",
    [
        "excuse me what did you just say about the market",
        "excuse you what did you just say about the market",
        "can you tell me who is going to read this",
        "tell me more about the market",
        "let me think about that",
        "please make it shorter",
        "sarah you are very kind",
        "for in the of",
        "hm",
    ],
)
def test_what_makes_no_sense_from_the_other_side_is_not_repeated(remark: str) -> None:
    text = turn("reply", [human(remark)]).text
    assert not echo(remark) or echo(remark) not in text
    for words in ("excuse", "tell", "let you", "shorter", "market", "kind", "hm"):
        assert words not in text.lower().partition(".")[0]


@pytest.mark.parametrize(
    ("remark", "back"),
    [
        ("I like blue more than red.", "you like blue more than red"),
        ("our phone is ringing", "your phone is ringing"),
        ("i was there yesterday", "you were there yesterday"),
        ("that is not what i meant", "that is not what you meant"),
    ],
)
def test_a_remark_that_makes_sense_is_given_back(remark: str, back: str) -> None:
    assert back in turn("reply", [human(remark)]).text


def test_a_question_is_answered_as_one_also_after_excuse_me() -> None:
    text = turn("reply", [human("excuse me what did you just say about the market")]).text
    assert "not guess" in text


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("before", [0, 1])
def test_the_greeting_names_the_team_and_announces_only_an_interview_that_comes(
    given: bool, before: int
) -> None:
    team = {"sarah": "analyst", "maya": "researcher", "alex": "developer", "sophie": "marketing"}
    items = [fact("team", team), fact("next", {"speaker": "sarah"}), fact("brief", {"given": given})]
    text = turn("greet", [*items, *[said("Before.")] * before]).text
    assert "Sarah, Maya, Alex and Sophie" in text
    assert ("interview" in text) is given
    assert ("Sarah asks" in text or "Sarah begins" in text) is not given
    assert sentence_count(text) == 2


def test_the_greeting_takes_less_than_eight_seconds() -> None:
    items = [fact("team", {"sarah": "", "maya": "", "alex": "", "sophie": ""})]
    items += [fact("next", {"speaker": "sarah"}), fact("brief", {"given": False})]
    for before in range(2):
        text = turn("greet", [*items, *[said("Before.")] * before]).text
        chunks = VOICE.speak(text, VOICES["marcus"])
        assert sum(len(chunk.pcm) for chunk in chunks) / 2 / 24_000 < 8.0, text


def test_a_name_that_is_no_name_is_noted_without_saying_it() -> None:
    items = [fact("answer", {"key": "name", "text": "we don't have a name yet"}), question()]
    assert "name yet" not in turn("ask", items).text


def test_of_a_telephone_number_each_digit_is_said_back() -> None:
    back = spoken("our phone number is five five five one two three four")
    assert back == "your phone number is five five five one two three four"
    assert "we we" not in spoken("we we bake fine bread")
