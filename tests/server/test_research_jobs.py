"""Research in its own worker: each of its settings changes something, and nothing inside is reached."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from orchestration.events import JobFailed, JobFinished, JobProgressed
from server.jobs import means
from server.jobs.runner import JobRunner
from server.jobs.wire import Limits
from server.settings import Settings
from tests.fakes.search_services import KEY, FakeSearch, fake_search

SESSION = "0" * 24
BRIEF: dict[str, object] = {"brief": {"name": "Ona", "offer": "we bake bread and cakes"}}
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

    def job_preview(self, job: str, socket: str, address: str) -> None: ...


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


class Office:
    """One runner, whose settings may change from job to job."""

    def __init__(self, data: Path) -> None:
        self.settings = Settings()
        self.folder = data / "sessions" / SESSION
        self.folder.mkdir(parents=True)
        self.runner = JobRunner(data, means=self._means, limits=Limits())
        self.jobs = 0

    def _means(self, session: str, kind: str) -> Mapping[str, str]:
        return means.of_settings(self.settings)(session, kind)

    async def research(self, settings: Settings) -> tuple[dict[str, object], list[str]]:
        self.settings, listener = settings, Listener()
        self.jobs += 1
        self.runner.start(SESSION, f"j{self.jobs}", "research", BRIEF, self.folder, listener)
        async with asyncio.timeout(40):
            ended = await listener.ended
        assert isinstance(ended, JobFinished)
        return ended.result, listener.lines


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = Office(tmp_path)
    yield office
    await office.runner.close()


async def test_a_found_site_inside_is_not_opened_by_the_worker(service: FakeSearch, office: Office) -> None:
    result, lines = await office.research(engine(service))
    assert (result["provider"], result["offline"]) == ("Brave", False)
    (site,) = result["sites"]  # type: ignore[misc]
    assert site["reason"] == "this is not the address of a public web page"  # no port of the public web
    assert any(line.startswith("127.0.0.1: not read") for line in lines)
    assert len(service.asked) == 1


async def test_each_setting_of_the_search_changes_something(service: FakeSearch, office: Office) -> None:
    nobody = "No search provider is connected."
    cases: list[tuple[Settings, str]] = [
        (engine(service, search="offline"), "Searching the web is switched off here."),
        (engine(service, search="openai", search_key=""), "The search provider has no key yet."),
        (engine(service, search_url=""), nobody),
        (engine(service, search_key="wrong"), "The search provider does not accept the key."),
        (
            engine(service, search_form=FORM.replace("web.", "")),
            "The search provider's answer could not be understood.",
        ),
        (openai(service, search="json"), "The search provider has no address yet."),
        (openai(service, openai_api_key=""), nobody),
    ]
    for settings, because in cases:
        result, lines = await office.research(settings)
        assert (result["provider"], result["because"]) == ("offline catalogue", because)
        assert KEY not in f"{result} {lines}"
    result, _ = await office.research(openai(service, search_model="m-7"))
    assert (result["provider"], result["because"]) == ("OpenAI web search", "")
    assert service.asked[-1]["model"] == "m-7"


def test_only_research_gets_the_search_s_key() -> None:
    given = means.of_settings(Settings(search_key=KEY, openai_api_key=KEY))
    assert given("s1", "research")["MOENTREPRISE_SEARCH_KEY"] == KEY
    for kind in ("website", "post", "publish"):
        assert "MOENTREPRISE_SEARCH_KEY" not in given("s1", kind)
