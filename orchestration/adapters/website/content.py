"""What stands on the pages: the human's own words, arranged. Nothing is claimed that was not said.

Where a fact is missing (an address, a price, a time) it is left out, and no sentence fills its place. A
sentence stands on a page once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from orchestration.adapters import words
from orchestration.adapters.answers import Answers
from orchestration.adapters.look import Look
from orchestration.adapters.pages import PageKind, planned_pages
from orchestration.adapters.search import Trade
from orchestration.adapters.things import things_offered
from orchestration.adapters.website import art
from orchestration.adapters.website.contact import Fact, contact_facts, direct, texts_of
from orchestration.adapters.website.model import Block, Item, Page, Site

NAME_CHARACTERS_MAX = 70
TEXT_WORDS_MAX = 90
LEAD_WORDS_MAX = 40
LARGE_WORDS_MAX = 18
DESCRIPTION_CHARACTERS_MAX = 155
PLACES = ("contact", "address", "hours")
"""The kinds of pages that hold the facts on contact, the one that is looked for first before the others."""

QUESTIONS = {
    "name": "What is it called?",
    "offer": "What do you offer?",
    "audience": "Who is it for?",
    "difference": "What makes you different?",
    "pages": "Which pages should the site have?",
    "style": "How should it look and feel?",
}
Written = tuple[str, list[Block | None]]
"""A page's lead, and its blocks."""


@dataclass(frozen=True, slots=True)
class Voice:
    """The answers in the forms in which the pages use them; an empty text was not answered."""

    name: str
    offer: str
    audience: str
    difference: str
    terms: tuple[str, ...]

    @classmethod
    def of(cls, answers: Answers, trade: Trade) -> Voice:
        return cls(
            shown_name(answers, trade),
            words.shorten(words.offer(answers.offer), TEXT_WORDS_MAX),
            words.shorten(words.audience(answers.audience), TEXT_WORDS_MAX),
            words.shorten(words.difference(answers.difference), TEXT_WORDS_MAX),
            things_offered(answers.offer, trade.keywords),
        )

    @property
    def first_sentence(self) -> str:
        """The offer, short enough to stand under the name."""
        return first_of(self.offer)

    @property
    def for_whom(self) -> str:
        return f"For {self.audience}." if self.audience else ""

    @property
    def listed(self) -> str:
        """What is offered, as a line: "Fresh bread, apple cakes and birthday cakes."; "" for one thing."""
        named = [words.phrase(term) for term in self.terms[:4]]
        return words.capital(words.listing(named)) + "." if len(named) > 1 else ""


def first_of(text: str) -> str:
    """The first sentence; a very long one is cut."""
    return words.shorten((words.sentences(text) or [""])[0], LEAD_WORDS_MAX)


def shown_name(answers: Answers, trade: Trade) -> str:
    """The name; without one, what it is ("Our bakery"): a name is never invented."""
    name = answers.display_name or f"Our {trade.label}"
    return name if len(name) <= NAME_CHARACTERS_MAX else name[: NAME_CHARACTERS_MAX - 1].rstrip() + "…"


def site_of(answers: Answers, trade: Trade, look: Look) -> Site:
    """The site for these answers."""
    voice = Voice.of(answers, trade)
    kinds = planned_pages(answers.pages, trade.pages)
    facts = contact_facts(answers)
    writer = Writer(answers, trade, look, voice, kinds, facts)
    return Site(
        name=voice.name,
        full_name=answers.display_name,
        eyebrow="" if trade.id == "general" else words.capital(trade.label),
        pages=tuple(writer.page(kind) for kind in kinds),
        colophon=writer.colophon(),
        contact=facts,
    )


class Writer:
    """Writes each kind of page."""

    def __init__(
        self,
        answers: Answers,
        trade: Trade,
        look: Look,
        voice: Voice,
        kinds: list[PageKind],
        facts: tuple[Fact, ...],
    ) -> None:
        self._answers = answers
        self._trade = trade
        self._look = look
        self._voice = voice
        self._kinds = kinds
        self._facts = facts

    def page(self, kind: PageKind) -> Page:
        write = getattr(self, f"_{kind.kind}")
        lead, blocks = write(kind)
        heading = self._voice.name if kind.kind == "home" else kind.title
        description = self._description(kind, lead)
        return Page(kind, heading, lead, description, once(lead, blocks), self._told_first(kind))

    def colophon(self) -> Page:
        """The brief as it was given, so that the owner sees what the site was made from."""
        items = [
            Item(QUESTIONS[key], words.shorten(words.tidy(text) if key != "name" else text, 900))
            for key, text in self._answers.texts().items()
            if text
        ]
        kind = PageKind("colophon", "About this site", "colophon")
        lead = f"It was made from a conversation about {self._voice.name}. These are the words it is made of."
        blocks = (Block("faq", "In our own words", items=tuple(items)),) if items else ()
        description = f"{kind.title}: how the site of {self._voice.name} was made."
        return Page(kind, kind.title, lead, description, blocks)

    def _description(self, kind: PageKind, lead: str) -> str:
        said = [text for text in (self._voice.first_sentence, lead) if text]
        text = f"{kind.title} · {self._voice.name}{''.join(f'. {one}' for one in said[:1])}"
        text = lead if kind.kind == "home" and lead else text
        if len(text) <= DESCRIPTION_CHARACTERS_MAX:
            return text
        return text[: DESCRIPTION_CHARACTERS_MAX - 1].rsplit(" ", 1)[0][:DESCRIPTION_CHARACTERS_MAX] + "…"

    # ------------------------------------------------------------------ pages

    def _home(self, kind: PageKind) -> Written:
        voice = self._voice
        lead = self._answers.headline or voice.first_sentence or voice.for_whom or first_of(voice.difference)
        return lead, [
            self._offer_block(),
            self._difference_block(),
            self._audience_block(),
            self._ways_block(kind),
        ]

    def _about(self, kind: PageKind) -> Written:
        voice = self._voice
        return first_of(voice.difference) or voice.first_sentence, [
            self._difference_block(),
            self._offer_block(),
            self._audience_block(),
            self._action_block(),
        ]

    def _offer(self, kind: PageKind) -> Written:
        return self._voice.first_sentence, [
            self._terms_block("What we offer"),
            self._difference_block(),
            self._action_block(),
        ]

    def _menu(self, kind: PageKind) -> Written:
        return self._voice.first_sentence, [
            self._terms_block("What you will find"),
            self._difference_block(),
            self._action_block(),
        ]

    _prices = _offer
    _delivery = _offer

    def _contact(self, kind: PageKind) -> Written:
        return self._voice.first_sentence, [
            self._contact_block(kind),
            self._tell_block(),
            self._audience_block(),
        ]

    def _hours(self, kind: PageKind) -> Written:
        """What is looked for comes first, in place of the lead; where it is not known, what one comes for."""
        told = ". ".join(texts_of(self._facts, kind.kind))
        return told or self._voice.first_sentence, [
            self._contact_block(kind),
            self._terms_block("What we offer"),
            self._audience_block(),
        ]

    _address = _hours

    def _gallery(self, kind: PageKind) -> Written:
        titles = [*self._voice.terms, self._voice.name][:6]
        items = tuple(
            Item(t, art=art.study(self._look.seed, at, self._trade.id)) for at, t in enumerate(titles)
        )
        return self._voice.first_sentence, [
            Block("gallery", "What we do", items=items),
            self._action_block(),
        ]

    def _booking(self, kind: PageKind) -> Written:
        return self._voice.first_sentence, [
            self._steps_block(),
            self._tell_block(),
            self._action_block(),
        ]

    def _faq(self, kind: PageKind) -> Written:
        voice = self._voice
        asked = [
            (f"What does {voice.name} offer?", voice.offer),
            ("Who is it for?", voice.for_whom),
            ("What makes it different?", voice.difference),
            ("When is it open?", ". ".join(texts_of(self._facts, "hours"))),
            ("Where is it?", ". ".join(texts_of(self._facts, "address"))),
        ]
        if self._is_reachable:
            asked += [
                ("How do I begin?", f"{'. '.join(self._trade.steps)}."),
                ("What should I tell you first?", f"{'. '.join(self._trade.tell)}."),
            ]
        items = tuple(Item(question, answer) for question, answer in asked if answer)
        return "", [Block("faq", "You ask, we answer", items=items) if items else None, self._action_block()]

    def _notes(self, kind: PageKind) -> Written:
        voice = self._voice
        items = tuple(Item("", text) for text in (voice.offer, voice.difference, voice.for_whom) if text)
        drawing = art.study(self._look.seed, 3, self._trade.id)
        article = Block("article", "Who we are", items=items, art=drawing) if items else None
        return "", [article, self._action_block()]

    def _own(self, kind: PageKind) -> Written:
        return "", [
            self._offer_block(),
            self._difference_block(),
            self._audience_block(),
            self._action_block(),
        ]

    _reviews = _own

    # ------------------------------------------------------------------ blocks

    def _offer_block(self) -> Block | None:
        if not self._voice.offer:
            return None
        items = tuple(Item(term) for term in self._voice.terms)
        return Block("offer", "What we do", self._voice.offer, items=items)

    def _terms_block(self, heading: str) -> Block | None:
        if len(self._voice.terms) < 2:
            return self._offer_block()
        seed = self._look.seed
        items = (
            Item(t, art=art.study(seed, at + 1, self._trade.id)) for at, t in enumerate(self._voice.terms[:6])
        )
        return Block("cards", heading, items=tuple(items))

    def _difference_block(self) -> Block | None:
        if not self._voice.difference:
            return None
        return Block(
            "statement", "What makes us different", self._voice.difference, art=art.icon(self._trade.id)
        )

    def _audience_block(self) -> Block | None:
        if not self._voice.audience:
            return None
        text = words.capital(self._voice.audience) + "."
        drawing = art.study(self._look.seed, 5, self._trade.id)
        return Block("audience", "Who we are here for", text, art=drawing)

    def _steps_block(self) -> Block | None:
        """How it goes; who can neither call nor write cannot go that way and sees what there is."""
        steps = tuple(Item(step) for step in self._trade.steps)
        if not self._is_reachable:
            return self._terms_block("What we offer")
        return Block("steps", "How it goes", items=steps)

    def _tell_block(self) -> Block | None:
        """What it helps to tell, where there is a way to tell it."""
        items = tuple(Item(thing) for thing in self._trade.tell)
        return Block("list", "It helps us to know", items=items) if self._is_reachable else None

    def _contact_block(self, kind: PageKind) -> Block:
        """All facts but those that the page begins with; empty until there are some."""
        first = self._told_first(kind)
        others = tuple(fact for fact in self._facts if fact.kind != first)
        return Block("contact", "Get in touch", facts=others, without=first)

    def _action_block(self) -> Block:
        """Buttons: to call, to write, to the page that tells the rest; empty until one can call or write."""
        places = [page for kind in PLACES for page in self._kinds if page.kind == kind]
        path, title = (places[0].path, places[0].title) if places else ("", "")
        return Block("action", "Get in touch", facts=direct(self._facts), href=path, link=title)

    def _ways_block(self, kind: PageKind) -> Block | None:
        others = [page for page in self._kinds if page != kind]
        teasers = [self._teaser(page) for page in others]
        items = tuple(
            Item(page.title, text if text not in teasers[:at] else "", page.path)
            for at, (page, text) in enumerate(zip(others, teasers, strict=True))
        )
        return Block("ways", "Have a look around", items=items) if items else None

    def _teaser(self, page: PageKind) -> str:
        """What waits behind a link, in the human's words; empty where they have none that is not above it."""
        if page.kind in {"menu", "offer"}:
            return self._voice.listed
        kinds = ("phone", "email") if page.kind == "contact" else (page.kind,)
        return next((text for kind in kinds for text in texts_of(self._facts, kind)), "")

    # ------------------------------------------------------------------ facts

    @property
    def _is_reachable(self) -> bool:
        return bool(direct(self._facts))

    def _told_first(self, kind: PageKind) -> str:
        """The kind of facts that a page is for and begins with; empty where it has none."""
        is_for_facts = kind.kind in {"hours", "address"}
        return kind.kind if is_for_facts and texts_of(self._facts, kind.kind) else ""


# ---------------------------------------------------------------------- each sentence once


def once(lead: str, blocks: list[Block | None]) -> tuple[Block, ...]:
    """The blocks without what stands on the page already, and each large text divided for its heading."""
    said = set(map(_plain, words.sentences(lead)))
    kept: list[Block] = []
    for block in blocks:
        if block is not None and (new := _unsaid(block, said)):
            kept.append(new)
    return tuple(kept)


def _unsaid(block: Block, said: set[str]) -> Block | None:
    if block.kind == "ways":
        items = (replace(item, text="") if _plain(item.text) in said else item for item in block.items)
        return replace(block, items=tuple(items))
    if block.kind not in {"offer", "statement", "audience"}:
        return block
    fresh: dict[str, str] = {}
    for sentence in words.sentences(block.text):
        fresh.setdefault(_plain(sentence), sentence)
    left = [sentence for plain, sentence in fresh.items() if plain not in said]
    said.update(fresh)
    if not left:
        names = block.kind == "offer" and len(block.items) > 1
        return Block("names", block.heading, items=block.items[:5]) if names else None
    if block.kind == "offer":
        return replace(block, text=" ".join(left))
    large = 1 if len(" ".join(left).split()) > LARGE_WORDS_MAX else len(left)
    return replace(block, text=" ".join(left[:large]), more=" ".join(left[large:]))


def _plain(sentence: str) -> str:
    return re.sub(r"^for |\W+", " ", sentence.lower()).strip()
