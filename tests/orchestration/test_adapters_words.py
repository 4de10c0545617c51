"""Transcribed speech is made readable without losing or inventing a word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.adapters import words
from orchestration.adapters.answers import Answers
from orchestration.adapters.pages import named_pages, planned_pages, slug
from orchestration.adapters.things import things_offered
from orchestration.adapters.work import WorkError

SPOKEN_NAMES: list[list[str]] = json.loads(
    (Path(__file__).parents[1] / "fixtures/spoken-names.json").read_text("utf-8")
)
USUAL = ("home", "services", "about", "contact")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        *SPOKEN_NAMES,
        ("<b>Bold</b>", "<b>Bold</b>"),
        ("../../etc", "../../etc"),
    ],
)
def test_a_spoken_name_gets_capitals_and_a_written_one_stays(said: str, name: str) -> None:
    assert words.spoken_name(said) == name


@pytest.mark.parametrize(
    ("source", "text", "name"),
    [
        ("corrected", "adidas", "adidas"),
        ("corrected", "It is called Home", "It is called Home"),
        ("typed", "adidas", "adidas"),
        ("typed", "it's a wrap", "it's a wrap"),
        ("typed", "Our bakery is called Golden Harvest.", "Golden Harvest"),
        ("given", "We call it Second Wheel.", "Second Wheel"),
        ("given", "We Are Knitters", "We Are Knitters"),
    ],
)
def test_a_typed_name_keeps_its_letters_and_a_corrected_one_every_word(
    source: str, text: str, name: str
) -> None:
    assert Answers.of({"brief": {"name": text}, "sources": {"name": source}}).display_name == name


def test_an_answer_without_a_word_is_none() -> None:
    signs = dict.fromkeys(("name", "offer", "audience", "style"), "🚲🔧😀 !!")
    pictures = Answers.of({"brief": signs})
    assert pictures.name == "🚲🔧😀 !!"
    assert pictures.unanswered() == ("offer", "audience", "difference", "pages", "style")


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("um so i think we sell flowers", "We sell flowers."),
        ("bake bread", "We bake bread."),
        ("handmade candles", "Handmade candles."),
        ("i dont do plastic", "I don't do plastic."),
        ("", ""),
    ],
)
def test_an_offer_becomes_sentences(said: str, read: str) -> None:
    assert words.offer(said) == read


def test_a_long_run_of_words_is_divided_at_its_clauses() -> None:
    said = "we bake bread and cakes for all of the town every day and we bring it by bike because we like it"
    assert (
        words.tidy(said)
        == "We bake bread and cakes for all of the town every day. We bring it by bike. We like it."
    )


def test_an_audience_loses_only_its_introduction() -> None:
    assert words.audience("our customers are mainly young families") == "young families"
    assert words.audience("people who want to get fit") == "people who want to get fit"
    assert words.audience("it's for painters writers and cooks") == "painters, writers and cooks"


def test_shortening_says_that_something_is_missing() -> None:
    assert words.shorten("one two three four five six", 4) == "one two three four…"
    assert words.shorten("one two", 4) == "one two"
    assert words.shorten("each lesson ends with a film in which it is", 7) == "each lesson ends with a film…"


def test_what_is_whole_is_a_sentence_or_a_clause_and_never_cut() -> None:
    said = "We use local flour and our recipes are a hundred years old. Come by."
    assert words.whole(said, 12) == "We use local flour and our recipes are a hundred years old."
    assert words.whole(said, 6) == "We use local flour."
    assert words.whole(said, 3) == words.whole("", 3) == ""


@pytest.mark.parametrize(
    ("said", "titles"),
    [
        ("home about menu and contact", ["Home", "About", "Menu", "Contact"]),
        ("a page for prices", ["Prices"]),
        ("i want a home page a menu and a page for weddings", ["Home", "Menu", "Weddings"]),
        ("home, recipes, wholesale and contact", ["Home", "Recipes", "Wholesale", "Contact"]),
        (
            "Home, how lessons work, tutors, prices, questions",
            ["Home", "How lessons work", "Tutors", "Prices", "Questions"],
        ),
        (
            "home how lessons work tutors prices questions",
            ["Home", "How lessons work", "Tutors", "Prices", "Questions"],
        ),
        (
            "Home, about, services, book a repair, where we work",
            ["Home", "About", "Services", "Book a repair", "Where we work"],
        ),
        (
            "home services where we work and book a repair",
            ["Home", "Services", "Where we work", "Book a repair"],
        ),
        (
            "Home, our breads, the bakers, opening hours and contact",
            ["Home", "Our breads", "Bakers", "Opening hours", "Contact"],
        ),
        (
            "Home, repairs and prices, rebuilt bikes, courses, contact",
            ["Home", "Repairs and prices", "Rebuilt bikes", "Courses", "Contact"],
        ),
        (
            "Home, services, gardens we have made, prices, contact",
            ["Home", "Services", "Gardens we have made", "Prices", "Contact"],
        ),
        (
            "A home page, a menu, and a page with our opening hours and the address.",
            ["Home", "Menu", "Opening hours and address"],
        ),
        ("A home page, a list of prices, and a page to book a visit.", ["Home", "Prices", "Book a visit"]),
        (
            "A home page, a page with the classes and prices, and a page about the teachers.",
            ["Home", "Classes and prices", "Teachers"],
        ),
        ("I don't need many pages, just a home page and contact.", ["Home", "Contact"]),
        ("a home page of course and then prices", ["Home", "Prices"]),
        ("home, <img src=x onerror=alert(4)>, contact", ["Home", "Contact"]),
        ("i really do not know", []),
        ("", []),
    ],
)
def test_each_item_of_a_list_is_a_page_and_in_speech_each_known_name(said: str, titles: list[str]) -> None:
    assert [page.title for page in named_pages(said)] == titles


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("book a repair", "booking"),
        ("where we work", "address"),
        ("the address", "address"),
        ("how lessons work", "own"),
        ("repairs and prices", "prices"),
        ("opening hours and the address", "hours"),
        ("team building", "own"),
        ("our work", "gallery"),
    ],
)
def test_a_page_holds_what_its_title_says(said: str, kind: str) -> None:
    assert [page.kind for page in named_pages(f"Home, {said}, blog")] == ["home", kind, "notes"]


def test_the_site_always_has_a_home_page_and_the_usual_pages_when_none_were_named() -> None:
    assert [page.path for page in planned_pages("", USUAL)] == [
        "index.html",
        "services.html",
        "about.html",
        "contact.html",
    ]
    assert [page.slug for page in planned_pages("just a home page", USUAL)] == ["index"]
    assert planned_pages("contact and gallery", USUAL)[0].slug == "index"


@pytest.mark.parametrize("title", ["../../etc", "índex", "index", "<img>", "🥐", "", "a" * 200])
def test_a_page_name_can_never_be_a_path(title: str) -> None:
    name = slug(title)
    assert name.replace("-", "").isalnum()
    assert name not in {"index", "colophon"}
    assert len(name) <= 45


@pytest.mark.parametrize(
    ("offer", "things"),
    [
        (
            "we repair bicycles and old motorbikes and sell used parts",
            ("Bicycles", "Old motorbikes", "Used parts"),
        ),
        ("tax advice and bookkeeping for freelancers", ("Tax advice", "Bookkeeping")),
        ("we bake cakes every morning and we deliver by bike", ("Cakes",)),
        (
            "Mathematics lessons for pupils between ten and eighteen, online and at the kitchen table",
            ("Mathematics lessons",),
        ),
        ("we repair old bicycles and sell used ones with a guarantee of one year", ("Old bicycles",)),
        ("mathematics lessons for ages eight to eighteen", ("Mathematics lessons",)),
        ("yoga for children from five and ten years", ("Yoga",)),
        ("<img src=x onerror=alert(1)> candles and <b>soap</b>", ("Candles", "Soap")),
        ("we sell bread and cakes, call us at 555 1234", ("Bread", "Cakes")),
        ("bread and cakes call us on five five five one two", ("Bread", "Cakes")),
        ("bread and cakes, you can reach us at 555 1234 and we deliver pies", ("Bread", "Cakes", "Pies")),
        ("bread and cakes, phone 555 1234", ("Bread", "Cakes")),
        ("bread and cakes and our number is 555 1234", ("Bread", "Cakes")),
        ("bread and cakes, just give us a call", ("Bread", "Cakes")),
        ("bread and cakes, write to anna@golden.example", ("Bread", "Cakes")),
        ("bread and cakes, email anna at golden dot com", ("Bread", "Cakes")),
        ("contact lenses, phone repairs and text books", ("Contact lenses", "Phone repairs", "Text books")),
        ("", ()),
    ],
)
def test_things_are_named_by_the_human(offer: str, things: tuple[str, ...]) -> None:
    assert things_offered(offer, ()) == things


@pytest.mark.parametrize(
    "payload", [{}, {"brief": 1}, {"brief": {"name": 5}}, {"brief": {"name": "x" * 20_001}}]
)
def test_a_broken_brief_is_refused_with_its_own_code(payload: dict[str, object]) -> None:
    with pytest.raises(WorkError) as refused:
        Answers.of(payload)
    assert refused.value.code == "invalid_brief"


def test_the_lines_of_the_text_on_contact_stay_apart_and_it_is_none_of_the_six() -> None:
    lines = Answers.of({"brief": {"contact": "555 1234\r\n\n 12 River Street;\n\u202eMon-Fri 9-5 "}})
    assert lines.contact == "555 1234; 12 River Street; Mon-Fri 9-5"
    assert "contact" not in lines.texts()
    assert Answers.of({"brief": {"contact": None}}).contact == Answers.of({"brief": {}}).contact == ""
    with pytest.raises(WorkError):
        Answers.of({"brief": {"contact": ["555 1234"]}})


def test_control_characters_and_direction_overrides_are_removed() -> None:
    assert Answers.of({"brief": {"name": "A\u0000b\u202ec\n d"}}).name == "Abc d"
