"""The LinkedIn post: the human's own words as a short, plain announcement, with a picture."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration.adapters import pictures, words
from orchestration.adapters.answers import Answers
from orchestration.adapters.look import look_of
from orchestration.adapters.pages import planned_pages
from orchestration.adapters.picture_files import keep_picture
from orchestration.adapters.search import Trade, detect_trade
from orchestration.adapters.things import things_offered
from orchestration.adapters.work import Report

TEXT_CHARACTERS_MAX = 3000
WORDS_MIN = 90
WORDS_MAX = 160
NAME_CHARACTERS_MAX = 200
HASHTAGS_MIN, HASHTAGS_MAX = 3, 5
PART_WORDS = (30, 24, 16, 10)
"""How many words each part may have; the first that keeps the post short enough is used."""


@dataclass(frozen=True, slots=True)
class Post:
    """A draft: its text, the picture's file name and what the picture shows."""

    text: str
    image: str
    alt: str

    def as_json(self) -> dict[str, object]:
        return {"status": "drafted", **asdict(self)}


def draft(answers: Answers, site: object, assets: Path, report: Report) -> Post:
    """Write the post, and its picture into `assets`. `site` is the website job's result, or None.

    Raises OSError when the picture cannot be written.
    """
    trade = detect_trade(answers)
    look = look_of(answers, trade)
    name = post_name(answers, trade) if answers.display_name else words.capital(post_name(answers, trade))
    report.progress(10, "writing the text")
    text = write(answers, trade, page_titles(answers, trade, site), has_site=isinstance(site, dict))
    report.log(f"text: {len(text.split())} words, {len(text)} characters (at most {TEXT_CHARACTERS_MAX})")
    for key, answer in answers.texts().items():
        used = [word for word in words.content_words(answer, 5) if word in text.lower()]
        if answer:
            report.log(f"from your answer on {key}: {', '.join(used[:6]) or 'the name itself'}")
    report.progress(50, "drawing the picture")
    line = words.shorten(words.offer(answers.offer), 16)
    png = pictures.render_card(look, name, line)
    image = keep_picture(png, assets)
    report.log(f"wrote {image} (1200 x 627 px, {len(png)} bytes)")
    report.progress(100, "the draft is ready")
    said = f" and the line “{line}”" if line else ""
    alt = f"A card in {look.palette.lower()} with the name “{name}”{said} beside a pattern of simple shapes."
    return Post(text, image, alt)


def post_name(answers: Answers, trade: Trade) -> str:
    """The name as it was given; what it is, when there is none."""
    name = answers.display_name or f"our {trade.label}"
    return name if len(name) <= NAME_CHARACTERS_MAX else name[: NAME_CHARACTERS_MAX - 1] + "…"


def page_titles(answers: Answers, trade: Trade, site: object) -> list[str]:
    """The pages that were built; without a site, those that are planned."""
    pages = site.get("pages") if isinstance(site, dict) else None
    if isinstance(pages, list):
        titles = [str(page["title"])[:40] for page in pages if isinstance(page, dict) and "title" in page]
        return titles[:8]
    return [page.title for page in planned_pages(answers.pages, trade.pages)]


def write(answers: Answers, trade: Trade, pages: list[str], *, has_site: bool) -> str:
    """The text: 90 to 160 words where the answers allow it, never over LinkedIn's limit."""
    tags = " ".join(hashtags(answers, trade))
    for part_words in PART_WORDS:
        paragraphs = _paragraphs(answers, trade, pages, has_site, part_words)
        text = "\n\n".join([*paragraphs, tags])
        if len(text.split()) <= WORDS_MAX and len(text) <= TEXT_CHARACTERS_MAX:
            break
    return text[:TEXT_CHARACTERS_MAX]


def _paragraphs(
    answers: Answers, trade: Trade, pages: list[str], has_site: bool, part_words: int
) -> list[str]:
    name = post_name(answers, trade)
    news = f"{name} has a website of its own now." if has_site else f"{name} will have a website of its own."
    parts = [
        f"{words.capital(news)} {words.shorten(words.offer(answers.offer), part_words)}".strip(),
        _for_whom(answers, part_words),
        _about_the_site(answers, pages, part_words),
    ]
    more = [
        "This is the first version. It will grow with what people ask us.",
        f"We kept in mind what visitors want first: {trade.first}.",
        "Have a look on your phone, that is where most of us start, and tell us what is missing.",
        f"If you get in touch, it helps to know this: {'; '.join(words.phrase(t) for t in trade.tell)}.",
        "And if you know someone who should see it, we are glad when you pass it on.",
    ]
    closing = ["What would you want to see there first?"]
    for sentence in more:
        if sum(len(part.split()) for part in (*parts, *closing)) >= WORDS_MIN:
            break
        closing.insert(-1, sentence)
    return [part for part in (*parts, " ".join(closing)) if part]


def _for_whom(answers: Answers, part_words: int) -> str:
    whom = words.shorten(words.audience(answers.audience), part_words)
    difference = words.shorten(words.difference(answers.difference), part_words)
    sentences = [
        f"We are here for {whom}." if whom else "",
        f"What makes us different? {difference}" if difference else "",
    ]
    return (
        " ".join(sentence for sentence in sentences if sentence).replace("…. ", "… ").removesuffix("….") or ""
    )


def _about_the_site(answers: Answers, pages: list[str], part_words: int) -> str:
    """The pages, the plan for them where their titles say it otherwise, and how it should feel."""
    plan = words.shorten(words.phrase(answers.pages), part_words)
    style = words.shorten(words.style(answers.style), part_words)
    titles = words.listing([page.lower() for page in pages])
    own = words.content_words(answers.pages, 5)
    told = sum(word in titles for word in own) >= min(2, len(own))
    sentences = (
        f"You will find these pages: {titles}." if titles else "",
        f"What we planned for it: {plan}." if plan and not told else "",
        f"It should feel like us: {style}." if style else "",
    )
    return " ".join(filter(None, sentences)).replace("….", "…")


def hashtags(answers: Answers, trade: Trade) -> list[str]:
    """Three to five: the name, the trade, and words of the offer."""
    said = things_offered(answers.offer, trade.keywords)
    label = "" if trade.id == "general" else trade.label
    wanted = [answers.display_name, label, *said[:3], "small business", "new website", "made with care"]
    tags: list[str] = []
    for text in wanted:
        tag = _tag(text)
        if tag and tag.lower() not in {known.lower() for known in tags}:
            tags.append(tag)
        if len(tags) == HASHTAGS_MAX:
            break
    return tags


def _tag(text: str) -> str:
    """ "Chez Zoé & Fils" is "#ChezZoéFils"; empty when nothing is left or it is too long."""
    parts = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", words.without_markup(text)))
    tag = "".join(words.capital(part) for part in parts)
    return f"#{tag}" if 3 <= len(tag) <= 30 and not tag.isdigit() else ""
