"""A plain conversation, for any client of the Realtime protocol that names no dialogue act.

It greets, answers from its instructions, remembers, reflects, reads out what it is told to, calls functions
that the human asks for. It knows nothing else, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from server.engine import brain_words as words
from server.engine.brain_asked import Asked, asked, spoken_name
from server.engine.brain_context import Context, Output, string
from server.engine.brain_echo import echo
from server.engine.brain_templates import phrase
from server.engine.brain_tools import arguments, forced
from server.engine.brain_types import BrainRequest, Call, Item, Reply

_SAY = re.compile(
    r"\b(?:say|speak|read|repeat|respond with|reply with|answer with)\s+"
    r"(?:(?:exactly|verbatim|aloud|out|loud|only|just|word for word|the following|the following text|this|"
    r"these|words|text|sentence|after me|back|to the user|and nothing else|in full)\b[\s,]*)*"
    r"(?::\s*|(?=[\"“]))(.+)$",
    re.IGNORECASE | re.DOTALL,
)
_SAY_EXACTLY = re.compile(
    r"\b(?:say|speak|read|repeat|respond|reply)\s+(?:with\s+)?(?:exactly|verbatim)\s*:?\s+(.+)$",
    re.IGNORECASE | re.DOTALL,
)
_IN_QUOTES = re.compile(r"^[\"“](.+?)[\"”](?:[\s.]|$)", re.DOTALL)
_MY_NAME = re.compile(r"\b(?:my name is|i am called|call me|this is)\s+([A-Za-z][\w'’-]*)", re.IGNORECASE)
_ORDERS = re.compile(
    r"^(?:you\s|your\s|speak|be\s|never|always|do not|don't|answer|keep|use|when|if|respond|say|talk|greet)",
    re.IGNORECASE,
)
_INTENTS = (
    ("hello", r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening)|greetings)\b(?=\W|$)"),
    ("bye", r"\b(?:goodbye|good bye|bye|see you|farewell|good night)\b"),
    ("thanks", r"\b(?:thank you|thanks|thank)\b"),
    (
        "again",
        r"\b(?:say|repeat) (?:that|it|this)(?: again)?\b|^\W*(?:repeat|again|pardon|what was that)\b",
    ),
    ("you_said", r"\bwhat (?:did|have) i (?:just )?(?:say|said|tell|told)\b"),
    ("you_are", r"\b(?:what is|what's|do you know|remember) my name\b|\bwho am i\b"),
    ("who", r"\b(?:who are you|your name|what are you called|introduce yourself|who is this)\b"),
    ("can", r"\bwhat can you do\b|\b(?:can|could) you help\b|\bhow can you help\b|\bwhat do you do\b"),
    ("fine", r"\bhow are you\b|\bhow do you do\b|\bhow is it going\b"),
    (
        "clock",
        r"\bwhat (?:time|day|date|year) is it\b|\bwhat(?:'s| is) the (?:time|date|day)\b|\btoday's date\b",
    ),
    ("yes", r"^\W*(?:yes|yeah|yep|sure|okay|ok|of course|please do|right|correct)\W*(?:please)?\W*$"),
    ("no", r"^\W*(?:no|nope|no thanks|no thank you|not really|never mind)\W*$"),
)
_QUESTION = re.compile(
    r"\?\s*$|^\W*(?:what|why|who|where|how|when|which|can|could|do|does|did|is|are|will|would)\b",
    re.IGNORECASE,
)
_COMMON = frozenset(
    "a an and are as at be by can do does did for from has have how i in is it its me my of on or so that "
    "the this to was we what when where which who why will with you your about tell please there any".split()
)
_RESULT_WORDS = 26


def respond(items: Sequence[Item], context: Context, request: BrainRequest) -> Reply:
    """What to say and call next in a conversation without acts."""
    told = dictated(request.instructions) or _dictated_always(request.session_instructions)
    must = forced(request)
    if must is not None:
        return Reply(told, (_forced_call(must.name, context, request),))
    if told:
        return Reply(told)
    last = next((item for item in reversed(items) if item.kind != "function_call"), None)
    if last is not None and last.kind == "function_call_output":
        return Reply(_outcome(context, context.outputs[-1]))
    if (told := dictated(context.human)) and not context.human.endswith("?"):
        return Reply(told)
    wanted = asked(request.tools, context) if request.tool_choice != "none" and context.human else None
    if wanted is not None:
        return _call(wanted, context)
    return Reply(_answer(context, request))


def dictated(text: str) -> str:
    """The words to be read out, when the text says so (`say exactly: …`); else empty."""
    return _quoted(_SAY.search(text) or _SAY_EXACTLY.search(text))


def _dictated_always(text: str) -> str:
    """The same for a whole session, where "read back: …" is more likely about something else."""
    return _quoted(_SAY_EXACTLY.search(text))


def _quoted(match: re.Match[str] | None) -> str:
    if match is None:
        return ""
    quoted = _IN_QUOTES.match(match[1].strip())
    return " ".join((quoted[1] if quoted else match[1]).split()).strip('"“”')


def _forced_call(name: str, context: Context, request: BrainRequest) -> Call:
    tool = next(tool for tool in request.tools if tool.name == name)
    wanted = asked((tool,), context) if context.human else None
    return Call(name, arguments(tool, context)) if wanted is None or wanted.missing else wanted.call


def _call(wanted: Asked, context: Context) -> Reply:
    slots = {"tool": spoken_name(wanted.tool.name), "parameter": spoken_name(wanted.missing)}
    if wanted.missing:
        return Reply(phrase("plain", "missing", slots, context.said))
    return Reply(phrase("plain", "working", slots, context.said), (wanted.call,))


def _outcome(context: Context, output: Output) -> str:
    """A function's result in words: its own sentence if it has one, else its plain values."""
    result = output.result
    sentence = next(
        (string(result, key) for key in ("message", "summary", "headline", "text", "error", "reason")), ""
    )
    sentence = sentence or string(result, "error") or string(result, "reason")
    pairs = [
        f"{spoken_name(key)} {words.clean(string(result, key))}"
        for key in result
        if words.clean(string(result, key))
    ]
    text = sentence or words.listing(pairs[:4]) or ("" if result else output.text)
    slots = {"result": words.clip(words.clean(text), _RESULT_WORDS)}
    if not slots["result"]:
        return phrase("plain", "result_plain", slots, context.said)
    failed = string(result, "error") or string(result, "status").lower() in {"failed", "error"}
    return phrase("plain", "result_failed" if failed else "result", slots, context.said)


def _answer(context: Context, request: BrainRequest) -> str:
    case = _intent(context)
    if case == "again":
        earlier = next((text for text in reversed(context.said) if text), "")
        return earlier or phrase("plain", "nothing_said", {}, context.said)
    fact = ""
    if case in {"unknown", "who", "can", "clock"}:
        fact = _known(context.human, f"{request.session_instructions}\n{request.instructions}")
    if fact and case in {"unknown", "clock"}:
        case = "known"
    slots = {
        "me": context.me or "your assistant",
        "title": _title(context),
        "tools": words.listing([spoken_name(tool.name) for tool in request.tools[:4]]),
        "who": _human_name(context),
        "said": _quoted_back(_earlier(context)) if case == "you_said" else echo(context.human),
        "fact": fact,
    }
    return phrase("plain", _possible(case, slots), slots, context.said)


def _intent(context: Context) -> str:
    text = context.human
    if not context.heard:
        return "hello_again" if any(context.said) else "hello"
    if not words.clean(text):
        return "quiet"
    if _MY_NAME.search(text) and not _QUESTION.search(text):
        return "met"
    case = _matching(text)
    if case == "hello" and len(text.split()) > 4:
        return _matching(re.sub(_INTENTS[0][1], "", text, flags=re.IGNORECASE))
    return "hello_again" if case == "hello" and any(context.said) else case


def _matching(text: str) -> str:
    other = "unknown" if _QUESTION.search(text) else "reflect"
    return next((case for case, pattern in _INTENTS if re.search(pattern, text, re.IGNORECASE)), other)


def _possible(case: str, slots: dict[str, str]) -> str:
    """The same case without what is not known."""
    if case in {"who", "can"}:
        return case if slots["title" if case == "who" else "tools"] else f"{case}_plain"
    if case in {"met", "you_are"} and not slots["who"]:
        return "unknown"
    if case == "reflect" and not slots["said"]:
        return "reflect_plain"
    if case == "you_said" and not slots["said"]:
        return "quiet"
    return case


def _title(context: Context) -> str:
    title = words.clip(words.clean(context.title), 10)
    article = "an" if title[:1].lower() in set("aeiou") else "a"
    return f"{article} {title}" if title else ""


def _human_name(context: Context) -> str:
    matches = [_MY_NAME.search(heard.text) for heard in context.heard if heard.speaker == "human"]
    named = [words.clean(match[1]) for match in matches if match]
    return named[-1].capitalize() if named else ""


def _quoted_back(text: str) -> str:
    return words.lower_first(words.clip(words.clean(text), 12))


def _earlier(context: Context) -> str:
    human = [heard.text for heard in context.heard if heard.speaker == "human"]
    return human[-2] if len(human) > 1 else ""


def _known(question: str, told: str) -> str:
    """The sentence of the instructions that shares most with the question, if it shares enough."""
    wanted = _content(question)
    best, score = "", 0
    for sentence in re.split(r"(?<=[.!?])\s+|\n+", told):
        shared = len(wanted & _content(sentence))
        if shared > score and not _ORDERS.match(sentence.strip()):
            best, score = sentence, shared
    return words.clip(words.clean(best), 28) if score and score * 2 >= len(wanted) else ""


def _content(text: str) -> set[str]:
    found = set(re.findall(r"[a-z0-9]+", text.lower())) - _COMMON
    return {re.sub(r"(?:ing|ed|es|s)$", "", word) if len(word) > 4 else word for word in found}
