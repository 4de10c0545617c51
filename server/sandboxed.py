"""Whether there is a sandbox here, tried once beside the start and shown by `/readyz`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from aiohttp import web

from orchestration.adapters.sandbox import Missing, Sandbox, probe

log = logging.getLogger(__name__)

FOUND: web.AppKey[asyncio.Task[Sandbox | Missing]] = web.AppKey("sandbox")


async def lifetime(app: web.Application) -> AsyncIterator[None]:
    """Try it in a thread; nobody waits for it. Without one the server is as ready as with one."""
    app[FOUND] = asyncio.create_task(_look(), name="sandbox-probe")
    yield
    await asyncio.wait([app[FOUND]])


def detail(app: web.Application) -> dict[str, object]:
    """For `/readyz`: what is in force, or why there is none."""
    task = app.get(FOUND)
    if task is None or not task.done():
        return {"kind": None, "reason": "it has not been tried yet"}
    found = task.result()
    if isinstance(found, Missing):
        return {"kind": None, "reason": found.reason}
    return {"kind": found.kind, "in_force": list(found.describe())}


async def _look() -> Sandbox | Missing:
    found = await asyncio.to_thread(probe)
    if isinstance(found, Missing):
        log.warning("no_sandbox", extra={"reason": found.reason})
    else:
        log.info("sandbox", extra={"kind": found.kind})
    return found
