"""All sessions of this process: created, found, expired, drained. Nothing of an ended one is left behind."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping

from aiohttp import web

from server import folders, logs, metrics
from server.auth import Role, token_of
from server.errors import Code, Problem
from server.session import Crew, Session
from server.settings import Settings

log = logging.getLogger(__name__)

SWEEP_S = 5.0
STRAYS_S = 600.0
"""How often the folders of sessions that this process never knew are looked at."""
FULL_RETRY_S = 15
DRAIN_RETRY_S = 5
MAX_UNENTERED = 4
"""Sessions that one client may have opened and not entered: each of them takes somebody's room."""
UNENTERED_RETRY_S = 5


class Sessions:
    """The registry. A session counts against the limit until it has ended; its data stays `keep_ended_s`."""

    def __init__(self, settings: Settings, crew: Crew, max_unentered: int = MAX_UNENTERED) -> None:
        self._settings = settings
        # Behind a proxy everybody has the proxy's address, so that nobody could be told from anybody.
        self.max_unentered = max_unentered if not settings.public_url else settings.max_sessions
        self._crew = crew
        self._sessions: dict[str, Session] = {}
        self._openers: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._forgetting: set[asyncio.Task[None]] = set()
        self.draining = False

    def create(
        self, given_answers: tuple[str, ...] = (), client: str = "", share_microphone: bool = False
    ) -> Session:
        """Open a session and start its life. `client` is the opener's address.

        Raises Problem: 503 when full or draining, 429 when the client has too many that it never entered.
        """
        if self.draining:
            raise Problem(Code.DRAINING, headers={"Retry-After": str(DRAIN_RETRY_S)})
        if self.running >= self._settings.max_sessions:
            raise Problem(Code.FULL, headers={"Retry-After": str(FULL_RETRY_S)})
        if self._unentered(client) >= self.max_unentered:
            why = "Sessions that you opened are still waiting for somebody to come in."
            raise Problem(Code.TOO_MANY, why, headers={"Retry-After": str(UNENTERED_RETRY_S)})
        session = Session(self._crew, self._settings, given_answers, share_microphone)
        self._sessions[session.id] = session
        self._openers[session.id] = client
        task = asyncio.create_task(session.run(), name="session")
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._over(session, task))
        return session

    @property
    def running(self) -> int:
        return sum(session.ended_at is None for session in self._sessions.values())

    def _unentered(self, client: str) -> int:
        waiting = [one for one in self._sessions.values() if one.ended_at is None and not one.entered]
        return sum(self._openers[session.id] == client for session in waiting)

    def find(self, session: str) -> Session | None:
        return self._sessions.get(session)

    def find_by_capability(self, capability: str) -> Session | None:
        """The session whose preview this names; None when there is none (any more)."""
        return next((s for s in self._sessions.values() if s.capability == capability), None)

    def find_by_live_address(self, address: str) -> Session | None:
        """The session whose site is, or was, seen at this address while it was built."""
        return next((s for s in self._sessions.values() if s.live.knows(address)), None)

    def find_by_token(self, token: str) -> Session | None:
        """The session whose human has this token."""
        return next((s for s in self._sessions.values() if s.keys.role(token) is Role.HUMAN), None)

    def knows(self, token: str) -> bool:
        """Whether the token opens any session here: a stranger's session is then not found, not forbidden."""
        return any(session.keys.role(token) is not None for session in self._sessions.values())

    def states(self) -> Mapping[str, int]:
        return Counter(session.snapshot.state for session in self._sessions.values())

    def forget(self, session: Session) -> None:
        """Drop an ended session and delete its folder."""
        self._sessions.pop(session.id, None)
        self._openers.pop(session.id, None)
        self._crew.workshop.forget(session.id)
        task = asyncio.create_task(_delete(session), name="session-forget")
        self._forgetting.add(task)
        task.add_done_callback(self._forgetting.discard)

    async def drain(self) -> None:
        """Accept no more, stop all, and wait until every one is over."""
        self.draining = True
        await asyncio.gather(*(session.stop("shutdown") for session in self._sessions.values()))
        await asyncio.gather(*(session.recording.close() for session in self._sessions.values()))
        if waiting := self._tasks | self._forgetting:
            await asyncio.wait(waiting)

    async def sweep(self) -> None:
        """For as long as the application lives: forget what ended long ago, here or before a restart."""
        loop = asyncio.get_running_loop()
        strays_due = loop.time()
        while True:
            if loop.time() >= strays_due:
                strays_due = loop.time() + STRAYS_S
                await self._sweep_strays()
            await asyncio.sleep(min(SWEEP_S, max(0.1, float(self._settings.keep_ended_s))))
            for session in list(self._sessions.values()):
                over = session.ended_at is not None and session.over
                if over and loop.time() - (session.ended_at or 0.0) > self._settings.keep_ended_s:
                    self.forget(session)

    async def _sweep_strays(self) -> None:
        """Delete what an earlier process left: it is found by its folder's age alone."""
        folder = self._settings.data / "sessions"
        before = time.time() - self._settings.keep_ended_s
        await asyncio.to_thread(folders.shut, folder)
        removed = await asyncio.to_thread(folders.remove_old, folder, before, frozenset(self._sessions))
        if removed:
            log.info("old sessions' folders deleted", extra={"count": removed})

    def _over(self, session: Session, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        metrics.session_ended(session.snapshot.state)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a session broke", exc_info=error, extra={"session": session.id})


async def _delete(session: Session) -> None:
    await session.recording.close()
    await asyncio.to_thread(folders.remove, session.folder)


SESSIONS = web.AppKey("sessions", Sessions)


def session_of(request: web.Request, *roles: Role) -> Session:
    """The session of the path's `id`, if the request's token opens it for one of `roles` (else the human's).

    Raises Problem: 404 unknown or somebody else's session, 401 no token or an unknown one, 403 a
    spectator's token where it does not serve.
    """
    sessions = request.app[SESSIONS]
    session = sessions.find(request.match_info["id"])
    if session is None:
        raise Problem(Code.UNKNOWN_SESSION)
    token = token_of(request)
    role = session.keys.role(token)
    if role is None:
        raise Problem(Code.UNKNOWN_SESSION if sessions.knows(token) else Code.TOKEN_WRONG)
    if role not in (roles or (Role.HUMAN,)):
        raise Problem(Code.TOKEN_FORBIDS)
    logs.session_id.set(session.id)  # a request is a task of its own, so this ends with it
    return session


async def lifetime(app: web.Application) -> AsyncIterator[None]:
    """The registry's part of the application's life."""
    sessions = app[SESSIONS]
    metrics.count_sessions_by(sessions.states)
    sweep = asyncio.create_task(sessions.sweep(), name="session-sweep")
    yield
    await sessions.drain()
    sweep.cancel()
    await asyncio.gather(sweep, return_exceptions=True)


async def drain(app: web.Application) -> None:
    """An `on_shutdown` signal: the streams of events end here, while their connections still stand."""
    await app[SESSIONS].drain()
