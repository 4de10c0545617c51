"""Published at most once, wherever it breaks off and however often it is started again.

LinkedIn's own check for duplicates is switched off: it would hide a second call.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linkedin_child import at_line
from linkedin_desk import approved, carry_out, means

from orchestration.adapters.linkedin import Published
from orchestration.adapters.linkedin.ledger import FILE, Ledger
from orchestration.adapters.linkedin.publication import Publication
from orchestration.adapters.work import Means
from tests.fakes.linkedin import FakeLinkedIn, serving

CHILD = Path(__file__).with_name("linkedin_child.py")
# Where a process would have ended, here a file or a socket stays to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
KILLS = 6
RESTARTS = 3
STATUSES = {"published", "unknown"}


class Crash(BaseException):
    """As when the process ends here: nothing in the house may catch it."""


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeLinkedIn]:
    with serving(FakeLinkedIn(refuse_duplicates=False)) as fake:
        yield fake


def crashing(publication: Publication, folder: Path, mine: Means, line: int) -> Published | None:
    """Publish until that line; None when it broke off there."""

    def crash() -> None:
        raise Crash

    former = sys.gettrace()
    sys.settrace(at_line(line, crash))  # type: ignore[arg-type]
    try:
        return carry_out(publication, folder, mine)
    except Crash:
        return None
    finally:
        sys.settrace(former)


def test_a_crash_at_any_line_never_leads_to_a_second_post(fake: FakeLinkedIn) -> None:
    mine = means(fake)
    statuses: set[str] = set()
    for line in itertools.count(1):
        fake.posts.clear()
        fake.calls.clear()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            publication = approved(folder, picture=line % 2 == 0)
            broke = crashing(publication, folder, mine, line) is None
            calls = fake.calls.count("POST /rest/posts")
            outcomes = {carry_out(publication, folder, mine) for _ in range(RESTARTS)}
        (outcome,) = outcomes
        statuses.add(outcome.status)
        assert fake.calls.count("POST /rest/posts") <= 1, line
        assert len(fake.posts) <= 1
        if outcome.status == "published":
            assert len(fake.posts) == 1
        else:  # who cannot know does not call again
            assert fake.calls.count("POST /rest/posts") == calls
        if not broke:
            break
    assert statuses == STATUSES
    assert line > 100


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.integers(1, 220), max_size=5),
    troubles=st.lists(st.sampled_from(["429", "503", "500_after", "close_after", "close"]), max_size=3),
)
def test_no_row_of_crashes_and_troubles_leads_to_a_second_post(
    fake: FakeLinkedIn, lines: list[int], troubles: list[str]
) -> None:
    fake.posts.clear()
    fake.troubles.clear()
    fake.troubles.extend(troubles)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mine = means(fake)
        for number, line in enumerate([*lines, 0]):
            approval = f"approval{number // 2}"  # the human approves again now and then
            crashing(approved(folder, approval=approval, picture=number % 2 == 0), folder, mine, line)
            assert len(fake.posts) <= 1


def test_a_process_killed_at_random_lines_never_publishes_twice(fake: FakeLinkedIn, tmp_path: Path) -> None:
    dice, killed = random.Random(7), 0
    for number in range(KILLS):
        fake.posts.clear()
        fake.troubles.clear()
        folder = tmp_path / str(number)
        folder.mkdir()
        publication, mine = approved(folder), means(fake)
        broke = [child(publication, folder, mine, dice.randrange(20, 120)) is None for _ in range(2)]
        killed += sum(broke)
        outcome = child(publication, folder, mine, 0)
        assert outcome is not None
        assert outcome["status"] in STATUSES
        assert len(fake.posts) <= 1, broke
        assert (outcome["status"] == "published") <= (len(fake.posts) == 1)
    assert killed >= KILLS / 2


def child(publication: Publication, folder: Path, mine: Means, line: int) -> dict[str, object] | None:
    """Publish in a process of its own; None when it was killed."""
    paths = os.pathsep.join([str(CHILD.parent), str(CHILD.parents[2])])
    given = json.dumps({"payload": asdict(publication), "means": dict(mine.values)})
    ended = subprocess.run(
        [sys.executable, str(CHILD), str(folder), str(line)],
        input=given,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
        timeout=60,
        check=False,
    )
    if ended.returncode == -9:
        return None
    assert ended.returncode == 0, ended.stderr
    answer: dict[str, object] = json.loads(ended.stdout)
    return answer


def test_two_starts_at_the_same_time_publish_once(fake: FakeLinkedIn, tmp_path: Path) -> None:
    publication = approved(tmp_path)
    with Ledger(tmp_path).held() as ours:
        assert ours
        outcome = carry_out(publication, tmp_path, means(fake))
    assert outcome.status == "unknown"
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"approval": 1}', '{"outcome": null}'])
def test_a_record_that_cannot_be_read_forbids_every_call(
    fake: FakeLinkedIn, tmp_path: Path, text: str
) -> None:
    fake.calls.clear()
    (tmp_path / FILE).write_text(text)
    outcome = carry_out(approved(tmp_path), tmp_path, means(fake))
    assert (outcome.status, outcome.code) == ("unknown", "interrupted")
    assert fake.calls == []


def test_without_room_for_the_record_nothing_is_sent(
    fake: FakeLinkedIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    fake.calls.clear()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        carry_out(approved(tmp_path), tmp_path, means(fake))
    assert fake.calls == []


@pytest.mark.parametrize("trouble", ["no room", "no picture"])
def test_what_may_be_out_is_not_called_unsent_for_another_trouble(
    fake: FakeLinkedIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """Broken off while the post was on its way; at the next start the disk is full, or the picture gone."""
    fake.calls.clear()
    publication = approved(tmp_path)
    Ledger(tmp_path).sending(publication.approval, publication.hash)
    if trouble == "no room":

        def full(ledger: Ledger, record: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Ledger, "_commit", full)
    else:
        (tmp_path / publication.image).unlink()
    ended = carry_out(publication, tmp_path, means(fake))
    assert (ended.status, ended.code) == ("unknown", "interrupted")
    assert not fake.calls
