"""The human's hand over HTTP: each input its stated answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytest_aiohttp import AiohttpClient
from signalling_fakes import Client, FakeApproval, FakeWorkshop, Opened, fake_app, fake_crew, opened

from orchestration import events, notices
from orchestration.brief import AnswerSource
from server.limits import Bucket, Rate
from server.settings import IceServer, Settings

ANSWERS = ["Rosa", "Bread", "Neighbours", "Sourdough", "Home, Menu", "Warm <b>brown</b>"]


@pytest.fixture
def workshop() -> FakeWorkshop:
    return FakeWorkshop()


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, tmp_path: Path, workshop: FakeWorkshop) -> Client:
    return await aiohttp_client(fake_app(Settings(data=tmp_path), fake_crew(workshop=workshop)))


@pytest.fixture
async def room(client: Client) -> Opened:
    return await opened(client)


async def problem(response: object) -> tuple[int, str]:
    """Status and code of a problem document, whose form is checked on the way."""
    assert response.content_type == "application/problem+json"  # type: ignore[attr-defined]
    body = await response.json()  # type: ignore[attr-defined]
    assert body["status"] == response.status  # type: ignore[attr-defined]
    assert body["type"] == f"urn:moentreprise:problem:{body['code']}"
    assert body["title"]
    assert isinstance(body["retryable"], bool)
    return body["status"], body["code"]


# ------------------------------------------------------------------ opening


async def test_a_session_is_opened_with_an_empty_body(client: Client) -> None:
    response = await client.post("/sessions")
    assert response.status == 201
    body = await response.json()
    assert set(body) == {"id", "token", "spectator_token", "whip", "whep", "events", "ice_servers"}
    assert body["whip"] == f"/sessions/{body['id']}/whip"
    assert body["token"] != body["spectator_token"]
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"


async def test_given_answers_reach_the_conversation(client: Client) -> None:
    room = await opened(client, {"answers": ANSWERS})
    brief = room.director.conversation.brief
    assert list(brief.texts().values()) == ANSWERS
    assert brief["name"].source is AnswerSource.GIVEN


@pytest.mark.parametrize(
    "answers", [[], ANSWERS[:5], [*ANSWERS, "7"], [*ANSWERS[:5], 6], [*ANSWERS[:5], ""], "six"]
)
async def test_answers_that_are_not_six_short_texts_are_refused(client: Client, answers: object) -> None:
    assert await problem(await client.post("/sessions", json={"answers": answers})) == (400, "bad_answers")


async def test_a_body_that_is_no_json_object_is_refused(client: Client) -> None:
    json = {"Content-Type": "application/json"}
    assert await problem(await client.post("/sessions", data="{", headers=json)) == (400, "bad_json")
    assert await problem(await client.post("/sessions", data="[]", headers=json)) == (400, "bad_json")
    assert await problem(await client.post("/sessions", data=b"\xff", headers=json)) == (400, "bad_request")
    assert await problem(await client.post("/sessions", data="a=b")) == (415, "wrong_type")


async def test_a_huge_body_is_refused(client: Client) -> None:
    body = {"answers": ["x" * 100_000]}
    assert await problem(await client.post("/sessions", json=body)) == (413, "too_large")


async def test_a_full_house_says_when_to_come_back(aiohttp_client: AiohttpClient, tmp_path: Path) -> None:
    client = await aiohttp_client(fake_app(Settings(data=tmp_path, max_sessions=1)))
    room = await opened(client)
    response = await client.post("/sessions")
    assert await problem(response) == (503, "full")
    assert int(response.headers["Retry-After"]) > 0
    await client.delete(room.path, headers=room.auth)
    await opened(client)


async def test_one_client_cannot_open_session_after_session(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    client = await aiohttp_client(fake_app(Settings(data=tmp_path), opening=Rate(2, 0.001)))
    await opened(client)
    await opened(client)
    response = await client.post("/sessions")
    assert await problem(response) == (429, "too_many")
    assert int(response.headers["Retry-After"]) > 1


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ({"Origin": "https://evil.example"}, (403, "bad_origin")),
        ({"Origin": "null"}, (403, "bad_origin")),
        ({"Origin": "http://["}, (403, "bad_origin")),
        ({"Host": "rebound.example"}, (403, "bad_host")),
        ({"Host": "["}, (403, "bad_host")),
    ],
)
async def test_foreign_pages_and_names_are_refused(
    client: Client, headers: dict[str, str], answer: tuple[int, str]
) -> None:
    assert await problem(await client.post("/sessions", headers=headers)) == answer


@pytest.mark.parametrize(
    "host", ["localhost:8080", "127.0.0.1:1", "192.168.1.7", "[::1]:8080", "app.localhost"]
)
async def test_our_own_page_may_open_a_session_under_any_of_our_names(client: Client, host: str) -> None:
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert (await client.post("/sessions", headers=headers)).status == 201


async def test_pages_of_a_site_that_the_operator_allows_may_use_sessions(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path, allowed_origins=("https://friend.example",))
    client = await aiohttp_client(fake_app(settings))
    friend = {"Origin": "https://friend.example"}
    question = {**friend, "Access-Control-Request-Method": "PATCH"}
    answer = await client.options("/sessions/x/whip/y", headers=question)
    assert answer.status == 204
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
    opened = await client.post("/sessions", headers=friend)
    assert opened.status == 201
    assert opened.headers["Access-Control-Allow-Origin"] == "https://friend.example"
    refused = await client.options("/sessions", headers={**question, "Origin": "https://evil.example"})
    assert refused.status == 405
    assert "Access-Control-Allow-Origin" not in refused.headers


async def test_the_ice_servers_reach_the_page(aiohttp_client: AiohttpClient, tmp_path: Path) -> None:
    servers = (IceServer(("stun:a:3478",)), IceServer(("turn:b:3478",), "name", "secret"))
    room = await opened(await aiohttp_client(fake_app(Settings(data=tmp_path, ice_servers=servers))))
    assert room.body["ice_servers"] == [
        {"urls": ["stun:a:3478"]},
        {"urls": ["turn:b:3478"], "username": "name", "credential": "secret"},
    ]


# ------------------------------------------------------------------ tokens


async def test_the_token_opens_its_session_by_header_or_query(client: Client, room: Opened) -> None:
    assert (await client.get(room.path, headers=room.auth)).status == 200
    assert (await client.get(room.path, params={"token": room.session.keys.human})).status == 200


async def test_without_the_token_nothing_opens(client: Client, room: Opened) -> None:
    response = await client.get(room.path)
    assert await problem(response) == (401, "token_missing")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    wrong = {"Authorization": "Bearer wrong"}
    assert await problem(await client.get(room.path, headers=wrong)) == (401, "token_wrong")
    assert await problem(await client.get(room.path, headers={"Authorization": "Basic x"})) == (
        401,
        "token_missing",
    )


async def test_an_unknown_and_a_foreign_session_are_not_found(client: Client, room: Opened) -> None:
    stranger = await opened(client)
    assert await problem(await client.get("/sessions/unknown", headers=room.auth)) == (404, "unknown_session")
    assert await problem(await client.get(room.path, headers=stranger.auth)) == (404, "unknown_session")


async def test_a_spectator_may_not_use_the_humans_hand(client: Client, room: Opened) -> None:
    headers = room.spectator_auth
    said = {"text": "Hello"}
    for method, path in (
        ("GET", room.path),
        ("DELETE", room.path),
        ("POST", f"{room.path}/messages"),
        ("PATCH", f"{room.path}/brief"),
        ("PATCH", f"{room.path}/post"),
        ("POST", f"{room.path}/approvals/a"),
        ("POST", f"{room.path}/whip"),
        ("POST", f"{room.path}/jobs/j/cancel"),
        ("GET", f"{room.path}/jobs/j/log"),
    ):
        response = await client.request(method, path, headers=headers, json=said)
        assert await problem(response) == (403, "token_forbids"), path
    assert not room.director.heard


# ------------------------------------------------------------------ looking and stopping


async def test_the_state_of_a_session_is_told(client: Client, room: Opened) -> None:
    publish = room.session.publish
    publish(notices.PhaseEntered("interview", 2, 7))
    publish(notices.TurnStarted("turn2", "sarah", "ask", 17))
    publish(notices.QuestionAsked("offer", "What you offer", "What do you offer?", 2, 6))
    publish(notices.JobStarted("job1", "research", "Researching"))
    publish(notices.JobProgress("job1", "research", 40, "Reading"))
    body = await (await client.get(room.path, headers=room.auth)).json()
    assert (body["state"], body["phase"], body["speaker"]) == ("created", "interview", "sarah")
    assert body["question"] == {"n": 2, "of": 6, "key": "offer"}
    assert body["jobs"] == [
        {"job": "job1", "kind": "research", "state": "running", "percent": 40, "message": "Reading"}
    ]
    assert [answer["key"] for answer in body["brief"]["answers"]][:2] == ["name", "offer"]


async def test_the_question_is_closed_by_its_answer(client: Client, room: Opened) -> None:
    room.session.publish(notices.QuestionAsked("offer", "What you offer", "What do you offer?", 2, 6))
    brief = room.director.conversation.brief.with_answer("offer", "Bread", AnswerSource.VOICE)
    room.session.publish(notices.BriefUpdated(brief, "offer"))
    body = await (await client.get(room.path, headers=room.auth)).json()
    assert body["question"] is None
    assert body["brief"]["answers"][1]["text"] == "Bread"


async def test_a_stopped_session_is_still_described(client: Client, room: Opened) -> None:
    for _ in range(2):
        response = await client.delete(room.path, headers=room.auth)
        assert response.status == 200
        assert (await response.json())["state"] == "stopped"
    assert (await (await client.get(room.path, headers=room.auth)).json())["state"] == "stopped"
    assert room.session.over


async def test_an_ended_session_takes_no_more_input(client: Client, room: Opened) -> None:
    await client.delete(room.path, headers=room.auth)
    said = await client.post(f"{room.path}/messages", json={"text": "Hello"}, headers=room.auth)
    assert await problem(said) == (409, "session_ended")
    fixed = await client.patch(f"{room.path}/brief", json={"name": "Rosa"}, headers=room.auth)
    assert await problem(fixed) == (409, "session_ended")


# ------------------------------------------------------------------ typing, correcting, editing


async def test_typed_words_reach_the_conversation_unchanged(client: Client, room: Opened) -> None:
    text = "<script>alert('Rosa & Sons')</script> 🍞"
    response = await client.post(f"{room.path}/messages", json={"text": f" {text}\n"}, headers=room.auth)
    assert response.status == 202
    assert room.director.heard == [events.HumanSaid(text, typed=True)]


@pytest.mark.parametrize(
    "body", [{}, {"text": ""}, {"text": " \n"}, {"text": 5}, {"text": "x" * 2001}, {"text": "\x00"}]
)
async def test_an_empty_or_long_text_is_refused(client: Client, room: Opened, body: object) -> None:
    response = await client.post(f"{room.path}/messages", json=body, headers=room.auth)
    assert await problem(response) == (400, "bad_text")


async def test_words_that_are_too_many_are_refused_with_how_many(room: Opened) -> None:
    url = f"{room.path}/messages"
    answer = await room.client.post(url, json={"text": "x" * 2007}, headers=room.auth)
    assert answer.status == 400
    detail = (await answer.json(content_type=None))["detail"]
    assert detail == "The text has 2007 characters; it may have 2000."


async def test_an_answer_is_corrected(client: Client, room: Opened) -> None:
    response = await client.patch(
        f"{room.path}/brief", json={"name": "Rosa's", "style": "Red"}, headers=room.auth
    )
    assert response.status == 200
    answers = {a["key"]: a for a in (await response.json())["brief"]["answers"]}
    assert (answers["name"]["text"], answers["name"]["source"]) == ("Rosa's", "corrected")
    assert room.director.heard == [
        events.AnswerCorrected("name", "Rosa's"),
        events.AnswerCorrected("style", "Red"),
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"colour": "Red"}, "unknown_question"),
        ({"name": "Rosa", "colour": "Red"}, "unknown_question"),
        ({"name": ""}, "bad_text"),
        ({"name": "x" * 2001}, "bad_text"),
        ({"name": None}, "bad_text"),
        ({}, "bad_request"),
    ],
)
async def test_a_wrong_correction_changes_nothing(
    client: Client, room: Opened, body: dict[str, object], code: str
) -> None:
    response = await client.patch(f"{room.path}/brief", json=body, headers=room.auth)
    assert await problem(response) == (400, code)
    assert not room.director.heard


async def test_the_pictures_of_found_sites_get_addresses_on_this_server(room: Opened) -> None:
    sites = [{"url": "https://a.example/", "picture": "site-0123.webp"}, {"title": "B", "picture": ""}]
    room.session.publish(notices.ResearchReady({"headline": "x", "sites": sites}))
    entry = next(entry for entry in room.session.events.after(0) if entry.type == "research.ready")
    told = [site["picture"] for site in json.loads(entry.text)["data"]["research"]["sites"]]
    assert told == [f"/sessions/{room.session.id}/assets/site-0123.webp", ""]


async def test_the_post_is_edited_once_there_is_one(client: Client, room: Opened) -> None:
    path, body = f"{room.path}/post", {"text": "Fresh bread every day."}
    assert await problem(await client.patch(path, json=body, headers=room.auth)) == (409, "no_post")
    room.session.publish(notices.PostDrafted("Bread", "post.png", "A loaf"))
    assert (await client.patch(path, json=body, headers=room.auth)).status == 200
    assert room.director.heard == [events.PostEdited("Fresh bread every day.")]
    long = await client.patch(path, json={"text": "x" * 3001}, headers=room.auth)
    assert await problem(long) == (400, "bad_text")


@pytest.mark.parametrize("tapped", ["approve", "reject"])
async def test_a_post_that_was_decided_on_is_not_edited_any_more(room: Opened, tapped: str) -> None:
    path, body = f"{room.path}/post", {"text": "Fresh bread every day."}
    room.session.publish(notices.PostDrafted("Bread", "post.png", "A loaf"))
    room.director.conversation.desk.approvals["approval1"] = FakeApproval("superseded")
    assert (await room.client.patch(path, json=body, headers=room.auth)).status == 200
    room.director.conversation.desk.approvals["approval2"] = FakeApproval()
    assert (await decide(room, tapped, "approval2")).status == 200  # type: ignore[attr-defined]
    taken_in = await room.client.patch(path, json=body, headers=room.auth)
    assert await problem(taken_in) == (409, "already_decided")
    room.director.conversation.desk.approvals["approval2"].state = tapped
    decided = await room.client.patch(path, json=body, headers=room.auth)
    assert await problem(decided) == (409, "already_decided")
    assert sum(isinstance(event, events.PostEdited) for event in room.director.heard) == 1


async def test_a_hand_that_is_too_quick_is_held(room: Opened) -> None:
    room.session.hand = Bucket(Rate(2, 0.001), room.session.created)
    for _ in range(2):
        said = await room.client.post(f"{room.path}/messages", json={"text": "Hello"}, headers=room.auth)
        assert said.status == 202
    said = await room.client.post(f"{room.path}/messages", json={"text": "Hello"}, headers=room.auth)
    assert await problem(said) == (429, "too_many")
    assert int(said.headers["Retry-After"]) > 1
    assert len(room.director.heard) == 2


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ({"alt": " Two loaves "}, events.PostEdited(alt="Two loaves")),
        ({"text": "Bread.", "alt": "Two loaves"}, events.PostEdited("Bread.", "Two loaves")),
        ({"picture": "another"}, events.PictureWanted(events.Picture.ANOTHER)),
        ({"picture": "card"}, events.PictureWanted(events.Picture.CARD)),
        ({"picture": "none"}, events.PictureWanted(events.Picture.NONE)),
    ],
)
async def test_the_picture_and_its_description_are_in_the_humans_hand(
    room: Opened, body: dict[str, str], event: events.Event
) -> None:
    path = f"{room.path}/post"
    assert await problem(await room.client.patch(path, json=body, headers=room.auth)) == (409, "no_post")
    room.session.publish(notices.PostDrafted("Bread", "post.png", "A loaf"))
    answer = await room.client.patch(path, json=body, headers=room.auth)
    assert answer.status == (202 if "picture" in body else 200)
    assert await answer.json() == {part: text.strip() for part, text in body.items()}
    assert room.director.heard == [event]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"picture": "cat"}, "bad_request"),
        ({"picture": None}, "bad_request"),
        ({"picture": "none", "text": "Bread."}, "bad_request"),
        ({"alt": ""}, "bad_text"),
        ({"alt": "x" * 4087}, "bad_text"),
        ({"alt": 5}, "bad_text"),
        ({"text": "(" * 1501}, "bad_text"),
        ({}, "bad_text"),
    ],
)
async def test_a_wrong_edit_changes_nothing(room: Opened, body: dict[str, object], code: str) -> None:
    room.session.publish(notices.PostDrafted("Bread", "post.png", "A loaf"))
    answer = await room.client.patch(f"{room.path}/post", json=body, headers=room.auth)
    assert await problem(answer) == (400, code)
    assert not room.director.heard


# ------------------------------------------------------------------ deciding


async def decide(room: Opened, decision: object, approval: str = "approval1") -> object:
    path = f"{room.path}/approvals/{approval}"
    return await room.client.post(path, json={"decision": decision}, headers=room.auth)


async def test_a_decision_counts_once_and_its_opposite_is_refused(room: Opened) -> None:
    approvals = room.director.conversation.desk.approvals
    approvals["approval1"] = FakeApproval()
    for _ in range(2):
        assert (await decide(room, "approve")).status == 200  # type: ignore[attr-defined]
    assert await problem(await decide(room, "reject")) == (409, "already_decided")
    approvals["approval1"].state = "approve"
    assert (await decide(room, "approve")).status == 200  # type: ignore[attr-defined]
    assert await problem(await decide(room, "reject")) == (409, "already_decided")
    assert room.director.heard == [events.ApprovalDecided("approval1", events.Decision.APPROVE)]


@pytest.mark.parametrize(
    ("state", "answer"), [("superseded", (409, "superseded")), ("expired", (410, "expired"))]
)
async def test_a_decision_that_comes_too_late_says_why(
    room: Opened, state: str, answer: tuple[int, str]
) -> None:
    room.director.conversation.desk.approvals["approval1"] = FakeApproval(state)
    assert await problem(await decide(room, "approve")) == answer
    assert not room.director.heard


async def test_a_decision_after_its_time_is_refused_even_while_the_page_was_away(room: Opened) -> None:
    approvals = room.director.conversation.desk.approvals
    approvals["approval1"] = FakeApproval(expires_at=room.session.created - 1)
    assert await problem(await decide(room, "approve")) == (410, "expired")
    assert not room.director.heard
    approvals["approval1"] = FakeApproval(expires_at=room.session.created + 900)
    assert (await decide(room, "approve")).status == 200  # type: ignore[attr-defined]
    approvals["approval1"].expires_at = room.session.created - 1
    assert (await decide(room, "approve")).status == 200  # type: ignore[attr-defined]


async def test_what_was_never_asked_cannot_be_decided(room: Opened) -> None:
    assert await problem(await decide(room, "approve", "approval9")) == (404, "unknown_approval")
    room.director.conversation.desk.approvals["approval1"] = FakeApproval()
    assert await problem(await decide(room, "maybe")) == (400, "bad_request")
    assert await problem(await decide(room, None)) == (400, "bad_request")


# ------------------------------------------------------------------ jobs


async def test_a_job_is_cancelled_and_its_whole_log_read(room: Opened, workshop: FakeWorkshop) -> None:
    room.director.jobs.start("job1", "website", {})
    room.session.publish(notices.JobStarted("job1", "website", "Building"))
    listener = workshop.listeners["job1"]
    listener.job_log("job1", "website", ("$ build", "<b>done</b>"))
    listener.job_log("job1", "website", ("bye",))
    log = await room.client.get(f"{room.path}/jobs/job1/log", headers=room.auth)
    assert (log.content_type, await log.text()) == ("text/plain", "$ build\n<b>done</b>\nbye\n")
    assert log.headers["X-Content-Type-Options"] == "nosniff"
    response = await room.client.post(f"{room.path}/jobs/job1/cancel", headers=room.auth)
    assert response.status == 202
    assert workshop.cancelled == [(room.session.id, "job1")]
    listener.job_event(events.JobFailed("job1", "website", "cancelled", "You stopped it."))
    assert isinstance(room.director.heard[-1], events.JobFailed)


async def test_an_unknown_job_is_not_found(room: Opened) -> None:
    cancel = await room.client.post(f"{room.path}/jobs/job9/cancel", headers=room.auth)
    assert await problem(cancel) == (404, "unknown_job")
    assert await problem(await room.client.get(f"{room.path}/jobs/job9/log", headers=room.auth)) == (
        404,
        "unknown_job",
    )


# ------------------------------------------------------------------ everything else


async def test_what_is_not_there_and_what_cannot_be_done(client: Client, room: Opened) -> None:
    assert await problem(await client.get("/nothing")) == (404, "not_found")
    response = await client.get(f"{room.path}/whip", headers=room.auth)
    assert await problem(response) == (405, "method_not_allowed")
    assert set(response.headers["Allow"].replace(" ", "").split(",")) == {"OPTIONS", "POST"}


async def test_a_fault_of_ours_is_confessed_without_details(
    room: Opened, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(event: events.Event) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(room.director, "post", broken)
    response = await room.client.post(f"{room.path}/messages", json={"text": "Hello"}, headers=room.auth)
    assert "secret" not in await response.text()
    assert await problem(response) == (500, "internal")
    assert "request failed" in caplog.text
    monkeypatch.undo()
