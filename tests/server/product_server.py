"""The real product as a child process of a test."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from processes import alive, children, descendants

READY = "ready: "
STOP_S = 20.0
ENGINE = "server.engine"
WORKSHOP, WORKER = "server.jobs.workshop", "server.jobs"


@dataclass(frozen=True, slots=True)
class Product:
    """`moentreprise serve`, ready."""

    url: str
    data: Path
    pid: int

    @property
    def engine(self) -> int:
        """The engine's process id now."""
        (pid,) = self.processes(ENGINE)
        return pid

    @property
    def workers(self) -> list[int]:
        """The workshop's workers now, the spare one among them."""
        return [pid for workshop in self.processes(WORKSHOP) for pid in children(workshop, WORKER)]

    def processes(self, module: str) -> list[int]:
        """The server's own children that run this module."""
        return children(self.pid, module)


@contextlib.contextmanager
def product(folder: Path) -> Iterator[Product]:
    """A server on a free port, without any key; gone, with all its children, at the end."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MOENTREPRISE_")}
    data = folder / "data"
    environment = {**ours, "OPENAI_API_KEY": "", "MOENTREPRISE_DATA": str(data), "MOENTREPRISE_PORT": "0"}
    environment |= {"MOENTREPRISE_MAX_LOAD_PERCENT": "1000"}  # the machine may be busy with other tests
    environment |= {"MOENTREPRISE_BUILDER": "static"}  # so too: Vite's sites have tests of their own
    log = folder / "serve.log"
    command = [sys.executable, "-m", "server", "serve"]
    with log.open("wb") as errors:
        child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
    assert child.stdout is not None
    try:
        line = next((line for line in child.stdout if READY in line), "")
        assert line, log.read_text()
        yield Product(line.split(READY)[1].strip(), data, child.pid)
    finally:
        family = descendants(child.pid)
        child.terminate()
        child.communicate(timeout=STOP_S)
    left = [pid for pid in family if alive(pid)]
    assert not left, f"processes outlived the server: {left}"
