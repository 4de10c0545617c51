"""How people reach the business: which words tell it, and what of it stands in the brief."""

from __future__ import annotations

import time

import pytest

from orchestration.contact import Kind, is_known, told, with_ways


@pytest.mark.parametrize(
    ("words", "kind", "text"),
    [
        ("our phone number is 555 1234", Kind.PHONE, "555 1234"),
        ("Our phone number is five five five one two three four.", Kind.PHONE, "555 1234"),
        ("our phone numbers five five five one two three four", Kind.PHONE, "555 1234"),
        ("by the way, the number is +49 170 1234567, please", Kind.PHONE, "+49 170 1234567"),
        ("Call us at (555) 123-4567.", Kind.PHONE, "(555) 123-4567"),
        ("could you please add our phone number 555 1234 to the site", Kind.PHONE, "555 1234"),
        ("no, the phone number is wrong, it is 555 4321", Kind.PHONE, "555 4321"),
        ("that is wrong, the phone number is 555 4321", Kind.PHONE, "555 4321"),
        ("no, I meant 555 4321", Kind.PHONE, "555 4321"),
        ("555 1234", Kind.PHONE, "555 1234"),
        ("my email is anna at example dot com", Kind.EMAIL, "anna@example.com"),
        ("our e-mail address is Anna.Smith@Example.com, thank you", Kind.EMAIL, "anna.smith@example.com"),
        ("the email is anna smith at golden crust dot co dot uk", Kind.EMAIL, "annasmith@goldencrust.co.uk"),
        ("write to us at anna dash b at example dot com", Kind.EMAIL, "anna-b@example.com"),
        ("anna@example.com", Kind.EMAIL, "anna@example.com"),
        ("the address is 12 River Street", Kind.ADDRESS, "12 River Street"),
        ("our address is twelve river street", Kind.ADDRESS, "12 River Street"),
        ("our address is Hauptstraße 12, 10115 Berlin", Kind.ADDRESS, "Hauptstraße 12, 10115 Berlin"),
        ("write to us at 12 River Street, London", Kind.ADDRESS, "12 River Street, London"),
        ("we are open from nine to five on weekdays", Kind.HOURS, "Open from nine to five on weekdays"),
        ("We’re open on Mondays.", Kind.HOURS, "Open on Mondays"),
        ("our opening hours are nine to five", Kind.HOURS, "Open nine to five"),
        ("great, our phone number is 555 1234", Kind.PHONE, "555 1234"),
        ("please put our phone number 555 1234 on the site", Kind.PHONE, "555 1234"),
        ("Phone: 555 1234", Kind.PHONE, "555 1234"),
        ("phone us at 555 1234", Kind.PHONE, "555 1234"),
        ("Email is hello@example.com", Kind.EMAIL, "hello@example.com"),
        ("use our address 12 River Street on the site", Kind.ADDRESS, "12 River Street"),
        ("the address is one hundred and five river street", Kind.ADDRESS, "105 River Street"),
        ("the address is Riverside 12", Kind.ADDRESS, "Riverside 12"),
        ("we are open on mondays, put that on the page", Kind.HOURS, "Open on mondays"),
    ],
)
def test_a_sentence_that_begins_as_such_tells_a_way_to_the_business(
    words: str, kind: Kind, text: str
) -> None:
    (way,) = told(words)
    assert (way.kind, way.text) == (kind, text)


@pytest.mark.parametrize(
    "words",
    [
        "we are open to suggestions",
        "we are open minded",
        "we are open from the heart",
        "we are open",
        "the number is too small",
        "the number is one hundred thousand",
        "our number is 10000 customers a year",
        "the number of pages is 5",
        "our phone number is wrong",
        "our phone number is 555 1234?",
        "what is our phone number",
        "call us when you are done",
        "call us crazy but I like it",
        "the address is wrong",
        "the address is on the first page",
        "the address is in one of the answers",
        "the address is a mess",
        "the e-mail is down",
        "the opening hours are missing",
        "find us at the old mill",
        "our website address is golden crust dot com",
        "I like it",
        "in 2019 we sold 12 loaves",
        "make it green",
        "the address is a bit small, make it 20 pixels",
        "the address is 3 lines long",
        "the address is shown twice on page 2",
        "the address is great, 10 out of 10",
        "our address is our home since 1995",
        "find us on page 3",
        "you can reach us in 10 minutes by bus",
        "the opening hours are on the weekend page",
        "the opening hours are missing on monday",
        "we are open source at noon",
        "we opened from one to two shops",
        "send it to anna@example.com",
        "I like it, mine is anna at example dot com",
        "12/05/2024",
        "it's 2024 2025",
    ],
)
def test_other_sentences_tell_none(words: str) -> None:
    assert told(words) == ()


def test_a_breath_may_tell_several() -> None:
    ways = told("our phone number is 555 1234 and my email is anna at example dot com, we are open every day")
    assert [way.text for way in ways] == ["555 1234", "anna@example.com", "Open every day"]


def test_each_way_takes_the_place_of_its_former_one_and_the_others_stay() -> None:
    contact = ""
    for words in (
        "our phone number is 555 1234",
        "the email is anna at example dot com",
        "our address is 12 River Street",
        "we are open every day",
        "the phone number is 555 9999",
        "the address is 4 Hill Road",
        "we are open on mondays",
    ):
        contact = with_ways(contact, told(words))
    assert contact == "555 9999\nanna@example.com\n4 Hill Road\nOpen on mondays"


def test_what_was_typed_around_it_stays() -> None:
    typed = "Phone 555 1234, e-mail a@example.com\nOpen 9-17, Mon-Fri, 12 River Street\nRing twice"
    contact = with_ways(typed, told("our phone number is 555 9999 and we are open every day"))
    assert contact == f"{typed.replace('1234', '9999')}\nOpen every day"


def test_opening_hours_are_no_former_number() -> None:
    contact = with_ways("Mon-Fri 8-12 13-17", told("our phone number is 555 1234"))
    assert contact == "Mon-Fri 8-12 13-17\n555 1234"


@pytest.mark.parametrize(
    ("answer", "known"),
    [
        ("bread and cakes, call us at five five five one two three four", True),
        ("write to anna at example dot com", True),
        ("tel. 030 1234567", True),
        ("we are at 12 River Street", True),
        ("home, prices and contact", False),
        ("fresh street food since 2019", False),
        ("", False),
    ],
)
def test_an_answer_may_hold_it_already(answer: str, known: bool) -> None:
    assert is_known(answer) is known


@pytest.mark.parametrize(
    "part", ["no, ", "so ", "5 ", "double ", "open ", "a dot ", "our ", "at ", "and ", ", ", "("]
)
def test_long_words_are_read_in_no_time(part: str) -> None:
    began = time.perf_counter()
    for lead in ("", "our phone number is ", "our email is ", "the address is ", "we are open "):
        said = lead + part * (2000 // len(part))
        told(said)
        is_known(said)
        with_ways(said, told("our phone number is 555 1234"))
    assert time.perf_counter() - began < 3.0
