"""Answers as recognisers write them, and a report that remembers, for the tests of the work."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from orchestration.adapters.answers import Answers

BAKERY = {
    "name": "golden crust bakery",
    "offer": "we bake sourdough bread croissants and cakes every morning and we deliver by bike",
    "audience": "young families and office workers nearby",
    "difference": "everything is organic and we bake at night so it is warm at six",
    "pages": "home about menu and contact",
    "style": "warm and rustic with orange and brown",
}
REPAIR = {
    "name": "Chez Zoé & Fils",
    "offer": "um we repair bicycles and old motorbikes and sell used parts",
    "audience": "our customers are commuters students and couriers",
    "difference": "because we show you what we fix and you only pay when it works",
    "pages": "services prices and a page for opening hours and booking",
    "style": "bold industrial with yellow and black",
}
HOSTILE = {
    "name": "<b>Bold</b>",
    "offer": "<script>alert(1)</script> we sell candles </p>{{ 7*7 }} {% raw %}",
    "audience": 'people" onmouseover="alert(2) javascript:alert(3)',
    "difference": "long " * 1000,
    "pages": "../../etc/passwd, home, <img src=x onerror=alert(4)>, con\u202etact",
    "style": "red; } body { display:none } url(//evil.example/x.png) \u0000\ud83d\ude00",
}


def answers(texts: dict[str, str], **more: object) -> Answers:
    return Answers.of({"brief": texts, **more})


class Remembered:
    """A report that keeps what it was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.percents: list[int] = []

    def log(self, line: str) -> None:
        self.lines.append(line)

    def progress(self, percent: int, message: str) -> None:
        self.percents.append(percent)


class VisibleText(HTMLParser):
    """The text of a page, and whether any markup is in it that we never write."""

    FOREIGN = frozenset({"script", "img", "iframe", "b", "object", "form"})

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text = ""
        self.foreign: list[str] = []
        self.feed(path.read_text("utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.foreign += [tag] if tag in self.FOREIGN else []
        self.foreign += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data + " "


def visible(folder: Path) -> str:
    """All text that a visitor of the site can read, words separated by single spaces."""
    return " ".join(" ".join(VisibleText(path).text for path in sorted(folder.glob("*.html"))).split())
