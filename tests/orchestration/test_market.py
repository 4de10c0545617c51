"""Research as a whole: the search, the sites, and what is told of them, on a small web of our own."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from aiohttp import web
from PIL import Image
from work_samples import BAKERY, Remembered

from orchestration.adapters import market
from orchestration.adapters.camera import NoCamera, NoPicture, open_camera
from orchestration.adapters.search import HEADLINE_WORDS_MAX, Research, Site
from orchestration.adapters.work import Assignment, Means
from tests.fakes.hostile_web import INSIDE, PUBLIC, PUBLIC_TOO, HostileWeb, hostile_web, html, redirect
from tests.fakes.search_services import KEY, FakeSearch, fake_search

T = TypeVar("T")
FORM = "results=web.results text=description header=X-Subscription-Token name=Brave"
CRUST = html(
    "<title>Crust & Co</title><meta name=description content='Organic bread.'><h1>Our bread</h1>"
    "<p>Opening hours: daily. Prices from $3. We deliver."
)
LOAF = html("<title>Loaf</title><h1>Loaf</h1><p>Prices and opening hours. Book now.")


@contextmanager
def in_a_thread(fake: Callable[[], AbstractAsyncContextManager[T]]) -> Iterator[T]:
    """The fake on a loop of its own: the research blocks, as it does in a worker."""
    started, stop, made = threading.Event(), asyncio.Event(), list[T]()
    loop = asyncio.new_event_loop()

    async def live() -> None:
        async with fake() as it:
            made.append(it)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()))
    thread.start()
    assert started.wait(10)
    try:
        yield made[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@pytest.fixture
def sites() -> Iterator[HostileWeb]:
    with in_a_thread(hostile_web) as fake:
        fake.names = {"crust.example": [[PUBLIC]], "loaf.example": [[PUBLIC_TOO]], "tartine.com": [[PUBLIC]]}
        fake.pages |= {
            "crust.example/": CRUST,
            "loaf.example/": LOAF,
            "tartine.com/": html("<title>Tartine</title>"),
        }
        yield fake


@pytest.fixture
def engine() -> Iterator[FakeSearch]:
    with in_a_thread(fake_search) as fake:
        yield fake


class NoBrowser:
    """In the place of the camera, where a test is not about pictures."""

    def __init__(self, web: object, folder: Path) -> None: ...

    async def __aenter__(self) -> NoCamera:
        return NoCamera("no browser in this test")

    async def __aexit__(self, *error: object) -> None: ...


@pytest.fixture(autouse=True)
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market, "open_camera", NoBrowser)


def means(engine: FakeSearch | None, way: str = "auto") -> Means:
    given = {"MOENTREPRISE_SEARCH": way}
    if engine is not None:
        given["MOENTREPRISE_SEARCH_URL"] = f"{engine.url}/res/v1/web/search?q={{query}}&count={{count}}"
        given |= {"MOENTREPRISE_SEARCH_KEY": KEY, "MOENTREPRISE_SEARCH_FORM": FORM}
    return Means(given)


def found_by(engine: FakeSearch, sites: HostileWeb, *hosts: str) -> None:
    engine.results = [
        {"url": sites.url("/", host), "title": f"Found {host}", "description": f"About {host}"}
        for host in hosts
    ]


def carry_out(
    sites: HostileWeb, given: Means, folder: Path, more: dict[str, str] | None = None
) -> tuple[Research, Remembered]:
    report = Remembered()
    work = Assignment({"brief": {**BAKERY, **(more or {})}}, folder, given, report)
    outside = market.Outside(sites.rules(seconds=1.0), lambda name: (sites.url("/", name),))
    return market.research(work, folder / "assets", outside), report


def test_what_was_found_is_read_and_told(sites: HostileWeb, engine: FakeSearch, tmp_path: Path) -> None:
    found_by(engine, sites, "crust.example", "loaf.example")
    found, report = carry_out(sites, means(engine), tmp_path)
    assert (found.provider, found.offline, found.because) == ("Brave", False, "")
    assert found.sites == (
        Site(sites.url("/", "crust.example"), "Crust & Co", "Organic bread.", ("Our bread",)),
        Site(sites.url("/", "loaf.example"), "Loaf", "About loaf.example", ("Loaf",)),
    )
    assert found.headline == "Of two sites that I read, both speak of prices and opening hours."
    first, second = found.findings[:2]
    assert "prices (2 of 2); opening hours (2 of 2)" in first.text.lower()
    assert first.source == "crust.example, loaf.example"
    assert second.text == "None of the pages read says “night” or “warm”; you do."  # one says organic
    assert engine.asked[0]["q"].startswith("bakery ")  # type: ignore[attr-defined]
    assert any("searching with Brave: bakery" in line for line in report.lines)


def test_one_failure_does_not_stop_the_rest(sites: HostileWeb, engine: FakeSearch, tmp_path: Path) -> None:
    sites.names |= {"inside.example": [[INSIDE]], "slow.example": [[PUBLIC]], "shy.example": [[PUBLIC]]}
    sites.pages |= {
        "slow.example/": redirect("/mute"),
        "shy.example/robots.txt": web.Response(text="User-agent: *\nDisallow: /"),
        "sends.example/": redirect(sites.url("/there", "shy.example")),
    }
    sites.names["sends.example"] = [[PUBLIC_TOO]]
    names = (
        "inside.example",
        "gone.example",
        "slow.example",
        "shy.example",
        "sends.example",
        "crust.example",
    )
    found_by(engine, sites, *names)
    found, report = carry_out(sites, means(engine), tmp_path)
    told = {site.host: site.reason for site in found.sites}
    assert told == {
        "inside.example": "the address is not on the public web",
        "gone.example": "there is no site of that name",
        "slow.example": "the site took too long",
        "shy.example": "the site asks programs not to read it",
        "sends.example": "the site asks programs not to read it",
        "crust.example": "",
    }
    for host, reason in told.items():
        assert any(line.startswith(f"{host}: ") and reason in line for line in report.lines)
    assert sites.inside == []
    assert {request.path for request in sites.asked if "shy" in request.host} == {"/robots.txt"}
    assert found.headline.startswith("The one site that I could read speaks of")


def test_without_a_provider_the_named_site_is_opened_and_the_catalogue_speaks(
    sites: HostileWeb, tmp_path: Path
) -> None:
    found, _ = carry_out(sites, means(None), tmp_path, {"style": "like tartine dot com or nowhere.org"})
    assert (found.provider, found.offline) == ("offline catalogue", True)
    assert found.because == "No search provider is connected."
    assert [(site.host, site.title, site.named, site.reason) for site in found.sites] == [
        ("tartine.com", "Tartine", True, ""),
        ("nowhere.org", "", True, "there is no site of that name"),
    ]
    assert "Visitors to a bakery site first want" in found.headline
    named = next(finding for finding in found.findings if finding.title == "Sites you named")
    assert named.text == "tartine.com: read; nowhere.org: there is no site of that name."


@pytest.mark.parametrize("trouble", [401, 429, 500])
def test_a_search_that_fails_is_told_and_the_catalogue_speaks(
    sites: HostileWeb, engine: FakeSearch, tmp_path: Path, trouble: int
) -> None:
    engine.trouble = trouble
    found, report = carry_out(sites, means(engine), tmp_path, {"style": "like tartine.com"})
    assert (found.provider, found.offline) == ("offline catalogue", True)
    assert found.because.startswith("The search provider")
    assert any("the search failed" in line for line in report.lines)
    assert [site.title for site in found.sites] == ["Tartine"]
    assert KEY not in " ".join(report.lines)


def test_a_search_that_finds_nothing_says_so(sites: HostileWeb, engine: FakeSearch, tmp_path: Path) -> None:
    found, _ = carry_out(sites, means(engine), tmp_path)
    assert (found.offline, found.because, found.sites) == (True, "The search found no page.", ())


def test_when_no_found_site_can_be_read_the_headline_claims_none(
    sites: HostileWeb, engine: FakeSearch, tmp_path: Path
) -> None:
    found_by(engine, sites, "gone.example", "away.example")
    found, _ = carry_out(sites, means(engine), tmp_path)
    assert found.headline == "The search named two sites, but none of them could be read."
    found, _ = carry_out(sites, means(engine), tmp_path, {"style": "like absent.example.com"})
    assert found.headline == "You and the search named three sites, but none of them could be read."
    assert [site.title for site in found.sites] == ["", "Found gone.example", "Found away.example"]
    assert "What these sites speak of" not in [finding.title for finding in found.findings]


@pytest.mark.parametrize(
    "url", ["http://[", "http://[::1]:80/", "https://user@[/", "http://\u202e/", "https:///x"]
)
def test_an_address_that_is_none_is_not_read_and_the_others_are(
    sites: HostileWeb, engine: FakeSearch, tmp_path: Path, url: str
) -> None:
    found_by(engine, sites, "crust.example")
    engine.results.insert(0, {"url": url, "title": "Odd"})
    *odd, crust = carry_out(sites, means(engine), tmp_path)[0].sites
    assert all(site.reason for site in odd)
    assert crust.title == "Crust & Co"


def test_offline_means_that_nothing_is_asked(sites: HostileWeb, engine: FakeSearch, tmp_path: Path) -> None:
    found, report = carry_out(sites, means(engine, "offline"), tmp_path, {"style": "like tartine.com"})
    assert (sites.asked, engine.asked) == ([], [])
    assert [(site.host, site.reason) for site in found.sites] == [
        ("tartine.com", "nothing is looked up on the web here")
    ]
    assert found.because == "Searching the web is switched off here."
    assert report.percents[-1] == 100
    assert report.percents == sorted(report.percents)


def test_each_site_is_read_once_and_the_human_s_own_come_first(
    sites: HostileWeb, engine: FakeSearch, tmp_path: Path
) -> None:
    engine.results = [{"url": sites.url(path, "crust.example"), "title": path} for path in ("/", "/b", "/c")]
    engine.results += [{"url": sites.url("/", f"s{n}.example"), "title": str(n)} for n in range(5)]
    sites.names["www.tartine.com"] = [[PUBLIC]]
    found, _ = carry_out(sites, means(engine), tmp_path, {"style": "like www.tartine.com"})
    assert [site.host for site in found.sites][:3] == ["tartine.com", "crust.example", "s0.example"]
    assert len(found.sites) <= 6


@pytest.mark.parametrize("pages", range(7))
def test_the_headline_can_always_be_spoken(
    sites: HostileWeb, engine: FakeSearch, tmp_path: Path, pages: int
) -> None:
    long = html("<p>Frequently asked questions. Testimonials. About us. Find us. Order online.")
    for n in range(pages):
        sites.names[f"s{n}.example"] = [[PUBLIC]]
        sites.pages[f"s{n}.example/"] = long if n % 2 else html("nothing much")
    found_by(engine, sites, *(f"s{n}.example" for n in range(pages)))
    headline = carry_out(sites, means(engine), tmp_path)[0].headline
    assert len(headline.split()) <= HEADLINE_WORDS_MAX
    assert headline.endswith(".")


def test_what_sites_say_is_inert_and_short(sites: HostileWeb, engine: FakeSearch, tmp_path: Path) -> None:
    sites.pages["crust.example/"] = html(f"<title>\u202e{'x' * 500}\x1b[31m</title><h1>{'y ' * 900}</h1>")
    found_by(engine, sites, "crust.example")
    site = carry_out(sites, means(engine), tmp_path)[0].sites[0]
    assert len(site.title) <= 120
    assert all(len(heading) <= 80 for heading in site.headings)
    assert all(map(str.isprintable, site.title + "".join(site.headings)))


class OneCamera(NoBrowser):
    """Pictures of some pages only."""

    async def __aenter__(self) -> OneCamera:  # type: ignore[override]
        return self

    async def shoot(self, page: object) -> bytes | NoPicture:
        return b"webp" if "crust" in page.url else NoPicture("the browser could not show it")  # type: ignore[attr-defined]


def test_a_picture_that_fails_does_not_stop_the_rest(
    sites: HostileWeb, engine: FakeSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market, "open_camera", OneCamera)
    found_by(engine, sites, "loaf.example", "crust.example", "gone.example")
    found, report = carry_out(sites, means(engine), tmp_path)
    loaf, crust, gone = found.sites
    assert (loaf.picture, gone.picture) == ("", "")
    assert (tmp_path / "assets" / crust.picture).read_bytes() == b"webp"
    assert "loaf.example: no picture: the browser could not show it" in report.lines


def test_a_picture_that_cannot_be_saved_costs_the_picture_alone(
    sites: HostileWeb, engine: FakeSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market, "open_camera", OneCamera)
    (tmp_path / "assets").write_text("in the way")
    found_by(engine, sites, "crust.example")
    found, report = carry_out(sites, means(engine), tmp_path)
    assert [(site.title, site.picture) for site in found.sites] == [("Crust & Co", "")]
    assert "crust.example: no picture: it could not be saved (File exists)" in report.lines


@pytest.mark.browser
def test_a_site_is_shown_as_a_real_browser_sees_it(
    sites: HostileWeb, engine: FakeSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market, "open_camera", open_camera)
    sites.pages["crust.example/"] = html("<title>Crust</title><body style='background: #cfe'>")
    found_by(engine, sites, "crust.example", "gone.example")
    found, report = carry_out(sites, means(engine), tmp_path)
    if absent := [line for line in report.lines if line.startswith("no pictures")]:
        pytest.fail(absent[0]) if os.environ.get("CI") else pytest.skip(absent[0])
    assert found.sites[1].picture == ""
    with Image.open(tmp_path / "assets" / found.sites[0].picture) as picture:
        assert picture.convert("RGB").getpixel((600, 400)) == pytest.approx((204, 255, 238), abs=12)


def test_where_no_picture_can_be_taken_the_reason_is_in_the_log(
    sites: HostileWeb, engine: FakeSearch, tmp_path: Path
) -> None:
    found_by(engine, sites, "crust.example")
    found, report = carry_out(sites, means(engine), tmp_path)
    assert found.sites[0].picture == ""
    assert "no pictures: no browser in this test" in report.lines
