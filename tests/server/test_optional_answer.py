"""How people reach the business: a card that nobody asks for, over HTTP and in what is taken home."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from signalling_fakes import Client, Opened, fake_app, opened

from orchestration import events, notices
from orchestration.brief import AnswerSource
from server.settings import Settings

REACH = "555 1234\nanna@example.com\n<b>12 River Street</b>"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Opened]:
    async with Client(TestServer(fake_app(Settings(data=tmp_path)))) as client:
        yield await opened(client)


def given(room: Opened) -> None:
    conversation = room.director.conversation
    conversation.brief = conversation.brief.with_answer("contact", REACH, AnswerSource.CORRECTED)


async def got(room: Opened, path: str, accept: str = "*/*") -> str:
    answer = await room.client.get(f"{room.path}{path}", headers={**room.auth, "Accept": accept})
    assert answer.status == 200
    return await answer.text()


async def test_several_lines_are_written_on_the_card_and_can_be_taken_out_again(room: Opened) -> None:
    for text, status in ((REACH, "answered"), ("", "optional")):
        answer = await room.client.patch(f"{room.path}/brief", json={"contact": text}, headers=room.auth)
        assert answer.status == 200
        brief = (await answer.json())["brief"]
        (contact,) = brief["optional"]
        assert (contact["text"], contact["status"]) == (text, status)
        assert len(brief["answers"]) == 6
        assert room.director.heard[-1] == events.AnswerCorrected("contact", text)


@pytest.mark.parametrize("body", [{"name": ""}, {"contact": " "}, {"contact": 5}, {"contact": "x" * 2001}])
async def test_an_answer_that_is_asked_for_stays_a_text(room: Opened, body: dict[str, object]) -> None:
    answer = await room.client.patch(f"{room.path}/brief", json=body, headers=room.auth)
    assert (answer.status, (await answer.json())["code"]) == (400, "bad_text")


async def test_who_comes_back_finds_it(room: Opened) -> None:
    brief = room.director.conversation.brief.with_answer("contact", REACH, AnswerSource.VOICE)
    room.session.publish(notices.BriefUpdated(brief, "contact"))
    look = await room.client.get(room.path, headers=room.auth)
    (contact,) = (await look.json())["brief"]["optional"]
    assert (contact["text"], contact["source"]) == (REACH, "voice")


async def test_what_is_taken_home_holds_it_where_it_is_filled_and_else_nothing(room: Opened) -> None:
    assert '"optional": []' in await got(room, "/brief.json")
    assert "How can people reach you?" not in await got(room, "/summary", "text/html")
    given(room)
    assert "anna@example.com" in await got(room, "/brief.json")
    page = await got(room, "/summary", "text/html")
    assert "How can people reach you?" in page
    assert "555 1234\nanna@example.com\n&lt;b&gt;12 River Street" in page
    assert page.count("not answered") == 6
