"""Looks at the finished files as a visitor's browser would, and finds what must not be delivered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LINK_ATTRIBUTES = {"href", "src", "poster", "action"}
EXTERNAL_ALLOWED = {"mailto", "tel"}
PAGE_BYTES_MAX = 4 * 1024 * 1024
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
    _in_title: bool = False

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.links += [value for name, value in values.items() if name in LINK_ATTRIBUTES]
        if "id" in values:
            self.ids.add(values["id"])
        self._in_title = tag == "title"
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
        self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was checked, and what is wrong."""

    links: int
    faults: tuple[str, ...]


def check_site(folder: Path, *, scripts: bool = False) -> Verdict:
    """All pages of the folder: links lead somewhere inside, every page has what a page needs.

    `scripts` lets modules be that lie in the folder; all else that runs is a fault as ever.
    """
    pages = {path.name: _seen(path) for path in sorted(folder.glob("*.html"))}
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
        if CSS_REMOTE.search(sheet.read_text("utf-8", "replace")):
            faults.append(f"{sheet.name} loads something from elsewhere")
    faults += [f"{path.name}: too large" for path in folder.glob("*.html") if _too_large(path)]
    if "index.html" not in pages:
        faults.append("there is no index.html")
    return Verdict(len(links), tuple(faults))


def _too_large(path: Path) -> bool:
    return path.stat().st_size > PAGE_BYTES_MAX


def _seen(path: Path) -> Seen:
    page = Seen()
    if not _too_large(path):
        page.feed(path.read_text("utf-8", "replace"))
    page.close()
    return page


def _page_faults(name: str, page: Seen, scripts: bool) -> list[str]:
    wrong = {
        "no title": not page.title.strip(),
        "no description": not page.description.strip(),
        "no language": not page.lang,
        "not exactly one main heading": page.headings != 1,
        "a script or a frame": page.scripts > (page.modules if scripts else 0),
    }
    return [f"{name}: {fault}" for fault, is_wrong in wrong.items() if is_wrong]


def _leads(folder: Path, pages: dict[str, Seen], name: str, link: str) -> bool:
    parts = urlsplit(link)
    if parts.scheme in EXTERNAL_ALLOWED:
        return True
    if parts.scheme or parts.netloc or not link:
        return False
    target = unquote(parts.path) or name
    inside = (folder / target).resolve().is_relative_to(folder.resolve())
    if not inside or not (folder / target).is_file():
        return False
    return not parts.fragment or (target in pages and parts.fragment in pages[target].ids)
