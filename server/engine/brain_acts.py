"""The dialogue acts: each reads what it needs from the context and says it in the persona's own way.

An act is a function of the context that names its case in acts/ and fills the gaps. Nothing is said that
the context does not hold: where something is missing there is a case that does without. An act that is in
acts/ alone needs no function: its gaps are the latest result's fields, and the facts'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from server.engine import brain_interview as interview
from server.engine import brain_post as post
from server.engine import brain_tell as tell
from server.engine import brain_words as words
from server.engine import brain_work as work
from server.engine.brain_context import Context, string
from server.engine.brain_remarks import reply
from server.engine.brain_tell import Case
from server.engine.brain_templates import by_gaps, phrase

Act = Callable[[Context], Case]

_GAP_WORDS = 24
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
    return slots | {"me": context.me, "title": context.title, "name": tell.business(context)}


def _always(case: str) -> Act:
    return lambda context: (case, {})


_ACTS: Mapping[str, Act] = {
    "greet": interview.greet,
    "ask": interview.ask,
    "ask_once_more": interview.about_question,
    "nudge": interview.about_question,
    "didnt_catch": interview.about_question,
    "go_back": interview.about_question,
    "corrected": interview.corrected,
    "contact_told": interview.contact_told,
    "wrap_up": interview.wrap_up,
    "hand_over": interview.hand_over,
    "start_research": work.start_research,
    "report_research": work.report_research,
    "start_build": work.start_build,
    "still_working": work.still_working,
    "show_site": work.show_site,
    "rebuild": work.rebuild,
    "rebuilt": work.rebuilt,
    "rebuilt_plain": work.rebuilt_plain,
    "rebuild_failed": work.rebuild_failed,
    "show_former_site": work.show_former_site,
    "site_stays": work.rebuild_failed,
    "report_failure": work.report_failure,
    "start_post": post.start_post,
    "present_post": post.present_post,
    "present_plain_post": post.present_post,
    "post_failed": post.post_failed,
    "draw_picture": _always("plain"),
    "new_picture": post.new_picture,
    "remind_approval": _always("plain"),
    "report_post": post.report_post,
    "report_draft": post.report_post,
    "report_published": post.report_post,
    "publish_again": post.publish_again,
    "close": interview.close,
}

NAMES = frozenset({*_ACTS, "reply"})
