"""The documents say what the code does."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from pathlib import Path

from orchestration.rules.diagram import table
from orchestration.tools import WORK
from orchestration.work import PICTURE
from server.jobs.tasks import TASKS

ROOT = Path(__file__).parent.parent


def test_the_table_of_the_conversation_is_the_documented_one() -> None:
    assert table() in (ROOT / "ARCHITECTURE.md").read_text(), "run python -m orchestration.rules.diagram"


def test_every_kind_of_job_has_its_function() -> None:
    asked_for_on_the_page = {PICTURE}
    assert {work.job for work in WORK.values() if work.answer is None} | asked_for_on_the_page == set(TASKS)


def test_no_other_distribution_owns_our_generic_names() -> None:
    owners = packages_distributions()
    for name in ("server", "media", "orchestration"):
        assert set(owners.get(name, [])) <= {"moentreprise"}
