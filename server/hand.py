"""The human's hand: opening and stopping a session, typing, correcting, editing, deciding."""

from __future__ import annotations

import asyncio
import dataclasses

from aiohttp import web

from orchestration.adapters import littletext
from orchestration.adapters.linkedin.api import ALT_CHARACTERS_MAX
from orchestration.brief import AnswerSource
from orchestration.events import (
    AnswerCorrected,
    ApprovalDecided,
    Decision,
    HumanSaid,
    Picture,
    PictureWanted,
    PostEdited,
)
from server import bodies, ice, origins
from server.errors import Code, Problem
from server.limits import Limiter
from server.load import LOAD
from server.session import Session
from server.sessions import SESSIONS, session_of
from server.whip import SETTINGS

MAX_TEXT_CHARS = 2000
MAX_POST_CHARS = 3000
ANSWERS = 6

OPENING = web.AppKey("opening", Limiter)


def add_routes(app: web.Application) -> None:
    router = app.router
    router.add_post("/sessions", _open)
    router.add_get("/sessions/{id}", _look, allow_head=False)
    router.add_delete("/sessions/{id}", _stop)
    router.add_post("/sessions/{id}/messages", _say)
    router.add_post("/sessions/{id}/approvals/{approval}", _decide)
    router.add_patch("/sessions/{id}/brief", _correct)
    router.add_patch("/sessions/{id}/post", _edit_post)
    router.add_put("/sessions/{id}/recording", _record)
    router.add_post("/sessions/{id}/jobs/{job}/cancel", _cancel_job)
    router.add_get("/sessions/{id}/jobs/{job}/log", _job_log)


async def _open(request: web.Request) -> web.Response:
    settings = request.app[SETTINGS]
    origins.check(request, settings)
    request.app[OPENING].check(request.remote or "")
    request.app[LOAD].refuse()
    body = await bodies.json_object(request, may_be_empty=True)
    answers, share = _answers(body), bodies.flag_field(body.get("share_microphone", False))
    session = request.app[SESSIONS].create(answers, request.remote or "", share)
    path = f"/sessions/{session.id}"
    about = {
        "id": session.id,
        "token": session.keys.human,
        "spectator_token": session.keys.spectator,
        "whip": f"{path}/whip",
        "whep": f"{path}/whep",
        "events": f"{path}/events",
        "ice_servers": ice.for_page(settings.ice_servers),
    }
    return web.json_response(about, status=201, headers={"Location": path, "Cache-Control": "no-store"})


def _answers(body: dict[str, object]) -> tuple[str, ...]:
    """The six given answers, or none. Raises Problem 400."""
    given = body.get("answers")
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) != ANSWERS:
        raise Problem(Code.BAD_ANSWERS)
    try:
        return tuple(bodies.text_field(text, MAX_TEXT_CHARS) for text in given)
    except Problem:
        raise Problem(Code.BAD_ANSWERS) from None


async def _look(request: web.Request) -> web.Response:
    return _described(session_of(request))


async def _stop(request: web.Request) -> web.Response:
    """End it and wait until it is over (two seconds at the most, by its own limits)."""
    session = session_of(request)
    await session.stop()
    return _described(session)


def _described(session: Session) -> web.Response:
    data = session.snapshot.data()
    if data["brief"] is None:
        data["brief"] = dataclasses.asdict(session.director.conversation.brief)
    return web.json_response({"id": session.id, **data}, headers={"Cache-Control": "no-store"})


def _living(request: web.Request) -> Session:
    session = _limited(request)
    if session.ended:
        raise Problem(Code.SESSION_ENDED)
    return session


def _limited(request: web.Request) -> Session:
    """The session, if its human is not doing too much at once (429)."""
    session = session_of(request)
    session.limit()
    return session


async def _say(request: web.Request) -> web.Response:
    session = _living(request)
    body = await bodies.json_object(request)
    text = bodies.text_field(body.get("text"), MAX_TEXT_CHARS)
    session.post(HumanSaid(text, typed=True))
    return web.json_response({"accepted": True}, status=202)


async def _correct(request: web.Request) -> web.Response:
    """All corrections or none; answers with the brief as it will be."""
    session = _living(request)
    body = await bodies.json_object(request)
    brief = session.director.conversation.brief
    if not body:
        raise Problem(Code.BAD_REQUEST, "Nothing to correct.")
    if not set(body) <= {answer.key for answer in brief.all}:
        raise Problem(Code.UNKNOWN_QUESTION)
    may_be_empty = {answer.key for answer in brief.optional}
    texts = {
        key: "" if value == "" and key in may_be_empty else bodies.text_field(value, MAX_TEXT_CHARS)
        for key, value in body.items()
    }
    for key, text in texts.items():
        session.post(AnswerCorrected(key, text))
        brief = brief.with_answer(key, text, AnswerSource.CORRECTED)
    return web.json_response({"brief": dataclasses.asdict(brief)})


async def _edit_post(request: web.Request) -> web.Response:
    """Another text, description or picture: an approval that is open is then superseded."""
    session = _living(request)
    body = await bodies.json_object(request)
    edit = _edit(body)
    if not session.snapshot.drafted:
        raise Problem(Code.NO_POST)
    if _decided(session):
        raise Problem(Code.ALREADY_DECIDED, "The post was decided on; it stays as it was then.")
    session.post(edit)
    if isinstance(edit, PictureWanted):
        return web.json_response({"picture": edit.picture.value}, status=202)
    changed = {"text": edit.text, "alt": edit.alt}
    return web.json_response({part: text for part, text in changed.items() if text is not None})


def _edit(body: dict[str, object]) -> PostEdited | PictureWanted:
    """What is wanted of the post. Raises Problem 400."""
    if "picture" in body:
        if set(body) != {"picture"}:
            raise Problem(Code.BAD_REQUEST, "Another picture is asked for by itself.")
        try:
            return PictureWanted(Picture(str(body["picture"])))
        except ValueError:
            raise Problem(Code.BAD_REQUEST, "The picture is another, card or none.") from None
    alt = bodies.text_field(body["alt"], ALT_CHARACTERS_MAX) if "alt" in body else None
    if "text" not in body and alt is not None:
        return PostEdited(alt=alt)
    text = bodies.text_field(body.get("text"), MAX_POST_CHARS)
    if not littletext.fits(text):
        count = len(littletext.escape(text))
        raise Problem(
            Code.BAD_TEXT,
            f"With what LinkedIn counts for special characters the text has {count} characters; "
            f"it may have {littletext.CHARACTERS_MAX}.",
        )
    return PostEdited(text, alt)


async def _record(request: web.Request) -> web.Response:
    """Switch the recording on or off; the same again changes nothing."""
    session = _living(request)
    on = bodies.flag_field((await bodies.json_object(request)).get("on"))
    session.recording.switch(on)
    return web.json_response({"on": session.recording.on, "recorded_ms": session.recording.recorded_ms})


def _decided(session: Session) -> bool:
    """Whether the human has tapped for the post, or is about to be told that it counts."""
    approvals = session.director.conversation.desk.approvals
    decided = {decision.value for decision in Decision}
    return any(
        one.state in decided or (one.state == "open" and name in session.decisions)
        for name, one in approvals.items()
    )


async def _decide(request: web.Request) -> web.Response:
    """A tap. The same one again is answered alike; the opposite one is refused."""
    session = _limited(request)
    body = await bodies.json_object(request)
    name = request.match_info["approval"]
    try:
        decision = Decision(str(body.get("decision")))
    except ValueError:
        raise Problem(Code.BAD_REQUEST, "The decision is approve or reject.") from None
    approval = session.director.conversation.desk.approvals.get(name)
    if approval is None:
        raise Problem(Code.UNKNOWN_APPROVAL)
    state = approval.state
    if state == "open" and name in session.decisions:
        state = session.decisions[name].value  # the Director is about to act on it
    elif state == "open" and asyncio.get_running_loop().time() > approval.expires_at:
        state = "expired"  # its page was away, and the Director's clock stood still
    _refuse(state, decision)
    if state == "open":
        if session.ended:
            raise Problem(Code.SESSION_ENDED)
        session.decisions[name] = decision
        session.post(ApprovalDecided(name, decision))
    return await _verdict(session, name, decision)


async def _verdict(session: Session, name: str, decision: Decision) -> web.Response:
    """What became of the tap: it counts only for what was still shown when the Director came to it."""
    state = await session.verdict(name)
    _refuse(state, decision)
    if state == "open" and session.ended:
        raise Problem(Code.SESSION_ENDED)
    answer = {"approval": name, "decision": decision.value}
    return web.json_response(answer, status=202 if state == "open" else 200)


def _refuse(state: str, decision: Decision) -> None:
    """Raise the Problem of an approval that this decision comes too late for."""
    if state == "superseded":
        raise Problem(Code.SUPERSEDED)
    if state == "expired":
        raise Problem(Code.EXPIRED)
    if state not in ("open", decision.value):
        raise Problem(Code.ALREADY_DECIDED)


async def _cancel_job(request: web.Request) -> web.Response:
    """Stop the job's processes. A job that has ended already stays as it is."""
    session = _limited(request)
    job = request.match_info["job"]
    if job not in session.snapshot.jobs:
        raise Problem(Code.UNKNOWN_JOB)
    session.work.cancel(job)
    return web.json_response({"job": job}, status=202)


async def _job_log(request: web.Request) -> web.Response:
    session = session_of(request)
    job = request.match_info["job"]
    text = session.events.jobs.text(job)
    if text is None and job not in session.snapshot.jobs:
        raise Problem(Code.UNKNOWN_JOB)
    return web.Response(text=text or "", content_type="text/plain", headers={"Cache-Control": "no-store"})
