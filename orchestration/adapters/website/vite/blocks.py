"""The parts of a page as the components of the project: for each kind of block, the TSX that shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from orchestration.adapters.website.model import Block, Item, Page
from orchestration.adapters.website.plan import BANNER_LAYOUT, Plan
from orchestration.adapters.website.vite.tsx import LINE, attribute, inner, literal, literals

LONG_CHARACTERS = 140
INDENT = 6
"""Of the parts in a page's file, in spaces."""
SIDES = ("right", "left")
NEWLINE = "\n"


@dataclass(slots=True)
class Art:
    """The drawings of the project: the same drawing is one component, however often it is shown."""

    names: dict[str, str] = field(default_factory=dict)
    """SVG → component."""
    written: set[str] = field(default_factory=set)

    def name(self, svg: str) -> str:
        """The component that shows it; a new one when it was not seen before."""
        return self.names.setdefault(svg, f"Drawing{len(self.names) + 1}")


@dataclass(slots=True)
class Source:
    """What a page's file imports, while it is written."""

    art: Art
    components: dict[str, set[str]] = field(default_factory=dict)
    drawings: dict[str, str] = field(default_factory=dict)
    """Component → its SVG."""

    def use(self, component: str, file: str = "") -> str:
        self.components.setdefault(file or component, set()).add(component)
        return component

    def draw(self, svg: str) -> str:
        name = self.art.name(svg)
        self.drawings[name] = svg
        return f"art={{<{name} />}}"


Part = Callable[[Block, Source], str]


def opening(plan: Plan, page: Page, source: Source) -> str:
    """The first screen of a page."""
    text = inner(page.lead, INDENT + 2) if page.lead else ""
    if page.fact:
        text = element(source.use("Known"), [attribute("kind", page.fact)], indent=INDENT + 2)
    if page.kind.kind != "home":
        return element(source.use("Opening"), [attribute("heading", page.heading)], text)
    source.use("Hero")
    banner = plan.layout == BANNER_LAYOUT
    fields = [
        attribute("heading", page.heading),
        attribute("layout", "banner" if banner else SIDES[plan.layout]),
        *([attribute("size", plan.name_class)] if plan.name_class else []),
        "art={<HeroArt />}",
    ]
    source.drawings["HeroArt"] = plan.hero
    if plan.actions:
        links = ", ".join(f"{{ title: {literal(t)}, path: {literal(p)} }}" for t, p in plan.actions)
        fields.append(f"actions={{[{links}]}}")
    return element("Hero", fields, text)


def part(block: Block, source: Source) -> str:
    """One block. Raises KeyError for a kind that no component shows."""
    return PARTS[block.kind](block, source)


def element(name: str, fields: list[str], content: str = "", indent: int = INDENT) -> str:
    """`<name fields>content</name>`, on one line or on several, as it fits."""
    space = " " * indent
    begin = f"{space}<{name}{''.join(f' {field}' for field in fields)}"
    if len(begin) > LINE:
        begin = "\n".join([f"{space}<{name}", *[f"{space}  {field}" for field in fields], space])
        return f"{begin}/>" if not content else f"{begin}>\n{content}\n{space}</{name}>"
    if not content:
        return f"{begin} />"
    short = f"{begin}>{content.strip()}</{name}>"
    return short if len(short) <= LINE and "\n" not in content else f"{begin}>\n{content}\n{space}</{name}>"


def _strings(name: str, texts: Sequence[str]) -> str:
    """`name={["a", "b"]}`; what is too long for one line gets a line for each."""
    row = f"{name}={{{literals(texts)}}}"
    if len(row) + INDENT + 2 <= LINE:
        return row
    space = " " * (INDENT + 2)
    return f"{name}={{[\n{''.join(f'{space}  {literal(text)},{NEWLINE}' for text in texts)}{space}]}}"


def _heading(block: Block) -> str:
    return attribute("heading", block.heading)


def _offer(block: Block, source: Source) -> str:
    things = [_strings("things", [item.title for item in block.items])] if block.items else []
    return element(source.use("Offer"), [_heading(block), *things], inner(block.text, INDENT + 2))


def _listed(component: str, prop: str) -> Part:
    def show(block: Block, source: Source) -> str:
        lines = _strings(prop, [item.title for item in block.items])
        return element(source.use(component), [_heading(block), lines])

    return show


def _large(block: Block, source: Source, *more: str) -> str:
    """One sentence as a heading, a label above it, the rest below."""
    fields = [attribute("label", block.heading), *more]
    fields += ["long"] if len(block.text) > LONG_CHARACTERS else []
    fields += [attribute("more", block.more)] if block.more else []
    return element(source.use(block.kind.capitalize()), fields, inner(block.text, INDENT + 2))


def _statement(block: Block, source: Source) -> str:
    return _large(block, source)


def _audience(block: Block, source: Source) -> str:
    return _large(block, source, source.draw(block.art))


def _holding(outer: str, one: str, show: Callable[[Item, Source], list[str]], text: str) -> Part:
    """A component with one more for each item; `text` is the item's field that stands inside."""

    def whole(block: Block, source: Source) -> str:
        source.use(outer)
        source.use(one, outer)
        parts = [
            element(one, show(item, source), inner(str(getattr(item, text)), INDENT + 4), INDENT + 2)
            for item in block.items
        ]
        return element(outer, [_heading(block)], "\n".join(parts))

    return whole


def _way(item: Item, source: Source) -> list[str]:
    return [attribute("href", item.href), attribute("title", item.title)]


def _question(item: Item, source: Source) -> list[str]:
    return [attribute("asks", item.title)]


def _drawn(item: Item, source: Source) -> list[str]:
    return [source.draw(item.art)]


def _article(block: Block, source: Source) -> str:
    paragraphs = [element("p", [], inner(item.text, INDENT + 4), INDENT + 2) for item in block.items]
    fields = [_heading(block), source.draw(block.art)]
    return element(source.use("Article"), fields, "\n".join(paragraphs))


def _contact(block: Block, source: Source) -> str:
    without = [attribute("without", block.without)] if block.without else []
    return element(source.use("Contact"), [_heading(block), *without])


def _action(block: Block, source: Source) -> str:
    link = [attribute("href", block.href), attribute("link", block.link)] if block.href else []
    return element(source.use("CallToAction"), [_heading(block), *link])


PARTS: dict[str, Part] = {
    "offer": _offer,
    "names": _listed("Names", "things"),
    "statement": _statement,
    "audience": _audience,
    "ways": _holding("Ways", "Way", _way, "text"),
    "cards": _holding("Cards", "Card", _drawn, "title"),
    "gallery": _holding("Gallery", "Picture", _drawn, "title"),
    "steps": _listed("Steps", "steps"),
    "list": _listed("Checklist", "lines"),
    "faq": _holding("Faq", "Question", _question, "text"),
    "article": _article,
    "contact": _contact,
    "action": _action,
}
