"""Takes what an external builder wrote out of its copy: files that may be written, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from orchestration.adapters import sandbox
from orchestration.adapters.sandbox import Swept, What
from orchestration.adapters.website.authored import rules
from orchestration.adapters.website.authored.bench import Bench, files_of
from orchestration.adapters.website.authored.rules import Refused
from orchestration.adapters.website.authored.terms import Unable
from orchestration.adapters.website.authored.wording import one_line, spaced
from orchestration.adapters.website.command_builder.profiles import Profile
from orchestration.adapters.work import Report

BYTES_MAX = max(rules.TEXT_BYTES_MAX, rules.PICTURE_BYTES_MAX)
PATH_CHARACTERS = 160


def harvest(copy: Path, bench: Bench, profile: Profile, report: Report, secrets: Sequence[str] = ()) -> None:
    """Bring the bench's files to what they are in the copy. Whoever wrote there must have ended.

    What may not be written, or holds one of the secrets, is left out, and the log says so. Raises Unable for
    links and devices among the project's files, and for files of ours that are gone; OSError for a disk that
    is full.
    """
    name, who = profile.name, profile.who
    for swept in sandbox.sweep(copy):
        _judge(swept, who)
    there = {found.path: found.size for found in files_of(copy)}
    ours = {found.path for found in bench.files()}
    for path in sorted(ours - there.keys()):
        if not rules.may_change(path):
            raise Unable(f"{who} removed {path}, which must stay.")
        bench.remove(path)
        report.log(f"{name}: removed {path}")
    for path, size in there.items():
        if rules.may_change(path):
            said = _taken(copy, path, size, bench, who, secrets)
            if said:
                report.log(f"{name}: {said}")
        elif path in ours and (size > BYTES_MAX or _read(copy, path, who) != bench.bytes_of(path)):
            report.log(f"{name}: its change of {path} is left out")


def _judge(swept: Swept, who: str) -> None:
    """Beside the project, in `node_modules` or hidden folders, an agent's programs make what they like."""
    parts = PurePosixPath(swept.path).parts
    aside = bool(parts) and (parts[0] == "node_modules" or parts[0].startswith("."))
    if not aside and swept.what is not What.BITS:
        raise Unable(f"{who} wrote {swept.what.value} into the project.")


def _taken(copy: Path, path: str, size: int, bench: Bench, who: str, secrets: Sequence[str]) -> str:
    """Take the file if it is new; what is to be said of it."""
    shown = one_line(path, PATH_CHARACTERS)
    if size > BYTES_MAX:
        return f"{shown} is left out: {spaced(size)} bytes"
    data = _read(copy, path, who)
    if data == bench.bytes_of(path):
        return ""
    if any(secret.encode() in data for secret in secrets):
        return f"{shown} is left out: it holds a key"
    try:
        bench.write(path, data, text_only=False)
    except Refused as refused:
        return f"{shown} is left out: {refused}"
    return f"wrote {shown} ({spaced(len(data))} bytes)"


def _read(copy: Path, path: str, who: str) -> bytes:
    try:
        return sandbox.get(copy, path, BYTES_MAX)
    except (OSError, ValueError):
        raise Unable(f"{who} wrote a file that cannot be read.") from None
