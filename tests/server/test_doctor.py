"""The doctor says what is in force, with one remedy each, and fails only for what blocks."""

from __future__ import annotations

import shutil
import socket
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from orchestration import personas
from orchestration.adapters.sandbox import Sandbox, SandboxError, probing
from server import doctor
from server.doctor import Finding, State
from server.settings import DESCRIPTORS, Settings


def found(settings: Settings, environ: dict[str, str] | None = None) -> dict[str, Finding]:
    return {one.name: one for one in doctor.examine(settings, environ or {})}


def test_a_sound_machine_passes_and_every_setting_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor.run(Settings(port=0, data=tmp_path, openai_api_key="sk-hidden"), {}) == 0
    said = capsys.readouterr().out
    assert all(one.variable in said for one in DESCRIPTORS)
    assert all(name in said for name in ("Search", "LinkedIn", "Data folder"))
    assert "sk-hidden" not in said
    assert "a key is set" in said


def test_a_taken_port_blocks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(port=taken.getsockname()[1], data=tmp_path)
        assert doctor.run(settings, {}) == 1
    assert "in use" in capsys.readouterr().out


def test_the_builder_in_force_is_named_and_an_agent_comes_with_a_warning(tmp_path: Path) -> None:
    plain = doctor.builder(Settings(data=tmp_path, builder="static"))
    assert (plain.state, plain.found) == (State.OK, "static, because MOENTREPRISE_BUILDER says so.")
    gone = doctor.builder(Settings(data=tmp_path, builder="codex", builder_command="/no/codex"))
    assert gone.state is State.LESS
    agent = doctor.builder(Settings(data=tmp_path, builder="codex", builder_command="sh"))
    if agent.state is State.OK:  # with Node and a sandbox
        assert "runs outside of the sandbox with network" in agent.remedy


class Health(BaseHTTPRequestHandler):
    """A server that is asked how it is."""

    body = b"{}"

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None: ...


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (b'{"status": "ok", "server": "moentreprise"}', State.OK),
        (b'{"status": "ok"}', State.BLOCKS),
        (b"[]", State.BLOCKS),
        (b"<html>", State.BLOCKS),
        (b"[" * 100_000, State.BLOCKS),
    ],
)
def test_only_a_server_of_ours_may_have_the_port(body: bytes, state: State) -> None:
    handler = type("Answer", (Health,), {"body": body})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        one = doctor.port(Settings(port=server.server_port))
        server.shutdown()
        thread.join()
    assert one.state is state
    if state is State.OK:
        assert one.found == f"Moentreprise runs already, at http://127.0.0.1:{server.server_port}."
    else:
        assert "in use" in one.found


def test_a_data_folder_that_cannot_be_written_blocks(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    one = doctor.data_folder(Settings(data=tmp_path / "file"))
    assert one.state is State.BLOCKS
    assert "MOENTREPRISE_DATA" in one.remedy


def test_missing_programs_are_named_with_their_remedy_and_block_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(doctor, "has_natural_voices", lambda: False)
    findings = found(Settings(port=0, data=tmp_path))
    for name in ("Voices", "Chromium", "Node", "Sandbox"):
        assert findings[name].state is State.LESS
        assert findings[name].remedy.endswith(".")


def test_a_sandbox_that_may_not_run_is_not_called_working(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise SandboxError("bwrap: No permissions to create new namespace, likely because the kernel …")

    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/bwrap")
    monkeypatch.setattr(Sandbox, "run", refused)
    finding = doctor.sandbox()
    assert finding.state is State.LESS
    assert "not allowed" in finding.found
    assert "Nothing that was generated is executed" in finding.found


def test_a_sandbox_says_what_is_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "examine", lambda: Sandbox("/usr/bin/bwrap", "bubblewrap", ("one", "two")))
    assert doctor.sandbox() == Finding("Sandbox", State.OK, "bubblewrap: one; two.")


def test_without_any_voice_nothing_can_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "has_natural_voices", lambda: False)
    monkeypatch.setattr(doctor, "find_spec", lambda _: None)
    assert doctor.voices().state is State.BLOCKS
    assert doctor.recogniser().state is State.BLOCKS


def test_a_misspelt_variable_is_pointed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)  # no program need be started for that
    findings = found(Settings(port=0, data=tmp_path), {"MOENTREPRISE_PROT": "1"})
    assert "MOENTREPRISE_PROT" in findings["Variables"].found


def test_where_posts_go_is_told() -> None:
    without = doctor.linkedin(Settings())
    assert "draft" in without.found
    assert "LINKEDIN_CLIENT_ID" in without.remedy
    settings = Settings(linkedin_client_id="i", linkedin_client_secret="s")
    assert doctor.linkedin(settings).found == "posts go to the member, by version 202610."
    page = replace(settings, linkedin_organisation="2414183", linkedin_version="202611")
    assert doctor.linkedin(page).found == "posts go to the page 2414183, by version 202611."


def test_who_searches_is_told() -> None:
    without = doctor.search(Settings())
    assert without.found == "No search provider is connected. Research works from its catalogue."
    assert "MOENTREPRISE_SEARCH_URL" in without.remedy
    settings = Settings(search_url="https://api.search.example/?q={query}")
    assert doctor.search(settings).found == "research searches the web with search.example."
    assert "switched off" in doctor.search(replace(settings, search="offline")).found


def test_a_temperature_is_said_to_have_no_effect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = personas.DEFAULT_FILE.read_text().replace("[sarah]\n", "[sarah]\ntemperature = 0.7\n")
    changed = tmp_path / "personas.toml"
    changed.write_text(text)
    load = personas.load
    monkeypatch.setattr(personas, "load", lambda: load(changed))
    one = doctor.team(Settings())
    assert one.state is State.LESS
    assert "no effect for Sarah" in one.remedy


def test_a_wrong_personas_file_blocks_with_the_field_s_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "personas.toml"
    changed.write_text(personas.DEFAULT_FILE.read_text().replace('voice = "marin"', 'voice = "nobody"'))
    load = personas.load
    monkeypatch.setattr(personas, "load", lambda: load(changed))
    one = doctor.team(Settings())
    assert one.state is State.BLOCKS
    assert "sarah.voice" in one.found


@pytest.mark.parametrize(
    ("status", "state", "said"),
    [(200, State.OK, "answers"), (404, State.OK, "answers"), (401, State.LESS, "refuses with 401")],
)
def test_a_chat_endpoint_is_tried(status: int, state: State, said: str) -> None:
    keys: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys.append(self.headers["Authorization"])
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/v1"
        one = doctor.brain(Settings(brain_url=url, brain_model="m", brain_key="sk-hidden"))
        server.shutdown()
        thread.join()
    assert (one.state, said in one.found, keys) == (state, True, ["Bearer sk-hidden"])
    assert "sk-hidden" not in one.found + one.remedy


def test_the_key_goes_nowhere_else_and_a_near_endpoint_is_asked_without_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{self.server.server_address[1]}/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/v1"
        one = doctor.brain(Settings(brain_url=url, brain_model="m", brain_key="sk-hidden"))
        server.shutdown()
        thread.join()
    assert asked == ["/v1/models"]
    assert "refuses with 302" in one.found


def test_a_chat_endpoint_that_is_not_there_means_templates_and_blocks_nothing() -> None:
    one = doctor.brain(Settings(brain_url="http://127.0.0.1:9/v1"))
    assert one.state is State.LESS
    assert "templates speak" in one.remedy
    assert "templates" in doctor.brain(Settings()).found


def test_models_are_looked_for_and_only_those_that_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert doctor.models(Settings()) == []
    (tmp_path / "tokens.txt").write_text("")
    settings = Settings(voice_model=str(tmp_path), hearing_model=str(tmp_path / "nothing"))
    monkeypatch.setattr(doctor, "find_spec", lambda name: name)
    assert [one.state for one in doctor.models(settings)] == [State.OK, State.LESS]
    monkeypatch.setattr(doctor, "find_spec", lambda _: None)
    assert ["not installed" in one.found for one in doctor.models(settings)] == [True, True]
