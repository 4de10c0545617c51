"""An author that is a command: a private copy, a run, and then only what may be taken out of it."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from orchestration.adapters.website.authored.bench import Bench, files_of
from orchestration.adapters.website.authored.terms import Unable
from orchestration.adapters.website.command_builder.harvest import harvest
from orchestration.adapters.website.command_builder.outputs import READERS, Reader
from orchestration.adapters.website.command_builder.profiles import TASK_BYTES_MAX, Profile
from orchestration.adapters.website.command_builder.running import End, How, Limits, Run, run
from orchestration.adapters.work import Means, Report

LOG_LINES_MAX = 500
HIDDEN = "•••"
OUTSIDE = "an external builder: it runs outside of the sandbox, with network, as the server's own user"
WHERE = (
    "The project is in the folder {copy}. Write there and nowhere else. It is built when you have ended.\n\n"
)


class CommandAuthor:
    """Runs `profile`'s program, once for the whole and once for each repair; `limits` hold for all."""

    def __init__(self, profile: Profile, means: Means, limits: Limits | None = None) -> None:
        self._profile = profile
        self._means = means
        self._limits = limits or Limits()
        self._ends = time.monotonic() + self._limits.seconds
        self._lines = 0

    def work(self, task: str, bench: Bench, report: Report) -> None:
        """See Author."""
        profile = self._profile
        first, *more = profile.program_words(self._means)
        program = shutil.which(first)
        if program is None:
            raise Unable(f"{profile.who} is not installed on this machine.")
        report.log(f"{profile.name}: {OUTSIDE}")
        # Not in the session's folder: an agent looks for a repository, and for instructions, in those above.
        with tempfile.TemporaryDirectory(prefix="moentreprise-copy-", ignore_cleanup_errors=True) as place:
            copy, scratch = Path(place) / "project", Path(place) / "scratch"
            scratch.mkdir()
            _copy(bench, copy)
            places = {"copy": str(copy), "scratch": str(scratch)}
            told = (WHERE.format(copy=copy) + task).encode()[:TASK_BYTES_MAX].decode("utf-8", "ignore")
            words = profile.words(self._means, {**places, "task": told})
            what = Run(
                [str(Path(program).absolute()), *words[1:]],
                profile.variables(self._means, places),
                copy,
                Path(place),
                told if profile.task == "stdin" else "",
                replace(self._limits, seconds=self._ends - time.monotonic()),
            )
            reader = READERS[profile.output](str(copy))
            self._judge(run(what, lambda line: self._tell(reader, line, report)), reader)
            harvest(copy, bench, profile, report, profile.secrets(self._means))

    def _tell(self, reader: Reader, line: str, report: Report) -> None:
        for said in reader.read(self._blotted(line)):  # before it is cut: a part of a key is a secret, too
            self._lines += 1
            if self._lines < LOG_LINES_MAX:
                report.log(f"{self._profile.name}: {self._blotted(said)}")
            elif self._lines == LOG_LINES_MAX:
                report.log(f"{self._profile.name}: (it says more than is shown)")

    def _blotted(self, text: str) -> str:
        for secret in self._profile.secrets(self._means):
            text = text.replace(secret, HIDDEN)
        return text

    def _judge(self, end: End, reader: Reader) -> None:
        """Raises Unable unless it has ended well and says so itself."""
        who = self._profile.who
        words = {
            How.NOT_STARTED: f"{who} could not be started.",
            How.TIMED_OUT: f"{who} took too long and was stopped.",
            How.TOO_MUCH_OUTPUT: f"{who} wrote far too many lines and was stopped.",
            How.TOO_MUCH_DISK: f"{who} filled the disk and was stopped.",
        }
        if end.how in words:
            raise Unable(words[end.how])
        if end.code != 0:
            raise Unable(f"{who} ended with an error ({end.code}).")
        if reader.failed:
            raise Unable(f"{who} could not do it.")
        if not reader.done:
            raise Unable(f"{who} ended before it was done.")


def _copy(bench: Bench, copy: Path) -> None:
    copy.mkdir()
    for found in files_of(bench.folder):
        target = copy / found.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(bench.folder / found.path, target)
