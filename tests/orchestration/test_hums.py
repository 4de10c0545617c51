"""Hums and "uh huh", as recognisers write them, and words that are as short and are meant."""

from __future__ import annotations

import pytest
from test_remarks import asking, questions
from theatre import Theatre, in_stage, silent

from orchestration import events
from orchestration.brief import AnswerStatus, Expects
from orchestration.turn import Stage
from orchestration.understanding import is_hum, is_meant

HUMS = [
    # what was heard of them, by three voices and nine throats, with the recogniser's confidence
    ("the men may chimp", 0.6),
    ("for for", 0.75),
    ("for for", 0.34),
    ("oh for", 0.8),
    ("but", 0.85),
    ("but but", 0.25),
    ("im image him", 0.08),
    ("the minimum age him", 0.59),
    ("h m m", 0.97),
    ("m m h m", 0.84),
    ("m m h am", 0.29),
    ("m m m", 0.9),
    ("im im im", 0.01),
    ("and and man", 0.69),
    ("and and needs hand", 0.57),
    ("in each hand man", 0.29),
    ("and handmade stand", 0.49),
    ("move move", 0.56),
    ("murder", 0.04),
    ("a third", 0.02),
    ("and huh", 0.18),
    ("and", 0.9),
    ("and the", 0.9),
    ("the", 0.95),
    ("for", 0.95),
    ("a", 0.8),
    ("an", 0.8),
    ("hm", 0.9),
    ("oh", 0.9),
    ("um", 0.9),
    ("who", 0.9),
    ("her", 0.9),
    ("him", 0.9),
    ("it", 0.9),
    ("of the", 0.8),
    ("you have", 0.69),
    ("", 0.9),
]
MEANT = [
    ("stop", 0.4),
    ("no wait", 0.43),
    ("bread and cakes", 0.8),
    ("my name is Ona", 0.74),
    ("my name is enough", 0.77),
    ("green", 0.9),
    ("coffee", 0.75),
    ("families", 0.8),
    ("no", 0.5),
    ("what about the price", 0.79),
    ("excuse me", 0.8),
    ("who are you sorry", 0.7),
    ("Golden Crust", 0.9),
    ("home and menu", 0.74),
    ("we do not sell any coffee", 0.9),
    ("wait", 0.6),
]


@pytest.mark.parametrize(("text", "confidence"), HUMS)
def test_a_hum_over_a_voice_is_none_of_the_words_that_it_sounds_like(text: str, confidence: float) -> None:
    assert is_hum(text, confidence)
    assert is_hum(text, confidence, at_a_question=True) or confidence < 0.2
    assert not is_meant(text, min(confidence, 0.69))


@pytest.mark.parametrize(("text", "confidence"), MEANT)
def test_short_words_with_a_meaning_are_no_hum(text: str, confidence: float) -> None:
    assert not is_hum(text, confidence)
    assert is_meant(text, confidence)


@pytest.mark.parametrize("text", ["bread", "bread and cage", "how long will this take", "what do I see"])
def test_unclear_words_after_a_question_are_no_hum(text: str) -> None:
    assert not is_hum(text, 0.16, at_a_question=True)


@pytest.mark.parametrize("text", ["yes", "Yeah", "okay", "sure", "no"])
def test_a_yes_is_one_where_it_is_asked_for(text: str) -> None:
    assert not is_hum(text, 0.9, Expects.YES_OR_NO)


@pytest.mark.parametrize("text", ["who are you", "what", "how long is it"])
@pytest.mark.parametrize("length_s", [0.45, 0.9])
def test_a_question_of_small_words_over_a_voice_is_no_hum(text: str, length_s: float) -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts() == ["marcus greet"])
    humming(theatre, text, 0.6, 1.0, length_s)
    theatre.run(until=lambda: len(theatre.acts()) == 2)
    assert theatre.acts()[1] == ("marcus greet" if text == "what" else "marcus reply")


def humming(theatre: Theatre, text: str, confidence: float, delay_s: float, length_s: float) -> None:
    theatre.say(text, delay_s=delay_s, length_s=length_s, confidence=confidence, patience_s=0.6)


@pytest.mark.parametrize("length_s", [0.3, 0.75, 1.2])
@pytest.mark.parametrize(
    ("text", "confidence"), [("for for", 0.75), ("the men may chimp", 0.6), ("but", 0.9)]
)
def test_a_hum_over_the_end_of_a_question_is_no_answer(text: str, confidence: float, length_s: float) -> None:
    theatre = asking("offer")
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    theatre.say("bread")
    theatre.run(until=lambda: questions(theatre)[-1] == "audience")
    before = dict(theatre.conversation.brief.texts())
    humming(theatre, text, confidence, 4.0, length_s)
    theatre.run(until=in_stage(theatre, Stage.LISTENING), limit_s=theatre.now + 3)
    theatre.run(limit_s=theatre.now + 8)
    assert theatre.conversation.brief.texts() == before
    assert theatre.conversation.brief["audience"].status is AnswerStatus.PENDING
    assert "sarah reply" not in theatre.acts()


@pytest.mark.parametrize(("text", "confidence"), [("oh for", 0.8), ("for for", 0.75)])
def test_a_soft_hum_over_marcus_brings_no_reply(text: str, confidence: float) -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts() == ["marcus greet"])
    humming(theatre, text, confidence, 1.0, 0.62)
    theatre.run(until=in_stage(theatre, Stage.LISTENING), limit_s=20)
    theatre.run(until=lambda: "sarah ask" in theatre.acts())
    assert "marcus reply" not in theatre.acts()


@pytest.mark.parametrize("delay_s", [1.65, 2.6])
@pytest.mark.parametrize("text", ["but", "uh huh", "for for"])
def test_a_hum_right_after_the_name_is_no_part_of_it(text: str, delay_s: float) -> None:
    theatre = asking("name")
    theatre.say("green garden", length_s=1.0)
    humming(theatre, text, 0.9, delay_s, 0.3)
    theatre.run(until=lambda: questions(theatre)[-1] == "offer")
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert theatre.conversation.brief.text("name") == "green garden"
    assert theatre.conversation.brief["offer"].status is AnswerStatus.PENDING
    assert theatre.conversation.open_question == "offer"


@pytest.mark.parametrize("answer", ["Bread", "yes", "Ona", "but", "for"])
def test_in_the_quiet_after_a_question_every_short_word_answers(answer: str) -> None:
    theatre = asking("offer")
    theatre.say(answer, length_s=0.3, confidence=0.2)
    theatre.run(until=in_stage(theatre, Stage.TALKING))
    assert theatre.conversation.brief.text("offer") == answer


def test_what_is_said_with_the_talk_key_is_no_hum() -> None:
    theatre = asking("name")
    theatre.say("green garden")
    theatre.run(until=lambda: questions(theatre)[-1] == "offer")
    theatre.later(4.0, events.PushToTalk(True))
    theatre.later(4.1, events.SpeechStarted("i"))
    theatre.later(4.6, events.PushToTalk(False))
    theatre.later(4.7, events.HumanSaid("him", item="i", confidence=0.5))
    theatre.run(until=lambda: bool(theatre.conversation.brief.text("offer")), limit_s=theatre.now + 20)
    assert theatre.conversation.brief.text("offer") == "him"


@pytest.mark.parametrize("words", ["brown", "green and brown"])
def test_a_colour_over_the_end_of_the_question_for_it_is_no_hum(words: str) -> None:
    theatre = asking("pages")
    theatre.say("home")
    theatre.run(until=lambda: len(questions(theatre)) == 6)
    humming(theatre, words, 0.6, 4.4, 0.7)
    theatre.run(until=lambda: theatre.acts()[-1] == "sarah wrap_up", limit_s=theatre.now + 8)
    assert theatre.conversation.brief.text("style") == words


def test_a_key_that_was_pressed_in_silence_makes_no_words_of_the_next_hum() -> None:
    theatre = asking("offer")
    theatre.receive(events.PushToTalk(True))
    theatre.receive(events.PushToTalk(False))
    assert not theatre.conversation.by_key
    theatre.run(until=lambda: theatre.acts()[-1] == "sarah nudge")
    humming(theatre, "for for", 0.75, 1.0, 0.8)
    theatre.run(until=lambda: theatre.acts().count("sarah nudge") == 2)
    assert theatre.conversation.brief["offer"].status is AnswerStatus.PENDING
