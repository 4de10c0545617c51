"""Which pages the human asked for: a list with commas, or a transcribed sentence without any.

Between commas each item is one page with its own title; in a sentence the names that we know are found.
"""

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
SHORT = frozenset(_TABLE.words("short"))
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
ITEM_END = re.compile(r"[,;\n]|[.!?](?=\s|$)")
BEFORE_ITEM = re.compile(
    r"^(?:(?:and|then|also|maybe|perhaps|probably|plus|of course|i think|i guess|well|so|um+|uh+|just|"
    r"only|please|"
    r"(?:i|we)(?:['’]d| would)? (?:like|love|want|need|have)(?: to have)?|there should be|it should have|"
    r"(?:the|our|my) (?:web)?site (?:should have|needs)|something (?:for|about)|"
    r"(?:\w+ )?pages?[:,]?(?= \w+ page))\b[\s:]*)+",
    re.IGNORECASE,
)
OWN_ITEM = re.compile(
    r"^(?:(?:an?|the|one|another|our|my)\s+)?(?:separate |small |own )?(?:pages?|sections?|lists?)\s+"
    r"(?:with|for|about|on|of|to|called|named|that shows?|where (?:people|you|customers|we|they|one) can)\s+",
    re.IGNORECASE,
)
AROUND_TITLE = re.compile(
    r"^(?:(?:an?|the|some)\s+)+(?=\S)|\s+(?:web)?(?:pages?|sections?)$|\s+(?:please|of course|too|as well)$|"
    r"(?<=\band )(?:the|our|an?)\s+",
    re.IGNORECASE,
)
NO_TITLE = re.compile(r"(?:i|we|you|it|that|there|not|no|nothing|people|because)\s", re.IGNORECASE)
TITLE_WORDS_MAX = 5


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
    text = words.without_markup(text)
    found = _listed(text) if ITEM_END.search(text.strip(" .,;!?")) else _in_sentence(text)
    first: dict[str, PageKind] = {}
    for page in found:
        first.setdefault(page.slug, page)
    return list(first.values())[:PAGES_MAX]


def _in_sentence(text: str) -> list[PageKind]:
    found: list[PageKind] = []
    tokens = re.findall(r"[^\W_]+|[,.;]", text.lower().replace("of course", ","))
    at, unknown = 0, []
    while at < len(tokens):
        length, page = _known_at(tokens, at)
        if page is None and tokens[at] not in GLUE and tokens[at] not in ",.;":
            unknown.append(at)
        if page is not None:
            found.append(page)
        at += length
    return found + _own_pages(text, tokens, unknown, found)


def _listed(text: str) -> list[PageKind]:
    """The pages of a list with commas (or full stops): `home, how lessons work, prices and contact`."""
    items = [item for part in ITEM_END.split(text) if (item := BEFORE_ITEM.sub("", part.strip()))]
    return [page for at, item in enumerate(items) for page in _of_item(item, is_last=at == len(items) - 1)]


def _of_item(item: str, *, is_last: bool) -> list[PageKind]:
    """The page that an item of a list is; two where the last has an "and", or where one is the home page."""
    title = _title(item)
    parts = re.split(r"\s+(?:and|&)\s+", item)
    is_two = is_last or any(KNOWN.get(_title(part).lower(), ("",))[0] == "home" for part in parts)
    if len(parts) > 1 and is_two and not OWN_ITEM.match(item) and title.lower() not in KNOWN:
        return [page for part in parts for page in _of_item(BEFORE_ITEM.sub("", part), is_last=False)]
    if len(title) > TITLE_CHARACTERS_MAX or len(title.split()) > TITLE_WORDS_MAX or NO_TITLE.match(title):
        return _in_sentence(item)
    said = title.lower()
    if said not in KNOWN and (
        len(title) < 3 or all(w in GLUE or w in words.STOP_WORDS for w in said.split())
    ):
        return []
    kind = _kind_of(said)
    if kind == "home" or said in SHORT:
        return [PageKind.named(said if said in KNOWN else kind)]
    return [PageKind(kind, words.capital(title), slug(title))]


def _title(item: str) -> str:
    """What the page is called: `a page with our hours and the address` → `hours and address`."""
    own = OWN_ITEM.sub("", item)
    tokens = re.findall(r"[^\W_]+(?:['’&-][^\W_]+)*|&", AROUND_TITLE.sub("", own))
    title = " ".join(tokens)
    return re.sub(r"^(?:our|my) ", "", title, flags=re.IGNORECASE) if own != item else title


def _kind_of(said: str) -> str:
    """The kind of content for a page of that name: by all of it, else by how it begins or ends."""
    if said in KNOWN:
        return KNOWN[said][0]
    tokens = said.split()
    if tokens[0] in {"book", "reserve", "booking"}:
        return "booking"
    for length in range(min(len(tokens) - 1, 4), 0, -1):
        start, end = " ".join(tokens[:length]), " ".join(tokens[-length:])
        if (
            start in KNOWN
            and start not in JOINS
            and tokens[length] in {"and", "for", "with", "of", "in", "from"}
        ):
            return KNOWN[start][0]
        if end in KNOWN and end not in JOINS and tokens[0] not in {"how", "where", "why", "what"}:
            return KNOWN[end][0]
    return "own"


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
    length = _phrase_at(tokens, at)
    if length:
        title = words.capital(" ".join(tokens[at : at + length]))
        return length, PageKind("booking" if tokens[at] == "book" else "own", title, slug(title))
    for length in (4, 3, 2, 1):
        said = " ".join(tokens[at : at + length])
        if said in KNOWN and not (said in JOINS and _is_glue(tokens, at)):
            return length, PageKind.named(said)
    if tokens[at] not in GLUE and (close := difflib.get_close_matches(tokens[at], SINGLE, 1, 0.85)):
        return 1, PageKind.named(close[0])
    return 1, None


def _phrase_at(tokens: list[str], at: int) -> int:
    """How many words a name has that is a phrase: `book a repair`, `how lessons work`; 0 for none."""
    if tokens[at] == "book" and tokens[at + 1 : at + 2] in (["a"], ["an"], ["your"]) and at + 2 < len(tokens):
        return 3
    works = [end for end in range(at + 2, min(at + 4, len(tokens))) if tokens[end] in {"work", "works"}]
    return works[0] - at + 1 if tokens[at] == "how" and works else 0


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
