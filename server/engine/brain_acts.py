"""The dialogue acts: each reads what it needs from the context and says it in the persona's own way.

An act is a function of the context that names its case in acts/ and fills the gaps. Nothing is said that
the context does not hold: where something is missing there is a case that does without. An act that is in
acts/ alone needs no function: its gaps are the latest result's fields, and the facts'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from server.engine import brain_echo as echoes
from server.engine import brain_words as words
from server.engine.brain_context import Context, Facts, integer, nested, objects, string, truth
from server.engine.brain_names import name as name_in
from server.engine.brain_remarks import reply
from server.engine.brain_templates import acts, by_gaps, phrase

Case = tuple[str, dict[str, str]]
Act = Callable[[Context], Case]

_QUESTION_WORDS = 24
_HEADLINE_WORDS = 22
_REASON_WORDS = 16
_GAP_WORDS = 24
_PAGES_WORDS = 12
_TONE_WORDS = 9
_HOST = re.compile(r"https?://(?:www\.)?([\w.-]{1,80})(?=[/:?#]|$)")
_NUMBER = re.compile(r"\d[\d ]{3,}\d")
"""It is read digit by digit."""
_NO_ACTS = frozenset({"back", "unknown", "plain"})
"""Tables of acts/ that other sentences are made of."""
_TABLES = {
    "failure": "report_failure",
    "post": "post_failed",
    "plain_post": "present_plain_post",
    "draft": "report_draft",
    "published": "report_published",
}
"""The beginning of a case → the act whose words it has: a result decides, whatever act was asked for."""
_BASES = {
    "present_plain_post": "present_post",
    "report_draft": "report_post",
    "report_published": "report_post",
}
"""Where the result is another one than was foreseen."""
_SAID_OF_POSTS = frozenset(
    {"version_expired", "duplicate", "too_long", "no_answer", "fault_midway", "interrupted"}
)
"""Reasons of a post's end that have words of their own."""
_BRIEF_KEYS = ("name", "offer", "audience", "difference", "pages", "style")
_WORK = {
    "research": "the research",
    "website": "the website",
    "post": "the post",
    "picture": "the picture",
    "publish": "the publishing",
}


def speak(act: str, context: Context) -> str | None:
    """What to say for this act; None for an act that nobody defined."""
    if act == "reply":
        return reply(context)
    if act not in _ACTS:
        return None if act in _NO_ACTS else by_gaps(act, _known(context), context.said, context.me)
    case, slots = _ACTS[act](context)
    act = _TABLES.get(case.partition("-")[0]) or _BASES.get(act, act)
    return phrase(act, case.partition("-")[2] or case, slots, context.said, context.me)


def _known(context: Context) -> dict[str, str]:
    """What fills an act's gaps: the plain fields of the facts and of the latest result, by name."""
    worked = [output.result for output in context.outputs if output.tool != "select_next_speaker"]
    slots: dict[str, str] = {}
    for facts in (*context.facts.values(), *worked[-1:]):
        found = {key: words.clip(words.clean(string(facts, key)), _GAP_WORDS) for key in facts}
        slots |= {key: text for key, text in found.items() if text}
    return slots | {"me": context.me, "title": context.title, "name": business(context)}


def business(context: Context) -> str:
    """The business's name, or words that fit in its place."""
    return _given(context.fact("brief"), "name") or _given(context.fact("summary"), "name") or "your business"


def _given(facts: Facts, key: str) -> str:
    text = string(facts, key)
    if words.unsure(text):
        return ""
    return name_in(text) if key == "name" else words.clean(text)


def _question(context: Context) -> str:
    return words.clip(words.clean(string(context.fact("question"), "text")), _QUESTION_WORDS)


def _greet(context: Context) -> Case:
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


def _ask(context: Context) -> Case:
    question, answer = context.fact("question"), context.fact("answer")
    text, key = string(answer, "text"), string(answer, "key")
    slots = {"me": context.me or "Sarah", "question": _question(context) or "What would you like to tell me"}
    if not answer or not (key or text):
        return "first", slots
    if not words.clean(text) or words.unsure(text):
        return "empty", slots
    slots["answer"] = _acknowledged(answer)
    count = integer(question, "n")
    case = "last" if count > 1 and count == integer(question, "of") else "answered"
    if not slots["answer"]:
        return ("last_noted" if case == "last" else "noted"), slots
    return ("name" if key == "name" else case), slots


def _acknowledged(answer: Facts) -> str:
    """The answer as it is said back; "" when that would make no good sentence."""
    text, key = string(answer, "text"), string(answer, "key")
    return name_in(text) if key == "name" else echoes.spoken(text, whole=key == "pages")


def _about_question(context: Context) -> Case:
    question = _question(context)
    return ("question", {"question": question}) if question else ("plain", {})


def _corrected(context: Context) -> Case:
    slots = {"answer": _acknowledged(context.fact("answer")), "question": _question(context)}
    if not slots["answer"]:
        return ("question_noted" if slots["question"] else "noted"), slots
    return ("question" if slots["question"] else "plain"), slots


def _contact_told(context: Context) -> Case:
    fact = context.fact("contact_told")
    told = _NUMBER.sub(lambda number: " ".join(number[0].replace(" ", "")), string(fact, "reached_by"))
    return "plain", {"reached_by": words.clean(told), "then": words.clean(string(fact, "then"))}


def _wrap_up(context: Context) -> Case:
    brief = context.fact("brief")
    given = sum(bool(_given(brief, key)) for key in _BRIEF_KEYS)
    last = string(context.fact("answer"), "text")
    slots = {"name": business(context), "answer": "" if words.unsure(last) else echoes.spoken(last)}
    if not given:
        return "none", slots
    if brief.get("given") is True:
        return "given", slots
    if given < len(_BRIEF_KEYS):
        return "some", slots
    return ("all" if slots["answer"] else "all_plain"), slots


def _hand_over(context: Context) -> Case:
    following = string(context.fact("next"), "speaker").lower()
    slots = {"name": business(context), "next": _person(following)}
    if following in {"maya", "alex", "sophie", "sarah"}:
        return following, slots
    return ("next" if slots["next"] else "plain"), slots


def _start_research(context: Context) -> Case:
    brief = context.fact("brief")
    offer, audience = echoes.thing(string(brief, "offer")), echoes.thing(string(brief, "audience"))
    slots = {"name": business(context), "offer": offer, "audience": audience}
    if offer:
        return ("both" if audience else "offer"), slots
    return ("audience" if audience else "plain"), slots


def _failed(result: Facts) -> Case | None:
    if string(result, "status").lower() not in {"failed", "cancelled", "error"}:
        return None
    reason = _reason(result)
    return ("failure-reason", {"reason": reason}) if reason else ("failure-plain", {})


def _reason(result: Facts) -> str:
    return _clause(string(result, "reason") or string(result, "message"))


def _clause(sentence: str) -> str:
    return words.lower_first(words.clip(words.clean(sentence), _REASON_WORDS))


def _result(context: Context, tool: str, fact: str) -> Facts:
    """As a fact tells it: what was made again after the call that brought the first one."""
    told, output = context.fact(fact), context.output(tool)
    return told if told or output is None else output.result


def _report_research(context: Context) -> Case:
    result = _result(context, "research_market", "research")
    if failure := _failed(result):
        return failure
    findings = objects(result, "findings")
    first = next((string(finding, "text") or string(finding, "title") for finding in findings), "")
    headline = words.clip(words.clean(string(result, "headline") or first), _HEADLINE_WORDS)
    slots = {"headline": headline, "provider": words.clip(words.clean(string(result, "provider")), 4)}
    if not headline:
        return "nothing", slots
    offline = truth(result, "offline")
    case, more = _named_sites(result)
    if case:
        return f"{'offline' if offline else 'online'}_{case}", slots | more
    if because := words.lower_first(words.clip(words.clean(string(result, "because")), _REASON_WORDS)):
        return "offline_because", {**slots, "because": because}
    if offline:
        return "offline", slots
    return ("online" if slots["provider"] else "plain"), slots


def _named_sites(result: Facts) -> Case:
    """What became of those that the human named: the first that could not be opened, else what was."""
    named = [site for site in objects(result, "sites") if truth(site, "named")]
    told = [(match[1], _reason(site)) for site in named if (match := _HOST.match(string(site, "url")))]
    for host, reason in told:
        if reason:
            return "unreached", {"site": host, "reason": reason}
    return ("opened" if told else ""), {"site": words.listing([host for host, _ in told[:2]])}


def _start_build(context: Context) -> Case:
    asked = string(context.fact("brief"), "pages")
    pages = echoes.thing(asked, _PAGES_WORDS) if len(asked.split()) <= _PAGES_WORDS else ""
    slots = {"name": business(context), "pages": pages}
    return ("both" if pages else "name"), slots


def _still_working(context: Context) -> Case:
    progress = context.fact("progress")
    percent = min(100, integer(progress, "percent"))
    message = words.lower_first(words.clip(words.clean(string(progress, "message")), 9))
    what = _WORK.get(string(progress, "kind"), "the work")
    slots = {"what": what, "percent": str(percent), "message": message}
    if 0 < percent < 100:
        return ("both" if message else "percent"), slots
    return ("message" if message else "plain"), slots


def _show_site(context: Context) -> Case:
    result = _result(context, "build_website", "site")
    if failure := _failed(result):
        return failure
    titles = [words.clip(words.clean(string(page, "title")), 4) for page in objects(result, "pages")]
    titles = [title for title in titles if title]
    tone = _tone(result)
    shown = titles if len(titles) <= 4 else [*titles[:3], "more"]
    slots = {
        "count": words.counted(len(titles), "page"),
        "pages": words.listing(shown),
        "palette": tone,
    }
    reason = _clause(string(result, "because")) if titles else ""
    if truth(context.fact("contact"), "missing"):
        case = "degraded_unreached" if reason else "unreached" if titles and tone else "plain_unreached"
    elif titles:
        case = "degraded" if reason else "full" if tone else "pages"
    else:
        case = "palette" if tone else "plain"
    return case, {**slots, "reason": reason}


def _tone(site: Facts) -> str:
    """The name of its palette, as it stands in a sentence."""
    tone = words.clean(string(nested(site, "palette"), "name") or string(site, "palette"))
    tone = words.clip(tone, _TONE_WORDS)
    tone = tone[:1].lower() + tone[1:]
    return f"the {tone}" if "palette" in tone.lower() else tone


def _rebuild(context: Context) -> Case:
    answer = _acknowledged(context.fact("answer"))
    return ("answer", {"answer": answer}) if answer else ("plain", {})


def _rebuilt(context: Context) -> Case:
    tone = _tone(context.fact("site"))
    return ("palette", {"palette": tone}) if tone else ("plain", {})


def _rebuilt_plain(context: Context) -> Case:
    reason = _clause(string(context.fact("site"), "because"))
    return ("reason", {"reason": reason}) if reason else ("plain", {})


def _show_former_site(context: Context) -> Case:
    """The site as it was before a change that could not be built."""
    if failure := _failed(_result(context, "build_website", "site")):
        return failure
    return _rebuild_failed(context)


def _rebuild_failed(context: Context) -> Case:
    reason = _reason(context.fact("rebuild"))
    return ("reason", {"reason": reason}) if reason else ("plain", {})


def _new_picture(context: Context) -> Case:
    picture = context.fact("picture")
    because = _clause(string(picture, "because"))
    if string(picture, "status") == "none":
        return "none", {}
    if string(picture, "status") != "drawn":
        reason = _reason(picture)
        return ("reason", {"reason": reason}) if reason else ("plain", {})
    if string(picture, "picture_by") == "model":
        return "model", {}
    return ("instead", {"reason": because}) if because else ("card", {})


def _report_failure(context: Context) -> Case:
    """A call's result, or a fact where nobody called."""
    told = [*context.facts.values(), *(output.result for output in context.outputs)]
    bad = [case for result in told if (case := _failed(result))]
    return bad[-1] if bad else ("plain", {})


def _start_post(context: Context) -> Case:
    brief = context.fact("brief")
    topic = echoes.thing(string(brief, "offer"))
    return ("both" if topic else "name"), {"name": business(context), "topic": topic}


def _present_post(context: Context) -> Case:
    result = _result(context, "draft_post", "post")
    if _failed(result):
        return _post_failed(context)
    for part, why in (("picture", "because"), ("text", "text_because")):
        if reason := _clause(string(result, why)):
            return f"plain_post-{part}", {"reason": reason}
    first_line = next((line for line in string(result, "text").splitlines() if words.clean(line)), "")
    opening = words.clip(words.clean(re.split(r"(?<=[.!?])\s", first_line.strip())[0]), 12)
    return ("opening" if opening else "plain"), {"opening": opening}


def _post_failed(context: Context) -> Case:
    reason = _reason(_result(context, "draft_post", "post"))
    return ("post-reason", {"reason": reason}) if reason else ("post-plain", {})


def _report_post(context: Context) -> Case:
    output = context.output("publish_post")  # a fact may be of a try before
    result = output.result if output else context.fact("publish")
    status, reason = string(result, "status").lower(), _reason(result)
    if status == "published":
        return ("published-link" if string(result, "url") else "published-plain"), {}
    if status == "draft":
        return ("draft-reason" if reason else "draft-plain"), {"reason": reason}
    if status in {"rejected", "declined"}:
        return "rejected", {}
    if status == "expired":
        return "expired", {}
    if (code := string(result, "code")) in _SAID_OF_POSTS:
        return code, {}
    case = "failed" if status in {"failed", "cancelled"} else "unknown"
    return (case if reason else f"{case}_plain"), {"reason": reason}


def _publish_again(context: Context) -> Case:
    result = context.fact("publish")
    code, reason = string(result, "code"), _reason(result)
    if code in acts()["publish_again"]:
        return code, {}
    return ("reason" if reason else "plain"), {"reason": reason}


def _close(context: Context) -> Case:
    summary = context.fact("summary")
    named = _given(summary, "name")
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


def _always(case: str) -> Act:
    return lambda context: (case, {})


_ACTS: Mapping[str, Act] = {
    "greet": _greet,
    "ask": _ask,
    "ask_once_more": _about_question,
    "nudge": _about_question,
    "didnt_catch": _about_question,
    "go_back": _about_question,
    "corrected": _corrected,
    "contact_told": _contact_told,
    "wrap_up": _wrap_up,
    "hand_over": _hand_over,
    "start_research": _start_research,
    "report_research": _report_research,
    "start_build": _start_build,
    "still_working": _still_working,
    "show_site": _show_site,
    "rebuild": _rebuild,
    "rebuilt": _rebuilt,
    "rebuilt_plain": _rebuilt_plain,
    "rebuild_failed": _rebuild_failed,
    "show_former_site": _show_former_site,
    "site_stays": _rebuild_failed,
    "report_failure": _report_failure,
    "start_post": _start_post,
    "present_post": _present_post,
    "present_plain_post": _present_post,
    "post_failed": _post_failed,
    "draw_picture": _always("plain"),
    "new_picture": _new_picture,
    "remind_approval": _always("plain"),
    "report_post": _report_post,
    "report_draft": _report_post,
    "report_published": _report_post,
    "publish_again": _publish_again,
    "close": _close,
}

NAMES = frozenset({*_ACTS, "reply"})
