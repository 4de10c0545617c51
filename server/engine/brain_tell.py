"""What acts have in common: how facts and results are put into a sentence."""

from __future__ import annotations

from server.engine import brain_echo as echoes
from server.engine import brain_words as words
from server.engine.brain_context import Context, Facts, string
from server.engine.brain_names import name as name_in

Case = tuple[str, dict[str, str]]
"""The case of an act in acts/, and what fills its gaps."""
_QUESTION_WORDS = 24
_REASON_WORDS = 16


def business(context: Context) -> str:
    """The business's name, or words that fit in its place."""
    return given(context.fact("brief"), "name") or given(context.fact("summary"), "name") or "your business"


def given(facts: Facts, key: str) -> str:
    text = string(facts, key)
    if words.unsure(text):
        return ""
    return name_in(text) if key == "name" else words.clean(text)


def question(context: Context) -> str:
    return words.clip(words.clean(string(context.fact("question"), "text")), _QUESTION_WORDS)


def acknowledged(answer: Facts) -> str:
    """The answer as it is said back; "" when that would make no good sentence."""
    text, key = string(answer, "text"), string(answer, "key")
    return name_in(text) if key == "name" else echoes.spoken(text, whole=key == "pages")


def failed(result: Facts) -> Case | None:
    if string(result, "status").lower() not in {"failed", "cancelled", "error"}:
        return None
    why = reason(result)
    return ("failure-reason", {"reason": why}) if why else ("failure-plain", {})


def reason(result: Facts) -> str:
    return clause(string(result, "reason") or string(result, "message"))


def clause(sentence: str) -> str:
    return words.lower_first(words.clip(words.clean(sentence), _REASON_WORDS))


def result_of(context: Context, tool: str, fact: str) -> Facts:
    """As a fact tells it: what was made again after the call that brought the first one."""
    told, output = context.fact(fact), context.output(tool)
    return told if told or output is None else output.result
