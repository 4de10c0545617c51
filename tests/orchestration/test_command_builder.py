"""An external builder is a child with a private copy: what it says is told, what it may write is taken."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
from work_samples import BAKERY, Remembered, answers

from orchestration.adapters.tables import Table, TableError
from orchestration.adapters.website.authored import AuthoredBuilder
from orchestration.adapters.website.build import StaticBuilder
from orchestration.adapters.website.command_builder import PROFILES, CommandAuthor, Profile, running
from orchestration.adapters.website.command_builder.outputs import READERS
from orchestration.adapters.website.command_builder.running import KEEPER, Limits
from orchestration.adapters.website.order import Order, SiteResult
from orchestration.adapters.work import Means
from tests.fakes import agent
from tests.fakes.site_kit import PROJECT, SmallKit

APP = "export const App = () => <h1>Golden Crust</h1>\n"
MARK = "export const Mark = () => null\n"
WRITES = {"src/App.tsx": APP, "src/Mark.tsx": MARK}
KEY = "sk-hidden-from-all"


@dataclass
class Workshop:
    """Builds with the agent's double, and what came of it."""

    place: Path
    kit: SmallKit = field(default_factory=SmallKit)
    report: Remembered = field(default_factory=Remembered)
    limits: Limits | None = None
    means: dict[str, str] = field(default_factory=dict)

    def build(self, name: str, **script: object) -> SiteResult:
        self.place.joinpath("agent").mkdir(exist_ok=True)
        written = self.place / "agent" / "script.json"
        written.write_text(json.dumps(script))
        command = shlex.join([sys.executable, agent.__file__, str(written)])
        means = Means({"MOENTREPRISE_BUILDER_COMMAND": command, "OPENAI_API_KEY": KEY, **self.means})
        builder = AuthoredBuilder(
            name,
            PROFILES[name].who,
            lambda: self.kit,
            lambda order: CommandAuthor(PROFILES[name], order.means, self.limits),
            lambda means: StaticBuilder(),
        )
        order = Order(answers(BAKERY), means=means)
        return builder.build(order, self.place / "session", self.report)

    def given(self, run: int = 0) -> Mapping[str, object]:
        """What the agent was given."""
        found = json.loads((self.place / "agent" / f"given{run}.json").read_text())
        assert isinstance(found, dict)
        return found

    def fails(self, name: str = "codex", **script: object) -> str:
        """The usual site is there, and nothing else is left; why."""
        result = self.build(name, **script)
        assert result.kind == "static"
        assert "Golden Crust" in (self.place / "session" / "site" / "index.html").read_text()
        assert f"{name}: {result.because} The usual site is built instead." in self.report.lines
        assert not Path(str(self.given()["folder"])).exists()
        return result.because


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_codex_writes_a_site_and_its_json_lines_are_the_log(workshop: Workshop) -> None:
    result = workshop.build("codex", recorded="codex.jsonl", writes=WRITES)
    assert (result.kind, result.because) == ("codex", "")
    assert "Golden Crust" in (workshop.place / "session" / "site" / "index.html").read_text()
    assert (workshop.place / "session" / "site-source" / "src" / "Mark.tsx").read_text() == MARK
    mine = [line for line in workshop.report.lines if line.startswith("codex: ")]
    assert mine == [
        "codex: begins with the project of the usual site",
        "codex: an external builder: it runs outside of the sandbox, with network, as the server's own user",
        "codex: runs bash -lc 'ls -R src'",
        "codex: runs bash -lc 'npm run build'",
        "codex: that command ended with 127",
        "codex: trouble: Model metadata is not known; defaults are used.",
        "codex: searched for sourdough bakery colour palettes",
        "codex: trouble: Reconnecting... 1/5",
        "codex: changed src/App.tsx",
        "codex: added src/Mark.tsx",
        "codex: The home page now speaks of warm bread. I could not run the build here.",
        "codex: done, 24763 tokens read and 1122 written",
        f"codex: wrote src/App.tsx ({len(APP)} bytes)",
        f"codex: wrote src/Mark.tsx ({len(MARK)} bytes)",
    ]


def test_openmanus_writes_a_site_and_its_text_is_the_log(workshop: Workshop) -> None:
    result = workshop.build("openmanus", recorded="openmanus.txt", writes=WRITES)
    assert (result.kind, result.because) == ("openmanus", "")
    said = "\n".join(workshop.report.lines)
    assert "openmanus: Executing step 2/20\n" in said
    assert "openmanus: ✨ Manus's thoughts: I look at the project first.\n" in said
    assert "openmanus: 🔧 Activating tool: 'str_replace_editor'...\n" in said
    assert "openmanus: done\n" in said
    for noise in ("Token usage", "Tool arguments", "cat -n", "warm the palette", "2025-03-20"):
        assert noise not in said


def test_opencode_writes_a_site_and_its_json_lines_are_the_log(workshop: Workshop) -> None:
    result = workshop.build("opencode", recorded="opencode.jsonl", writes=WRITES)
    assert (result.kind, result.because) == ("opencode", "")
    said = "\n".join(workshop.report.lines)
    assert "opencode: write: src/App.tsx\n" in said
    assert "opencode: read failed: src/None.tsx\n" in said
    assert "opencode: The home page is warm now.\n" in said


def test_codex_is_told_by_stdin_and_openmanus_by_an_argument(workshop: Workshop) -> None:
    workshop.means = {"MOENTREPRISE_BUILDER_MODEL": "gpt-x"}
    workshop.build("codex", recorded="codex.jsonl", writes=WRITES)
    workshop.build("openmanus", recorded="openmanus.txt", writes=WRITES)
    codex, openmanus = workshop.given(0), workshop.given(1)
    copy = str(codex["folder"])
    sandboxed = ["--sandbox", "workspace-write", "--cd", copy, "--model", "gpt-x", "-"]
    assert codex["words"] == ["exec", "--json", "--ephemeral", "--skip-git-repo-check", *sandboxed]
    assert f"The project is in the folder {copy}." in str(codex["stdin"])
    assert BAKERY["offer"] in str(codex["stdin"])
    words = openmanus["words"]
    assert isinstance(words, list)
    assert words[0] == "--prompt"
    assert BAKERY["offer"] in words[1]
    assert (len(words), openmanus["stdin"]) == (2, "")


def test_an_agent_has_a_private_copy_a_cleared_environment_and_a_low_priority(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOENTREPRISE_SECRET_KEY", "canary")
    workshop.means = {"MOENTREPRISE_DATA": "/srv/data", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}
    workshop.build("codex", recorded="codex.jsonl", writes=WRITES)
    workshop.build("openmanus", recorded="openmanus.txt", writes=WRITES)
    codex, openmanus = workshop.given(0)["environment"], workshop.given(1)["environment"]
    assert isinstance(codex, dict)
    assert isinstance(openmanus, dict)
    ours = {"PATH", "LANG", "LC_ALL", "TZ", "LC_CTYPE"}  # the last one is Python's own
    assert codex.keys() - ours == {"TMPDIR", "HOME", "CODEX_API_KEY", "OPENAI_BASE_URL"}
    assert codex["CODEX_API_KEY"] == KEY
    assert openmanus.keys() - ours == {"TMPDIR", "HOME", "NO_COLOR", "PYTHONUTF8"}
    assert openmanus["HOME"] == openmanus["TMPDIR"]
    folder = Path(str(workshop.given()["folder"]))
    assert not folder.is_relative_to(workshop.place)
    assert not folder.exists()
    nice = workshop.given()["nice"]
    assert isinstance(nice, int)
    assert nice >= 15


def test_a_variable_that_is_not_set_is_left_out(workshop: Workshop) -> None:
    workshop.means = {"OPENAI_API_KEY": ""}
    workshop.build("codex", recorded="codex.jsonl", writes=WRITES)
    environment = workshop.given()["environment"]
    assert isinstance(environment, dict)
    assert not {"CODEX_API_KEY", "OPENAI_BASE_URL"} & environment.keys()


def test_what_does_not_build_is_told_to_a_second_run(workshop: Workshop) -> None:
    result = workshop.build("codex", recorded="codex.jsonl", writes={"src/App.tsx": "BROKEN"})
    assert result.because == "The agent Codex wrote a site that does not build."
    assert "error TS1005" in str(workshop.given(1)["stdin"])
    assert "error TS1005" not in str(workshop.given(0)["stdin"])
    assert not (workshop.place / "agent" / "given3.json").exists()


@pytest.mark.parametrize(
    ("name", "script", "because"),
    [
        ("codex", {"recorded": "codex-failed.jsonl"}, "The agent Codex could not do it."),
        ("codex", {"recorded": "codex-failed.jsonl", "exit": 1}, "The agent Codex ended with an error (1)."),
        (
            "openmanus",
            {"recorded": "openmanus-failed.txt", "exit": 1},
            "The agent OpenManus ended with an error (1).",
        ),
        ("openmanus", {"recorded": "openmanus-failed.txt"}, "The agent OpenManus ended before it was done."),
        ("codex", {}, "The agent Codex ended before it was done."),
        ("codex", {"deeds": ["die"]}, "The agent Codex ended with an error (137)."),
        ("codex", {"recorded": "codex.jsonl"}, "The agent Codex finished without changing anything."),
        (
            "codex",
            {"recorded": "codex.jsonl", "writes": {}},
            "The agent Codex finished without changing anything.",
        ),
    ],
)
def test_what_an_agent_does_instead_leads_to_the_usual_site(
    workshop: Workshop, name: str, script: dict[str, object], because: str
) -> None:
    writes = {} if "writes" in script or because.endswith("changing anything.") else WRITES
    assert workshop.fails(name, **{"writes": writes, **script}) == because
    assert KEY not in "\n".join(workshop.report.lines)


def test_a_key_that_an_agent_repeats_is_hidden(workshop: Workshop) -> None:
    workshop.fails("codex", recorded="codex-failed.jsonl")
    said = "\n".join(workshop.report.lines)
    assert "failed: unexpected status 401 Unauthorized: Incorrect API key provided: •••" in said


def test_no_part_of_a_key_is_told_and_no_file_with_one_is_taken(workshop: Workshop) -> None:
    """The client's words reach the agent, and what it writes is shown to the client."""
    result = workshop.build(
        "codex", recorded="codex.jsonl", writes={"src/App.tsx": APP}, deeds=["tell_key", "write_key"]
    )
    assert result.kind == "codex"
    said = "\n".join(workshop.report.lines)
    assert "sk-hid" not in said
    assert "codex: src/Mark.tsx is left out: it holds a key" in said
    assert not (workshop.place / "session" / "site-source" / "src" / "Mark.tsx").exists()


def test_an_agent_that_is_not_there_is_said(workshop: Workshop) -> None:
    workshop.means = {"MOENTREPRISE_BUILDER_COMMAND": "/no/such/codex"}
    result = workshop.build("codex")
    assert (result.kind, result.because) == ("static", "The agent Codex is not installed on this machine.")


def test_a_program_that_cannot_be_run_is_said(workshop: Workshop, tmp_path: Path) -> None:
    program = tmp_path / "codex"
    program.write_bytes(b"\x7fELF nonsense")
    program.chmod(0o755)
    workshop.means = {"MOENTREPRISE_BUILDER_COMMAND": str(program)}
    result = workshop.build("codex")
    assert (result.kind, result.because) == ("static", "The agent Codex could not be started.")


def test_an_agent_that_itself_ends_as_a_shell_does_for_want_of_a_program_was_started(
    workshop: Workshop,
) -> None:
    assert workshop.fails(recorded="codex.jsonl", exit=126) == "The agent Codex ended with an error (126)."


def test_an_agent_that_hangs_is_ended_with_all_that_it_started(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    child: list[int] = []
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + 1_000 * len(child))
    monkeypatch.setattr(running, "time", clock)  # its ten minutes are over when all of it has begun
    looking = threading.Thread(target=_look_for_the_child, args=(workshop, child))
    looking.start()
    assert workshop.fails(deeds=["hang"]) == "The agent Codex took too long and was stopped."
    looking.join()
    assert not any(alive(pid) for pid in (*child, int(str(workshop.given()["pid"]))))


def _look_for_the_child(workshop: Workshop, found: list[int]) -> None:
    """Its number, once the agent has started it."""
    ends = time.monotonic() + 50
    while not found and time.monotonic() < ends:
        time.sleep(0.01)
        with contextlib.suppress(OSError, ValueError):
            folder = Path(str(workshop.given()["folder"]))
            found.append(int((folder / "child.pid").read_text()))


def test_what_an_agent_leaves_running_is_ended_with_it(workshop: Workshop) -> None:
    began = time.monotonic()
    result = workshop.build("codex", recorded="codex.jsonl", writes=WRITES, deeds=["leave_a_child"])
    assert result.kind == "codex"
    assert time.monotonic() - began < 50.0  # the child sleeps for ten minutes


@pytest.mark.parametrize(
    ("deed", "because"),
    [
        ("flood", "The agent Codex wrote far too many lines and was stopped."),
        ("long_line", "The agent Codex wrote far too many lines and was stopped."),
        ("link_out", "The agent Codex wrote a link that leads out into the project."),
        ("link_folder", "The agent Codex wrote a link that leads out into the project."),
        ("pipe", "The agent Codex wrote a device, pipe or socket into the project."),
        ("deep", "The agent Codex wrote folders nested too deeply into the project."),
        ("delete_package", "The agent Codex removed package.json, which must stay."),
    ],
)
def test_what_an_agent_must_not_do_is_contained_and_said(workshop: Workshop, deed: str, because: str) -> None:
    assert workshop.fails(recorded="codex.jsonl", writes=WRITES, deeds=[deed]) == because
    assert len(workshop.report.lines) < 700


@pytest.mark.parametrize("deed", ["fill", "fill_aside"])
def test_an_agent_that_fills_the_disk_is_stopped(workshop: Workshop, deed: str) -> None:
    workshop.limits = Limits(total_bytes=20 * 1024 * 1024)
    assert workshop.fails(deeds=[deed]) == "The agent Codex filled the disk and was stopped."


def test_only_what_may_be_written_is_taken(workshop: Workshop) -> None:
    writes = {
        **WRITES,
        "package.json": '{"name": "evil"}',
        "vite.config.ts": "evil",
        ".npmrc": "evil",
        "notes.md": "evil",
        "evil.html": "<p>",
        "src/evil.js": "evil",
        "src/.hidden.ts": "evil",
        "src/b\u00e4d.ts": "evil",
        "dist/index.html": "evil",
        "index.html": "<!doctype html><title>Golden Crust</title>\n",
    }
    deeds = ["binary", "link_aside", "delete_theme"]
    assert workshop.build("codex", recorded="codex.jsonl", writes=writes, deeds=deeds).kind == "codex"
    built = workshop.kit.compiled[0]
    assert built.keys() == (PROJECT.keys() | {"src/Mark.tsx", "public/photo.png"}) - {"src/theme.css"}
    assert not [path for path, text in built.items() if "evil" in text]
    assert "Golden Crust" in built["index.html"]
    said = "\n".join(workshop.report.lines)
    assert "codex: its change of package.json is left out" in said
    assert "codex: removed src/theme.css" in said
    assert "codex: src/evil.js is left out: files end in" in said
    assert "codex: src/odd.ts is left out: a text" in said
    assert "codex: src/b\u00e4d.ts is left out: names are made of" in said
    assert "codex: src/x y.ts is left out: names are made of" in said
    assert "codex: public/huge.png is left out: 3 145 728 bytes" in said


def test_when_the_worker_is_killed_nothing_of_the_agent_is_left(workshop: Workshop) -> None:
    """As a cancel does it: the worker's whole group by SIGKILL."""
    script = workshop.place / "script.json"
    script.write_text(json.dumps({"deeds": ["hang"]}))
    command = shlex.join([sys.executable, agent.__file__, str(script)])
    words = [sys.executable, "-c", WORKER, command, str(workshop.place / "source")]
    worker = subprocess.Popen(words, cwd=Path(__file__).parents[2], start_new_session=True)
    ends = time.monotonic() + 50
    pids: list[int] = []
    while len(pids) < 2 and time.monotonic() < ends:
        time.sleep(0.02)
        with contextlib.suppress(OSError, ValueError):
            given = json.loads((workshop.place / "given0.json").read_text())
            folder = Path(given["folder"])
            pids = [given["pid"], int((folder / "child.pid").read_text())]
    assert [alive(pid) for pid in pids] == [True, True]
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    while (any(alive(pid) for pid in pids) or folder.parent.exists()) and time.monotonic() < ends:
        time.sleep(0.02)
    assert [alive(pid) for pid in pids] == [False, False]
    assert not folder.parent.exists()


WORKER = """
import sys
from pathlib import Path
from orchestration.adapters.website.authored import Bench
from orchestration.adapters.website.command_builder import PROFILES, CommandAuthor
from orchestration.adapters.work import Means
class Silent:
    def log(self, line): ...
    def progress(self, percent, message): ...
source = Path(sys.argv[2])
source.mkdir()
means = Means({"MOENTREPRISE_BUILDER_COMMAND": sys.argv[1]})
CommandAuthor(PROFILES["codex"], means).work("task", Bench(source), Silent())
"""


@pytest.mark.parametrize("name", sorted(READERS))
def test_a_reader_lives_through_anything(name: str) -> None:
    reader = READERS[name]("/copy")
    odd = ["", "null", "[]", "7", '{"type": 7}', '{"type": "item.completed"}', "{" * 5_000, "[" * 100_000]
    odd += ['{"type": "item.completed", "item": []}', '{"type": "turn.failed", "error": "x"}']
    odd += ['{"type": "item.completed", "item": {"type": "file_change", "changes": {"a": 1}}}']
    odd += [
        '{"type": "tool_use", "part": {"state": 7}}',
        '{"type": "text", "part": {"text": null}}',
        "|||",
        "x | y",
    ]
    for line in odd:
        assert all(len(said) < 300 for said in reader.read(line))
    assert not reader.done


def test_an_agent_s_words_are_one_line_of_text() -> None:
    reader = READERS["codex"]("/copy")
    message = {"type": "agent_message", "text": "a\x1b[31mred\nb\u202ec" + "d" * 1_000}
    (said,) = reader.read(json.dumps({"type": "item.completed", "item": message}))
    assert said.startswith("a [31mred b c")
    assert said.isprintable()
    assert len(said) < 300


@pytest.mark.parametrize(("field_name", "value"), [("task", "telepathy"), ("output", "morse"), ("label", 7)])
def test_a_profile_that_cannot_be_used_is_refused(field_name: str, value: object) -> None:
    fields: dict[str, object] = {
        "label": "X",
        "program": "x",
        "arguments": [],
        "model_arguments": [],
        "last_arguments": [],
        "task": "stdin",
        "output": "codex",
        "environment": {},
    }
    assert Profile.of("x", Table(fields, "test")).label == "X"
    with pytest.raises(TableError):
        Profile.of("x", Table({**fields, field_name: value}, "test"))


def test_what_the_human_said_fills_no_placeholder() -> None:
    places = {"copy": "/c", "scratch": "/s", "task": "{OPENAI_API_KEY} {copy}"}
    words = PROFILES["openmanus"].words(Means(), places)
    assert words[-1] == "{OPENAI_API_KEY} {copy}"


def test_the_keeper_ends_at_once_when_nobody_tells_it_what_to_do() -> None:
    words = [sys.executable, "-I", "-S", KEEPER]
    ended = subprocess.run(words, stdin=subprocess.DEVNULL, timeout=10, check=False)
    assert ended.returncode == 126
