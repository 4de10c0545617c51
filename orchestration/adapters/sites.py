"""Reads the sites that were found or named: each by itself, so that one failure does not stop the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from orchestration.adapters.search import Site
from orchestration.adapters.searching import Found
from orchestration.adapters.web import FetchCode, Fetched, FetchError, Robots, Web, inert, read
from orchestration.adapters.work import Report

SITES_MAX = 6
NAMED_MAX = 3
AT_ONCE = 4
SECONDS_EACH = 15.0
SUMMARY_CHARACTERS_MAX = 300
HEADINGS_MAX = 4
HEADING_CHARACTERS_MAX = 80

Addresses = Callable[[str], tuple[str, ...]]
"""A name as the human said it → where its page may be, in the order to try."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A site as it is told, the page as it came (None when it did not), and its text for comparing."""

    site: Site
    page: Fetched | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A site to be read, and what is known of it before."""

    addresses: tuple[str, ...]
    site: Site


def of_name(name: str) -> tuple[str, ...]:
    """The usual addresses of a site."""
    return (f"https://{name}/", f"http://{name}/")


def wanted(named: Sequence[str], found: Sequence[Found], addresses: Addresses = of_name) -> list[Wanted]:
    """The human's own sites first, then what was found; one page of each site, SITES_MAX in all."""
    chosen: dict[str, Wanted] = {}
    for name in named[:NAMED_MAX]:
        places = addresses(name)
        chosen.setdefault(name.removeprefix("www."), Wanted(places, Site(places[0], named=True)))
    for one in found:
        site = Site(inert(one.url, 2048), one.title, one.text)
        chosen.setdefault(site.host, Wanted((one.url,), site))
    return list(chosen.values())[:SITES_MAX]


async def read_all(these: Sequence[Wanted], web: Web, report: Report) -> list[Seen]:
    """Read them, a few at a time; in their order. Never raises for what a site does."""
    robots, places, done = Robots(web), asyncio.Semaphore(AT_ONCE), 0

    async def one(this: Wanted) -> Seen:
        nonlocal done
        async with places:
            seen = await _read(this, web, robots)
        done += 1
        told = f"not read: {seen.site.reason}" if seen.site.reason else seen.site.title or "no title"
        report.log(f"{seen.site.host}: {told}")
        report.progress(35 + 35 * done // len(these), f"reading sites, {done} of {len(these)}")
        return seen

    return list(await asyncio.gather(*(one(this) for this in these)))


async def _read(this: Wanted, web: Web, robots: Robots) -> Seen:
    try:
        async with asyncio.timeout(SECONDS_EACH):
            fetched = await _first_of(this.addresses, web, robots)
    except FetchError as error:
        return Seen(replace(this.site, reason=error.reason))
    except TimeoutError:
        return Seen(replace(this.site, reason=FetchError(FetchCode.TIMED_OUT).reason))
    page = await asyncio.to_thread(read, fetched)
    headings = tuple(inert(heading, HEADING_CHARACTERS_MAX) for heading in page.headings[:HEADINGS_MAX])
    summary = page.description or inert(this.site.summary, SUMMARY_CHARACTERS_MAX)
    title = page.title or this.site.title
    site = replace(this.site, url=fetched.url, title=title, summary=summary, headings=headings)
    return Seen(site, fetched, f"{page.title} {page.description}".lower() + f" {page.text}")


async def _first_of(addresses: Sequence[str], web: Web, robots: Robots) -> Fetched:
    """The page at the first address that can be reached at all."""
    *others, last = addresses
    for address in others:
        try:
            return await web.get(address, before=robots.require)
        except FetchError as error:
            if error.code is not FetchCode.UNREACHABLE:
                raise
    return await web.get(last, before=robots.require)
