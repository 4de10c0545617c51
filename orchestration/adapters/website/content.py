"""What stands on the pages: the human's own words, arranged. Nothing is claimed that was not said.

Where a fact is missing (an address, a price, a time) the page says how to ask, or leaves it out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestration.adapters import words
from orchestration.adapters.answers import Answers
from orchestration.adapters.look import Look
from orchestration.adapters.pages import PageKind, planned_pages
from orchestration.adapters.search import Trade
from orchestration.adapters.things import things_offered
from orchestration.adapters.website import art
from orchestration.adapters.website.model import Block, Item, Page, Site

NAME_CHARACTERS_MAX = 70
TEXT_WORDS_MAX = 90
DESCRIPTION_CHARACTERS_MAX = 155
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
SPOKEN_EMAIL = re.compile(
    r"\b(\w{2,30}) at (\w{2,40}) dot (com|org|net|io|eu|de|fr|es|it|nl|ch|at)\b", re.IGNORECASE
)
PHONE = re.compile(r"(?<!\w)\+?\d[\d ()/-]{6,18}\d(?!\w)")

QUESTIONS = {
    "name": "What is it called?",
    "offer": "What do you offer?",
    "audience": "Who is it for?",
    "difference": "What makes you different?",
    "pages": "Which pages should the site have?",
    "style": "How should it look and feel?",
}
INVITATION = (
    "We like to know the people we work for. Tell us what you have in mind, in your own words: "
    "that is where our best work begins."
)


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
        first = re.split(r"(?<=[.!?]) ", self.offer, maxsplit=1)[0]
        return words.shorten(first, 26)

    @property
    def for_whom(self) -> str:
        return f"For {self.audience}." if self.audience else ""


def shown_name(answers: Answers, trade: Trade) -> str:
    """The name; without one, what it is ("Our bakery"): a name is never invented."""
    name = answers.display_name or f"Our {trade.label}"
    return name if len(name) <= NAME_CHARACTERS_MAX else name[: NAME_CHARACTERS_MAX - 1].rstrip() + "…"


def site_of(answers: Answers, trade: Trade, look: Look) -> Site:
    """The site for these answers."""
    voice = Voice.of(answers, trade)
    kinds = planned_pages(answers.pages, trade.pages)
    writer = Writer(answers, trade, look, voice, kinds)
    return Site(
        name=voice.name,
        full_name=answers.display_name,
        eyebrow="" if trade.id == "general" else words.capital(trade.label),
        plan=words.shorten(words.phrase(answers.pages), 40),
        style=words.shorten(words.style(answers.style), 40),
        pages=tuple(writer.page(kind) for kind in kinds),
        colophon=writer.colophon(),
    )


class Writer:
    """Writes each kind of page."""

    def __init__(
        self, answers: Answers, trade: Trade, look: Look, voice: Voice, kinds: list[PageKind]
    ) -> None:
        self._answers = answers
        self._trade = trade
        self._look = look
        self._voice = voice
        self._kinds = kinds

    def page(self, kind: PageKind) -> Page:
        write = getattr(self, f"_{kind.kind}")
        lead, blocks = write(kind)
        heading = self._voice.name if kind.kind == "home" else kind.title
        return Page(
            kind, heading, lead, self._description(kind, lead), tuple(b for b in blocks if b is not None)
        )

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
        return Page(
            kind,
            kind.title,
            lead,
            words.capital(kind.title) + f": how the site of {self._voice.name} was made.",
            blocks,
        )

    def _description(self, kind: PageKind, lead: str) -> str:
        text = (
            lead
            if kind.kind == "home"
            else f"{kind.title} · {self._voice.name}. {self._voice.first_sentence or lead}"
        )
        if len(text) <= DESCRIPTION_CHARACTERS_MAX:
            return text
        return text[: DESCRIPTION_CHARACTERS_MAX - 1].rsplit(" ", 1)[0][:DESCRIPTION_CHARACTERS_MAX] + "…"

    # ------------------------------------------------------------------ pages

    def _home(self, kind: PageKind) -> tuple[str, list[Block | None]]:
        voice = self._voice
        lead = self._answers.headline or voice.first_sentence or voice.for_whom
        lead = lead or f"Welcome to {voice.name}."
        told = lead == voice.offer
        return lead, [
            self._names_block("What we do") if told else self._offer_block("What we do"),
            self._difference_block(),
            self._audience_block(),
            self._ways_block(kind),
        ]

    def _about(self, kind: PageKind) -> tuple[str, list[Block | None]]:
        voice = self._voice
        lead = words.shorten(voice.difference, 32) or voice.first_sentence or f"This is {voice.name}."
        return lead, [
            self._offer_block("What we do"),
            self._audience_block(),
            self._look_block(),
            self._contact_block(kind),
        ]

    def _offer(self, kind: PageKind) -> tuple[str, list[Block | None]]:
        return self._offer_lead(), [
            self._terms_block(f"{kind.title} at {self._voice.name}"),
            self._difference_block(),
            self._tell_block("Before you ask"),
            self._contact_block(kind),
        ]

    def _menu(self, kind: PageKind) -> tuple[str, list[Block | None]]:
        return self._offer_lead(), [
            self._terms_block("What you will find"),
            Block(
                "note",
                "Today's choice",
                "What there is changes. Ask us what is there today, and what goes well with it.",
            ),
            self._difference_block(),
            self._contact_block(kind),
        ]

    def _prices(self, kind: PageKind) -> tuple[str, list[Block | None]]:
        lead = "Tell us what you have in mind and we will name the price before you decide."
        return lead, [
            self._terms_block("What you can ask for"),
            self._tell_block("So that we can name a price"),
            self._contact_block(kind),
        ]

    def _contact(self, kind: PageKind) -> tuple[str, list[Block | None]]:
        known = contact_items(self._answers)
        lead = f"Say hello to {self._voice.name}."
        text = "" if known else INVITATION
        return lead, [
            Block("contact", "Get in touch", text, items=known, art=art.icon(self._trade.id)),
            self._tell_block("It helps us to know"),
            self._audience_block(),
        ]

    def _hours(self, kind: PageKind) -> tuple[str, list[Block | None]]:
        lead = "Ask us for this week's times before you set out."
        return lead, [
            self._steps_block("How it goes"),
            self._terms_block("What to come for"),
            self._contact_block(kind),
        ]

    def _gallery(self, kind: PageKind) -> tuple[str, list[Block | None]]:
        titles = [*self._voice.terms, self._voice.name][:6]
        items = tuple(
            Item(t, art=art.study(self._look.seed, at, self._trade.id)) for at, t in enumerate(titles)
        )
        lead = f"Drawn for {self._voice.name}, in our own colours."
        return lead, [
            Block("gallery", "Pictures of what we do", items=items),
            self._look_block(),
            self._contact_block(kind),
        ]

    def _booking(self, kind: PageKind) -> tuple[str, list[Block | None]]:
        lead = f"From the first word to the day itself: this is how it goes at {self._voice.name}."
        return lead, [
            self._steps_block("Step by step"),
            self._tell_block("Tell us"),
            self._contact_block(kind),
        ]

    def _delivery(self, kind: PageKind) -> tuple[str, list[Block | None]]:
        lead = "Tell us where it should go and for which day, and we will say what is possible."
        return lead, [
            self._terms_block("What we can send"),
            self._tell_block("Tell us"),
            self._contact_block(kind),
        ]

    def _faq(self, kind: PageKind) -> tuple[str, list[Block | None]]:
        voice = self._voice
        asked = [
            (f"What does {voice.name} offer?", voice.offer),
            ("Who is it for?", voice.for_whom),
            ("What makes it different?", voice.difference),
            ("How do I begin?", f"{'. '.join(self._trade.steps)}."),
            ("What should I tell you first?", f"{'. '.join(self._trade.tell)}."),
        ]
        items = tuple(Item(question, answer) for question, answer in asked if answer)
        return "Short answers to what people ask first.", [
            Block("faq", "You ask, we answer", items=items),
            self._contact_block(kind),
        ]

    def _notes(self, kind: PageKind) -> tuple[str, list[Block | None]]:
        voice = self._voice
        paragraphs = [text for text in (voice.offer, voice.difference, voice.for_whom) if text]
        items = tuple(Item("", text) for text in paragraphs)
        return f"The first page of a longer story about {voice.name}.", [
            Block(
                "article",
                f"Who we are: {voice.name}",
                items=items,
                art=art.study(self._look.seed, 3, self._trade.id),
            ),
            self._contact_block(kind),
        ]

    def _reviews(self, kind: PageKind) -> tuple[str, list[Block | None]]:
        lead = "Only words that real people give us will stand here. Until then, judge us by what we do."
        return lead, [self._offer_block("What we do"), self._difference_block(), self._contact_block(kind)]

    def _own(self, kind: PageKind) -> tuple[str, list[Block | None]]:
        lead = f"{kind.title} at {self._voice.name}."
        return lead, [
            self._offer_block("What we do"),
            self._steps_block("How it goes"),
            self._tell_block("Tell us"),
            self._contact_block(kind),
        ]

    # ------------------------------------------------------------------ blocks

    def _offer_lead(self) -> str:
        return self._voice.first_sentence or f"What {self._voice.name} is about."

    def _offer_block(self, heading: str) -> Block | None:
        if not self._voice.offer:
            return None
        items = tuple(Item(term) for term in self._voice.terms)
        return Block("offer", heading, self._voice.offer, items)

    def _names_block(self, heading: str) -> Block | None:
        """What is offered as large words, where its sentence stands just above."""
        items = tuple(Item(term) for term in self._voice.terms[:5])
        return Block("names", heading, items=items) if len(items) > 1 else None

    def _terms_block(self, heading: str) -> Block | None:
        if len(self._voice.terms) < 2:
            return self._offer_block(heading)
        seed = self._look.seed
        items = (
            Item(t, art=art.study(seed, at + 1, self._trade.id)) for at, t in enumerate(self._voice.terms[:6])
        )
        return Block("cards", heading, "", tuple(items))

    def _difference_block(self) -> Block | None:
        text = self._voice.difference
        return (
            Block("statement", "What makes us different", text, art=art.icon(self._trade.id))
            if text
            else None
        )

    def _audience_block(self) -> Block | None:
        if not self._voice.audience:
            return None
        return Block(
            "audience",
            "Made for",
            words.capital(self._voice.audience) + ".",
            art=art.study(self._look.seed, 5, self._trade.id),
        )

    def _look_block(self) -> Block | None:
        style = words.shorten(words.style(self._answers.style), 40)
        if not style:
            return None
        return Block("swatches", "How we like it", words.capital(style) + ".")

    def _steps_block(self, heading: str) -> Block:
        return Block("steps", heading, items=tuple(Item(step) for step in self._trade.steps))

    def _tell_block(self, heading: str) -> Block:
        return Block("list", heading, items=tuple(Item(thing) for thing in self._trade.tell))

    def _contact_block(self, kind: PageKind) -> Block | None:
        contact = next((page for page in self._kinds if page.kind == "contact"), None)
        if contact is None or contact == kind:
            return None
        return Block(
            "action",
            "Shall we talk?",
            f"Tell {self._voice.name} what you have in mind.",
            href=contact.path,
            link=contact.title,
        )

    def _ways_block(self, kind: PageKind) -> Block | None:
        items = tuple(Item(page.title, self._teaser(page), page.path) for page in self._kinds if page != kind)
        return Block("ways", "Have a look around", items=items) if items else None

    def _teaser(self, page: PageKind) -> str:
        """One line that says what waits behind a link."""
        voice = self._voice
        some = ", ".join(t.lower() for t in voice.terms[:3])
        offered = words.capital(
            f"{some} and more." if len(voice.terms) > 1 else words.shorten(voice.offer, 10)
        )
        lines = {
            "about": words.shorten(voice.difference, 12) or "Who we are.",
            "menu": offered or "What there is.",
            "offer": offered or "What we do.",
            "prices": "Ask, and we name the price before you decide.",
            "contact": "Say hello.",
            "hours": "When to find us.",
            "gallery": "Pictures in our own colours.",
            "booking": "How it goes, step by step.",
            "delivery": "How it reaches you.",
            "faq": "Short answers to first questions.",
            "notes": "The first page of our story.",
            "reviews": "Real words from real people, once there are some.",
        }
        return lines.get(page.kind) or f"More about {page.title.lower()}."


def contact_items(answers: Answers) -> tuple[Item, ...]:
    """The ways to get in touch that the human named, also as speech; none is ever made up."""
    text = " ".join(answers.texts().values())
    emails = [*EMAIL.findall(text), *(f"{m[1]}@{m[2]}.{m[3]}".lower() for m in SPOKEN_EMAIL.finditer(text))]
    items = [Item("Write to us", email, f"mailto:{email}") for email in dict.fromkeys(emails)]
    for phone in dict.fromkeys(PHONE.findall(text)):
        items.append(Item("Call us", phone.strip(), "tel:" + re.sub(r"[^\d+]", "", phone)))
    return tuple(items[:3])
