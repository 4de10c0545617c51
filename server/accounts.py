"""The LinkedIn account that a session may publish with: encrypted in its folder, given to that job alone.

It is forgotten at the session's end, when the human disconnects it, when LinkedIn takes it no more, and with
the session's data.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from orchestration.adapters.linkedin.outcomes import Code
from orchestration.adapters.linkedin.publishing import AUTHOR, TOKEN
from orchestration.notices import AccountChanged, Notice, PostPublished
from orchestration.ports import Publish
from server import folders
from server.settings import Settings
from server.vault import Vault

log = logging.getLogger(__name__)

FILE = "account.sealed"


@dataclass(frozen=True, slots=True)
class Account:
    """A member's consent. `expires_at` in seconds since 1970; `author` is the urn that posts are made for."""

    token: str = field(repr=False)
    name: str
    author: str
    expires_at: float

    @property
    def notice(self) -> AccountChanged:
        kind = "organisation" if ":organization:" in self.author else "person"
        return AccountChanged(True, self.name, round(self.expires_at * 1000), kind)


class Accounts:
    """All sessions' accounts, on disk: a publication that is resumed after a restart finds its own."""

    def __init__(self, settings: Settings) -> None:
        self._sessions = settings.data / "sessions"
        self._vault = Vault(settings.data, settings.secret_key)
        self.configured = bool(settings.linkedin_client_id and settings.linkedin_client_secret)

    def keep(self, session: str, account: Account) -> None:
        """Raises OSError when it cannot be stored."""
        path = self._path(session)
        folders.make(path.parent)
        fresh = path.with_name(f".{FILE}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(self._vault.seal(json.dumps(asdict(account))))
        os.replace(fresh, path)

    def of(self, session: str) -> Account | None:
        """None when there is none that can be read. Whether its time is over LinkedIn says."""
        try:
            return Account(**json.loads(self._vault.open(self._path(session).read_bytes())))
        except (OSError, ValueError, TypeError):
            return None

    def forget(self, session: str) -> None:
        """Raises OSError when what is there cannot be taken away."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            self._path(session).unlink()

    def means(self, session: str, kind: str) -> Mapping[str, str]:
        """What a job of this kind may know of the session's account (server.jobs.means.MeansOf)."""
        account = self.of(session) if kind == "publish" else None
        return {TOKEN: account.token, AUTHOR: account.author} if account is not None else {}

    def _path(self, session: str) -> Path:
        return self._sessions / session / FILE


class SessionAccount:
    """One session's view of it; tells the page each change."""

    def __init__(self, settings: Settings, session: str, publish: Publish) -> None:
        self._accounts = Accounts(settings)
        self._session = session
        self._publish = publish
        self._connected = False
        self._over = False

    def offer(self) -> None:
        """Let the page know that publishing is set up, if it is."""
        if self._accounts.configured:
            self._publish(AccountChanged(False))

    async def connect(self, account: Account) -> None:
        """Raises OSError when it cannot be stored."""
        await asyncio.to_thread(self._accounts.keep, self._session, account)
        if self._over:  # meanwhile
            self._accounts.forget(self._session)
            return
        self._connected = True
        self._publish(account.notice)

    def disconnect(self) -> None:
        """Idempotent."""
        self._accounts.forget(self._session)
        if self._connected:
            self._connected = False
            self._publish(AccountChanged(False))

    def heard(self, notice: Notice) -> None:
        """What LinkedIn takes no more is not kept."""
        if isinstance(notice, PostPublished) and notice.code == Code.TOKEN_EXPIRED:
            self.disconnect()

    def close(self) -> None:
        """The session is over, and publishes nothing any more."""
        self._over = True
        try:
            self._accounts.forget(self._session)
        except OSError as error:
            # It goes with the session's folder; a disk that takes nothing must not keep the session open.
            log.error("an account was not forgotten", extra={"why": error.strerror})
