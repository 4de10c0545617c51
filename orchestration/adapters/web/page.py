"""What a page says of itself: title, description, headings and its readable text, all of it inert."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass
from itertools import islice

from lxml import etree

from orchestration.adapters.web.fetch import Fetched

TITLE_CHARACTERS_MAX = 120
DESCRIPTION_CHARACTERS_MAX = 300
HEADINGS_MAX = 6
HEADING_CHARACTERS_MAX = 100
TEXT_CHARACTERS_MAX = 20_000
TEXTS_MAX = 5_000
_UNSEEN = ("script", "style", "noscript", "template", "svg", "iframe", "object")
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_CHARSET_WITHIN = 2048
_ENCODINGS = re.compile(
    r"(utf|iso|windows|cp|latin|shift|sjis|euc|gb|big5|koi8|us-ascii)[\w.:-]*", re.IGNORECASE
)
"""Those of web pages: Python knows others, some of them slow."""
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Page:
    """Texts of a stranger: they are shown and quoted, never obeyed."""

    title: str = ""
    description: str = ""
    headings: tuple[str, ...] = ()
    text: str = ""
    """Lower case, from the visible part of the page."""


def read(fetched: Fetched) -> Page:
    """Never raises: what cannot be read is left empty."""
    # libxml2 gives up on what is nested too deeply, and takes no longer for any page of this size.
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(decoded(fetched).encode("utf-8", "replace"), parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        return Page()
    etree.strip_elements(root, *_UNSEEN, with_tail=False)
    metas = {_key(node): node.get("content", "") for node in reversed(root.findall(".//meta"))}
    described = metas.get("description") or metas.get("og:description") or ""
    titles = (inert(_text(node), TITLE_CHARACTERS_MAX) for node in root.iter("title"))
    return Page(
        next(filter(None, titles), "") or inert(metas.get("og:title", ""), TITLE_CHARACTERS_MAX),
        inert(described, DESCRIPTION_CHARACTERS_MAX),
        _headings(root),
        inert(" ".join(islice(root.itertext(), TEXTS_MAX)), TEXT_CHARACTERS_MAX).lower(),
    )


def _key(meta: etree._Element) -> str:
    return str(meta.get("name") or meta.get("property") or "").strip().lower()


def _text(node: etree._Element) -> str:
    return " ".join(islice(node.itertext(), TEXTS_MAX))


def _headings(root: etree._Element) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for node in islice(root.iter("h1", "h2"), 10 * HEADINGS_MAX):
        if text := inert(_text(node), HEADING_CHARACTERS_MAX):
            found[text] = None
        if len(found) == HEADINGS_MAX:
            break
    return tuple(found)


def decoded(fetched: Fetched) -> str:
    """The body as text: by its byte order mark, its header, its own word, else as UTF-8. Never raises."""
    named = _CHARSET.search(fetched.body[:_CHARSET_WITHIN])
    marked = next((name for mark, name in _MARKS if fetched.body.startswith(mark)), "")
    for name in (marked, fetched.charset, named[1].decode("ascii") if named else ""):
        try:
            if _ENCODINGS.fullmatch(name):
                return fetched.body.decode(name, "replace")
        except (LookupError, ValueError):
            continue
    return fetched.body.decode("utf-8", "replace")


def inert(text: str, characters_max: int) -> str:
    """One line without control and formatting characters, cut at a word where it is too long."""
    some = text[: 20 * characters_max]
    spaced = "".join(" " if character.isspace() else character for character in some)
    kept = "".join(c for c in spaced if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    line = " ".join(kept.split())
    if len(line) <= characters_max:
        return line
    return line[: characters_max - 1].rpartition(" ")[0].rstrip(",;:-–") + "…"
