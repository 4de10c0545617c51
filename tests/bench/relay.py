"""The relay's process: UDP in, UDP out, and between them a Path for each direction.

`python -m tests.bench.relay` obeys JSON lines on stdin and answers each with one on stdout; `link.py` is
its owner's side. It has no other work, so that its own jitter stays under a millisecond.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import heapq
import itertools
import json
import os
import struct
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import cast

from tests.bench.path import Conditions, Path, is_rtp

Address = tuple[str, int]
Command = dict[str, object]
LOOPBACK = "127.0.0.1"
PRIORITY = -10
"""Before everything else, where the system lets us: a network does not wait for what it connects."""
_RTP = struct.Struct("!BBHI")
_ConditionsRow = tuple[float, float, float, bool, int, int, int]


@dataclass(frozen=True, slots=True)
class Passed:
    """One RTP packet at the relay."""

    time_s: float
    """When it left for its receiver, or came and was lost: `time.monotonic`, the same in all processes."""
    sequence_number: int
    timestamp: int
    size_bytes: int
    lost: bool


class Gate(asyncio.DatagramProtocol):
    """A socket of the relay: what it receives, it hands on with the sender's address."""

    def __init__(self, receive: Callable[[bytes, Address], None]) -> None:
        self._receive = receive
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._receive(data, addr)

    def error_received(self, exc: Exception) -> None:
        """The other side is not there (any more): as on any network, nobody is told."""

    def send(self, datagram: bytes, address: Address) -> None:
        if self._transport is not None:
            self._transport.sendto(datagram, address)

    @property
    def address(self) -> Address:
        assert self._transport is not None
        return cast(Address, self._transport.get_extra_info("sockname"))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def open_gate(receive: Callable[[bytes, Address], None]) -> Gate:
    loop = asyncio.get_running_loop()
    _, gate = await loop.create_datagram_endpoint(lambda: Gate(receive), local_addr=(LOOPBACK, 0))
    return gate


class Wire:
    """One direction: keeps datagrams until they are due, and books of the RTP packets."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.passed: list[Passed] = []
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[float, int, bytes, Callable[[bytes], None]]] = []
        self._count = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    def carry(self, datagram: bytes, send: Callable[[bytes], None]) -> None:
        now = self._loop.time()
        due = self.path.due(datagram, now)
        if due is None:
            self._note(datagram, now, lost=True)
        elif due <= now and not self._waiting:
            self._let_go(datagram, send)
        else:
            heapq.heappush(self._waiting, (due, next(self._count), datagram, send))
            self._plan()

    def close(self) -> None:
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _plan(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._waiting[0][0], self._due) if self._waiting else None

    def _due(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._loop.time():
            _, _, datagram, send = heapq.heappop(self._waiting)
            self._let_go(datagram, send)
        self._plan()

    def _let_go(self, datagram: bytes, send: Callable[[bytes], None]) -> None:
        send(datagram)
        self._note(datagram, self._loop.time(), lost=False)

    def _note(self, datagram: bytes, now: float, lost: bool) -> None:
        if is_rtp(datagram):
            _, _, number, timestamp = _RTP.unpack_from(datagram)
            self.passed.append(Passed(now, number, timestamp, len(datagram), lost))


class Relay:
    """Stands between any number of the browser's sockets and one server, as a NAT would."""

    def __init__(self, server: Address, seed: int) -> None:
        self.up, self.down = Wire(Path(2 * seed)), Wire(Path(2 * seed + 1))
        self._server = server
        self._front: Gate | None = None
        self._backs: dict[Address, asyncio.Task[Gate]] = {}

    async def open(self) -> Address:
        """Where the browser shall send to."""
        self._front = await open_gate(self._from_browser)
        return self._front.address

    def close(self) -> None:
        self.up.close()
        self.down.close()
        if self._front is not None:
            self._front.close()
        for back in self._backs.values():
            if back.done():
                back.result().close()
            back.cancel()

    def _from_browser(self, datagram: bytes, browser: Address) -> None:
        if browser not in self._backs:
            self._backs[browser] = asyncio.create_task(open_gate(lambda data, _: self._to(browser, data)))
        back = self._backs[browser]
        if back.done():  # the first STUN check may be lost: it is sent again
            gate = back.result()
            self.up.carry(datagram, lambda data: gate.send(data, self._server))

    def _to(self, browser: Address, datagram: bytes) -> None:
        front = self._front
        assert front is not None
        self.down.carry(datagram, lambda data: front.send(data, browser))


class Switchboard:
    """The relays of one process, by name, and what can be asked of them."""

    def __init__(self) -> None:
        self._relays: dict[str, Relay] = {}

    async def obey(self, command: Command) -> object:
        """Carry one command out; what it returns is the answer."""
        name = str(command["link"])
        if command["do"] == "open":
            host, port = cast("list[str | int]", command["server"])
            relay = self._relays[name] = Relay((str(host), int(port)), int(str(command["seed"])))
            return await relay.open()
        relay = self._relays[name]
        wire = relay.up if command["direction"] == "up" else relay.down
        match command["do"]:
            case "set":
                wire.path.conditions = Conditions(*cast("_ConditionsRow", command["conditions"]))
            case "lose_packets":
                wire.path.lose_packets(int(str(command["count"])))
            case "lose_for":
                now = asyncio.get_running_loop().time()
                wire.path.lose_until(now + float(str(command["seconds"])))
            case "passed":
                return [list(asdict(packet).values()) for packet in wire.passed]
            case other:
                raise ValueError(f"a link cannot {other}")
        return asyncio.get_running_loop().time()

    def close(self) -> None:
        for relay in self._relays.values():
            relay.close()


async def main() -> None:
    """Obey the lines of stdin until it ends."""
    with contextlib.suppress(PermissionError):
        os.nice(PRIORITY)
    gc.freeze()
    gc.disable()  # a collection would be jitter of our own; what we keep lives until the end anyway
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    board = Switchboard()
    async for line in lines:
        print(json.dumps(await board.obey(json.loads(line))), flush=True)
    board.close()


if __name__ == "__main__":
    asyncio.run(main())
