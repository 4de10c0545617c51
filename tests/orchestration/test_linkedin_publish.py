"""An approved post at a strict LinkedIn: published whole, or its real reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from linkedin_desk import ALT, TEXT, approved, carry_out, means

from orchestration.adapters.linkedin import wire
from orchestration.adapters.linkedin.outcomes import REASONS, Code
from orchestration.adapters.linkedin.publishing import DRAFT_FILE
from orchestration.adapters.work import Means
from tests.fakes.linkedin import MEMBER, PERSON, FakeLinkedIn, serving

ORGANISATION = "urn:li:organization:2414183"


@pytest.fixture(scope="module")
def server() -> Iterator[FakeLinkedIn]:
    with serving() as fake:
        yield fake


@pytest.fixture
def fake(server: FakeLinkedIn, monkeypatch: pytest.MonkeyPatch) -> FakeLinkedIn:
    """The same server, without a past; nobody waits long for it."""
    for kept in (server.posts, server.images, server.calls, server.troubles, server.image_troubles):
        kept.clear()
    server.refuse_duplicates = True
    monkeypatch.setattr(wire.ask, "__defaults__", (b"", 0.5))
    monkeypatch.setattr("orchestration.adapters.linkedin.api.PROCESSED_PAUSE_S", 0.01)
    return server


def test_an_approved_post_is_published_whole_with_its_picture(fake: FakeLinkedIn, tmp_path: Path) -> None:
    outcome = carry_out(approved(tmp_path), tmp_path, means(fake))
    (post,) = fake.posts
    assert (post.shown, post.alt, post.author) == (TEXT, ALT, f"urn:li:person:{PERSON}")
    assert fake.images[post.image].content == next(tmp_path.glob("*.png")).read_bytes()
    assert outcome.as_json() == {
        "status": "published",
        "url": f"https://www.linkedin.com/feed/update/{post.urn}/",
        "reason": "",
    }
    assert json.loads((tmp_path / DRAFT_FILE).read_text())["url"] == outcome.url


def test_a_post_without_a_picture_is_published_too(fake: FakeLinkedIn, tmp_path: Path) -> None:
    assert carry_out(approved(tmp_path, picture=False), tmp_path, means(fake)).status == "published"
    assert fake.calls == ["POST /rest/posts"]


def test_an_organisation_waits_until_its_picture_is_ready(fake: FakeLinkedIn, tmp_path: Path) -> None:
    token = fake.grant("openid profile w_organization_social")
    fake._asked = 0
    outcome = carry_out(approved(tmp_path), tmp_path, means(fake, token, author=ORGANISATION))
    assert outcome.status == "published"
    assert fake.posts[0].author == ORGANISATION
    assert len([call for call in fake.calls if call.startswith("GET /rest/images/")]) == 2


REFUSALS = [
    (Code.TOKEN_EXPIRED, {"token": "withdrawn"}, True),
    (Code.VERSION_EXPIRED, {"version": "202401"}, False),
    (Code.REFUSED, {"version": ""}, False),
    (Code.SCOPE, {"author": "urn:li:person:somebody-else"}, True),
]


@pytest.mark.parametrize(("code", "change", "again"), REFUSALS)
@pytest.mark.parametrize("picture", [True, False])
def test_a_refusal_is_told_with_its_reason(
    fake: FakeLinkedIn, tmp_path: Path, code: Code, change: dict[str, str], again: bool, picture: bool
) -> None:
    outcome = carry_out(approved(tmp_path, picture=picture), tmp_path, means(fake, **change))
    assert (outcome.status, outcome.code, outcome.retry) == ("failed", code, again)
    assert outcome.reason.startswith(REASONS[code])
    assert fake.posts == []


def test_a_token_that_has_expired_is_no_lack_of_permission(fake: FakeLinkedIn, tmp_path: Path) -> None:
    old = fake.grant(MEMBER, expired=True)
    assert carry_out(approved(tmp_path), tmp_path, means(fake, old)).code == Code.TOKEN_EXPIRED


TROUBLES = [
    ("429", Code.RATE_LIMITED, "failed", 0),
    ("503", Code.FAULT, "failed", 0),
    ("400", Code.REFUSED, "failed", 0),
    ("422", Code.REFUSED, "failed", 0),
    ("500", Code.FAULT_MIDWAY, "unknown", 0),
    ("504", Code.FAULT_MIDWAY, "unknown", 0),
    ("500_after", Code.FAULT_MIDWAY, "unknown", 1),
    ("hang", Code.NO_ANSWER, "unknown", 0),
    ("close", Code.NO_ANSWER, "unknown", 0),
    ("hang_after", Code.NO_ANSWER, "unknown", 1),
    ("close_after", Code.NO_ANSWER, "unknown", 1),
]


@pytest.mark.parametrize(("trouble", "code", "status", "stored"), TROUBLES)
def test_what_goes_wrong_with_the_post_is_told_as_it_is_and_not_tried_again(
    fake: FakeLinkedIn, tmp_path: Path, trouble: str, code: Code, status: str, stored: int
) -> None:
    fake.refuse_duplicates = False
    fake.troubles.append(trouble)
    publication, mine = approved(tmp_path), means(fake)
    outcome = carry_out(publication, tmp_path, mine)
    assert (outcome.status, outcome.code) == (status, code)
    assert outcome.url == ""
    assert carry_out(publication, tmp_path, mine) == outcome
    assert (len(fake.posts), fake.calls.count("POST /rest/posts")) == (stored, 1)


@pytest.mark.parametrize("trouble", ["500", "504", "hang", "close"])
def test_a_fault_before_the_post_is_a_certain_failure(
    fake: FakeLinkedIn, tmp_path: Path, trouble: str
) -> None:
    fake.image_troubles.append(trouble)
    outcome = carry_out(approved(tmp_path), tmp_path, means(fake))
    assert (outcome.status, outcome.code, outcome.retry) == ("failed", Code.FAULT, True)
    assert "POST /rest/posts" not in fake.calls


def test_a_linkedin_that_is_not_there_is_a_certain_failure(fake: FakeLinkedIn, tmp_path: Path) -> None:
    mine = means(fake)
    gone = type(mine)({**mine.values, "MOENTREPRISE_LINKEDIN_URL": "http://127.0.0.1:1"})
    for picture in (True, False):
        (tmp_path / str(picture)).mkdir()
        folder = tmp_path / str(picture)
        outcome = carry_out(approved(folder, picture=picture), folder, gone)
        assert (outcome.status, outcome.code, outcome.retry) == ("failed", Code.UNREACHABLE, True)


def test_a_duplicate_is_said_to_be_one(fake: FakeLinkedIn, tmp_path: Path) -> None:
    for name, status in (("one", "published"), ("two", "failed")):
        (tmp_path / name).mkdir()
        outcome = carry_out(approved(tmp_path / name), tmp_path / name, means(fake))
        assert outcome.status == status
    assert (outcome.code, outcome.retry) == (Code.DUPLICATE, False)


def test_after_a_certain_failure_another_approval_publishes(fake: FakeLinkedIn, tmp_path: Path) -> None:
    fake.troubles.append("429")
    assert carry_out(approved(tmp_path), tmp_path, means(fake)).retry
    again = carry_out(approved(tmp_path, approval="approval2"), tmp_path, means(fake))
    assert (again.status, len(fake.posts)) == ("published", 1)


@pytest.mark.parametrize("trouble", ["", "hang_after", "close_after", "500_after", "hang"])
def test_after_anything_else_no_approval_publishes_again(
    fake: FakeLinkedIn, tmp_path: Path, trouble: str
) -> None:
    fake.refuse_duplicates = False
    fake.troubles.extend([trouble] if trouble else [])
    first = carry_out(approved(tmp_path), tmp_path, means(fake))
    again = carry_out(approved(tmp_path, text="Other words.", approval="approval2"), tmp_path, means(fake))
    assert again == first
    assert fake.calls.count("POST /rest/posts") == 1


@pytest.mark.parametrize(("trouble", "status"), [("hang_after", "unknown"), ("", "published")])
def test_an_account_that_is_gone_since_changes_nothing_of_what_was_done(
    fake: FakeLinkedIn, tmp_path: Path, trouble: str, status: str
) -> None:
    fake.troubles += [trouble] if trouble else []
    publication = approved(tmp_path)
    first = carry_out(publication, tmp_path, means(fake))
    again = carry_out(publication, tmp_path, Means())
    assert again == first
    assert again.status == status


def test_a_text_that_grows_too_long_when_it_is_written_out_is_not_sent(
    fake: FakeLinkedIn, tmp_path: Path
) -> None:
    outcome = carry_out(approved(tmp_path, "(" * 2000), tmp_path, means(fake))
    assert (outcome.status, outcome.code, fake.calls) == ("failed", Code.TOO_LONG, [])


def test_the_token_goes_to_no_other_host(fake: FakeLinkedIn, tmp_path: Path) -> None:
    url, fake.url = fake.url, "http://127.0.0.2:9"
    try:
        mine = means(fake)
        lured = type(mine)({**mine.values, "MOENTREPRISE_LINKEDIN_URL": url})
        outcome = carry_out(approved(tmp_path), tmp_path, lured)
    finally:
        fake.url = url
    assert outcome.code == Code.FAULT
    assert fake.calls == ["POST /rest/images"]


def test_the_token_is_in_no_file_and_no_word(fake: FakeLinkedIn, tmp_path: Path) -> None:
    mine = means(fake)
    carry_out(approved(tmp_path), tmp_path, mine)
    token = mine.text("LINKEDIN_ACCESS_TOKEN")
    assert token not in repr(mine)
    for path in tmp_path.rglob("*"):
        assert token.encode() not in path.read_bytes()
