"""Research in its own worker: each of its settings changes something, and nothing inside is reached."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from orchestration.events import JobFailed, JobFinished, JobProgressed
from server.jobs import means
from server.jobs.runner import JobRunner
from server.settings import Settings
from tests.fakes.search_services import KEY, FakeSearch, fake_search

FORM = "results=web.results text=description header=X-Subscription-Token name=Brave"


class Listener:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.ended: asyncio.Future[JobFinished | JobFailed] = asyncio.get_running_loop().create_future()

    def job_log(self, job: str, kind: str, lines: tuple[str, ...]) -> None:
        self.lines += lines

    def job_event(self, event: JobProgressed | JobFinished | JobFailed) -> None:
        if not isinstance(event, JobProgressed):
            self.ended.set_result(event)


@pytest.fixture
async def service() -> AsyncIterator[FakeSearch]:
    async with fake_search() as fake:
        fake.results = [{"url": f"{fake.url}/secret", "title": "A page inside"}]
        fake.text = "Bread is what they look for. ([Inside](https://127.0.0.1/secret))"
        yield fake


def engine(service: FakeSearch, **more: str) -> Settings:
    url = f"{service.url}/res/v1/web/search?q={{query}}&count={{count}}"
    return Settings(**{"search_url": url, "search_key": KEY, "search_form": FORM, **more})  # type: ignore[arg-type]


def openai(service: FakeSearch, **more: str) -> Settings:
    given = {"openai_api_key": KEY, "openai_base_url": f"{service.url}/v1", **more}
    return Settings(**given)  # type: ignore[arg-type]


async def researched(settings: Settings, folder: Path) -> tuple[dict[str, object], list[str]]:
    runner, listener = JobRunner(means=means.of_settings(settings)), Listener()
    brief = {"brief": {"name": "Ona", "offer": "we bake bread and cakes"}}
    runner.start("s1", "j1", "research", brief, folder, listener)
    async with asyncio.timeout(40):
        ended = await listener.ended
    await runner.close()
    assert isinstance(ended, JobFinished)
    return ended.result, listener.lines


async def test_a_found_site_inside_is_not_opened_by_the_worker(service: FakeSearch, tmp_path: Path) -> None:
    result, lines = await researched(engine(service), tmp_path)
    assert (result["provider"], result["offline"]) == ("Brave", False)
    (site,) = result["sites"]  # type: ignore[misc]
    assert site["reason"] == "this is not the address of a public web page"  # no port of the public web
    assert any(line.startswith("127.0.0.1: not read") for line in lines)
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("settings", "provider", "because"),
    [
        (lambda service: engine(service, search="offline"), "offline catalogue", "switched off"),
        (
            lambda service: engine(service, search="openai", search_key=""),
            "offline catalogue",
            "has no key yet",
        ),
        (
            lambda service: engine(service, search_url=""),
            "offline catalogue",
            "No search provider is connected.",
        ),
        (lambda service: engine(service, search_key="wrong"), "offline catalogue", "does not accept the key"),
        (
            lambda service: engine(service, search_form=FORM.replace("web.", "")),
            "offline catalogue",
            "understood",
        ),
        (lambda service: openai(service), "OpenAI web search", ""),
        (lambda service: openai(service, search="json"), "offline catalogue", "has no address yet"),
        (lambda service: openai(service, openai_api_key=""), "offline catalogue", "No search provider"),
    ],
)
async def test_each_setting_of_the_search_changes_something(
    service: FakeSearch,
    tmp_path: Path,
    settings: Callable[[FakeSearch], Settings],
    provider: str,
    because: str,
) -> None:
    result, lines = await researched(settings(service), tmp_path)
    assert result["provider"] == provider
    assert because in str(result["because"])
    assert KEY not in f"{result} {lines}"


async def test_the_model_that_searches_is_a_setting(service: FakeSearch, tmp_path: Path) -> None:
    service.trouble = 503
    await researched(openai(service, search_model="m-7"), tmp_path)
    assert [asked["model"] for asked in service.asked] == ["m-7"]


def test_only_research_gets_the_search_s_key() -> None:
    given = means.of_settings(Settings(search_key=KEY, openai_api_key=KEY))
    assert given("s1", "research")["MOENTREPRISE_SEARCH_KEY"] == KEY
    for kind in ("website", "post", "publish"):
        assert "MOENTREPRISE_SEARCH_KEY" not in given("s1", kind)
