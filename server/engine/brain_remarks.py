"""A persona's short answer to what the human threw in, and the way back to the work."""

from __future__ import annotations

import re

from server.engine import brain_words as words
from server.engine.brain_context import Context, integer, string
from server.engine.brain_echo import echo
from server.engine.brain_templates import acts, phrase

_WORK = {"research": "the research", "website": "the website", "post": "the post"}
_INTENTS = (
    ("thanks", r"\b(?:thank|thanks|thank you|cheers)\b"),
    ("who", r"\b(?:who are you|your name|who is (?:this|that|speaking)|what do you do)\b"),
    ("how_long", r"\b(?:how long|how much longer|when (?:will|is|are)|how far|are you (?:done|ready))\b"),
    ("change", r"\b(?:change|correct|wrong|edit|instead|not right|replace|go back)\b"),
    ("wait", r"\b(?:wait|hold on|one moment|just a (?:second|minute|moment)|hang on)\b"),
    ("praise", r"\b(?:great|awesome|nice|wonderful|beautiful|love|perfect|amazing|excellent|good job)\b"),
    ("greeting", r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening))\b"),
    ("worry", r"\b(?:worried|afraid|concerned|don't like|do not like|too (?:expensive|slow|much)|hate)\b"),
    (
        "question",
        r"\?\s*$|^\W*(?:(?:excuse me|sorry|and|but|so|well|oh|um|hey)\W+)*"
        r"(?:what|why|who|where|how|when|which|can|could|do|does|is|are|will|would|should)\b",
    ),
)
_SAID_WORDS = 10
_BEFORE = re.compile(
    r"^\W*(?:(?:excuse me|excuse you|sorry|pardon(?: me)?|okay|ok|so|well|and|but|um+|uh+|by the way|hi|"
    r"hello|hey|"
    r"marcus|sarah|maya|alex|sophie)\b[\s,.!]*)+(?=\w)",
    re.IGNORECASE,
)
"""What is said before a question and changes nothing about it."""


def intent(text: str) -> str:
    """Which kind of remark this is: one of acts/talk.toml's cases of `reply`."""
    if not words.clean(text):
        return "silence"
    text = _BEFORE.sub("", text)
    return next((case for case, pattern in _INTENTS if re.search(pattern, text, re.IGNORECASE)), "statement")


def reply(context: Context) -> str:
    """At most two sentences: to the human's last words, then back to the phase."""
    case = intent(context.human)
    me = context.me.lower()
    back = phrase("back", me if me in acts()["back"] else "any", {}, context.said)
    progress = context.fact("progress")
    percent = integer(progress, "percent")
    if case == "how_long" and 0 < percent < 100:
        case = "how_far"
    if case == "who" and not (context.me and context.title):
        case = "greeting"
    said = echo(context.human, _SAID_WORDS) if len(context.human.split()) <= _SAID_WORDS else ""
    slots = {
        "back": back,
        "me": context.me or "your colleague",
        "title": words.clip(words.clean(context.title), 6),
        "said": said,
        "what": _WORK.get(string(progress, "kind"), "the work"),
        "percent": str(percent),
    }
    if not said and case in {"worry", "statement"}:
        case = f"{case}_plain"
    return phrase("reply", case, slots, context.said)
