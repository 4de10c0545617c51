"""The brief holds six answers, and beside them what nobody asks for."""

from __future__ import annotations

from orchestration.brief import AnswerSource, AnswerStatus, Brief
from orchestration.workflow import CONTACT, MOENTREPRISE

BRIEF = Brief.of(MOENTREPRISE.questions)


def test_what_nobody_asks_for_is_none_of_the_six() -> None:
    assert [answer.n for answer in BRIEF.answers] == [1, 2, 3, 4, 5, 6]
    (contact,) = BRIEF.optional
    assert (contact.key, contact.n, contact.status) == ("contact", 0, AnswerStatus.OPTIONAL)
    assert contact.hint == CONTACT.hint
    assert BRIEF["contact"] is contact
    assert "contact" not in {step.question for phase in MOENTREPRISE.phases for step in phase.steps}


def test_it_is_told_to_the_work_where_it_is_given_and_can_be_taken_out() -> None:
    assert list(BRIEF.texts()) == [answer.key for answer in BRIEF.answers]
    given = BRIEF.with_answer("contact", "555 1234", AnswerSource.CORRECTED)
    assert given["contact"].status is AnswerStatus.ANSWERED
    assert given.texts()["contact"] == "555 1234"
    assert given.answers == BRIEF.answers
    out = given.with_answer("contact", "", AnswerSource.CORRECTED)
    assert out["contact"].status is AnswerStatus.OPTIONAL
    assert "contact" not in out.texts()
    assert out.reopened("contact") == out
