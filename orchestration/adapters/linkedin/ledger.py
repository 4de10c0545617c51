"""The promise "at most once", on disk: what is intended, what was sent, what came of it.

Each step is committed (written, synced, renamed, the folder synced) before the next is taken. A session
publishes one post; only after a certain failure may another approval try again.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from orchestration.adapters.linkedin.outcomes import Code, Published, Status, outcome

FILE = "publication.json"
LOCK = ".publication.lock"
INTENT, SENT = "intent", "sent"


@dataclass(frozen=True, slots=True)
class Record:
    """One approved post. `state`: intent, sent, or the outcome's status."""

    approval: str
    hash: str
    state: str
    outcome: Published | None = None


class Ledger:
    """The record of a session's folder. The methods raise OSError when nothing can be written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / FILE

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Whether it is ours alone until the end of the block (or of the process)."""
        descriptor = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(descriptor)

    def standing(self, approval: str, hash: str) -> Published | None:
        """What an earlier start leaves to be said; None when this approval may be carried out now.

        Whoever finds an intention without an outcome cannot know: that is `unknown`, from now on.
        """
        found = self._read()
        if found is None:
            return None
        if found.outcome is None:
            unknown = outcome(Code.INTERRUPTED)
            found = replace(found, state=unknown.status, outcome=unknown)
            with suppress(OSError):  # without room it stays an intention, and as unknown
                self._commit(found)
        if found.state == Status.FAILED and (found.approval, found.hash) != (approval, hash):
            return None
        return found.outcome

    def intend(self, approval: str, hash: str) -> None:
        self._commit(Record(approval, hash, INTENT))

    def sending(self, approval: str, hash: str) -> None:
        """To be committed before the first byte of the post leaves."""
        self._commit(Record(approval, hash, SENT))

    def end(self, approval: str, hash: str, outcome: Published) -> None:
        self._end(Record(approval, hash, SENT), outcome)

    def _end(self, record: Record, outcome: Published) -> Record:
        ended = replace(record, state=outcome.status, outcome=outcome)
        self._commit(ended)
        return ended

    def _read(self) -> Record | None:
        """None without a file. What cannot be read is an intention of nobody knows what."""
        try:
            text = self._path.read_text("utf-8")
        except FileNotFoundError:
            return None
        try:
            kept = json.loads(text)
            ended = kept.pop("outcome")
            return Record(**kept, outcome=Published(**ended) if ended else None)
        except (ValueError, TypeError, KeyError, AttributeError):
            return Record("", "", INTENT)

    def _commit(self, record: Record) -> None:
        fresh = self._folder / f".{FILE}.new"
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(asdict(record), file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self._path)
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
