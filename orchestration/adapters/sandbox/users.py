"""Another user for each run, when we are root: a number of our own range that nobody else uses now."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from orchestration.adapters.sandbox.terms import SandboxError

UIDS = range(60800, 60864)
"""Between what systemd gives to services and to containers: neither accounts nor packages have them."""


@contextmanager
def another_user(uids: range = UIDS) -> Iterator[int | None]:
    """The user (and group) of one run; None when we are not root, and the user namespace alone must do.

    One each, so that no run can touch another's files or use up its processes. Raises SandboxError when all
    are taken.
    """
    if os.geteuid() != 0:
        yield None
        return
    for uid in uids:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as claim:
            try:
                claim.bind(f"\0moentreprise-sandbox-{uid}")  # ends with us, however we end
            except OSError:
                continue
            yield uid
            return
    raise SandboxError("every user of the sandboxes is taken")
