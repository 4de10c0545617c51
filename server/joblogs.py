"""The whole output of each job of a session, for `GET …/jobs/{job}/log`."""

from __future__ import annotations

from orchestration.notices import JobLog

MAX_CHARS = 4 * 1024 * 1024
CUT = "[the rest of the output was not kept]"


class JobLogs:
    """Lines by job, each job capped: a build that never stops printing costs 4 MiB and no more."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {}
        self._chars: dict[str, int] = {}

    def add(self, notice: JobLog) -> None:
        lines = self._lines.setdefault(notice.job, [])
        for line in notice.lines:
            chars = self._chars.get(notice.job, 0)
            if chars >= MAX_CHARS:
                return
            self._chars[notice.job] = chars + len(line) + 1
            lines.append(line if chars + len(line) < MAX_CHARS else CUT)

    def text(self, job: str) -> str | None:
        """All lines, each ended; None when the job has printed nothing."""
        lines = self._lines.get(job)
        return None if lines is None else "".join(line + "\n" for line in lines)
