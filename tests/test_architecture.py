"""The documents say what the code does."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from pathlib import Path

from orchestration.acts import ACTS
from orchestration.rules.diagram import table
from orchestration.workflow import MOENTREPRISE

ROOT = Path(__file__).parent.parent


def test_the_table_of_the_conversation_is_the_documented_one() -> None:
    assert table() in (ROOT / "ARCHITECTURE.md").read_text(), "run python -m orchestration.rules.diagram"


def test_every_act_of_the_workflow_has_instructions() -> None:
    assert {step.act for phase in MOENTREPRISE.phases for step in phase.steps} <= set(ACTS)


def test_no_other_distribution_owns_our_generic_names() -> None:
    owners = packages_distributions()
    for name in ("server", "media", "orchestration"):
        assert set(owners.get(name, [])) <= {"moentreprise"}
