"""`python -m server.jobs.workshop FD`: the process that owns the jobs, on the other end of the socket FD.

It alone writes to the jobs' database, so that no commit waits in the server's loop. It ends with the server
(PR_SET_PDEATHSIG, and the end of the socket), abruptly: what is not finished is taken up by the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import sqlite3
import sys
from pathlib import Path

from sqlalchemy import Engine, event

from server import logs
from server.jobs import locks, wire, workflows
from server.jobs.bench import Bench
from server.jobs.foreman import DATABASE, Foreman
from server.jobs.worker import be_nice, end_with_parent

log = logging.getLogger(__name__)

NICENESS = 5
"""Less than the server, more than the workers."""
LOCK_WAIT_S = 10.0
SWEEP_S = 600.0
IDENTITY = "identity"
LOCKED, BROKEN = 3, 4
"""Exit codes: another workshop is at work here; the database cannot be used."""


async def _run(connection: socket.socket) -> int:
    """The exit code, when no work could be taken; else the process ends here."""
    reader, writer = await asyncio.open_connection(sock=connection, limit=wire.LINE_BYTES_MAX)
    first = await reader.readline()
    if not first:
        return 0
    setup = wire.parse(first)
    assert isinstance(setup, wire.Setup)
    logs.configure(setup.log_level, setup.log_format)
    folder = Path(setup.folder)
    lock = await locks.wait_for(folder / locks.WORKSHOP, LOCK_WAIT_S)
    if lock is None:
        log.error("another workshop is at work in this data folder")
        return LOCKED
    bench = Bench(setup.worker, (lock,))
    foreman = Foreman(setup, bench, writer)
    bench.warm()
    try:
        await workflows.launch(foreman, _database(setup), setup.limits, _schema(folder))
    except Exception:
        # The root of the process: whatever the database's trouble is, the operator must read it.
        log.exception("the jobs' database cannot be used")
        return BROKEN
    sweeping = asyncio.create_task(_sweep(foreman), name="workshop-sweep")
    try:
        await foreman.serve(reader)
    finally:
        # The server is gone: like a kill, so that nothing is taken for the end of a job.
        sweeping.cancel()
        bench.kill()
        sys.stderr.flush()
        os._exit(0)


async def _sweep(foreman: Foreman) -> None:
    while True:
        try:
            await foreman.sweep()
        except Exception:
            # A task root: what cannot be swept now may be so next time.
            log.exception("old jobs were not swept")
        await asyncio.sleep(SWEEP_S)


def _database(setup: wire.Setup) -> str:
    """The database's address; an SQLite file is made so that only this user reads it, in WAL mode.

    Raises OSError and sqlite3.Error.
    """
    if setup.database:
        return setup.database
    path = Path(setup.folder) / DATABASE
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL").fetchall()
    event.listen(Engine, "connect", _forget_what_is_deleted)
    return f"sqlite:///{path}"


def _forget_what_is_deleted(connection: sqlite3.Connection, record: object) -> None:
    """What a human has deleted is overwritten, not only unlinked."""
    connection.execute("PRAGMA secure_delete=ON").fetchall()


def _schema(folder: Path) -> str:
    """A name of our own in a database that other servers may use too; it moves with the data folder."""
    path = folder / IDENTITY
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        name = f"moentreprise_{secrets.token_hex(4)}"
        path.write_text(name + "\n", "ascii")
        return name


def main() -> None:
    end_with_parent()
    be_nice(NICENESS)
    connection = socket.socket(fileno=int(sys.argv[1]))
    code = asyncio.run(_run(connection))
    sys.stderr.flush()
    os._exit(code)  # threads of DBOS may be there already


if __name__ == "__main__":
    main()
