"""A name server that is silent: nobody waits for it longer than they said."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from orchestration.adapters import lookups, openai_calls
from orchestration.adapters.web.rules import resolve_by_system
from orchestration.adapters.work import Means

SILENT_S = 30.0
SOON_S = 10.0
Ask = Callable[[], Awaitable[object]]


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "lookup"]


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    over = threading.Event()

    def never(*given: object, **more: object) -> object:
        over.wait(SILENT_S)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    yield
    over.set()
    for thread in threads():
        thread.join()


@pytest.mark.parametrize(
    "ask",
    [
        lambda: asyncio.get_running_loop().getaddrinfo("silent.example", 80),
        lambda: resolve_by_system("silent.example", 80),
    ],
)
def test_the_end_of_the_work_does_not_wait_for_a_silent_name_server(silence: None, ask: Ask) -> None:
    async def hasty() -> None:
        async with asyncio.timeout(0.05):
            await ask()

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        lookups.run(hasty())
    assert time.monotonic() - began < SOON_S
    assert [thread.daemon for thread in threads()] == [True]  # nor does the end of the process


def test_a_model_whose_name_is_not_found_in_time_is_not_waited_for(silence: None) -> None:
    means = Means({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://silent.example/v1"})
    began = time.monotonic()
    with pytest.raises(openai_calls.Unavailable, match="did not answer in time"):
        openai_calls.ask(means, "The model", 0.3, lambda client: client.models.retrieve("m"))
    assert time.monotonic() - began < SOON_S


def test_what_the_system_knows_is_told_and_what_it_does_not_is_an_error() -> None:
    async def both() -> list[str]:
        with pytest.raises(UnicodeError):
            await lookups.look_up("a" * 70 + ".example", 80)
        return await resolve_by_system("127.0.0.1", 80)

    assert lookups.run(both()) == ["127.0.0.1"]
    for thread in threads():
        thread.join()
