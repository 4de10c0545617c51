"""Research: the catalogue, a search of the web where there is a provider, and the sites themselves.

What a search brings is told as found; what it does not is never made up: then the catalogue speaks, and says
so. `Research.because` says why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestration.adapters import comparing, lookups, search, sites
from orchestration.adapters.answers import Answers
from orchestration.adapters.camera import Camera, NoCamera, NoPicture, keep_picture, open_camera
from orchestration.adapters.search import Finding, Research, Site
from orchestration.adapters.searching import (
    NoSearch,
    Provider,
    Question,
    SearchError,
    SearchResult,
    choose,
)
from orchestration.adapters.searching.choice import is_offline
from orchestration.adapters.sites import Seen
from orchestration.adapters.web import Rules, Web
from orchestration.adapters.work import Assignment, Report

QUERY_WORDS_MAX = 8
PICTURES_MAX = 4
PICTURES_SECONDS = 20.0
NOT_LOOKED_UP = "nothing is looked up on the web here"


@dataclass(frozen=True, slots=True)
class Outside:
    """What tests put in the place of the world."""

    rules: Rules = field(default_factory=Rules)
    addresses: sites.Addresses = sites.of_name


def research(work: Assignment, assets: Path, outside: Outside = Outside()) -> Research:  # noqa: B008 - frozen
    """Everything that can be found out. Blocks; a minute at most. `assets` takes the pictures.

    Raises WorkError for a brief that is none.
    """
    answers = Answers.of(work.payload)
    told = search.read_catalogue(answers, work.report)
    named = search.sites_named(answers)
    if is_offline(work.means):
        work.report.log("no search provider is used here: working from the answers and the offline catalogue")
        unread = tuple(Site(sites.of_name(name)[0], named=True, reason=NOT_LOOKED_UP) for name in named)
        found = replace(_with_named(told, unread), because=_because(choose(work.means)))
    else:
        found = lookups.run(_look_up(answers, told, named, work, assets, outside))
    for finding in found.findings:
        work.report.log(f"finding: {finding.title} [{finding.source}]")
    work.report.progress(100, f"{len(found.findings)} findings")
    return found


async def _look_up(
    answers: Answers, told: Research, named: tuple[str, ...], work: Assignment, assets: Path, outside: Outside
) -> Research:
    provider = choose(work.means)
    result, because = await _search(provider, _question(answers, told), work.report)
    these = sites.wanted(named, result.found, outside.addresses)
    async with Web(outside.rules) as web:
        seen = await sites.read_all(these, web, work.report)
        told = _told(told, answers, provider, result, because, seen)
        if any(one.page for one in seen):
            told = replace(told, sites=await _pictured(seen, web, work, assets))
    return told


def _question(answers: Answers, told: Research) -> Question:
    trade = search.catalogue()[told.trade]
    label = "" if trade.id == "general" else trade.label
    said = [word for word in (label, *told.keywords) if word]
    query = " ".join(dict.fromkeys(" ".join(said[:QUERY_WORDS_MAX]).split()))
    return Question(query, label, answers.offer[:500], answers.audience[:300])


async def _search(
    provider: Provider | NoSearch, question: Question, report: Report
) -> tuple[SearchResult, str]:
    """What was found, and why nothing was."""
    nothing = SearchResult(())
    if isinstance(provider, NoSearch):
        report.log(f"no search: {provider.reason}")
        return nothing, provider.reason
    if not question.query:
        return nothing, "The answers hold nothing to search for."
    report.progress(20, f"searching with {provider.name}")
    report.log(f"searching with {provider.name}: {question.query}")
    try:
        result = await provider.search(question)
    except SearchError as error:
        report.log(f"the search failed: {error.reason}")
        return nothing, error.reason
    report.log(f"{provider.name} names {len(result.found)} pages")
    return result, "" if result.found else "The search found no page."


def _because(provider: Provider | NoSearch) -> str:
    return provider.reason if isinstance(provider, NoSearch) else ""


def _told(
    told: Research,
    answers: Answers,
    provider: Provider | NoSearch,
    result: SearchResult,
    because: str,
    seen: Sequence[Seen],
) -> Research:
    """The catalogue's research with what came from the web before it."""
    told = _with_named(told, tuple(one.site for one in seen))
    told = replace(told, because=because)
    fresh = [Finding(one.title or one.url, one.text, one.url) for one in result.statements]
    fresh += comparing.compared(answers, [one for one in seen if one.page is not None])
    told = replace(told, findings=(*fresh, *told.findings))
    if not result.found or isinstance(provider, NoSearch):
        return told
    return replace(told, provider=provider.name, offline=False, headline=comparing.headline(seen))


def _with_named(told: Research, these: tuple[Site, ...]) -> Research:
    named = [site for site in these if site.named]
    if not named:
        return replace(told, sites=these)
    lines = [f"{site.host}: {site.reason}" if site.reason else f"{site.host}: read" for site in named]
    finding = Finding("Sites you named", f"{'; '.join(lines)}.", "your answers")
    return replace(told, sites=these, findings=(*told.findings, finding))


async def _pictured(seen: Sequence[Seen], web: Web, work: Assignment, assets: Path) -> tuple[Site, ...]:
    """The sites with pictures, as far as there is a browser and time."""
    told = {id(one): one.site for one in seen}
    pages = [one for one in seen if one.page is not None][:PICTURES_MAX]
    report = work.report
    report.progress(72, "taking pictures of the sites")
    try:
        async with asyncio.timeout(PICTURES_SECONDS), open_camera(web, work.folder) as camera:
            if isinstance(camera, NoCamera):
                report.log(f"no pictures: {camera.reason}")
                return tuple(told.values())
            for number, one in enumerate(pages, 1):
                told[id(one)] = await _picture(one, camera, assets, report)
                report.progress(72 + 26 * number // len(pages), f"pictures, {number} of {len(pages)}")
    except TimeoutError:
        report.log("no more pictures: they took too long")
    return tuple(told.values())


async def _picture(one: Seen, camera: Camera, assets: Path, report: Report) -> Site:
    assert one.page is not None
    shot = await camera.shoot(one.page)
    if isinstance(shot, NoPicture):
        report.log(f"{one.site.host}: no picture: {shot.reason}")
        return one.site
    try:
        name = await asyncio.to_thread(keep_picture, shot, assets)
    except OSError as error:  # what was found is worth more than its pictures
        report.log(f"{one.site.host}: no picture: it could not be saved ({error.strerror})")
        return one.site
    report.log(f"{one.site.host}: picture {name} ({len(shot)} bytes)")
    return replace(one.site, picture=name)
