"""The acts of the interview, of handing over and of the goodbye."""

from __future__ import annotations

import re

from server.engine import brain_echo as echoes
from server.engine import brain_tell as tell
from server.engine import brain_words as words
from server.engine.brain_context import Context, Facts, integer, nested, string, truth
from server.engine.brain_tell import Case

_NUMBER = re.compile(r"\d[\d ]{3,}\d")
"""It is read digit by digit."""
_BRIEF_KEYS = ("name", "offer", "audience", "difference", "pages", "style")


def greet(context: Context) -> Case:
    following = string(context.fact("next"), "speaker").lower()
    others = [key for key in context.fact("team") if key.lower() != context.me.lower()][:4]
    team = words.listing([words.clip(words.clean(key.capitalize()), 2) for key in others if words.clean(key)])
    slots = {"me": context.me or "Marcus", "team": team, "next": _person(following)}
    if not team or not slots["next"]:
        return "plain", slots
    if truth(context.fact("brief"), "given"):
        return "given", slots
    return ("sarah" if following == "sarah" else "next"), slots


def _person(speaker: str) -> str:
    return words.clip(words.clean(speaker), 2).capitalize()


def ask(context: Context) -> Case:
    question, answer = context.fact("question"), context.fact("answer")
    text, key = string(answer, "text"), string(answer, "key")
    asked = tell.question(context) or "What would you like to tell me"
    slots = {"me": context.me or "Sarah", "question": asked}
    if not answer or not (key or text):
        return "first", slots
    if not words.clean(text) or words.unsure(text):
        return "empty", slots
    slots["answer"] = tell.acknowledged(answer)
    count = integer(question, "n")
    case = "last" if count > 1 and count == integer(question, "of") else "answered"
    if not slots["answer"]:
        return ("last_noted" if case == "last" else "noted"), slots
    return ("name" if key == "name" else case), slots


def about_question(context: Context) -> Case:
    question = tell.question(context)
    return ("question", {"question": question}) if question else ("plain", {})


def corrected(context: Context) -> Case:
    slots = {"answer": tell.acknowledged(context.fact("answer")), "question": tell.question(context)}
    if not slots["answer"]:
        return ("question_noted" if slots["question"] else "noted"), slots
    return ("question" if slots["question"] else "plain"), slots


def contact_told(context: Context) -> Case:
    fact = context.fact("contact_told")
    told = _NUMBER.sub(lambda number: " ".join(number[0].replace(" ", "")), string(fact, "reached_by"))
    return "plain", {"reached_by": words.clean(told), "then": words.clean(string(fact, "then"))}


def wrap_up(context: Context) -> Case:
    brief = context.fact("brief")
    given = sum(bool(tell.given(brief, key)) for key in _BRIEF_KEYS)
    last = string(context.fact("answer"), "text")
    slots = {"name": tell.business(context), "answer": "" if words.unsure(last) else echoes.spoken(last)}
    if not given:
        return "none", slots
    if brief.get("given") is True:
        return "given", slots
    if given < len(_BRIEF_KEYS):
        return "some", slots
    return ("all" if slots["answer"] else "all_plain"), slots


def hand_over(context: Context) -> Case:
    following = string(context.fact("next"), "speaker").lower()
    slots = {"name": tell.business(context), "next": _person(following)}
    if following in {"maya", "alex", "sophie", "sarah"}:
        return following, slots
    return ("next" if slots["next"] else "plain"), slots


def close(context: Context) -> Case:
    summary = context.fact("summary")
    named = tell.given(summary, "name")
    done = words.listing(_done(summary))
    slots = {"name": named, "done": done}
    if not done:
        return ("nothing_named" if named else "nothing"), slots
    return ("named" if named else "unnamed"), slots


def _done(summary: Facts) -> list[str]:
    """Only what the summary says was done."""
    done = []
    answered, pages = integer(summary, "answered"), integer(summary, "pages")
    if answered:
        done.append(words.counted(answered, "answer"))
    if truth(summary, "research"):
        done.append("a look at the market")
    if truth(summary, "site"):
        done.append(f"a website with {words.counted(pages, 'page')}" if pages else "a website")
    post = string(nested(summary, "post"), "status") or string(summary, "post")
    spoken = {
        "draft": "a post saved as a draft",
        "drafted": "a drafted post",
        "expired": "a drafted post",
        "rejected": "a post that you kept to yourself",
        "published": "a published post",
        "unknown": "a post that LinkedIn did not confirm",
    }
    return [*done, spoken[post.lower()]] if post.lower() in spoken else done
