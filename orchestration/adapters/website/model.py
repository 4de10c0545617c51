"""What a site is before it is written: pages made of blocks. Texts are plain and escaped by the templates."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.adapters.pages import PageKind
from orchestration.adapters.website.contact import Fact


@dataclass(frozen=True, slots=True)
class Item:
    """A card, a question, a step or a picture. `art` is markup of ours, never the human's."""

    title: str
    text: str = ""
    href: str = ""
    art: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A section of a page. `kind` names the template's macro.

    Where one sentence is shown large it is `text`, and `more` is what follows it in the size of a text.
    """

    kind: str
    heading: str
    text: str = ""
    more: str = ""
    items: tuple[Item, ...] = ()
    art: str = ""
    href: str = ""
    link: str = ""
    facts: tuple[Fact, ...] = ()
    without: str = ""
    """The kind of facts that are left out, because the page begins with them."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known yet of what it is to show."""
        return self.kind in {"contact", "action"} and not self.facts


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `description` is for search engines, `lead` stands under the heading (empty for none).

    `fact` is the kind of the facts on contact that the lead is, on a page that is for them.
    """

    kind: PageKind
    heading: str
    lead: str
    description: str
    blocks: tuple[Block, ...]
    fact: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """The whole site. The colophon is the owner's own copy of the brief: no page leads to it."""

    name: str
    full_name: str
    eyebrow: str
    pages: tuple[Page, ...]
    colophon: Page
    contact: tuple[Fact, ...] = ()

    @property
    def all_pages(self) -> tuple[Page, ...]:
        return (*self.pages, self.colophon)
