"""Who may use a data folder: one server, and one workshop with its workers (flock(2))."""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path

SERVER, WORKSHOP = "server.lock", "workshop.lock"
RETRY_S = 0.02


def hold(path: Path) -> int | None:
    """The descriptor that holds the lock until it is closed, by all who inherit it; None when others do.

    Raises OSError when the folder takes no file.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


async def wait_for(path: Path, timeout_s: float) -> int | None:
    """As `hold`, once others are gone; None when they are not after `timeout_s`."""
    end = asyncio.get_running_loop().time() + timeout_s
    while (descriptor := hold(path)) is None and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(RETRY_S)
    return descriptor
