"""Names of hosts are looked up in threads that nobody waits for.

A name server that is silent cannot be told to give up. The threads of asyncio's own lookups are waited for at
the loop's end, and those of any executor at the process's: a limit would hold for everything but that.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from concurrent.futures import Future
from threading import Thread
from typing import Literal, TypeVar

T = TypeVar("T")
Host = str | bytes | None
Port = str | bytes | int | None
Address4 = tuple[Literal[socket.AddressFamily.AF_INET], socket.SocketKind, int, str, tuple[str, int]]
Address6 = tuple[
    Literal[socket.AddressFamily.AF_INET6],
    socket.SocketKind,
    int,
    str,
    tuple[str, int, int, int] | tuple[int, bytes],
]
Address = Address4 | Address6


def run(work: Coroutine[object, object, T]) -> T:
    """As asyncio.run; whatever it asks the loop for an address, its end does not wait for the answer."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work)


async def look_up(
    host: Host, port: Port, family: int = 0, kind: int = 0, protocol: int = 0, flags: int = 0
) -> list[Address]:
    """As socket.getaddrinfo, in a thread of its own."""
    answer: Future[list[Address]] = Future()
    answer.set_running_or_notify_cancel()  # who waits may go; the answer comes all the same

    def ask() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, family, kind, protocol, flags))
        except Exception as error:
            # The thread's root: whoever waits is told, whatever it was.
            answer.set_exception(error)

    Thread(target=ask, name="lookup", daemon=True).start()
    return await asyncio.wrap_future(answer)


class _Loop(asyncio.SelectorEventLoop):
    async def getaddrinfo(
        self, host: Host, port: Port, *, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> list[Address]:
        return await look_up(host, port, family, type, proto, flags)
