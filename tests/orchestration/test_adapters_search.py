"""Research: offline, honest, made of the human's own words."""

from __future__ import annotations

import re

import pytest
from work_samples import BAKERY, REPAIR, Remembered, answers

from orchestration.adapters.search import (
    HEADLINE_WORDS_MAX,
    Research,
    catalogue,
    detect_trade,
    read_catalogue,
    sites_named,
)


@pytest.mark.parametrize(("texts", "trade"), [(BAKERY, "bakery"), (REPAIR, "repair"), ({}, "general")])
def test_the_trade_is_told_by_the_answers(texts: dict[str, str], trade: str) -> None:
    assert detect_trade(answers(texts)).id == trade


def test_the_name_tells_the_trade_where_the_offer_lost_its_word() -> None:
    heard = {"name": "Quiet River Yoga", "offer": "we teach you and breathing classes for small groups"}
    assert detect_trade(answers(heard)).id == "fitness"


def test_the_result_says_that_it_is_offline_and_names_its_sources() -> None:
    result = read_catalogue(answers(BAKERY), Remembered()).as_json()
    assert result["provider"] == "offline catalogue"
    assert result["offline"] is True
    findings = result["findings"]
    assert isinstance(findings, tuple)
    assert all(f["source"].startswith(("offline catalogue: bakery", "your answer")) for f in findings)


@pytest.mark.parametrize("texts", [BAKERY, REPAIR, {}])
def test_the_headline_can_be_spoken(texts: dict[str, str]) -> None:
    headline = read_catalogue(answers(texts), Remembered()).headline
    assert len(headline.split()) <= HEADLINE_WORDS_MAX
    assert headline.endswith(".")


def test_markup_in_a_name_is_no_word_to_lead_with() -> None:
    name = "<img src=x onerror=alert(1)>Blue<script>steal(cookies)</script> Door"
    audience = '" onmouseover="alert(2) javascript:alert(3)'
    found = read_catalogue(answers({"name": name, "audience": audience}), Remembered())
    told = " ".join([found.headline, *found.keywords, *(finding.text for finding in found.findings)]).lower()
    assert "blue and door" in found.headline
    assert not re.search(r"onerror|alert|script|steal|cookies", " ".join(found.keywords) + found.headline)
    assert "onerror" not in told


def test_an_age_is_nothing_to_lead_with() -> None:
    texts = {"offer": "Mathematics lessons for pupils between ten and eighteen, online and at home"}
    found = read_catalogue(answers(texts), Remembered())
    assert "eighteen" not in found.headline
    assert "eighteen" not in found.keywords


def test_the_findings_hold_the_human_s_words() -> None:
    found = read_catalogue(answers(BAKERY), Remembered())
    text = " ".join(f.text for f in found.findings)
    assert "sourdough" in text
    assert "young families and office workers nearby" in text
    assert "sourdough" in found.keywords


def test_two_businesses_get_different_research() -> None:
    first, second = (read_catalogue(answers(texts), Remembered()) for texts in (BAKERY, REPAIR))
    assert first.headline != second.headline
    assert not {f.text for f in first.findings} & {f.text for f in second.findings}


def test_sites_are_known_as_they_are_written_and_as_they_are_said() -> None:
    said = answers({**BAKERY, "style": "like tartine bakery dot com or https://www.poilane.fr/x"})
    assert sites_named(said) == ("bakery.com", "www.poilane.fr")


@pytest.mark.parametrize(
    "said",
    ["write to anna@golden-crust.com", "a_b@c_d-e.com", "we are at crust.com.br", "crust.com@x"],
)
def test_a_part_of_another_name_is_no_site_that_was_named(said: str) -> None:
    assert sites_named(answers({**BAKERY, "style": said})) == ()


def test_unanswered_questions_are_said_to_be_open() -> None:
    found = read_catalogue(answers({**BAKERY, "audience": ""}), Remembered())
    assert any(f.title == "Not answered" and "audience" in f.text for f in found.findings)


def test_the_catalogue_knows_no_figures_and_every_trade_is_complete() -> None:
    assert len(catalogue()) >= 16
    for trade in catalogue().values():
        for text in (trade.first, *trade.expect, *trade.avoid, *trade.tell, *trade.steps):
            assert not re.search(r"\d|%|percent", text)
        assert len(trade.first.split()) <= 6
        assert len(trade.steps) == 3


def test_research_of_another_kind_is_no_research() -> None:
    assert Research.of(None) is None
    assert Research.of({"status": "failed"}) is None
