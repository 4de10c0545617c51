"""The acts of the post and its picture."""

from __future__ import annotations

import re

from server.engine import brain_echo as echoes
from server.engine import brain_tell as tell
from server.engine import brain_words as words
from server.engine.brain_context import Context, string
from server.engine.brain_tell import Case
from server.engine.brain_templates import acts

_SAID_OF_POSTS = frozenset(
    {"version_expired", "duplicate", "too_long", "no_answer", "fault_midway", "interrupted"}
)
"""Reasons of a post's end that have words of their own."""


def start_post(context: Context) -> Case:
    brief = context.fact("brief")
    topic = echoes.thing(string(brief, "offer"))
    return ("both" if topic else "name"), {"name": tell.business(context), "topic": topic}


def present_post(context: Context) -> Case:
    result = tell.result_of(context, "draft_post", "post")
    if tell.failed(result):
        return post_failed(context)
    for part, why in (("picture", "because"), ("text", "text_because")):
        if reason := tell.clause(string(result, why)):
            return f"plain_post-{part}", {"reason": reason}
    first_line = next((line for line in string(result, "text").splitlines() if words.clean(line)), "")
    opening = words.clip(words.clean(re.split(r"(?<=[.!?])\s", first_line.strip())[0]), 12)
    return ("opening" if opening else "plain"), {"opening": opening}


def post_failed(context: Context) -> Case:
    reason = tell.reason(tell.result_of(context, "draft_post", "post"))
    return ("post-reason", {"reason": reason}) if reason else ("post-plain", {})


def new_picture(context: Context) -> Case:
    picture = context.fact("picture")
    because = tell.clause(string(picture, "because"))
    if string(picture, "status") == "none":
        return "none", {}
    if string(picture, "status") != "drawn":
        reason = tell.reason(picture)
        return ("reason", {"reason": reason}) if reason else ("plain", {})
    if string(picture, "picture_by") == "model":
        return "model", {}
    return ("instead", {"reason": because}) if because else ("card", {})


def report_post(context: Context) -> Case:
    output = context.output("publish_post")  # a fact may be of a try before
    result = output.result if output else context.fact("publish")
    status, reason = string(result, "status").lower(), tell.reason(result)
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


def publish_again(context: Context) -> Case:
    result = context.fact("publish")
    code, reason = string(result, "code"), tell.reason(result)
    if code in acts()["publish_again"]:
        return code, {}
    return ("reason" if reason else "plain"), {"reason": reason}
