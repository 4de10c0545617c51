"""The brief: six questions, what the human answered, word for word, and what they added unasked.

Everything that the team makes is made from this. An answer is never invented: a question that got
none stays `unanswered` and the work says so. What nobody asks for stays `optional` and is not missed.
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
    hint: str = ""
    """What belongs into its answer, where the page is to say so."""
    asked: bool = True
    """Nobody asks the others: the human may answer them on their cards, or by the way."""


class AnswerStatus(StrEnum):
    PENDING = "pending"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    OPTIONAL = "optional"


class AnswerSource(StrEnum):
    NONE = ""
    VOICE = "voice"
    TYPED = "typed"
    CORRECTED = "corrected"
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Answer:
    """One question with what was understood. `text` is verbatim, empty until there is an answer.

    `n` counts the questions that are asked; it is 0 for the others.
    """

    n: int
    key: str
    title: str
    question: str
    text: str = ""
    status: AnswerStatus = AnswerStatus.PENDING
    source: AnswerSource = AnswerSource.NONE
    hint: str = ""

    def with_text(self, text: str, source: AnswerSource) -> Answer:
        without = AnswerStatus.UNANSWERED if self.n else AnswerStatus.OPTIONAL
        return replace(self, text=text, status=AnswerStatus.ANSWERED if text else without, source=source)


@dataclass(frozen=True, slots=True)
class Brief:
    """The six answers in order. Immutable; each change returns a new Brief."""

    answers: tuple[Answer, ...]
    optional: tuple[Answer, ...] = ()
    """What nobody asks for: it never counts among the answers, and nothing waits for it."""

    @classmethod
    def of(cls, questions: tuple[Question, ...]) -> Brief:
        asked = [question for question in questions if question.asked]
        beside = [question for question in questions if not question.asked]
        optional = (Answer(0, q.key, q.title, q.text, hint=q.hint) for q in beside)
        return cls(
            tuple(Answer(n, q.key, q.title, q.text, hint=q.hint) for n, q in enumerate(asked, 1)),
            tuple(answer.with_text("", AnswerSource.NONE) for answer in optional),
        )

    @property
    def all(self) -> tuple[Answer, ...]:
        return self.answers + self.optional

    def __getitem__(self, key: str) -> Answer:
        for answer in self.all:
            if answer.key == key:
                return answer
        raise KeyError(key)

    def text(self, key: str) -> str:
        return self[key].text

    def with_answer(self, key: str, text: str, source: AnswerSource) -> Brief:
        """The same brief with this answer; an empty text leaves the question without one.

        Raises KeyError for an unknown question.
        """
        return self._with(self[key].with_text(text, source))

    def reopened(self, key: str) -> Brief:
        """The same brief where a question without an answer is to be asked once more."""
        if self[key].status is not AnswerStatus.UNANSWERED:
            return self
        return self._with(replace(self[key], status=AnswerStatus.PENDING))

    def _with(self, changed: Answer) -> Brief:
        def put(answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
            return tuple(changed if answer.key == changed.key else answer for answer in answers)

        return Brief(put(self.answers), put(self.optional))

    def texts(self) -> dict[str, str]:
        """Question key → verbatim answer, for the work and for the voices' context; unasked ones if given."""
        return {answer.key: answer.text for answer in self.all if answer.n or answer.text}
