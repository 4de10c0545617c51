"""The climb finds a server's limit in few steps, and one bad moment does not move it."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from tests.bench.capacity import FIRST, LADDER, Climb, healthy, hopeless
from tests.bench.figures import Window, judge
from tests.bench.servers import Row

NOTHING = asdict(judge([], [], Window(0, 0, 1)))


def row(**figures: float) -> Row:
    good = {"spacing_p99_ms": 3.0, "lateness_p99_ms": 4.0, "missing": 0.0, "wire_lost": 0}
    return {"failed": 0, "closed": 0, "figures": NOTHING | good | figures}


def climbed(limit: int, hiccups: tuple[int, ...] = ()) -> tuple[Climb, list[int]]:
    climb, steps, left = Climb(), [], list(hiccups)
    while (step := climb.next_step()) is not None:
        well = step <= limit
        if step in left:
            left.remove(step)
            well = False
        steps.append(step)
        climb.took(step, well)
    return climb, steps


@pytest.mark.parametrize("limit", [8, 10, 16, 20, 40, 95, 110, 140])
def test_every_limit_of_the_ladder_is_found(limit: int) -> None:
    climb, steps = climbed(limit)
    assert climb.limit == limit
    assert not climb.open_ended
    assert set(steps) <= set(LADDER)
    assert len(steps) <= 14


def test_the_first_steps_are_taken_by_everyone() -> None:
    assert set(FIRST) <= set(climbed(4)[1])


def test_one_bad_moment_is_forgiven_and_two_are_not() -> None:
    on_the_way = climbed(100)[1][len(FIRST)]
    assert climbed(100, hiccups=(on_the_way,))[0].limit == 100
    assert climbed(100, hiccups=(on_the_way, on_the_way))[0].limit < on_the_way


def test_what_fails_by_far_is_not_tried_again() -> None:
    climb = Climb(first=(1, 10))
    climb.took(1, well=True)
    climb.took(10, well=False, surely=True)
    assert climb.next_step() not in (1, 10)


def test_a_server_without_a_limit_says_so() -> None:
    climb, _ = climbed(10_000)
    assert (climb.limit, climb.open_ended) == (LADDER[-1], True)


@pytest.mark.parametrize(
    "fault",
    [{"spacing_p99_ms": 21.0}, {"lateness_p99_ms": 61.0}, {"missing": 0.02}, {"wire_lost": 1}],
)
def test_any_fault_makes_a_step_unhealthy(fault: dict[str, float]) -> None:
    assert healthy(row())
    assert not healthy(row(**fault))


def test_a_session_that_was_closed_or_never_stood_makes_a_step_unhealthy() -> None:
    assert not healthy(row() | {"closed": 1})
    assert not healthy(row() | {"failed": 1})
    assert not healthy({"failed": 0, "closed": 0, "figures": None})


def test_a_step_whose_microphones_are_not_heard_is_unhealthy() -> None:
    assert not healthy(row() | {"microphone_heard": 0.95})
    assert not healthy(row() | {"microphone_heard": 1.13}), "it works off what lay waiting"
    assert healthy(row() | {"microphone_heard": 1.0})
    assert healthy(row() | {"microphone_heard": None})


def test_a_second_of_lateness_is_hopeless_and_a_little_is_not() -> None:
    assert hopeless(row(lateness_p99_ms=1_000.0))
    assert not hopeless(row(lateness_p99_ms=80.0))
