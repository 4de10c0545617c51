"""The acts of the research and of the website."""

from __future__ import annotations

import re

from server.engine import brain_echo as echoes
from server.engine import brain_tell as tell
from server.engine import brain_words as words
from server.engine.brain_context import Context, Facts, integer, nested, objects, string, truth
from server.engine.brain_tell import Case

_HEADLINE_WORDS = 22
_PAGES_WORDS = 12
_TONE_WORDS = 9
_HOST = re.compile(r"https?://(?:www\.)?([\w.-]{1,80})(?=[/:?#]|$)")
_WORK = {
    "research": "the research",
    "website": "the website",
    "post": "the post",
    "picture": "the picture",
    "publish": "the publishing",
}


def start_research(context: Context) -> Case:
    brief = context.fact("brief")
    offer, audience = echoes.thing(string(brief, "offer")), echoes.thing(string(brief, "audience"))
    slots = {"name": tell.business(context), "offer": offer, "audience": audience}
    if offer:
        return ("both" if audience else "offer"), slots
    return ("audience" if audience else "plain"), slots


def report_research(context: Context) -> Case:
    result = tell.result_of(context, "research_market", "research")
    if failure := tell.failed(result):
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
    if because := tell.clause(string(result, "because")):
        return "offline_because", {**slots, "because": because}
    if offline:
        return "offline", slots
    return ("online" if slots["provider"] else "plain"), slots


def _named_sites(result: Facts) -> Case:
    """What became of those that the human named: the first that could not be opened, else what was."""
    named = [site for site in objects(result, "sites") if truth(site, "named")]
    told = [(match[1], tell.reason(site)) for site in named if (match := _HOST.match(string(site, "url")))]
    for host, reason in told:
        if reason:
            return "unreached", {"site": host, "reason": reason}
    return ("opened" if told else ""), {"site": words.listing([host for host, _ in told[:2]])}


def start_build(context: Context) -> Case:
    asked = string(context.fact("brief"), "pages")
    pages = echoes.thing(asked, _PAGES_WORDS) if len(asked.split()) <= _PAGES_WORDS else ""
    slots = {"name": tell.business(context), "pages": pages}
    return ("both" if pages else "name"), slots


def still_working(context: Context) -> Case:
    progress = context.fact("progress")
    percent = min(100, integer(progress, "percent"))
    message = words.lower_first(words.clip(words.clean(string(progress, "message")), 9))
    what = _WORK.get(string(progress, "kind"), "the work")
    slots = {"what": what, "percent": str(percent), "message": message}
    if 0 < percent < 100:
        return ("both" if message else "percent"), slots
    return ("message" if message else "plain"), slots


def show_site(context: Context) -> Case:
    result = tell.result_of(context, "build_website", "site")
    if failure := tell.failed(result):
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
    reason = tell.clause(string(result, "because")) if titles else ""
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


def rebuild(context: Context) -> Case:
    answer = tell.acknowledged(context.fact("answer"))
    return ("answer", {"answer": answer}) if answer else ("plain", {})


def rebuilt(context: Context) -> Case:
    tone = _tone(context.fact("site"))
    return ("palette", {"palette": tone}) if tone else ("plain", {})


def rebuilt_plain(context: Context) -> Case:
    reason = tell.clause(string(context.fact("site"), "because"))
    return ("reason", {"reason": reason}) if reason else ("plain", {})


def rebuild_failed(context: Context) -> Case:
    reason = tell.reason(context.fact("rebuild"))
    return ("reason", {"reason": reason}) if reason else ("plain", {})


def show_former_site(context: Context) -> Case:
    """The site as it was before a change that could not be built."""
    if failure := tell.failed(tell.result_of(context, "build_website", "site")):
        return failure
    return rebuild_failed(context)


def report_failure(context: Context) -> Case:
    """A call's result, or a fact where nobody called."""
    told = [*context.facts.values(), *(output.result for output in context.outputs)]
    bad = [case for result in told if (case := tell.failed(result))]
    return bad[-1] if bad else ("plain", {})
