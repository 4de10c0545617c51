"""Looks at the finished files as a visitor's browser would, and finds what must not be delivered."""

from __future__ import annotations

import math
import os
import re
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LINK_ATTRIBUTES = {"href", "src", "poster", "action"}
LISTS_OF_LINKS = {"srcset", "imagesrcset"}
EXTERNAL_ALLOWED = {"mailto", "tel"}
PAGE_BYTES_MAX = 4 * 1024 * 1024
READING_S = 10.0
"""For all pages of a site; Python's parser takes minutes for a small page of tags that never end."""
CSS_REMOTE = re.compile(r"@import|url\(\s*['\"]?(?:https?:)?//", re.IGNORECASE)


@dataclass(slots=True)
class Seen(HTMLParser):
    """What is in one page."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    title: str = ""
    headings: int = 0
    lang: str = ""
    description: str = ""
    scripts: int = 0
    """Scripts and frames of any kind, and attributes that are scripts."""
    modules: int = 0
    """Of these, modules that come from a file: the one kind that a built project has."""
    styles: list[str] = field(default_factory=list)
    """Style sheets and style attributes in the page."""
    leads_on: bool = False
    """It sends its visitors to another page by itself."""
    unread: bool = False
    """The parser gave up on it, or took too long."""
    ends: float = math.inf
    """When reading is given up, by `time.perf_counter`."""
    _inside: str = ""

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._look_at_the_time()
        # Of an attribute that is there twice the first one holds, as in a browser.
        values = {name: value or "" for name, value in reversed(attrs)}
        self.links += [value for name, value in values.items() if name in LINK_ATTRIBUTES]
        for name in LISTS_OF_LINKS & values.keys():
            self.links += [one.split()[0] for one in re.split(r",\s", values[name]) if one.strip()]
        self.styles.append(values.get("style", ""))
        self.leads_on |= tag == "meta" and values.get("http-equiv", "").strip().lower() == "refresh"
        if "id" in values:
            self.ids.add(values["id"])
        self._inside = tag
        self.headings += tag == "h1"
        self.scripts += tag in {"script", "iframe", "object", "embed"} or any(
            n.startswith("on") for n in values
        )
        self.modules += tag == "script" and values.get("type") == "module" and bool(values.get("src"))
        if tag == "html":
            self.lang = values.get("lang", "")
        if tag == "meta" and values.get("name") == "description":
            self.description = values.get("content", "")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        self._look_at_the_time()
        if self._inside == "title":
            self.title += data
        elif self._inside == "style":
            self.styles.append(data)

    def _look_at_the_time(self) -> None:
        """Between two marks: inside of one the parser is quick."""
        if time.perf_counter() > self.ends:
            raise _TooSlowError


class _TooSlowError(Exception):
    """The parser's time is over."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was checked, and what is wrong."""

    links: int
    faults: tuple[str, ...]


def check_site(folder: Path, *, scripts: bool = False) -> Verdict:
    """All pages of the folder: links lead somewhere inside, every page has what a page needs.

    `scripts` lets modules be that lie in the folder; all else that runs is a fault as ever.
    """
    ends = time.perf_counter() + READING_S
    files = [path for path in sorted(folder.rglob("*.html")) if path.is_file()]
    pages = {_name(path, folder): _seen(path, ends) for path in files}
    faults = [fault for name, page in pages.items() for fault in _page_faults(name, page, scripts)]
    links = [(name, link) for name, page in pages.items() for link in page.links]
    faults += [
        f"{name}: the link {link!r} leads nowhere"
        for name, link in links
        if not _leads(folder, pages, name, link)
    ]
    titles = [page.title for page in pages.values()]
    faults += [f"two pages are titled {title!r}" for title in set(titles) if titles.count(title) > 1]
    for sheet in folder.rglob("*.css"):
        if sheet.is_file() and CSS_REMOTE.search(sheet.read_text("utf-8", "replace")):
            faults.append(f"{_name(sheet, folder)} loads something from elsewhere")
    faults += [f"{_name(path, folder)}: too large" for path in files if _too_large(path)]
    if "index.html" not in pages:
        faults.append("there is no index.html")
    return Verdict(len(links), tuple(faults))


def _name(path: Path, folder: Path) -> str:
    """As it can be shown: a name on a disk need not be text."""
    return os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "replace")


def _too_large(path: Path) -> bool:
    return path.stat().st_size > PAGE_BYTES_MAX


def _seen(path: Path, ends: float) -> Seen:
    page = Seen(ends=ends)
    if not _too_large(path):
        try:
            page.feed(path.read_text("utf-8", "replace"))
            page.close()
        except (AssertionError, ValueError, _TooSlowError):  # the first two are the parser's own
            page.unread = True
    return page


def _page_faults(name: str, page: Seen, scripts: bool) -> list[str]:
    wrong = {
        "no title": not page.title.strip(),
        "no description": not page.description.strip(),
        "no language": not page.lang,
        "not exactly one main heading": page.headings != 1,
        "cannot be read": page.unread,
        "loads something from elsewhere": any(map(CSS_REMOTE.search, page.styles)),
        "sends its visitors on": page.leads_on,
        "a script or a frame": page.scripts > (page.modules if scripts else 0),
    }
    return [f"{name}: {fault}" for fault, is_wrong in wrong.items() if is_wrong]


def _leads(folder: Path, pages: dict[str, Seen], name: str, link: str) -> bool:
    try:
        parts = urlsplit(link)
        if parts.scheme in EXTERNAL_ALLOWED:
            return True
        if parts.scheme or parts.netloc or not link:
            return False
        page = (folder / name).resolve()
        found = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        if not found.is_relative_to(folder.resolve()) or not found.is_file():
            return False
    except (ValueError, OSError):  # no address at all, or no name that a file can have
        return False
    target = _name(found, folder.resolve())
    return not parts.fragment or (target in pages and parts.fragment in pages[target].ids)
