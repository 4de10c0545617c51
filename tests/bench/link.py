"""A bad network on loopback: a UDP relay between a browser and a server, in a process of its own.

Nothing here needs root, and nobody is asked to use it: the offer goes to the server without candidates, and
the answer's are replaced by the relay's address, so that neither side knows another way.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import astuple
from typing import cast

from tests.bench.path import Conditions
from tests.bench.relay import Address, Command, Passed

DIRECTIONS = ("up", "down")
"""From the browser to the server, and back."""
_CANDIDATE = re.compile(r"a=(candidate:|end-of-candidates).*\r\n")
_LINE_BYTES_MAX = 1 << 26
CLOSE_S = 10.0


def without_candidates(sdp: str) -> str:
    """An offer or answer that tells no address (RFC 8839 section 5.1), and not that this was all."""
    return _CANDIDATE.sub("", sdp)


def candidate_address(sdp: str) -> Address:
    """The first IPv4 UDP host candidate. Raises LookupError when there is none."""
    for line in sdp.splitlines():
        fields = line.split()
        if line.startswith("a=candidate:") and fields[2].lower() == "udp" and fields[7] == "host":
            if ":" not in fields[4]:
                return fields[4], int(fields[5])
    raise LookupError("no host candidate for UDP over IPv4")


def with_candidate(sdp: str, address: Address) -> str:
    """The same description with `address` as the only candidate of its (bundled) media."""
    host, port = address
    line = f"a=candidate:1 1 udp 2130706431 {host} {port} typ host\r\na=end-of-candidates\r\n"
    head, *media = without_candidates(sdp).split("m=")
    return "m=".join([head, media[0] + line, *media[1:]])


class Link:
    """One relay, as its owner sees it. `address` is where the browser sends to."""

    def __init__(self, network: Network, name: str, address: Address) -> None:
        self.address = address
        self._network = network
        self._name = name

    async def set(self, *, up: Conditions | None = None, down: Conditions | None = None) -> None:
        """Change the conditions of one direction or both."""
        for direction, conditions in zip(DIRECTIONS, (up, down), strict=True):
            if conditions is not None:
                await self._do("set", direction, conditions=astuple(conditions))

    async def lose_packets(self, direction: str, count: int) -> float:
        """Let the next `count` media packets vanish. Returns the time (`time.monotonic`)."""
        return float(str(await self._do("lose_packets", direction, count=count)))

    async def lose_for(self, direction: str, seconds: float) -> float:
        """Let all media packets of the next `seconds` vanish. Returns the time (`time.monotonic`)."""
        return float(str(await self._do("lose_for", direction, seconds=seconds)))

    async def passed(self, direction: str) -> list[Passed]:
        """All RTP packets so far."""
        rows = cast("list[tuple[float, int, int, int, bool]]", await self._do("passed", direction))
        return [Passed(*row) for row in rows]

    async def _do(self, what: str, direction: str, **fields: object) -> object:
        return await self._network.ask({"do": what, "link": self._name, "direction": direction, **fields})


class Network:
    """The process with the relays."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._asking = asyncio.Lock()
        self._count = itertools.count()

    async def link(self, server: Address, seed: int) -> Link:
        """A new link to `server`, perfect at first. The same seed loses the same packets."""
        name = str(next(self._count))
        opened = await self.ask({"do": "open", "link": name, "server": server, "seed": seed})
        host, port = cast("list[str]", opened)
        return Link(self, name, (host, int(port)))

    async def ask(self, command: Command) -> object:
        assert self._process.stdin
        assert self._process.stdout
        async with self._asking:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            answer = await self._process.stdout.readline()
        return json.loads(answer)


@asynccontextmanager
async def running_network() -> AsyncIterator[Network]:
    """Ends because its stdin does."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.relay", stdin=pipe, stdout=pipe, limit=_LINE_BYTES_MAX
    )
    assert process.stdin
    try:
        yield Network(process)
    finally:
        process.stdin.close()
        async with asyncio.timeout(CLOSE_S):
            await process.wait()
            await process.stdin.wait_closed()
