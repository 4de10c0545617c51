"""The brief: six questions, and what the human answered, word for word.

Everything that the team makes is made from this. An answer is never invented: a question that got
none stays `unanswered` and the work says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Expects(StrEnum):
    """What kind of words the human will say next, most likely: a recogniser understands them better."""

    ANYTHING = ""
    NAME = "name"
    COLOUR = "colour"
    YES_OR_NO = "yes or no"


@dataclass(frozen=True, slots=True)
class Question:
    """One of Sarah's questions. `key` is the stable short id, `title` the card's heading."""

    key: str
    title: str
    text: str
    words: tuple[str, ...] = ()
    """What a human calls its answer ("the *name* is wrong")."""
    expects: Expects = Expects.ANYTHING


class AnswerStatus(StrEnum):
    PENDING = "pending"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"


class AnswerSource(StrEnum):
    NONE = ""
    VOICE = "voice"
    TYPED = "typed"
    CORRECTED = "corrected"
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Answer:
    """One question with what was understood. `text` is verbatim, empty until there is an answer."""

    n: int
    key: str
    title: str
    question: str
    text: str = ""
    status: AnswerStatus = AnswerStatus.PENDING
    source: AnswerSource = AnswerSource.NONE


@dataclass(frozen=True, slots=True)
class Brief:
    """The six answers in order. Immutable; each change returns a new Brief."""

    answers: tuple[Answer, ...]

    @classmethod
    def of(cls, questions: tuple[Question, ...]) -> Brief:
        return cls(tuple(Answer(n, q.key, q.title, q.text) for n, q in enumerate(questions, 1)))

    def __getitem__(self, key: str) -> Answer:
        for answer in self.answers:
            if answer.key == key:
                return answer
        raise KeyError(key)

    def text(self, key: str) -> str:
        return self[key].text

    def with_answer(self, key: str, text: str, source: AnswerSource) -> Brief:
        """The same brief with this answer; an empty text makes the question unanswered.

        Raises KeyError for an unknown question.
        """
        status = AnswerStatus.ANSWERED if text else AnswerStatus.UNANSWERED
        changed = replace(self[key], text=text, status=status, source=source)
        return Brief(tuple(changed if answer.key == key else answer for answer in self.answers))

    def reopened(self, key: str) -> Brief:
        """The same brief where a question without an answer is to be asked once more."""
        again = replace(self[key], status=AnswerStatus.PENDING)
        if self[key].status is not AnswerStatus.UNANSWERED:
            return self
        return Brief(tuple(again if answer.key == key else answer for answer in self.answers))

    def texts(self) -> dict[str, str]:
        """Question key → verbatim answer, for the work and for the voices' context."""
        return {answer.key: answer.text for answer in self.answers}
