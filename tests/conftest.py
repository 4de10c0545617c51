"""What every test shares: nothing may outlive it. And which tests may run at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling

SESSIONS = (
    "tests/engine/test_engine_sdk.py",
    "tests/browser/test_whole_session.py",
    "tests/server/test_product_engine.py",
    "tests/server/test_product_leftovers.py",
    "tests/server/test_product_sessions.py",
)
"""Speech in real time: these mostly wait, but want a processor at once when they do not."""
COMPUTING = ("tests/media/", "tests/orchestration/")
"""One busy process, which leaves the other processor to the sessions; others start engines and browsers."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes however little it computes begins at once, and beside it what computes."""
    first = (*SESSIONS, *COMPUTING)
    items.sort(key=lambda item: [item.nodeid.startswith(path) for path in first], reverse=True)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """The two workers of `make test`: sessions go through one, in one queue, while the other computes.

    The rest is handed out by files, so that what a module makes for its tests is made once.
    """
    from xdist.scheduler import LoadFileScheduling  # who runs a single file needs no workers

    class Queues(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "sessions" if nodeid.startswith(SESSIONS) else super()._split_scope(nodeid)

    return Queues(config, log)
