"""Words that have a fixed meaning: signs of listening, refusals."""

from __future__ import annotations

import pytest
from theatre import ANSWERS, Theatre, in_stage, silent

from orchestration import notices
from orchestration.turn import Stage
from orchestration.understanding import is_backchannel, is_meant, is_refusal


@pytest.mark.parametrize(
    "text",
    [
        "Mm-hm, okay",
        "Mm-hmm.",
        "Mhmm.",
        "Mmm.",
        "Hmm",
        "Uh-huh.",
        "Yup.",
        "Alright.",
        "Got it.",
        "Makes sense.",
        "Absolutely.",
        "I see, I see.",
        "Yeah, yeah, yeah, yeah, yeah.",
        "I understand, that makes sense.",
    ],
)
def test_a_hum_is_one_however_a_service_spells_it(text: str) -> None:
    assert is_backchannel(text)
    assert not is_meant(text, 0.95)


@pytest.mark.parametrize(
    "text",
    ["okay but stop please", "Yeah, nice, good, fine, great.", "Got bread.", "Gods", "Alright then no"],
)
def test_other_words_are_no_hum(text: str) -> None:
    assert not is_backchannel(text)


@pytest.mark.parametrize(
    "text",
    [
        "No.",
        "no thanks",
        "No, thank you!",
        "Nope",
        "No, no, no.",
        "No, I don't want that",
        "no do not publish it",
        "don’t publish it",
        "Please do not post this.",
        "I don't want to publish it",
        "I don't want it published",
        "Don't publish it, I have changed my mind.",
        "reject it",
    ],
)
def test_a_refusal(text: str) -> None:
    assert is_refusal(text)
    assert not is_refusal(text, confidence=0.4)


@pytest.mark.parametrize(
    "text",
    [
        "No problem, go ahead",
        "No changes, publish it please",
        "I don't want to change anything, go ahead",
        "No, go ahead",
        "No, change the name first",
        "I don't want that picture",
        "no worries post it",
        "Why don't you publish it?",
        "I see no reason not to, why not, publish it",
        "Don't forget to publish it",
        "I know it is good",
        "don't publish it before the name is right",
        "we do not reject anything",
        "",
    ],
)
def test_what_could_be_meant_otherwise_refuses_nothing(text: str) -> None:
    assert not is_refusal(text)


@pytest.mark.parametrize(
    ("text", "confidence", "act"), [("No problem, go ahead", 0.9, "only_a_tap"), ("no", 0.3, "reply")]
)
def test_what_is_no_sure_refusal_is_replied_to_and_the_post_still_waits(
    text: str, confidence: float, act: str
) -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.APPROVING))
    before = len(theatre.acts())
    theatre.say(text, confidence=confidence)
    theatre.run(until=lambda: len(theatre.acts()) == before + 1)
    assert theatre.acts()[before:] == [f"sophie {act}"]
    assert not theatre.told(notices.ApprovalResolved)
    assert theatre.conversation.desk.open_approval is not None
