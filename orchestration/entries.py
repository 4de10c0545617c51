"""Do the entries fit together? Personas, acts, tools and phases are data: what is wrong stops start-up."""

from __future__ import annotations

import re
from collections.abc import Container

from orchestration.acts import acts
from orchestration.facts import FACTS
from orchestration.personas import Cast, RegistryError
from orchestration.tools import SELECT_NEXT_SPEAKER, WORK, Work
from orchestration.workflow import FAILURE, Step, Wait, Workflow

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
BESIDE_THE_SCRIPT = (
    "nudge",
    "didnt_catch",
    "reply",
    "still_working",
    "remind_approval",
    "publish_again",
    FAILURE,
    "back_again",
    "go_back",
    "moment",
    "corrected",
    "late_answer",
    "contact_told",
    "ask_change",
    "ask_contact",
    "cannot_change",
    "only_a_tap",
    "edit_yourself",
    "rebuild",
    "rebuilt",
    "rebuilt_plain",
    "rebuild_failed",
    "site_stays",
    "draw_picture",
    "new_picture",
)
"""Acts that the rules use by themselves."""


def check(cast: Cast, workflow: Workflow) -> None:
    """Raises RegistryError naming the entry and the field that another entry does not bear out."""
    for name, work in WORK.items():
        _check_tool(f"tools.{name}", name, work)
    for act in BESIDE_THE_SCRIPT:
        _known(act, acts(), f"acts.{act}")
    questions = {question.key for question in workflow.questions if question.asked}
    for phase in workflow.phases:
        for step in phase.steps:
            where = f"phases.{phase.name}.{step.act}"
            _check_step(where, step, questions)
            _check_speakers(where, step, cast)


def _check_tool(where: str, name: str, work: Work) -> None:
    if work.tool.name != name or not NAME.fullmatch(name) or name == SELECT_NEXT_SPEAKER:
        raise RegistryError(f"{where}.name: {work.tool.name!r} is not a name of its own, as {name!r} is")
    if not work.tool.description.strip():
        raise RegistryError(f"{where}.description: expected some text")
    schema = work.tool.parameters
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if schema.get("type") != "object" or not isinstance(properties, dict):
        raise RegistryError(f"{where}.parameters: expected the JSON Schema of an object")
    if not isinstance(required, list) or not set(required) <= set(properties):
        raise RegistryError(f"{where}.parameters.required: names what is not in properties")
    if any(other.job == work.job for other in WORK.values() if other is not work):
        raise RegistryError(f"{where}.job: {work.job!r} is another tool's")
    for kind in work.uses:
        _known(kind, _kinds(), f"{where}.uses")


def _check_step(where: str, step: Step, questions: set[str]) -> None:
    _known(step.act, acts(), f"{where}.act")
    for came, act in step.instead:
        _known(act, acts(), f"{where}.instead.{came}")
    for kind in step.context:
        _known(kind, FACTS, f"{where}.context")
    if step.question:
        _known(step.question, questions, f"{where}.question")
    if step.tool:
        _known(step.tool, WORK, f"{where}.tool")
    if step.reports:
        _known(step.reports, _kinds(), f"{where}.reports")
    needed = {Wait.ANSWER: "question", Wait.RESULT: "tool", Wait.APPROVAL: "tool"}.get(step.wait)
    if needed and not getattr(step, needed):
        raise RegistryError(f"{where}.wait: {step.wait.value!r} needs a {needed}")


def _check_speakers(where: str, step: Step, cast: Cast) -> None:
    _known(step.speaker, cast, f"{where}.speaker")
    for name in step.chooses:
        _known(name, cast, f"{where}.chooses")
    tools = (*([step.tool] if step.tool else []), *([SELECT_NEXT_SPEAKER] if step.chooses else []))
    for tool in tools:
        if tool not in cast[step.speaker].tools:
            raise RegistryError(f"{step.speaker}.tools: {where} needs {tool!r}")


def _kinds() -> set[str]:
    return {work.job for work in WORK.values()}


def _known(name: str, among: Container[str], where: str) -> None:
    if name not in among:
        raise RegistryError(f"{where}: nobody defined {name!r}")
