"""A persona, a tool, acts and a phase, each by one entry and one function, as docs/extending.md says.

Every block of the document is taken from it and put where the document says that it belongs.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from nora import BLOCKS, ROOT, Voiced, nora, restored
from theatre import ANSWERS

from orchestration import events, tools
from orchestration.brief import Brief
from orchestration.entries import check
from orchestration.tools import WORK
from server.jobs import tasks
from server.jobs.protocol import Failed, Request, Result, parse_message
from server.team import Team


@pytest.fixture(autouse=True)
def _registries() -> Iterator[None]:
    """What a test adds is gone after it."""
    with restored():
        yield


def played(folder: Path, pages: str = ANSWERS[4], garbled: str = "", forgotten: str = "") -> Voiced:
    theatre = Voiced(*nora(folder), (*ANSWERS[:4], pages, ANSWERS[5]))
    theatre.garbled, theatre.forgotten = garbled, forgotten
    theatre.play()
    assert theatre.conversation.end_state == "completed"
    return theatre


def test_the_document_shows_one_block_for_each_file() -> None:
    assert set(BLOCKS) == {
        "orchestration/personas.toml",
        "orchestration/tools.py",
        "server/jobs/tasks.py",
        "orchestration/acts.toml",
        "server/engine/acts/talk.toml",
        "orchestration/workflow.py",
    }


def test_nora_fits_in_and_the_page_is_told_of_her(tmp_path: Path) -> None:
    cast, workflow = nora(tmp_path)
    check(cast, workflow)
    body = json.dumps(Team(cast, workflow).body())
    assert '"name": "Nora", "title": "accountant", "accent": "#2c7a7b", "jobs": ["price"]' in body
    assert '"name": "price", "title": "The price", "speakers": ["marcus", "nora"]' in body


def test_a_whole_session_with_nora_in_it(tmp_path: Path) -> None:
    theatre = played(tmp_path)
    assert theatre.phases()[-2:] == ["price", "closing"]
    first = theatre.acts().index("nora start_estimate")
    assert theatre.acts()[first - 1 : first + 3] == [
        "marcus hand_over",
        "nora start_estimate",
        "nora report_estimate",
        "marcus close",
    ]
    assert ("select_next_speaker", {"speaker": "nora"}) in theatre.called
    assert ("estimate_price", {"pages": "home and menu"}) in theatre.called
    (answer,) = [c for c in theatre.commands(events.AnswerTool) if c.speaker == "nora"]  # type: ignore[union-attr]
    assert answer.output == {"status": "done", "pages": 2, "euros": 180}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("pages", "told"), [("home and menu", "180 euros for 2 pages"), ("a, b, c", "270 euros for 3 pages")]
)
def test_what_nora_says_offline_follows_what_her_tool_found(tmp_path: Path, pages: str, told: str) -> None:
    theatre = played(tmp_path, pages)
    assert theatre.said("start_estimate") == ["Let me work out what the website for Golden Crust costs."]
    assert theatre.said("report_estimate") == [f"I come to {told}, as an estimate."]


@pytest.mark.parametrize(
    ("garbled", "forgotten", "told"),
    [
        ("estimate_price", "", "pages is missing"),
        ("", "estimate_price", "what it needs to know was not said"),
    ],
)
def test_a_call_that_the_schema_does_not_allow_or_that_never_came_is_a_failure_that_nora_tells(
    tmp_path: Path, garbled: str, forgotten: str, told: str
) -> None:
    theatre = played(tmp_path, garbled=garbled, forgotten=forgotten)
    assert "nora report_failure" in theatre.acts()
    assert told in theatre.said("report_failure")[0]


def test_a_tool_that_breaks_costs_its_call_and_not_the_session(tmp_path: Path) -> None:
    cast, workflow = nora(tmp_path)
    WORK["estimate_price"] = replace(WORK["estimate_price"], answer=lambda arguments, brief: {"x": 1 // 0})
    theatre = Voiced(cast, workflow, ANSWERS)
    theatre.play()
    assert theatre.conversation.end_state == "completed"
    assert "nora report_failure" in theatre.acts()


def test_a_corrected_answer_is_estimated_again(tmp_path: Path) -> None:
    seen: list[str] = []

    def noted(arguments: tools.Arguments, brief: Brief) -> tools.Result:
        seen.append(brief.text("name"))
        return {"status": "done", "pages": 1, "euros": 90}

    cast, workflow = nora(tmp_path)
    WORK["estimate_price"] = replace(WORK["estimate_price"], answer=noted)
    theatre = Voiced(cast, workflow, ANSWERS)
    theatre.start().run(until=lambda: "nora report_estimate" in theatre.acts())
    theatre.receive(events.AnswerCorrected("name", "Silver Crust"))
    assert seen == ["Golden Crust", "Silver Crust"]


def test_work_that_takes_time_is_a_job_with_a_function_of_its_own(tmp_path: Path) -> None:
    class Quiet:
        def log(self, line: str) -> None: ...

        def progress(self, percent: int, message: str) -> None: ...

    brief: dict[str, object] = {"brief": dict(zip(("pages",), ("home, menu",), strict=True)), "arguments": {}}
    request = Request("price", brief, str(tmp_path))
    assert isinstance(parse_message(tasks.run_task(request, Quiet())), Failed)
    exec(BLOCKS["server/jobs/tasks.py"], dict(vars(tasks)))
    found = parse_message(tasks.run_task(request, Quiet()))
    assert found == Result({"status": "done", "pages": 2, "euros": 180})
    cast, workflow = nora(tmp_path)
    WORK["estimate_price"] = replace(WORK["estimate_price"], answer=None)
    theatre = Voiced(cast, workflow, ANSWERS)
    theatre.start().run(until=lambda: any(_is_price(c) for c in theatre.commands(events.StartJob)))
    (job,) = filter(_is_price, theatre.commands(events.StartJob))
    assert isinstance(job, events.StartJob)
    assert job.payload["arguments"] == {"pages": "home and menu"}


def _is_price(command: events.Command) -> bool:
    return isinstance(command, events.StartJob) and command.kind == "price"


def followed(folder: Path) -> Path:
    """A copy of the house in which somebody did what the document says."""
    for room in ("orchestration", "server", "media", "client"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name, block in BLOCKS.items():
        file = folder / name
        text = file.read_text()
        if name == "orchestration/workflow.py":
            file.write_text(text.replace('Phase("closing"', f'{block.strip()},\nPhase("closing"'))
        elif name != "server/jobs/tasks.py":
            file.write_text(text + block)
    return folder


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "MOENTREPRISE_PORT": "0"}
    environ["MOENTREPRISE_DATA"] = str(folder / "data")
    line = [sys.executable, "-m", *words]
    return subprocess.run(line, cwd=folder, env=environ, capture_output=True, text=True, timeout=50)


def test_who_follows_the_document_has_a_house_that_knows_nora_and_stops_for_a_slip(tmp_path: Path) -> None:
    house = followed(tmp_path)
    told = command(house, "server", "doctor")
    assert told.returncode == 0, told.stdout
    assert "Sophie, Nora." in told.stdout
    assert re.search(r"Templates +for every act\.", told.stdout)
    slip = house / "orchestration/workflow.py"
    slip.write_text(slip.read_text().replace('tool="estimate_price"', 'tool="estimate_prize"'))
    told = command(house, "server", "serve")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == "moentreprise: phases.price.start_estimate.tool: nobody defined 'estimate_prize'\n"
    templates = house / "server/engine/acts/talk.toml"
    templates.write_text(templates.read_text() + "[late]\nplain = 3\n")
    told = command(house, "server.engine")
    assert told.returncode == 1
    assert "engine/acts/talk.toml: late.plain: expected a list of sentences" in told.stderr.splitlines()[-1]
