"""How the business is reached: found wherever it was said, and nothing else is taken for it."""

from __future__ import annotations

import pytest
from work_samples import BAKERY, answers

from orchestration.adapters.website.contact import contact_facts


def facts(contact: str) -> list[tuple[str, str]]:
    return [(fact.kind, fact.text) for fact in contact_facts(answers({"contact": contact}))]


def test_a_line_for_each_is_told_apart() -> None:
    place, times = "12 River Street\n10115 Berlin", "Mon-Fri 9-12 13-17"
    said = f"Phone: 555 1234\nEmail: anna@bread.org\n{place}\n{times}\nRing twice."
    assert facts(said) == [
        ("phone", "555 1234"),
        ("email", "anna@bread.org"),
        ("address", "12 River Street, 10115 Berlin"),
        ("hours", "Mon-Fri 9-12 13-17"),
        ("note", "Ring twice"),
    ]


def test_one_line_with_commas_is_the_same() -> None:
    assert facts("555 1234, anna@bread.org, 12 River Street, Springfield, Mon–Fri 9–5") == [
        ("phone", "555 1234"),
        ("email", "anna@bread.org"),
        ("address", "12 River Street, Springfield"),
        ("hours", "Mon–Fri 9–5"),
    ]


def test_a_town_with_its_code_ends_the_address() -> None:
    assert facts("Call 555 1234. 12 Mill Lane, Ludlow SY8 1AZ. Open Tuesday to Saturday, 10 to 5") == [
        ("phone", "555 1234"),
        ("address", "12 Mill Lane, Ludlow SY8 1AZ"),
        ("hours", "Tuesday to Saturday, 10 to 5"),
    ]


def test_speech_is_written_as_one_writes_it() -> None:
    spoken = (
        "our phone number is 555 1234; my email is anna at bread dot org; the address is 12 river street; "
        "we are open from nine to five on weekdays"
    )
    assert facts(spoken) == [
        ("phone", "555 1234"),
        ("email", "anna@bread.org"),
        ("address", "12 River Street"),
        ("hours", "From nine to five on weekdays"),
    ]


@pytest.mark.parametrize(
    ("said", "kind", "shown"),
    [
        ("Hauptstr. 12, 10115 Berlin", "address", "Hauptstr. 12, 10115 Berlin"),
        ("St. John's Road 12, Oxford OX1 2AB", "address", "St. John's Road 12, Oxford OX1 2AB"),
        ("Market square 3", "address", "Market square 3"),
        ("12 Riverside\nNew York NY 10001", "address", "12 Riverside, New York NY 10001"),
        ("You find us at the old mill", "address", "The old mill"),
        ("Closed on monday", "hours", "Closed on Monday"),
        ("Open daily until 8 pm", "hours", "Daily until 8 pm"),
        ("Open nine to five", "hours", "Open nine to five"),
        ("Open around the clock", "hours", "Around the clock"),
        ("Unit 5, the harbour", "address", "Unit 5, the harbour"),
        ("9 a.m. to 5 p.m.", "hours", "9 a.m. to 5 p.m."),
        ("@bread on Instagram", "note", "@bread on Instagram"),
        ("<b>Ring</b> twice", "note", "<b>Ring</b> twice"),
        ("Opens at nine", "hours", "Opens at nine"),
        ("Ring the bell at the back door", "note", "Ring the bell at the back door"),
        ("Fax 555 4444", "note", "Fax 555 4444"),
        ("IBAN DE89 3704 0044 0532 0130 00", "note", "IBAN DE89 3704 0044 0532 0130 00"),
        ("12/05/2024", "note", "12/05/2024"),
        ("Since 12/05/2024", "note", "Since 12/05/2024"),
        ("www.bread.org", "note", "www.bread.org"),
    ],
)
def test_what_a_piece_is_shows_in_its_words(said: str, kind: str, shown: str) -> None:
    assert facts(said) == [(kind, shown)]


def test_a_fax_beside_a_telephone_is_none() -> None:
    assert facts("Phone 555 1234, fax 555 4444") == [("phone", "555 1234"), ("note", "Fax 555 4444")]


def test_hours_beside_an_address_are_told_apart() -> None:
    assert facts("We are at 12 River Street and open Tue-Sat 10 to 6") == [
        ("address", "12 River Street"),
        ("hours", "Tue-Sat 10 to 6"),
    ]


@pytest.mark.parametrize(
    ("said", "href"),
    [
        ("+49 (0) 30 1234567", "tel:+49301234567"),
        ("(030) 123 45 67", "tel:0301234567"),
        ("01 23 45 67 89", "tel:0123456789"),
        ("555.123.4567", "tel:5551234567"),
        ("555 12", "tel:55512"),
        ("Anna@Bread.org", "mailto:Anna@Bread.org"),
    ],
)
def test_a_number_and_an_address_can_be_followed(said: str, href: str) -> None:
    (fact,) = contact_facts(answers({"contact": said}))
    assert (fact.text, fact.href) == (said, href)


def test_what_was_said_in_an_answer_counts() -> None:
    said = {
        **BAKERY,
        "offer": "bread, write to hello at crust dot com or call +49 30 1234567",
        "difference": "we bake at night and we are open monday to saturday from six to noon",
        "audience": "people near our shop at 12 river street in the old town",
    }
    assert [(fact.text, fact.href) for fact in contact_facts(answers(said))] == [
        ("+49 30 1234567", "tel:+49301234567"),
        ("hello@crust.com", "mailto:hello@crust.com"),
        ("12 River Street", ""),
        ("Monday to Saturday from six to noon", ""),
    ]


@pytest.mark.parametrize(
    "offer",
    [
        "we bake fresh bread every morning",
        "we sell 20 old road bikes, since 1998-2005",
        "we have an open kitchen every friday",
        "we are always open to ideas",
        "lessons from 9 to 12 year olds",
        "a street kitchen on the market square",
    ],
)
def test_nothing_else_in_an_answer_is_taken_for_it(offer: str) -> None:
    wishes = {"pages": "a page with our opening hours and the address", "style": "open monday to friday"}
    assert contact_facts(answers({**BAKERY, **wishes, "offer": offer})) == ()
