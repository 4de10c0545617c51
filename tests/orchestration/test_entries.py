"""Entries that do not fit together stop start-up with their field; the doctor says what has no effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from nora import nora, restored

from orchestration import acts, personas
from orchestration.entries import BESIDE_THE_SCRIPT, check
from orchestration.personas import RegistryError, line_config
from orchestration.tools import WORK, Work
from orchestration.workflow import MOENTREPRISE, Phase, Step, Wait
from server import doctor
from server.engine import brain_templates
from server.settings import Settings


@pytest.fixture(autouse=True)
def _registries() -> Iterator[None]:
    """What a test adds is gone after it."""
    with restored():
        yield


def test_the_seeds_persona_is_accepted_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "personas.toml"
    file.write_text(
        '[tom]\nname = "Tom"\nvoice = "alloy"\ntemperature = 0.8\nmax_response_tokens = 300\n'
        'instructions = "You answer the phone."\ntools = ["select_next_speaker"]\n'
    )
    loaded = personas.load(file)
    tom = loaded["tom"]
    assert tom.limits == {"temperature": 0.8, "max_response_tokens": 300.0}
    assert "You are Tom, the colleague of" in line_config(tom, loaded).instructions
    assert "You answer the phone." in line_config(tom, loaded).instructions


def test_each_act_is_said_by_a_step_or_checked_as_the_rules_own() -> None:
    steps = [step for phase in MOENTREPRISE.phases for step in phase.steps]
    scripted = {act for step in steps for act in (step.act, *dict(step.instead).values())}
    assert set(acts.acts()) == scripted | set(BESIDE_THE_SCRIPT)


def test_the_doctor_says_which_fields_have_no_effect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cast, workflow = nora(tmp_path)
    cast["maya"] = replace(cast["maya"], tools=("research_market", "draft_post"))
    monkeypatch.setattr(personas, "load", lambda: cast)
    said = doctor.team(Settings()).remedy
    for sentence in (
        "A temperature has no effect for Nora: Realtime GA knows none.",
        "Instructions have no effect for Nora while templates speak.",
        "Nora speaks in no phase.",
        "A tool has no effect for Maya: no step of theirs calls draft_post.",
    ):
        assert sentence in said
    monkeypatch.setattr(doctor, "MOENTREPRISE", workflow)
    said = doctor.team(Settings(openai_api_key="sk")).remedy
    assert "A temperature has no effect for Nora" in said
    assert "Instructions" not in said
    assert "speaks in no phase" not in said


def test_the_doctor_names_what_nobody_does_or_says(tmp_path: Path) -> None:
    nora(tmp_path)
    WORK["estimate_price"] = replace(WORK["estimate_price"], answer=None)
    assert "tools.estimate_price.job" in doctor.team(Settings()).found
    del brain_templates.acts()["report_estimate"]
    assert "report_estimate" in doctor.templates().found


def _tool(**changes: object) -> Callable[[], None]:
    def change() -> None:
        work = WORK["estimate_price"]
        WORK["estimate_price"] = replace(work, tool=replace(work.tool, **changes))  # type: ignore[arg-type]

    return change


def _work(**changes: object) -> Callable[[], None]:
    def change() -> None:
        WORK["estimate_price"] = cast(Work, replace(WORK["estimate_price"], **changes))  # type: ignore[arg-type]

    return change


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_tool(name="Estimate"), "tools.estimate_price.name"),
        (_tool(description=""), "tools.estimate_price.description"),
        (_tool(parameters={"type": "string"}), "tools.estimate_price.parameters"),
        (_tool(parameters={"type": "object", "required": ["x"]}), "estimate_price.parameters.required"),
        (_work(job="website"), "tools.build_website.job"),
        (_work(uses=("weather",)), "tools.estimate_price.uses"),
        (lambda: acts.acts().pop("report_estimate"), "phases.price.report_estimate.act"),
        (lambda: acts.acts().pop("nudge"), "acts.nudge"),
        (lambda: WORK.pop("estimate_price"), "phases.price.start_estimate.tool"),
    ],
)
def test_an_entry_that_fits_nowhere_stops_start_up_with_its_field(
    tmp_path: Path, change: Callable[[], object], field: str
) -> None:
    cast, workflow = nora(tmp_path)
    change()
    with pytest.raises(RegistryError, match=field):
        check(cast, workflow)


@pytest.mark.parametrize(
    ("step", "field"),
    [
        (Step("olga", "greet"), "phases.extra.greet.speaker"),
        (Step("marcus", "greet", chooses=("olga",)), "phases.extra.greet.chooses"),
        (Step("sarah", "hand_over", chooses=("maya",)), "sarah.tools"),
        (Step("sarah", "greet", Wait.RESULT, tool="draft_post"), "sarah.tools"),
        (Step("marcus", "greet", context=("weather",)), "phases.extra.greet.context"),
        (Step("sarah", "ask", Wait.ANSWER, question="age"), "phases.extra.ask.question"),
        (Step("sarah", "ask", Wait.ANSWER, question="contact"), "phases.extra.ask.question"),
        (Step("marcus", "greet", reports="weather"), "phases.extra.greet.reports"),
        (Step("marcus", "greet", Wait.RESULT), "phases.extra.greet.wait"),
    ],
)
def test_a_step_that_fits_nowhere_stops_start_up_with_its_field(step: Step, field: str) -> None:
    extra = replace(MOENTREPRISE, phases=(*MOENTREPRISE.phases, Phase("extra", "Extra", (step,))))
    with pytest.raises(RegistryError, match=field):
        check(personas.load(), extra)


@pytest.mark.parametrize(
    ("text", "field"), [("greet = 3", "greet"), ('greet = " "', "greet"), ("greet = ", "acts.toml")]
)
def test_a_wrong_act_is_named(tmp_path: Path, text: str, field: str) -> None:
    (tmp_path / "acts.toml").write_text(text)
    with pytest.raises(RegistryError, match=field):
        acts.load(tmp_path / "acts.toml")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[greet]\nplain = 'Hello'", "greet.plain"),
        ("[greet]\nplain = ['Hello {']", "greet.plain"),
        ("[greet]\nplain = ['Hello {a.b}']", "greet.plain"),
        ("greet = 3", "greet"),
        ("[greet", "engine/acts/mine.toml"),
    ],
)
def test_a_wrong_template_is_named(text: str, field: str) -> None:
    with pytest.raises(brain_templates.TemplateError, match=field):
        brain_templates.read(text, "engine/acts/mine.toml")
