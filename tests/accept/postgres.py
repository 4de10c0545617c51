"""A Postgres of a test's own, when its programs are installed."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path


def installed() -> bool:
    return _programs() is not None


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database; everything of it is gone afterwards."""
    programs = _programs()
    assert programs is not None
    # Postgres refuses to be root; and its folder must be reachable for whom it is then.
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    user = pwd.getpwnam("nobody").pw_uid if os.getuid() == 0 else os.getuid()
    os.chown(folder, user, -1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(folder / "data"), *arguments]
        subprocess.run(command, user=user, check=True, stdout=subprocess.DEVNULL, cwd=folder, timeout=60)

    run("initdb", "-A", "trust", "-U", "jobs", "-N")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    run("pg_ctl", "-o", options, "-l", str(folder / "log"), "-w", "start")
    try:
        yield f"postgresql://jobs@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None
