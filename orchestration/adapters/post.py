"""The LinkedIn post: the human's own words as a short, plain announcement, with a picture.

Where models are configured they write and draw; what they cannot do, or do badly, is done here, and the
result says so.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from orchestration.adapters import littletext, picture_model, pictures, post_text_model, words
from orchestration.adapters.answers import Answers
from orchestration.adapters.look import Look, look_of, seed_of
from orchestration.adapters.openai_calls import Unavailable
from orchestration.adapters.pages import planned_pages
from orchestration.adapters.picture_files import keep_picture
from orchestration.adapters.search import DOMAIN, SPOKEN_DOT, Trade, detect_trade
from orchestration.adapters.things import things_offered
from orchestration.adapters.work import Means, Payload, Report

TEXT_CHARACTERS_MAX = littletext.CHARACTERS_MAX
NONE = Means()
MODEL, TEMPLATE, CARD = "model", "template", "card"
"""Who wrote the text: a model or our own sentences; who made the picture: a model, or a card drawn here."""
OWN_ADDRESS = re.compile(
    rf"\b(?:our|my|the|its) (?:new )?(?:web ?site|site|web ?page|web address|address|domain)(?: \w+){{0,2}}"
    rf" (?:is|at|on|be|under|called)(?: at| on| under)? (?:https?://)?{DOMAIN.pattern}",
    re.IGNORECASE,
)
WORDS_MIN = 90
WORDS_MAX = 160
NAME_CHARACTERS_MAX = 200
HASHTAGS_MIN, HASHTAGS_MAX = 3, 5
PART_WORDS = (30, 24, 16, 10)
"""How many words each part may have; the first that keeps the post short enough is used."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the assets: its file name and what it shows. `because`: why no model made it, where one
    was asked."""

    image: str
    alt: str
    picture_by: str
    because: str = ""

    def as_json(self) -> dict[str, object]:
        return {"status": "drawn", **asdict(self)}


@dataclass(frozen=True, slots=True)
class Post:
    """A draft: its text, the picture's file name and what the picture shows; and who made them."""

    text: str
    image: str
    alt: str
    text_by: str = TEMPLATE
    picture_by: str = CARD
    text_because: str = ""
    """Why no model wrote it, where one was asked."""
    because: str = ""
    """The same of the picture."""

    def as_json(self) -> dict[str, object]:
        return {"status": "drafted", **asdict(self)}


def draft(
    answers: Answers, site: object, assets: Path, report: Report, means: Means = NONE, keeps: str = ""
) -> Post:
    """Write the post, and its picture into `assets`. `site` is the website job's result, or None.

    `keeps` is the name of the picture that the post has until now; it stays on disk.
    Raises OSError when the picture cannot be written.
    """
    trade = detect_trade(answers)
    report.progress(10, "writing the text")
    text, text_by, because = _text(answers, trade, site, means, report)
    for key, answer in answers.texts().items():
        used = [word for word in words.content_words(answer, 5) if word in text.lower()]
        if answer:
            report.log(f"from your answer on {key}: {', '.join(used[:6]) or 'the name itself'}")
    report.progress(50, "drawing the picture")
    made = picture(answers, assets, report, means, keeps=keeps)
    report.progress(100, "the draft is ready")
    return Post(text, made.image, made.alt, text_by, made.picture_by, because, made.because)


def picture(
    answers: Answers,
    assets: Path,
    report: Report,
    means: Means = NONE,
    former: str = "",
    card: bool = False,
    keeps: str = "",
) -> Picture:
    """A picture for the post, into `assets`: by the image model, or (`card`) drawn here.

    `former` is the name of the one that is not wanted any more; a card then gets another pattern. It stays on
    disk, as does the one that is named `keeps`. Raises OSError when the new one cannot be written.
    """
    trade = detect_trade(answers)
    look = look_of(answers, trade)
    because = ""
    if not card and picture_model.is_configured(means):
        wanted = picture_model.wanted(answers, trade, look)
        report.log("asking the image model for a picture")
        try:
            png = picture_model.draw(means, wanted.prompt)
            return Picture(_kept(png, assets, former or keeps, report), wanted.alt, MODEL)
        except Unavailable as error:
            because = error.reason
            report.log(f"{error.reason} A card is drawn instead.")
    if former:
        look = replace(look, seed=seed_of(f"{look.seed} {former}"))
    png, alt = _card(answers, trade, look)
    return Picture(_kept(png, assets, former or keeps, report), alt, CARD, because)


def another_picture(payload: Payload, assets: Path, report: Report, means: Means) -> Picture:
    """For a job's payload: the `post` as it stands, and in the `arguments` which `picture` is wanted.

    Raises WorkError `invalid_brief`, OSError.
    """
    arguments, post = payload.get("arguments"), payload.get("post")
    card = isinstance(arguments, dict) and arguments.get("picture") == CARD
    former = str(post.get("image", "")) if isinstance(post, dict) else ""
    report.progress(20, "drawing another picture")
    made = picture(Answers.of(payload), assets, report, means, former, card)
    report.progress(100, "the picture is ready")
    return made


def _kept(png: bytes, assets: Path, former: str, report: Report) -> str:
    image = keep_picture(png, assets, former)
    report.log(f"wrote {image} (1200 x 627 px, {len(png)} bytes)")
    return image


def _card(answers: Answers, trade: Trade, look: Look) -> tuple[bytes, str]:
    """The card as PNG, and what it shows."""
    name = post_name(answers, trade) if answers.display_name else words.capital(post_name(answers, trade))
    line = words.shorten(words.offer(answers.offer), 16)
    said = f" and the line “{line}”" if line else ""
    alt = f"A card in {look.palette.lower()} with the name “{name}”{said} beside a pattern of simple shapes."
    return pictures.render_card(look, name, line), alt


def _text(
    answers: Answers, trade: Trade, site: object, means: Means, report: Report
) -> tuple[str, str, str]:
    """The text, who wrote it, and why no model did where one was asked."""
    pages, built, because = page_titles(answers, trade, site), has_site(site), ""
    text, by = "", TEMPLATE
    if post_text_model.is_configured(means):
        address = own_address(answers)
        about = post_text_model.Subject(answers.display_name, answers.texts(), pages, built, address)
        report.log("asking the text model for a draft")
        try:
            text, by = post_text_model.write(means, about), MODEL
        except Unavailable as error:
            because = error.reason
            report.log(f"{error.reason} Our own sentences are used instead.")
    text = text or write(answers, trade, pages, has_site=built)
    escaped = len(littletext.escape(text))
    report.log(f"text: {len(text.split())} words, {escaped} characters as LinkedIn counts (at most 3000)")
    return text, by, because


def has_site(site: object) -> bool:
    """Whether the website job's result is a site that was built."""
    return isinstance(site, dict) and site.get("status") == "built"


def own_address(answers: Answers) -> str:
    """The site's own address, where the human said it ("our website is goldencrust dot com"); else empty."""
    said = SPOKEN_DOT.sub(r"\1.\2", " . ".join(answers.texts().values()))
    found = OWN_ADDRESS.search(said)
    return found.group(1).lower() if found else ""


def post_name(answers: Answers, trade: Trade) -> str:
    """The name as it was given; what it is, when there is none."""
    name = answers.display_name or f"our {trade.label}"
    return name if len(name) <= NAME_CHARACTERS_MAX else name[: NAME_CHARACTERS_MAX - 1] + "…"


def page_titles(answers: Answers, trade: Trade, site: object) -> list[str]:
    """The pages that were built; without a site, those that are planned."""
    pages = site.get("pages") if isinstance(site, dict) and has_site(site) else None
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
        if len(text.split()) <= WORDS_MAX and littletext.fits(text):
            return text
    return _cut(text)


def _cut(text: str) -> str:
    """The longest beginning that LinkedIn takes."""
    while not littletext.fits(text):
        over = len(littletext.escape(text)) - TEXT_CHARACTERS_MAX
        text = text[: -max(1, over // 4)].rstrip()
    return text


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
    address = own_address(answers)
    own = words.content_words(answers.pages, 5)
    told = sum(word in titles for word in own) >= min(2, len(own))
    sentences = (
        f"You will find these pages: {titles}." if titles else "",
        f"What we planned for it: {plan}." if plan and not told else "",
        f"It should feel like us: {style}." if style else "",
        f"Its address: {address}" if address else "",
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
