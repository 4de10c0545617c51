"""Where a process spends its CPU time, by shared object: `perf` samples it, if this machine has it."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from pathlib import Path

from tests.bench.servers import LISTENER_CORE, pinned

SAMPLES_HZ = 997
GROUPS = {
    "libopus": r"libopus",
    "PyAV and FFmpeg": r"libav|libsw|av/|codec|resampler|^(frame|packet|plane|stream|context)\.",
    "SRTP (pylibsrtp, libsrtp)": r"srtp|^_binding|_cffi_backend",
    "OpenSSL": r"_rust|libssl|libcrypto|_openssl",
    "CPython": r"python|^_(asyncio|struct|socket|json|heapq|ctypes|contextvars)|ffi",
    "numpy": r"numpy|_multiarray|openblas|_umath",
    "kernel": r"kernel|vmlinux|\[unknown\]|\[vdso\]|\[guest",
    "libc, libm": r"^lib[cm][.-]|^ld-|libpthread",
}
REST = "the rest"
_LINE = re.compile(r"\s*([\d.]+)%[\s,]*(\S+)")
Shares = dict[str, float]


async def split(pid: int, seconds: float) -> Shares | None:
    """Shares (0 to 1) by group, the largest first; None where perf is missing or not allowed."""
    if shutil.which("perf") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        data = str(Path(folder) / "perf.data")
        rate = ("-F", str(SAMPLES_HZ), "-e", "cpu-clock")
        record = ("perf", "record", *rate, "-p", str(pid), "-o", data, "--", "sleep", str(seconds))
        if await _output(*record) is None:
            return None
        report = ("perf", "report", "-i", data, "--stdio", "-g", "none", "--sort", "dso")
        text = await _output(*report, "--field-separator=,")
    return grouped(text) if text else None


def grouped(report: str) -> Shares:
    """Read `perf report --sort dso`."""
    shares: Shares = {}
    for line in report.splitlines():
        found = None if line.startswith("#") else _LINE.match(line)
        if found:
            group = group_of(found.group(2))
            shares[group] = round(shares.get(group, 0.0) + float(found.group(1)) / 100, 4)
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def group_of(shared_object: str) -> str:
    name = shared_object.rsplit("/", 1)[-1]
    return next((group for group, pattern in GROUPS.items() if re.search(pattern, name)), REST)


async def _output(*command: str) -> str | None:
    """What it printed, away from the server's core; None when it failed."""
    process = await asyncio.create_subprocess_exec(
        *pinned(LISTENER_CORE, command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    text, _ = await process.communicate()
    return None if process.returncode else text.decode()
