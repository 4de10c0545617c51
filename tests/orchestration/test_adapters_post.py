"""The post and its picture; and publishing, which without an account is a draft."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from work_samples import BAKERY, HOSTILE, REPAIR, Remembered, answers

from orchestration.adapters import linkedin, post, words
from orchestration.adapters.search import detect_trade
from orchestration.adapters.work import WorkError

SITE = {"pages": [{"title": "Home", "path": "index.html"}, {"title": "Menu", "path": "menu.html"}]}


def draft(texts: dict[str, str], folder: Path, site: object = None) -> post.Post:
    return post.draft(answers(texts), site, folder / "post.png", Remembered())


@pytest.mark.parametrize("texts", [BAKERY, REPAIR], ids=["bakery", "repair"])
def test_each_answer_is_in_the_post(texts: dict[str, str], tmp_path: Path) -> None:
    text = draft(texts, tmp_path).text.lower()
    for key, answer in texts.items():
        said = words.content_words(answer, 5)
        assert len([word for word in said if word in text]) >= min(2, len(said)), key


def test_two_businesses_get_two_posts(tmp_path: Path) -> None:
    first, second = draft(BAKERY, tmp_path).text, draft(REPAIR, tmp_path).text
    assert "sourdough" in first
    assert "sourdough" not in second
    assert "motorbikes" not in first


@pytest.mark.parametrize("texts", [BAKERY, REPAIR, {}], ids=["bakery", "repair", "empty"])
def test_the_post_is_short_and_ends_with_a_few_hashtags(texts: dict[str, str], tmp_path: Path) -> None:
    text = draft(texts, tmp_path, SITE).text
    assert 85 <= len(text.split()) <= 160
    tags = text.splitlines()[-1].split()
    assert 3 <= len(tags) <= 5
    assert all(tag.startswith("#") for tag in tags)
    assert len(set(map(str.lower, tags))) == len(tags)


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
    assert [path.name for path in tmp_path.iterdir()] == ["post.png"]


@pytest.mark.parametrize("name", ["Golden Crust", "Chez Zoé & Fils", "🥐", "W" * 300, "", "Кафе Уют"])
def test_the_picture_has_linkedin_s_size_and_more_than_one_colour(name: str, tmp_path: Path) -> None:
    draft({**BAKERY, "name": name}, tmp_path)
    with Image.open(tmp_path / "post.png") as image:
        assert image.size == (1200, 627)
        assert len(image.convert("RGB").getcolors(1 << 20) or []) > 8


def test_the_picture_follows_the_palette(tmp_path: Path) -> None:
    draft(BAKERY, tmp_path)
    first = (tmp_path / "post.png").read_bytes()
    draft({**BAKERY, "style": "blue and white"}, tmp_path)
    assert (tmp_path / "post.png").read_bytes() != first


def test_the_alternative_text_says_what_the_picture_shows(tmp_path: Path) -> None:
    alt = draft(BAKERY, tmp_path).alt
    assert "Golden Crust Bakery" in alt
    assert "sourdough" in alt


def test_hashtags_are_words_without_spaces_or_signs() -> None:
    brief = answers(REPAIR)
    assert post.hashtags(brief, detect_trade(brief))[0] == "#ChezZoéFils"


APPROVED = {"text": "Hello.", "image": "post.png", "alt": "A card.", "approval": "a1", "hash": "abc"}


def test_without_an_account_the_post_is_saved_as_a_draft(tmp_path: Path) -> None:
    outcome = linkedin.publish(linkedin.Publication.of(dict(APPROVED)), tmp_path, Remembered()).as_json()
    assert outcome == {"status": "draft", "url": "", "reason": "no LinkedIn account is connected"}
    saved = json.loads((tmp_path / "post.json").read_text("utf-8"))
    assert saved["text"] == "Hello."
    assert saved["hash"] == "abc"
    assert saved["status"] == "draft"


@pytest.mark.parametrize(
    "change", [{"approval": ""}, {"hash": ""}, {"text": " "}, {"text": "x" * 3001}, {"alt": 5}]
)
def test_nothing_is_published_without_an_approval_of_a_whole_post(change: dict[str, object]) -> None:
    with pytest.raises(WorkError) as refused:
        linkedin.Publication.of({**APPROVED, **change})
    assert refused.value.code == "invalid_payload"
