"""The site: the human's words and colours, real pages, nothing broken, nothing foreign."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

import pytest
from work_samples import BAKERY, HOSTILE, REPAIR, Remembered, VisibleText, answers, visible

from orchestration.adapters import website, words
from orchestration.adapters.colour import AA_TEXT, Oklch, contrast
from orchestration.adapters.headline import with_headline
from orchestration.adapters.look import MANNERS, contrasts, look_of
from orchestration.adapters.named_colours import COLOURS, GROUNDS
from orchestration.adapters.search import catalogue, detect_trade
from orchestration.adapters.website.check import check_site
from orchestration.adapters.work import WorkError

PROMISES = ("lorem", "ipsum", "placeholder", "todo", "coming soon", "example.com", "555-", "your company")


def build(texts: dict[str, str], folder: Path) -> website.SiteResult:
    return website.build(answers(texts), None, folder / "site", Remembered())


@pytest.mark.parametrize("texts", [BAKERY, REPAIR], ids=["bakery", "repair"])
def test_every_answer_is_on_the_site(texts: dict[str, str], tmp_path: Path) -> None:
    build(texts, tmp_path)
    text = visible(tmp_path / "site").lower()
    for key, answer in texts.items():
        missing = [word for word in words.content_words(answer, 5) if word not in text]
        assert not missing, key


@pytest.mark.parametrize("key", ["offer", "audience", "difference", "pages", "style"])
def test_one_page_alone_holds_words_of_each_answer(key: str, tmp_path: Path) -> None:
    build(BAKERY, tmp_path)
    # How it should look is no text for a visitor: the words of that answer stand in the colophon.
    page = "colophon.html" if key == "style" else "index.html"
    text = VisibleText(tmp_path / "site" / page).text.lower()
    said = re.findall(r"[a-z]{5,}", BAKERY[key])
    assert len([word for word in said if word in text]) >= 2


@pytest.mark.parametrize("name", ["Chez Zoé & Fils", "<b>Bold</b>", 'O\'Neill "Sons"', "🥐 Croissanterie"])
def test_the_name_is_shown_exactly(name: str, tmp_path: Path) -> None:
    build({**BAKERY, "name": name}, tmp_path)
    for path in (tmp_path / "site").glob("*.html"):
        page = VisibleText(path)
        assert name in page.text
        assert not page.foreign


def test_the_pages_are_those_that_were_named(tmp_path: Path) -> None:
    result = build(REPAIR, tmp_path)
    assert [title for title, _ in result.pages] == ["Home", "Services", "Prices", "Opening hours", "Booking"]
    assert all((tmp_path / "site" / path).is_file() for _, path in result.pages)


def test_pictures_in_place_of_answers_leave_no_trace(tmp_path: Path) -> None:
    build({**dict.fromkeys(BAKERY, "🚲🔧😀"), "name": "Tidewater"}, tmp_path)
    text = visible(tmp_path / "site")
    assert "🚲" not in text
    assert "More about about" not in text


def test_an_age_is_not_listed_among_what_is_offered(tmp_path: Path) -> None:
    offer = "Mathematics lessons for pupils between ten and eighteen, online and at the kitchen table"
    build({**BAKERY, "offer": offer, "pages": "Home, how lessons work, tutors, prices, questions"}, tmp_path)
    pages = [path.read_text("utf-8") for path in (tmp_path / "site").glob("*.html")]
    assert not [page for page in pages if re.search(r">\s*(?:Eighteen|Online)\s*<", page)]


def test_a_spoken_name_is_shown_without_its_sentence(tmp_path: Path) -> None:
    build({**BAKERY, "name": "so it is our bakery is called golden harvest bakery"}, tmp_path)
    text = VisibleText(tmp_path / "site/index.html").text
    assert "Golden Harvest Bakery" in text
    assert "called" not in (tmp_path / "site/index.html").read_text("utf-8")


def test_two_businesses_get_two_sites(tmp_path: Path) -> None:
    first, second = build(BAKERY, tmp_path / "a"), build(REPAIR, tmp_path / "b")
    assert first.palette["primary"] != second.palette["primary"]
    assert first.pages != second.pages
    one, other = visible(tmp_path / "a/site").lower(), visible(tmp_path / "b/site").lower()
    assert "sourdough" not in other
    assert "motorbikes" not in one
    styles = [(tmp_path / at / "site/style.css").read_text() for at in "ab"]
    assert styles[0] != styles[1]


def test_the_name_alone_changes_the_drawing() -> None:
    texts = {**BAKERY, "style": ""}
    looks = [
        look_of(answers({**texts, "name": name}), catalogue()["bakery"]) for name in ("Ona", "Brot & Co")
    ]
    assert looks[0].seed != looks[1].seed
    assert looks[0].light.primary != looks[1].light.primary


def test_the_same_answers_give_the_same_files(tmp_path: Path) -> None:
    build(BAKERY, tmp_path / "a")
    build(BAKERY, tmp_path / "b")
    for path in (tmp_path / "a/site").iterdir():
        assert path.read_bytes() == (tmp_path / "b/site" / path.name).read_bytes()


@pytest.mark.parametrize("texts", [BAKERY, REPAIR, HOSTILE, {}], ids=["bakery", "repair", "hostile", "empty"])
def test_a_finished_site_passes_its_check_and_promises_nothing(texts: dict[str, str], tmp_path: Path) -> None:
    result = build(texts, tmp_path)
    folder = tmp_path / "site"
    assert check_site(folder).faults == ()
    assert result.files == len(list(folder.iterdir()))
    assert result.bytes == sum(path.stat().st_size for path in folder.iterdir())
    text = visible(folder).lower()
    assert not [promise for promise in PROMISES if promise in text]
    json.dumps(result.as_json())


def test_hostile_answers_stay_text_and_stay_inside(tmp_path: Path) -> None:
    build(HOSTILE, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    for path in (tmp_path / "site").glob("*.html"):
        page = VisibleText(path)
        assert not page.foreign
        assert "evil.example" not in path.read_text().split("<main")[0]
    assert "{{ 7*7 }}" in visible(tmp_path / "site")
    assert "evil" not in (tmp_path / "site/style.css").read_text()
    assert "display:none }" not in (tmp_path / "site/style.css").read_text()


def test_nothing_is_made_up_for_the_contact_page(tmp_path: Path) -> None:
    build(BAKERY, tmp_path)
    page = (tmp_path / "site/contact.html").read_text()
    assert "mailto:" not in page
    assert "tel:" not in page


def test_a_new_build_replaces_the_old_one_and_leaves_nothing_else(tmp_path: Path) -> None:
    build(REPAIR, tmp_path)
    build(BAKERY, tmp_path)
    assert not (tmp_path / "site/booking.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_build_that_fails_its_check_leaves_the_old_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(REPAIR, tmp_path)
    monkeypatch.setattr(
        "orchestration.adapters.website.art.icon", lambda trade: '<a href="nowhere.html">x</a>'
    )
    with pytest.raises(WorkError) as failed:
        build(BAKERY, tmp_path)
    assert failed.value.code == "check_failed"
    assert (tmp_path / "site/booking.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        (
            '<html lang="en"><title>t</title><meta name=description content=d><h1>h</h1><a href="//x.org">',
            "leads",
        ),
        (
            '<html lang="en"><title>t</title><meta name=description content=d><h1>h</h1><a href="#gone">',
            "leads",
        ),
        ('<html lang="en"><title> </title><meta name=description content=d><h1>h</h1>', "title"),
        (
            '<html lang="en"><title>t</title><meta name=description content=d><h1>h</h1><script></script>',
            "script",
        ),
        ("<html><title>t</title><meta name=description content=d><h1>h</h1>", "language"),
        ('<html lang="en"><title>t</title><meta name=description content=d>', "heading"),
    ],
)
def test_the_check_finds_what_is_wrong(page: str, fault: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(page)
    assert any(fault in found for found in check_site(tmp_path).faults)


SOUND = '<html lang="en"><title>{0}</title><meta name=description content=d><h1>h</h1>{1}'


@pytest.mark.parametrize(
    ("inside", "fault"),
    [
        ('<a href="http://[">x</a>', "leads nowhere"),
        ('<a href="a%00b">x</a>', "leads nowhere"),
        (f'<a href="{300 * "x"}">x</a>', "leads nowhere"),
        ('<a href="//evil.example/" href="index.html">x</a>', "leads nowhere"),
        ('<img src="index.html" srcset="index.html 1x, //evil.example/a 2x">', "leads nowhere"),
        ("<![what[ is this", "cannot be read"),
        (20_000 * "<a ", "cannot be read"),
        ('<p style="background: url(//evil.example/a)">', "from elsewhere"),
        ("<style>@import '//evil.example/a.css'</style>", "from elsewhere"),
        ('<meta http-equiv=Refresh content="0; url=//evil.example/">', "sends its visitors on"),
    ],
)
def test_a_hostile_page_is_a_fault_and_no_accident(
    inside: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.adapters.website.check.READING_S", 1.0)
    (tmp_path / "index.html").write_text(SOUND.format("t", inside))
    began = time.monotonic()
    assert any(fault in found for found in check_site(tmp_path).faults)
    assert time.monotonic() - began < 10.0


def test_a_name_that_is_no_text_can_be_told(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(SOUND.format("t", ""))
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.html")).write_text(SOUND.format("t", ""))
    assert "two pages are titled 't'" in check_site(tmp_path).faults
    (tmp_path / "index.html").unlink()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.html")).write_text("<p>")
    assert "\ufffd.html: no title" in check_site(tmp_path).faults


def test_pages_in_folders_are_checked_as_those_at_the_top(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "index.html").write_text(SOUND.format("one", '<a href="more/two.html#h">'))
    (tmp_path / "more/two.html").write_text(SOUND.format("two", '<a id=h href="../index.html">'))
    assert check_site(tmp_path).faults == ()
    (tmp_path / "more/two.html").write_text(SOUND.format("two", '<a href="index.html"><script>1</script>'))
    assert check_site(tmp_path).faults == (
        "more/two.html: a script or a frame",
        "index.html: the link 'more/two.html#h' leads nowhere",
        "more/two.html: the link 'index.html' leads nowhere",
    )


@pytest.mark.parametrize("manner", [manner.name for manner in MANNERS])
def test_every_palette_can_be_read(manner: str) -> None:
    said = next(iter(next(m for m in MANNERS if m.name == manner).said))
    for colour in [*COLOURS, *GROUNDS, "black"]:
        for other in ("", "white"):
            brief = answers({"name": colour, "offer": "we sell things", "style": f"{said} {colour} {other}"})
            what, ratio = min(contrasts(look_of(brief, detect_trade(brief))), key=lambda pair: pair[1])
            assert ratio >= AA_TEXT, (colour, other, what)


def test_colours_that_clash_can_still_be_read() -> None:
    for first in ("yellow", "white", "black", "lime", "navy", "red", "beige"):
        for second in COLOURS:
            brief = answers({"name": "Ona", "style": f"{first} and {second}"})
            what, ratio = min(contrasts(look_of(brief, catalogue()["general"])), key=lambda pair: pair[1])
            assert ratio >= AA_TEXT, (first, second, what)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert Oklch(1, 0, 0).hex() == "#ffffff"
    assert Oklch(0.628, 0.2577, 29.23).hex() == "#ff0000"


def test_the_log_tells_what_was_really_done(tmp_path: Path) -> None:
    report = Remembered()
    website.build(answers(BAKERY), None, tmp_path / "site", report)
    for path in (tmp_path / "site").iterdir():
        assert f"wrote {path.name} ({path.stat().st_size} bytes)" in report.lines
    assert report.percents == sorted(report.percents)
    assert report.percents[-1] == 100


def test_the_headline_that_was_asked_for_is_the_first_pages_first_sentence(tmp_path: Path) -> None:
    texts = {**BAKERY, "style": "warm orange, the headline says “Sky is the limit for bread”, calm"}
    brief = answers(texts)
    assert (brief.style, brief.headline) == ("warm orange calm", "Sky is the limit for bread")
    build(texts, tmp_path)
    home = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert home.count("Sky is the limit for bread") >= 1
    assert "the headline says" not in home


def test_a_headline_is_text_and_no_markup(tmp_path: Path) -> None:
    style = with_headline("warm orange", "<script>alert(1)</script> & “more”")
    build({**BAKERY, "style": style}, tmp_path)
    assert "<script>alert" not in (tmp_path / "site" / "index.html").read_text("utf-8")
    assert with_headline(style, "") == "warm orange"
