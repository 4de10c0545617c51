"""What research results in, and the part of it that needs nobody: the offline catalogue, read with the
human's own words.

The catalogue names itself as the source, and knows no figures and no companies. Nothing is fetched here
(see market.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache

from orchestration.adapters import words
from orchestration.adapters.answers import Answers
from orchestration.adapters.pages import PageKind, named_pages
from orchestration.adapters.tables import Table
from orchestration.adapters.things import is_known, things_offered
from orchestration.adapters.work import Report

PROVIDER = "offline catalogue"
HEADLINE_WORDS_MAX = 20
KEYWORDS_MAX = 12
DOMAIN = re.compile(
    r"(?<![@\w.-])(?:https?://)?((?:[a-z0-9][a-z0-9-]{0,62}\.)+(?:com|org|net|io|co|dev|app|shop|info|biz|eu|uk|de|fr|"
    r"nl|es|it|ch|at|be|us|ca|au|se|no|dk|pl|pt|ie|in|jp))\b(?!@|\.\w)",
    re.IGNORECASE,
)
HOST = re.compile(r"https?://(?:www\.)?([^/?#:@\s\[\]]+)", re.IGNORECASE)
SPOKEN_DOT = re.compile(r"\b(\w+) dot (com|org|net|io|de|fr|eu)\b", re.IGNORECASE)
WEIGHTS = (("name", 4), ("offer", 3), ("audience", 1))
"""A name is chosen and corrected with care: a word of it counts more than one that was heard in the offer."""


@dataclass(frozen=True, slots=True)
class Trade:
    """One entry of the catalogue; the fields are explained in catalogue.toml."""

    id: str
    label: str
    keywords: tuple[str, ...]
    first: str
    expect: tuple[str, ...]
    pages: tuple[str, ...]
    say: tuple[str, ...]
    avoid: tuple[str, ...]
    tell: tuple[str, ...]
    steps: tuple[str, ...]
    hue: int
    shapes: str

    @property
    def source(self) -> str:
        return f"{PROVIDER}: {self.id}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth knowing, and where it is from."""

    title: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Site:
    """A website that was found or that the human named; its texts are its own, made inert.

    `reason` says in a few words why it was not read, and is empty when it was. `picture` is the name of an
    asset, empty when there is none.
    """

    url: str
    title: str = ""
    summary: str = ""
    headings: tuple[str, ...] = ()
    named: bool = False
    reason: str = ""
    picture: str = ""

    @property
    def host(self) -> str:
        found = HOST.match(self.url)
        return found[1].lower() if found else self.url


@dataclass(frozen=True, slots=True)
class Research:
    """What was found. `headline` is one sentence to be spoken, at most 20 words.

    `offline`: no search of the web brought anything; `because` is then a sentence that says why.
    """

    trade: str
    headline: str
    findings: tuple[Finding, ...]
    keywords: tuple[str, ...]
    sites: tuple[Site, ...]
    provider: str = PROVIDER
    offline: bool = True
    because: str = ""

    def as_json(self) -> dict[str, object]:
        return {"status": "done", **asdict(self)}

    @classmethod
    def of(cls, value: object) -> Research | None:
        """Out of a job's payload: what the website needs; None when there was no research."""
        if not isinstance(value, dict) or not isinstance(value.get("trade"), str):
            return None
        keywords = value.get("keywords")
        kept = tuple(str(word) for word in keywords) if isinstance(keywords, list) else ()
        return cls(str(value["trade"]), str(value.get("headline", "")), (), kept, ())


@cache
def catalogue() -> dict[str, Trade]:
    """All trades by id. Raises TableError when the file in the package is broken."""
    table = Table.load("orchestration.adapters", "catalogue.toml")
    return {id_: _trade(id_, table.table(id_)) for id_ in table.keys()}


def _trade(id_: str, fields: Table) -> Trade:
    return Trade(
        id=id_,
        label=fields.text("label"),
        keywords=fields.texts("keywords"),
        first=fields.text("first"),
        expect=fields.texts("expect"),
        pages=fields.texts("pages"),
        say=fields.texts("say"),
        avoid=fields.texts("avoid"),
        tell=fields.texts("tell"),
        steps=fields.texts("steps"),
        hue=int(fields.number("hue")),
        shapes=fields.text("shapes"),
    )


def detect_trade(answers: Answers) -> Trade:
    """The trade whose keywords the answers hold, weighed by question; the general one when none do."""
    best, best_score = catalogue()["general"], 0
    for trade in catalogue().values():
        score = sum(weight * _hits(trade, answers.text(key)) for key, weight in WEIGHTS)
        if score > best_score:
            best, best_score = trade, score
    return best


def _hits(trade: Trade, text: str) -> int:
    said = set(re.findall(r"[^\W\d_]+", words.without_markup(text).lower()))
    pairs = sum(1 for keyword in trade.keywords if " " in keyword and set(keyword.split()) <= said)
    return pairs + sum(1 for word in said if is_known(word, trade.keywords))


def keywords_of(answers: Answers) -> tuple[str, ...]:
    """The human's own words that carry most meaning: offer and difference first."""
    text = " ".join((answers.offer, answers.difference, answers.audience, answers.display_name))
    said = words.content_words(words.without_markup(text))
    return tuple(word for word in said if word not in words.VERBS | words.NUMBERS)[:KEYWORDS_MAX]


def sites_named(answers: Answers) -> tuple[str, ...]:
    """Domains that the human named, also as speech ("my shop dot com")."""
    text = SPOKEN_DOT.sub(r"\1.\2", " ".join(answers.texts().values()))
    return tuple(dict.fromkeys(match.group(1).lower() for match in DOMAIN.finditer(text)))


def read_catalogue(answers: Answers, report: Report) -> Research:
    """Read the catalogue with the answers. Quick, offline and always the same for the same answers."""
    report.progress(5, "reading the answers")
    for key in answers.unanswered():
        report.log(f"unanswered: {key}")
    keywords = keywords_of(answers)
    report.log(f"your words: {', '.join(keywords) or 'none'}")
    trade = detect_trade(answers)
    report.log(f"trade: {trade.label} ({_hits(trade, answers.offer)} matching words in the offer)")
    report.progress(15, f"comparing with the catalogue: {trade.label}")
    findings = tuple(_findings(answers, trade, keywords))
    return Research(trade.id, _headline(answers, trade, keywords), findings, keywords, ())


def _headline(answers: Answers, trade: Trade, keywords: tuple[str, ...]) -> str:
    """One sentence to be spoken: what visitors want first, and what of the human's own answers it."""
    article = "an" if trade.label[0] in "aeiou" else "a"
    start = f"Visitors to {article} {trade.label} site first want {trade.first}"
    things = [thing.lower() for thing in things_offered(answers.offer, trade.keywords)]
    leads = (things[:2], things[:1], list(keywords[:2]))
    sentences = (f"{start}; we lead with {words.listing(lead)}." for lead in leads if lead)
    fitting = (sentence for sentence in sentences if len(sentence.split()) <= HEADLINE_WORDS_MAX)
    return next(fitting, f"{start}.")


def _findings(answers: Answers, trade: Trade, keywords: Sequence[str]) -> list[Finding]:
    found = [Finding("What visitors look for", _expectation(answers, trade), trade.source)]
    if answers.difference:
        said = words.shorten(words.difference(answers.difference), 30)
        text = f"You said: “{said}” It belongs on the first screen."
        found.append(Finding("What sets you apart", text, "your answer: difference"))
    found.append(Finding("Pages", _pages(answers, trade), trade.source))
    own = f"Your own words come first: {', '.join(keywords[:6])}. " if keywords else ""
    found.append(Finding("Words", f"{own}Words that suit the trade: {', '.join(trade.say)}.", trade.source))
    found.append(Finding("What to avoid", " ".join(trade.avoid), trade.source))
    if missing := answers.unanswered():
        text = f"Still open: {words.listing(missing)}. The work leaves these out instead of guessing."
        found.append(Finding("Not answered", text, "your answers"))
    return found


def _expectation(answers: Answers, trade: Trade) -> str:
    whom = (
        f" You want to reach {words.shorten(words.audience(answers.audience), 24)}."
        if answers.audience
        else ""
    )
    return f"{' '.join(trade.expect[:2])}{whom}"


def _pages(answers: Answers, trade: Trade) -> str:
    kinds = [PageKind.named(page) for page in trade.pages]
    named = named_pages(answers.pages)
    usual = words.listing([page.title.lower() for page in kinds])
    if not named:
        return f"You named no pages. Usual for this trade: {usual}."
    missing = [page.title.lower() for page in kinds if page.slug not in {n.slug for n in named}]
    more = f" Often seen as well: {words.listing(missing)}." if missing else " Nothing usual is missing."
    return f"You asked for {words.listing([page.title.lower() for page in named])}.{more}"
