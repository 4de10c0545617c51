"""Which pages the human asked for, out of a transcribed sentence without commas."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass

from orchestration.adapters import words
from orchestration.adapters.tables import Table

PAGES_MAX = 8
TITLE_CHARACTERS_MAX = 28

_TABLE = Table.load("orchestration.adapters", "pages.toml")
KNOWN: dict[str, tuple[str, str]] = {
    said: (page.text("kind"), page.text("title"))
    for page in _TABLE.tables("pages")
    for said in page.text("said").split(", ")
}
"""What is said → (kind, title). The longest match wins."""
GLUE = frozenset(_TABLE.words("glue"))
JOINS = frozenset(_TABLE.words("joins"))
SENTENCE_WORDS = frozenset("of that where which who so can could my our it people show tell".split())
"""With one of these it is a sentence about pages rather than a list of them."""
SINGLE = frozenset(word for word in KNOWN if " " not in word and len(word) >= 5)
ONE_PAGE = re.compile(
    r"\b(?:just|only|single|one) (?:a |one |single )?(?:home ?page|page|home page)\b", re.IGNORECASE
)
OWN_PAGE = re.compile(
    r"\bpages? (?:for|about|with|on|called) (?:the |our |my )?"
    r"((?:[^\W_]+ ?){1,3}?)(?=$| and | with | or |,|\.| page)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PageKind:
    """A page to be made: what kind of content it holds, how it is called, where it lies."""

    kind: str
    title: str
    slug: str

    @property
    def path(self) -> str:
        return f"{self.slug}.html"

    @classmethod
    def named(cls, name: str) -> PageKind:
        """A page by its name, known or the human's own."""
        kind, title = KNOWN.get(name.lower(), ("own", words.capital(name)[:TITLE_CHARACTERS_MAX].strip()))
        return cls(kind, title, "index" if kind == "home" else slug(title))


def slug(title: str) -> str:
    """A file name out of a title: lower-case letters, digits and hyphens, never empty, never a path."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40]
    return f"page-{name}" if name in {"", "index", "colophon"} else name


def named_pages(text: str) -> list[PageKind]:
    """The pages that the answer names, in its order, each once, at most eight; empty when it names none."""
    found: list[PageKind] = []
    tokens = re.findall(r"[^\W_]+|[,.;]", text.lower())
    at, unknown = 0, []
    while at < len(tokens):
        length, page = _known_at(tokens, at)
        if page is None and tokens[at] not in GLUE and tokens[at] not in ",.;":
            unknown.append(at)
        if page is not None:
            found.append(page)
        at += length
    found += _own_pages(text, tokens, unknown, found)
    first: dict[str, PageKind] = {}
    for page in found:
        first.setdefault(page.slug, page)
    return list(first.values())[:PAGES_MAX]


def planned_pages(text: str, usual: tuple[str, ...]) -> list[PageKind]:
    """The pages of the site: home, then the named ones, or the trade's usual ones when none were named."""
    named = named_pages(text)
    if len(named) <= 1 and not ONE_PAGE.search(text):
        titles = {page.slug for page in named}
        named += [page for name in usual if (page := PageKind.named(name)).slug not in titles]
    home = next((page for page in named if page.kind == "home"), PageKind.named("home"))
    others = [page for page in named if page.kind != "home"]
    others.sort(key=lambda page: page.kind == "contact")
    return [home, *others][:PAGES_MAX]


def _known_at(tokens: list[str], at: int) -> tuple[int, PageKind | None]:
    for length in (4, 3, 2, 1):
        said = " ".join(tokens[at : at + length])
        if said in KNOWN and not (said in JOINS and _is_glue(tokens, at)):
            return length, PageKind.named(said)
    if tokens[at] not in GLUE and (close := difflib.get_close_matches(tokens[at], SINGLE, 1, 0.85)):
        return 1, PageKind.named(close[0])
    return 1, None


def _is_glue(tokens: list[str], at: int) -> bool:
    """Whether a word that can name a page only joins others here: "a page about prices"."""
    before = tokens[at - 1] if at else ""
    after = tokens[at + 1] if at + 1 < len(tokens) else ""
    if tokens[at] == "about":
        return before in {"page", "pages"} and after not in {"", "us", "page", "and", ","}
    return before == "to"


def _own_pages(text: str, tokens: list[str], unknown: list[int], known: list[PageKind]) -> list[PageKind]:
    """Pages that we do not know: "a page for wholesale", or what is left of a plain list."""
    own = [match.group(1).strip() for match in OWN_PAGE.finditer(text)]
    own = [name for name in own if _fits(name)]
    plain = not SENTENCE_WORDS & set(tokens)
    most = len(known) * 2 if "," in text else len(known) if plain else len(known) // 2
    is_list = len(known) >= 2 and len(unknown) <= most
    if is_list:
        own += [name for name in _runs(tokens, unknown) if _fits(name)]
    return [PageKind.named(name) for name in dict.fromkeys(own)]


def _fits(name: str) -> bool:
    said = name.lower().split()
    return (
        1 <= len(said) <= 3
        and 3 <= len(name) <= TITLE_CHARACTERS_MAX
        and not all(word in GLUE or word in words.STOP_WORDS for word in said)
        and not any(word in KNOWN and KNOWN[word][0] != "own" for word in said)
    )


def _runs(tokens: list[str], positions: list[int]) -> list[str]:
    """Neighbouring words joined: positions 3, 4 and 7 make two names."""
    runs: list[list[int]] = []
    for at in positions:
        if runs and runs[-1][-1] == at - 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    return [" ".join(tokens[at] for at in run) for run in runs]
