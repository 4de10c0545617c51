"""The packages that every project is built with: fetched once, from our own lock, and shared read-only.

They lie beside Python's own packages (in the virtual environment), or in the data folder where those cannot
be written. A folder is named by the hash of the lock, and is there whole or not at all.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import math
import os
import platform
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from orchestration.adapters.sandbox import Missing
from orchestration.adapters.work import Means, Report

SETTING = "MOENTREPRISE_TEMPLATES"
DATA = "MOENTREPRISE_DATA"
FILES = ("package.json", "package-lock.json")
PROJECT = resources.files("orchestration.adapters.website.vite") / "project"
MODULES = "node_modules"
FRESH, LOCK, FAILED = ".new-", ".lock", ".failed"
REST_S = 300.0
NODE_NEEDED = "Node 20.19, or 22.12 or later, is needed"
SECONDS_MAX = 75.0
"""Within the time of a job, with some left for the site."""
TELL_EVERY_S = 2.0
NPM = (
    *("install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"),
    *("--loglevel=error", "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000"),
)
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
"""What the machine itself trusts (Debian and its like), which Node does not read of its own accord."""
KEPT_ENVIRONMENT = re.compile(
    r"(PATH|LANG|LC_ALL|TMPDIR|TZ|NODE_EXTRA_CA_CERTS|(https?|no)_proxy|npm_config_.*)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Template:
    """Packages that are ready: `modules` is a `node_modules`, readable for everyone."""

    modules: Path


def template(means: Means, report: Report, *, rest_s: float = REST_S) -> Template | Missing:
    """The packages, fetched now when they are not there yet, which takes some ten seconds and is told.

    Blocks. Missing says why there are none: no Node, no npm, no network, no room. For `rest_s` after that
    failed it is not tried again: where there is no network, not every site waits for it.
    """
    if (reason := _without_node()) is not None:
        return reason
    found = ready(means)
    if found is not None:
        return found
    try:
        return _prepare(_places(means), report, rest_s)
    except OSError as error:
        report.log(f"Vite's packages: {error.strerror or type(error).__name__}")
        return Missing("Vite's packages could not be put on the disk")


def ready(means: Means) -> Template | None:
    """The packages when they are there already; nothing is fetched, nothing is tried."""
    for place in _places(means):
        if (modules := place / key() / MODULES).is_dir():
            return Template(modules)
    return None


def key() -> str:
    """What the folder of the packages is called: other packages, or another machine, have another one."""
    digest = hashlib.sha256(f"{sys.platform}-{platform.machine()}".encode())
    for name in FILES:
        digest.update((PROJECT / name).read_bytes())
    return f"node-{digest.hexdigest()[:16]}"


def _places(means: Means) -> list[Path]:
    """Where they may be, the best place first."""
    if chosen := means.text(SETTING):
        return [Path(chosen)]
    places = [Path(sys.prefix, "share", "moentreprise")] if sys.prefix != sys.base_prefix else []
    data = means.text(DATA)
    return [*places, *([Path(data, "templates")] if data else [])]


def _without_node() -> Missing | None:
    node = shutil.which("node")
    if node is None:
        return Missing("Node is not installed", f"{NODE_NEEDED}.")
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True)
        numbers = re.match(r"v(\d+)\.(\d+)", said.stdout)
    except (OSError, subprocess.SubprocessError):
        numbers = None
    if numbers is None:
        return Missing("Node is installed but does not start", f"{NODE_NEEDED}.")
    major, minor = int(numbers[1]), int(numbers[2])
    if (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major > 22:
        return None
    return Missing(f"Node is too old here ({major}.{minor})", f"{NODE_NEEDED}.")


def _prepare(places: list[Path], report: Report, rest_s: float) -> Template | Missing:
    place = next(filter(_is_ours, places), None)
    if place is None:
        return Missing("there is no folder for Vite's packages", f"{SETTING} names one.")
    return _prepare_in(place, report, rest_s)


def _is_ours(place: Path) -> bool:
    """Whether it is there, or can be made, and can be written to."""
    try:
        place.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(place, os.W_OK)


def _prepare_in(place: Path, report: Report, rest_s: float) -> Template | Missing:
    npm = shutil.which("npm")
    if npm is None:
        return Missing("npm is not installed", "Install it once; it is not needed afterwards.")
    final = place / key()
    with _alone(place / LOCK, report):
        if not (final / MODULES).is_dir():
            if _age_s(place / FAILED, place / LOCK) < rest_s:
                return Missing("Vite's packages could not be fetched a while ago")
            for broken in place.glob(f"{FRESH}*"):  # of somebody who was killed: the lock is ours
                shutil.rmtree(broken, ignore_errors=True)
            fresh = Path(tempfile.mkdtemp(prefix=FRESH, dir=place))
            try:
                reason = _install(npm, fresh, report)
                if not reason:
                    fresh.chmod(0o755)
                    fresh.rename(final)
            finally:  # also where the disk is full
                shutil.rmtree(fresh, ignore_errors=True)
            if reason:
                (place / FAILED).touch()
                return Missing(reason)
    return Template(final / MODULES)


def _age_s(file: Path, now: Path) -> float:
    """How long ago it was written, by the disk's clock; endless for what is not there."""
    now.touch()
    try:
        return now.stat().st_mtime - file.stat().st_mtime
    except FileNotFoundError:
        return math.inf


@contextlib.contextmanager
def _alone(lock: Path, report: Report) -> Iterator[None]:
    """One at a time; who was killed lets go."""
    with lock.open("a") as held:
        told = False
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    report.log("waiting: another job is fetching Vite's packages")
                    told = True
                time.sleep(0.2)
        yield


def _install(npm: str, folder: Path, report: Report) -> str:
    """Fetch the packages into the folder. Why that failed, empty when it did not."""
    report.log("fetching Vite, React and TypeScript, once for all sites (npm install)")
    for name in FILES:
        (folder / name).write_bytes((PROJECT / name).read_bytes())
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        try:
            process = subprocess.Popen(
                [npm, *NPM],
                cwd=folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                umask=0o022,
            )
        except OSError:
            return "npm is installed but does not start"
        try:
            code = _wait(process, folder, started, report)
        finally:
            process.kill()
            process.wait()
        output.seek(0)
        said = output.read(4000).strip().splitlines()
    seconds = time.monotonic() - started
    if code == 0 and (folder / MODULES).is_dir():
        report.log(f"the packages are there, after {seconds:.1f} s")
        return ""
    for line in said[:12]:
        report.log(f"npm: {line}")
    return "Vite's packages could not be fetched" + ("" if code is not None else " in time")


def _wait(process: subprocess.Popen[bytes], folder: Path, started: float, report: Report) -> int | None:
    """Its exit code; None when it took too long. Says every two seconds how far it is."""
    while time.monotonic() - started < SECONDS_MAX:
        try:
            return process.wait(TELL_EVERY_S)
        except subprocess.TimeoutExpired:
            there = sum(1 for _ in (folder / MODULES).glob("*"))
            report.log(f"still fetching, {there} folders are there ({time.monotonic() - started:.0f} s)")
    return None


def _environment() -> dict[str, str]:
    """No key and no token of ours; what npm needs to reach a registry the way this machine does."""
    kept = {name: value for name, value in os.environ.items() if KEPT_ENVIRONMENT.fullmatch(name)}
    with contextlib.suppress(KeyError):
        kept["HOME"] = pwd.getpwuid(os.geteuid()).pw_dir
    if CERTIFICATES.is_file():
        kept.setdefault("NODE_EXTRA_CA_CERTS", str(CERTIFICATES))
    return kept
