"""The post and its picture; and publishing, which without an account is a draft."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from PIL import Image
from work_samples import BAKERY, HOSTILE, REPAIR, Remembered, answers

from orchestration.adapters import linkedin, littletext, pictures, post, words
from orchestration.adapters.picture_files import KEPT, keep_picture
from orchestration.adapters.search import detect_trade
from orchestration.adapters.work import Means, WorkError
from orchestration.approval import payload_hash

PAGES = [{"title": "Home", "path": "index.html"}, {"title": "Menu", "path": "menu.html"}]
SITE = {"status": "built", "pages": PAGES}


text_alone = pytest.mark.usefixtures("undrawn")
"""To draw a card takes longer than all else that is done here."""


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "render_card", lambda look, name, line: f"{name} {line}".encode())


def draft(texts: dict[str, str], folder: Path, site: object = None) -> post.Post:
    return post.draft(answers(texts), site, folder, Remembered())


@text_alone
@pytest.mark.parametrize("texts", [BAKERY, REPAIR], ids=["bakery", "repair"])
def test_each_answer_is_in_the_post(texts: dict[str, str], tmp_path: Path) -> None:
    text = draft(texts, tmp_path).text.lower()
    for key, answer in texts.items():
        said = words.content_words(answer, 5)
        assert len([word for word in said if word in text]) >= min(2, len(said)), key


@text_alone
def test_the_post_tells_how_the_business_should_feel(tmp_path: Path) -> None:
    text = draft({**BAKERY, "style": "dark green and white, friendly and calm"}, tmp_path).text
    assert "It should feel like us: dark green and white, friendly and calm." in text


@text_alone
def test_pages_of_other_titles_are_told_in_the_humans_own_words(tmp_path: Path) -> None:
    site = {"status": "built", "pages": [{"title": "Home"}]}
    text = draft({**BAKERY, "pages": "somewhere to order and our opening times"}, tmp_path, site).text
    assert "these pages: home. What we planned for it: somewhere to order and our opening times." in text


@text_alone
def test_two_businesses_get_two_posts(tmp_path: Path) -> None:
    first, second = draft(BAKERY, tmp_path).text, draft(REPAIR, tmp_path).text
    assert "sourdough" in first
    assert "sourdough" not in second
    assert "motorbikes" not in first


@text_alone
@pytest.mark.parametrize("texts", [BAKERY, REPAIR, {}], ids=["bakery", "repair", "empty"])
def test_the_post_is_short_and_ends_with_a_few_hashtags(texts: dict[str, str], tmp_path: Path) -> None:
    text = draft(texts, tmp_path, SITE).text
    assert 85 <= len(text.split()) <= 160
    tags = text.splitlines()[-1].split()
    assert 3 <= len(tags) <= 5
    assert all(tag.startswith("#") for tag in tags)
    assert len(set(map(str.lower, tags))) == len(tags)


@text_alone
@pytest.mark.parametrize("name", ["Chez Zoé & Fils", "<b>Bold</b>", "../../etc"])
def test_the_name_is_in_the_post_exactly(name: str, tmp_path: Path) -> None:
    result = draft({**BAKERY, "name": name}, tmp_path)
    assert name in result.text
    assert name in result.alt


def test_hostile_answers_make_a_post_within_the_limits(tmp_path: Path) -> None:
    huge = {key: f"{key} " * 900 for key in BAKERY}
    for texts in (HOSTILE, huge):
        text = draft(texts, tmp_path).text
        assert len(text) <= post.TEXT_CHARACTERS_MAX
        assert all(character.isprintable() or character == "\n" for character in text)
    assert all(path.name.startswith("post-") for path in tmp_path.iterdir())


@pytest.mark.parametrize("name", ["Golden Crust", "Chez Zoé & Fils", "🥐", "W" * 300, "", "Кафе Уют"])
def test_the_picture_has_linkedin_s_size_and_more_than_one_colour(name: str, tmp_path: Path) -> None:
    with Image.open(tmp_path / draft({**BAKERY, "name": name}, tmp_path).image) as image:
        assert image.size == (1200, 627)
        assert len(image.convert("RGB").getcolors(1 << 20) or []) > 8


def test_another_picture_has_another_name_and_keeps_the_first(tmp_path: Path) -> None:
    first, again = draft(BAKERY, tmp_path).image, draft(BAKERY, tmp_path).image
    other = draft({**BAKERY, "style": "blue and white"}, tmp_path).image
    assert first == again != other
    assert first == f"post-{hashlib.sha256((tmp_path / first).read_bytes()).hexdigest()[:12]}.png"
    assert (tmp_path / other).is_file()


def test_the_pictures_of_many_drafts_do_not_pile_up(tmp_path: Path) -> None:
    names = [keep_picture(bytes([number]), tmp_path) for number in range(10)]
    assert {path.name for path in tmp_path.iterdir()} == set(names[-KEPT:])


def test_the_alternative_text_says_what_the_picture_shows(tmp_path: Path) -> None:
    alt = draft(BAKERY, tmp_path).alt
    assert "Golden Crust Bakery" in alt
    assert "sourdough" in alt


def test_markup_in_a_name_is_no_hashtag() -> None:
    brief = answers({**BAKERY, "name": "<img src=x onerror=alert(1)>Blue Door"})
    assert post.hashtags(brief, detect_trade(brief))[0] == "#BlueDoor"


@text_alone
def test_a_page_with_an_and_of_its_own_is_told_from_the_others(tmp_path: Path) -> None:
    pages = [{"title": title} for title in ("Home", "Menu", "Opening hours and address")]
    site = {"status": "built", "pages": pages}
    assert "pages: home, menu, and opening hours and address." in draft(BAKERY, tmp_path, site).text


def test_hashtags_are_words_without_spaces_or_signs() -> None:
    brief = answers(REPAIR)
    assert post.hashtags(brief, detect_trade(brief))[0] == "#ChezZoéFils"


def approved(assets: Path, text: str = "Hello.") -> dict[str, object]:
    post: dict[str, object] = {"text": text, "image": keep_picture(b"picture", assets), "alt": "A card."}
    return {**post, "approval": "a1", "hash": payload_hash(post)}


def publish(payload: dict[str, object], folder: Path) -> dict[str, object]:
    return linkedin.publish(linkedin.Publication.of(payload), folder, folder, Means(), Remembered()).as_json()


def test_without_an_account_the_post_is_saved_as_a_draft(tmp_path: Path) -> None:
    payload = approved(tmp_path)
    outcome = publish(payload, tmp_path)
    assert outcome == {
        "status": "draft",
        "url": "",
        "reason": "no LinkedIn account is connected",
        "code": "no_account",
    }
    saved = json.loads((tmp_path / "post.json").read_text("utf-8"))
    assert saved["text"] == "Hello."
    assert saved["hash"] == payload["hash"]
    assert saved["status"] == "draft"


@pytest.mark.parametrize("change", [{"text": " "}, {"text": "x" * 3001}, {"alt": 5}])
def test_nothing_but_a_whole_post_is_published(change: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(WorkError) as refused:
        linkedin.Publication.of({**approved(tmp_path), **change})
    assert refused.value.code == "invalid_payload"


@pytest.mark.parametrize(
    "change",
    [
        {"approval": ""},
        {"hash": ""},
        {"hash": "0" * 64},
        {"text": "Hello!"},
        {"alt": "A cat."},
        {"image": "post-000000000000.png"},
    ],
)
def test_nothing_but_what_was_approved_is_published(change: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(WorkError) as refused:
        publish({**approved(tmp_path), **change}, tmp_path)
    assert refused.value.code == "not_approved"
    assert not (tmp_path / "post.json").exists()


@pytest.mark.parametrize("damage", ["other bytes", "gone", "another file"])
def test_a_post_whose_picture_is_not_the_approved_one_is_refused(damage: str, tmp_path: Path) -> None:
    payload = approved(tmp_path)
    picture = tmp_path / str(payload["image"])
    if damage == "other bytes":
        picture.write_bytes(b"another picture")
    elif damage == "gone":
        picture.unlink()
    else:
        post = {**{name: payload[name] for name in ("text", "alt")}, "image": "../post.png"}
        payload = {**payload, **post, "hash": payload_hash(post)}
    with pytest.raises(WorkError) as refused:
        publish(payload, tmp_path)
    assert refused.value.code == "not_approved"
    assert not (tmp_path / "post.json").exists()


@text_alone
@pytest.mark.parametrize("site", [None, {}, {"status": "failed", "pages": []}])
def test_a_post_claims_no_site_where_none_was_built(site: object, tmp_path: Path) -> None:
    text = draft(BAKERY, tmp_path, site).text
    assert "will have a website" in text
    assert "will have a website" not in draft(BAKERY, tmp_path, SITE).text


@text_alone
def test_the_limit_counts_what_linkedin_counts(tmp_path: Path) -> None:
    signs = {key: "(*_*) " * 800 + key for key in BAKERY}
    text = draft({**signs, "name": "@" * 199}, tmp_path).text
    assert littletext.fits(text)


@text_alone
def test_the_sites_own_address_is_told_where_the_human_said_it(tmp_path: Path) -> None:
    said = {**BAKERY, "pages": "home and menu, our website is goldencrust dot com"}
    assert "Its address: goldencrust.com" in draft(said, tmp_path, SITE).text
    other = {**BAKERY, "style": "like apple.com, warm and simple"}
    assert "Its address" not in draft(other, tmp_path, SITE).text


@text_alone
def test_many_drafts_leave_the_picture_that_the_post_still_has(tmp_path: Path) -> None:
    chosen = draft(BAKERY, tmp_path).image
    for number in range(2 * KEPT):
        brief = answers({**BAKERY, "name": f"Bakery {number}"})
        post.draft(brief, None, tmp_path, Remembered(), keeps=chosen)
    assert (tmp_path / chosen).is_file()
    assert len(list(tmp_path.iterdir())) == KEPT + 1
