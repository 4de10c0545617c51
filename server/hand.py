"""The human's hand: opening and stopping a session, typing, correcting, editing, deciding."""

from __future__ import annotations

import asyncio
import dataclasses

from aiohttp import web

from orchestration.brief import AnswerSource
from orchestration.events import AnswerCorrected, ApprovalDecided, Decision, HumanSaid, PostEdited
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
    answers = _answers(await bodies.json_object(request, may_be_empty=True))
    session = request.app[SESSIONS].create(answers, request.remote or "")
    path = f"/sessions/{session.id}"
    body = {
        "id": session.id,
        "token": session.keys.human,
        "spectator_token": session.keys.spectator,
        "whip": f"{path}/whip",
        "whep": f"{path}/whep",
        "events": f"{path}/events",
        "ice_servers": ice.for_page(settings.ice_servers),
    }
    return web.json_response(body, status=201, headers={"Location": path, "Cache-Control": "no-store"})


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
    known = {answer.key for answer in brief.answers}
    if not body:
        raise Problem(Code.BAD_REQUEST, "Nothing to correct.")
    if not set(body) <= known:
        raise Problem(Code.UNKNOWN_QUESTION)
    texts = {key: bodies.text_field(value, MAX_TEXT_CHARS) for key, value in body.items()}
    for key, text in texts.items():
        session.post(AnswerCorrected(key, text))
        brief = brief.with_answer(key, text, AnswerSource.CORRECTED)
    return web.json_response({"brief": dataclasses.asdict(brief)})


async def _edit_post(request: web.Request) -> web.Response:
    session = _living(request)
    body = await bodies.json_object(request)
    text = bodies.text_field(body.get("text"), MAX_POST_CHARS)
    if not session.snapshot.drafted:
        raise Problem(Code.NO_POST)
    if _decided(session):
        raise Problem(Code.ALREADY_DECIDED, "The post was decided on; it stays as it was then.")
    session.post(PostEdited(text))
    return web.json_response({"text": text})


async def _record(request: web.Request) -> web.Response:
    """Switch the recording on or off; the same again changes nothing."""
    session = _living(request)
    on = (await bodies.json_object(request)).get("on")
    if not isinstance(on, bool):
        raise Problem(Code.BAD_REQUEST, "on is true or false.")
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
    if state == "superseded":
        raise Problem(Code.SUPERSEDED)
    if state == "expired":
        raise Problem(Code.EXPIRED)
    if state not in ("open", decision.value):
        raise Problem(Code.ALREADY_DECIDED)
    if state == "open":
        if session.ended:
            raise Problem(Code.SESSION_ENDED)
        session.decisions[name] = decision
        session.post(ApprovalDecided(name, decision))
    return web.json_response({"approval": name, "decision": decision.value})


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
