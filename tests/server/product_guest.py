"""A human at the real product: a `Visit` that follows what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import aiohttp

from server.rehearsal.client import Event, Json, Visit

PATIENCE_S = 150.0


class Guest(Visit):
    """Connected by real WebRTC, with a silent microphone."""

    created: Json

    @property
    def address(self) -> str:
        return f"{self._url}/sessions/{self.id}"

    def watch(self, created: Json) -> None:
        """Read the events of a session without being there."""
        self.created = created
        self.id, self._token = str(created["id"]), str(created["token"])
        self._tasks.append(asyncio.create_task(self._stream(str(created["events"])), name="events"))

    def of(self, type: str) -> list[Event]:
        return [event for event in self.events if event.type == type]

    async def told(
        self, type: str, where: Callable[[Json], object] = lambda data: True, seconds: float = PATIENCE_S
    ) -> Event:
        """The next event of this type, among those not yet taken, whose data hold `where`."""
        seen: list[str] = []
        try:
            async with asyncio.timeout(seconds):
                while (event := await self.next_event()) is not None:
                    seen.append(event.type)
                    if event.type == type and where(event.data):
                        return event
        except TimeoutError:
            raise AssertionError(f"no {type} within {seconds:.0f} s, but {seen}") from None
        raise AssertionError(f"the session ended without {type}, after {seen}")

    async def turn(self, act: str = "", seconds: float = PATIENCE_S) -> Event:
        """The next turn (of this act) that begins to sound."""
        return await self.told("turn.started", lambda data: act in ("", data["act"]), seconds)

    async def ask(self, method: str, path: str = "", body: Json | None = None) -> tuple[int, Json]:
        """Any request under the session, with the human's token: status and JSON object."""
        async with self._http.request(
            method, f"{self.address}{path}", json=body, headers=self._headers()
        ) as response:
            value = await response.json(content_type=None) if response.status != 204 else {}
            return response.status, value

    async def look(self) -> Json:
        _, body = await self.ask("GET")
        return body


@asynccontextmanager
async def guest(
    url: str, answers: Sequence[str] = (), created: Json | None = None, microphone: bool = True
) -> AsyncIterator[Guest]:
    """A human who opens a session (or comes to one that is open) and hangs up at the end."""
    async with aiohttp.ClientSession() as http:
        visitor = Guest(http, url, microphone)
        try:
            if created is None:
                visitor.created = await visitor.open(answers)
            else:
                visitor.created = created
                await visitor.join(created)
            yield visitor
        finally:
            await visitor.close()
