"""What a site is before it is written: pages made of blocks. Texts are plain and escaped by the templates."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.adapters.pages import PageKind


@dataclass(frozen=True, slots=True)
class Item:
    """A card, a question, a step or a picture. `art` is markup of ours, never the human's."""

    title: str
    text: str = ""
    href: str = ""
    art: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A section of a page. `kind` names the template's macro."""

    kind: str
    heading: str
    text: str = ""
    items: tuple[Item, ...] = ()
    art: str = ""
    href: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `description` is for search engines, `lead` stands under the heading."""

    kind: PageKind
    heading: str
    lead: str
    description: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """The whole site. `plan` and `style` are the human's words about the site itself."""

    name: str
    full_name: str
    eyebrow: str
    plan: str
    style: str
    pages: tuple[Page, ...]
    colophon: Page

    @property
    def all_pages(self) -> tuple[Page, ...]:
        return (*self.pages, self.colophon)
