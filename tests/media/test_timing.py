"""The Pacer: one heap for all sessions' packets."""

from __future__ import annotations

import asyncio
import time

from media.timing import Pacer


async def ticks(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0.005)


async def test_callbacks_run_in_the_order_of_their_times_and_calls() -> None:
    pacer, ran = Pacer(), []
    now = pacer.time()
    for name, when in (("c", now + 0.004), ("a", now), ("b", now), ("late", now + 60)):
        pacer.call_at(when, lambda name=name: ran.append(name))
    await ticks()
    assert ran == ["a", "b", "c"]


async def test_a_cancelled_one_never_runs() -> None:
    pacer, ran = Pacer(), []
    timers = [pacer.call_at(pacer.time() + 0.002, lambda: ran.append("no")) for _ in range(3)]
    for timer in timers:
        timer.cancel()
        timer.cancel()
    pacer.call_at(pacer.time() + 0.003, lambda: ran.append("yes"))
    await ticks()
    assert ran == ["yes"]


async def test_what_a_callback_plans_for_now_waits_until_the_loop_had_its_round() -> None:
    pacer, others, rounds = Pacer(), [], []
    loop = asyncio.get_running_loop()

    def again() -> None:
        rounds.append(True)
        loop.call_soon(others.append, True)
        if len(others) < 3:  # for ever, if the loop had no chance to run the others
            pacer.call_at(pacer.time(), again)

    pacer.call_at(pacer.time(), again)
    await ticks()
    assert 3 <= len(rounds) <= 5


async def test_one_failure_is_reported_and_leaves_the_others_alone() -> None:
    pacer, ran, reported = Pacer(), [], []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: reported.append(context["exception"]))

    def fail() -> None:
        raise RuntimeError("one session")

    pacer.call_at(pacer.time(), fail)
    pacer.call_at(pacer.time(), lambda: ran.append("other"))
    await ticks()
    assert ran == ["other"]
    assert [str(error) for error in reported] == ["one session"]


async def test_each_callback_s_own_lateness_is_noted() -> None:
    pacer = Pacer()
    now = pacer.time()
    for _ in range(5):
        pacer.call_at(now, lambda: time.sleep(0.02))
    await ticks(1)
    assert pacer.punctuality.worst_s > 0.07
    assert pacer.punctuality.late >= 4


async def test_lateness_is_noted_until_it_is_asked_for() -> None:
    pacer = Pacer()
    pacer.call_at(pacer.time() - 0.5, lambda: None)
    pacer.call_at(pacer.time(), lambda: None)
    await ticks()
    noted = pacer.punctuality
    assert (noted.count, noted.late) == (2, 1)
    assert 0.5 <= noted.worst_s < 5
    noted.reset()
    assert (noted.count, noted.late, noted.worst_s) == (0, 0, 0.0)
