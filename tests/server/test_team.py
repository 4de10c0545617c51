"""`GET /team`: the page's names come from the data that the sessions are made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pytest_aiohttp import AiohttpClient
from signalling_fakes import fake_app, fake_crew

from orchestration.personas import Cast, load
from server.settings import Settings


async def test_the_team_is_told_to_anybody(aiohttp_client: AiohttpClient, tmp_path: Path) -> None:
    crew = replace(fake_crew(), cast=load())
    client = await aiohttp_client(fake_app(Settings(data=tmp_path), crew))
    response = await client.get("/team")
    assert response.status == 200
    body = await response.json()
    assert [person["id"] for person in body["people"]] == list(crew.cast)
    assert [phase["name"] for phase in body["phases"]] == [phase.name for phase in crew.workflow.phases]
    for person in body["people"]:
        assert set(person) == {"id", "name", "title", "accent", "jobs"}


async def test_a_changed_registry_changes_the_answer(aiohttp_client: AiohttpClient, tmp_path: Path) -> None:
    crew = replace(fake_crew(), cast=load())
    first = next(iter(crew.cast.values()))
    sixth = replace(first, id="nadia", name="Nadia", title="lawyer", accent="#123456", tools=("draft_post",))
    cast = Cast({**crew.cast, first.id: replace(first, title="captain"), "nadia": sixth})
    changed = replace(crew, cast=cast)
    client = await aiohttp_client(fake_app(Settings(data=tmp_path), changed))
    people = {person["id"]: person for person in (await (await client.get("/team")).json())["people"]}
    assert people[first.id]["title"] == "captain"
    assert people["nadia"] == {
        "id": "nadia",
        "name": "Nadia",
        "title": "lawyer",
        "accent": "#123456",
        "jobs": ["post"],
    }
