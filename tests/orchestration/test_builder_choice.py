"""Which builder is chosen and why, and what an operator reads about it."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from behind_walls import sandbox_or_skip
from work_samples import BAKERY, Remembered, answers

from orchestration.adapters import website
from orchestration.adapters.builders import chosen, more_seconds
from orchestration.adapters.sandbox import Missing, probing
from orchestration.adapters.website import in_force as in_force_module
from orchestration.adapters.website.command_builder import PROFILES
from orchestration.adapters.website.command_builder.running import Limits
from orchestration.adapters.website.in_force import in_force
from orchestration.adapters.website.model_builder import Budget
from orchestration.adapters.website.order import Order
from orchestration.adapters.website.vite import builder as vite
from orchestration.adapters.work import Assignment, Means
from server.jobs import limits
from server.jobs import means as means_of_jobs
from server.jobs.tasks import build_website
from server.settings import DESCRIPTORS, Settings
from tests.fakes import agent
from tests.fakes.chat_endpoint import KEY, Answer, chat_endpoint

BUILDER, MODEL = "MOENTREPRISE_BUILDER", "MOENTREPRISE_BUILDER_MODEL"


def means(**values: str) -> Means:
    names = {"builder": BUILDER, "model": MODEL, "command": "MOENTREPRISE_BUILDER_COMMAND"}
    names |= {"key": "OPENAI_API_KEY", "url": "OPENAI_BASE_URL"}
    return Means({names[name]: value for name, value in values.items()})


@pytest.mark.parametrize(
    ("given", "name", "why"),
    [
        ({}, "vite", "nothing else is set"),
        ({"key": "k"}, "vite", "nothing else is set"),
        ({"command": "codex"}, "vite", "nothing else is set"),
        ({"builder": "auto"}, "vite", "nothing else is set"),
        ({"builder": "auto", "model": "m"}, "model", f"{MODEL} names a model"),
        ({"model": "m"}, "model", f"{MODEL} names a model"),
        ({"builder": "vite", "model": "m"}, "vite", f"{BUILDER} says so"),
        ({"builder": "static", "model": "m"}, "static", f"{BUILDER} says so"),
        ({"builder": "model"}, "model", f"{BUILDER} says so"),
        ({"builder": "codex", "model": "m"}, "codex", f"{BUILDER} says so"),
        ({"builder": "openmanus"}, "openmanus", f"{BUILDER} says so"),
        ({"builder": "opencode"}, "opencode", f"{BUILDER} says so"),
    ],
)
def test_the_builder_is_the_one_that_was_chosen(given: dict[str, str], name: str, why: str) -> None:
    assert chosen(means(**given)) == (name, why)
    assert website.choose(means(**given)).name == name


def test_a_job_in_which_others_write_may_take_longer_and_still_ends_with_the_usual_site() -> None:
    cases = (({}, 0.0), ({"builder": "static"}, 0.0), ({"model": "m"}, 360.0), ({"builder": "codex"}, 660.0))
    for given, more in cases:
        values = means(**given)
        assert more_seconds(values) == more
        assert limits.seconds("website", values.values, 120.0) == 120.0 + more
        assert limits.seconds("post", values.values, 120.0) == 120.0
    assert Budget().seconds < more_seconds(means(model="m"))
    assert Limits().seconds < more_seconds(means(builder="codex"))


def test_every_profile_can_be_chosen_by_the_setting() -> None:
    setting = next(one for one in DESCRIPTORS if one.variable == BUILDER)
    for name in ("auto", "vite", "static", "model", *PROFILES):
        assert setting.parse(name) == name
        assert name in setting.expected


def test_only_a_website_s_job_is_told_of_the_builder_and_its_key() -> None:
    settings = Settings(builder="codex", builder_model="m", builder_command="c", openai_api_key="k")
    of = means_of_jobs.of_settings(settings)
    mine = {BUILDER: "codex", MODEL: "m", "MOENTREPRISE_BUILDER_COMMAND": "c", "OPENAI_API_KEY": "k"}
    assert mine.items() <= of("s", "website").items()
    assert not of("s", "publish").keys() & mine.keys()
    house = means_of_jobs.of_settings(Settings(builder="vite", builder_model="m", openai_api_key="k"))
    assert "OPENAI_API_KEY" not in house("s", "website")


@pytest.mark.parametrize(
    ("given", "whole", "found"),
    [
        ({}, True, "vite, because nothing else is set."),
        ({"builder": "static"}, True, f"static, because {BUILDER} says so."),
        ({"builder": "model"}, False, "no model is named; the usual site is built instead."),
        ({"model": "m"}, False, "m has no key; the usual site is built instead."),
        ({"model": "m", "key": "k"}, True, f"model, because {MODEL} names a model: m at OpenAI; if it"),
        ({"model": "m", "url": "http://x/v1"}, True, "m at http://x/v1; if it fails,"),
        ({"builder": "codex", "command": "/no/codex"}, False, "Codex is not found (/no/codex); the usual"),
        ({"builder": "codex", "command": sys.executable}, True, f"codex, because {BUILDER} says so;"),
    ],
)
def test_an_operator_reads_what_is_in_force(
    given: dict[str, str], whole: bool, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_force_module, "_missing", lambda: "")
    told = in_force(means(**given))
    assert (told.whole, found in told.found) == (whole, True), told
    outside = "outside of the sandbox with network, as this user: choose it only on a machine of your own"
    assert (outside in told.remedy) is ("codex" in given.values() and whole)


@pytest.mark.parametrize("given", [{}, {"model": "m", "key": "k"}, {"builder": "codex"}])
def test_without_the_parts_to_build_an_operator_reads_that_pages_are_static(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, _ = chosen(means(**given))
    monkeypatch.setattr(probing, "examine", lambda: Missing("bubblewrap is not installed"))
    told = in_force(means(**given))
    assert not told.whole
    reason = "there is no sandbox (bubblewrap is not installed)"
    if shutil.which("node"):
        assert told.found == f"static pages, not {name}: {reason}."
    monkeypatch.setattr(shutil, "which", lambda program: None)
    assert in_force(means(**given)).found == f"static pages, not {name}: Node is not installed."
    assert in_force(means(builder="static")).whole


async def test_a_model_that_is_not_named_leads_to_the_usual_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vite, "means_of_building", lambda order, report: "Vite is not here.")
    order = Order(answers(BAKERY), means=means(builder="model"))
    report = Remembered()
    result = website.choose(order.means).build(order, tmp_path, report)
    assert result.kind == "static"
    assert result.because in (
        "No model is named that builds sites; vite is not here.",
        "Vite is not here.",  # where even the project could not be begun
    )


BROKEN = "import Gone from './Gone';\nexport default function HomePage() { return <Gone /> }\n"
REACH = 'process.getBuiltinModule("node:fs").writeFileSync("package.json", "evil")'
REPLACED = """
import { Layout } from "../components/Layout";
declare const process: { getBuiltinModule(name: string): { writeFileSync(a: string, b: string): void } };
if (typeof process !== "undefined") %s;
export default function HomePage() {
  return <Layout current="index.html"><main id="main"><h1>Warm bread at six</h1></main></Layout>;
}
"""


class Screen(Remembered):
    """A report that shows a preview, and tells that it stands."""

    def __init__(self, stands: Callable[[], object]) -> None:
        super().__init__()
        self.previews: list[tuple[str, str]] = []
        self._stands = stands

    def preview(self, socket: str, address: str) -> None:
        self.previews.append((socket, address))
        self._stands()


def _write(path: str, content: str) -> tuple[str, str]:
    return "write_file", json.dumps({"path": path, "content": content})


def _or_skip(order: Order) -> None:
    """Where the sandbox, Node or Vite's packages are missing; in CI that is a failure."""
    sandbox_or_skip()
    why = vite.means_of_building(order, Remembered())
    if isinstance(why, str):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)


async def test_a_model_s_project_is_built_by_vite_in_the_sandbox_and_its_source_is_what_it_wrote(
    tmp_path: Path,
) -> None:
    finish = ("finish", '{"summary": "done"}')
    home = "src/pages/Home.tsx"
    script = (
        # The model waits until the site is seen.
        Answer(calls=(_write(home, BROKEN), finish), first_byte_s=45.0),
        Answer(calls=(_write(home, REPLACED % REACH), finish)),
    )
    async with chat_endpoint(*script) as chat:
        order = Order(answers(BAKERY), means=means(model="m", url=chat.url, key=KEY))
        _or_skip(order)
        report = Screen(lambda: loop.call_soon_threadsafe(chat.released.set))
        loop = asyncio.get_running_loop()
        builder = website.choose(order.means)
        result = await asyncio.to_thread(builder.build, order, tmp_path, report)
    assert (result.kind, result.because) == ("model", ""), report.lines
    assert [bool(socket) for socket, _ in report.previews] == [True, False]
    asked = json.dumps(chat.asked[-1]["messages"])
    assert "src/pages/Home.tsx(1,18): error TS2307" in asked
    assert "Warm bread at six" in (tmp_path / "site" / "index.html").read_text()
    assert (tmp_path / "site-source" / home).read_text() == REPLACED % REACH
    assert "evil" not in (tmp_path / "site-source" / "package.json").read_text()
    assert sorted(os.listdir(tmp_path)) == ["site", "site-source"]
    assert report.percents == sorted(report.percents)


def test_an_agent_s_project_is_built_by_vite_in_the_sandbox(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    writes = {"src/theme.css": ":root{--agent:1}\n", "node_modules/vite/bin/vite.js": "evil"}
    script.write_text(json.dumps({"recorded": "codex.jsonl", "writes": writes}))
    command = shlex.join([sys.executable, agent.__file__, str(script)])
    order = Order(answers(BAKERY), means=means(builder="codex", command=command))
    _or_skip(order)
    report = Remembered()
    result = website.choose(order.means).build(order, tmp_path / "session", report)
    assert (result.kind, result.because) == ("codex", ""), report.lines
    styles = "".join(path.read_text() for path in (tmp_path / "session" / "site").rglob("*.css"))
    assert "--agent" in styles


def test_what_a_killed_build_left_goes_with_the_next_one(tmp_path: Path) -> None:
    for left in (".site-a/site", ".authored-b/source"):
        (tmp_path / left).mkdir(parents=True)
    build_website(Assignment({"brief": BAKERY}, tmp_path, means(builder="static"), Remembered()))
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
