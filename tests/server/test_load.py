"""When one more session is too many: by the thread's own time, and by packets that left late."""

from __future__ import annotations

import pytest

from media.timing import Punctuality
from server.errors import Problem
from server.load import LoadWatch


class Machine:
    """Its time and its thread's work, by hand."""

    def __init__(self, max_load_percent: int = 80) -> None:
        self.now = self.busy = 0.0
        self.seen = Punctuality()
        self.watch = LoadWatch(self.seen, max_load_percent, lambda: self.now, lambda: self.busy)

    def work(self, seconds: float, load: float, late: float = 0.0) -> None:
        for _ in range(round(seconds * 2)):
            self.now += 0.5
            self.busy += 0.5 * load
            for packet in range(100):
                self.seen.note(0.02 if packet < 100 * late else 0.001)
            self.watch.sample()


def test_a_thread_with_time_left_takes_one_more() -> None:
    machine = Machine()
    machine.work(20, load=0.7)
    machine.watch.refuse()
    assert machine.watch.load == pytest.approx(0.7)


def test_a_busy_thread_refuses_and_takes_them_again_when_it_has_time() -> None:
    machine = Machine()
    machine.work(10, load=0.9)
    with pytest.raises(Problem) as refused:
        machine.watch.refuse()
    assert refused.value.kind.status == 503
    assert int(refused.value.headers["Retry-After"]) > 0
    machine.work(5, load=0.5)
    machine.watch.refuse()


def test_a_moment_of_work_and_the_start_are_nothing() -> None:
    machine = Machine()
    machine.work(1.5, load=1.0)
    machine.watch.refuse()
    machine.work(10, load=0.3)
    machine.work(1.5, load=1.0)
    machine.watch.refuse()


def test_late_packets_refuse_whoever_made_them_late() -> None:
    machine = Machine()
    machine.work(10, load=0.2, late=0.02)
    machine.watch.refuse()
    machine.work(5, load=0.2, late=0.1)
    with pytest.raises(Problem):
        machine.watch.refuse()
    assert machine.seen.count == 0, "each sample begins anew"


def test_above_a_hundred_per_cent_nobody_is_refused() -> None:
    machine = Machine(max_load_percent=1000)
    machine.work(10, load=1.0, late=0.5)
    machine.watch.refuse()


def test_one_or_two_stalls_refuse_nobody() -> None:
    machine = Machine()
    machine.work(10, load=0.2)
    machine.work(0.5, load=0.2, late=1.0)
    assert machine.watch.late_share > 0.05
    machine.watch.refuse()
    machine.work(3, load=0.2)
    machine.work(0.5, load=0.2, late=1.0)
    machine.watch.refuse()


def test_a_loop_that_stalls_all_the_time_refuses_though_it_takes_few_samples() -> None:
    machine = Machine()
    for _ in range(10):
        machine.now += 1.7  # half a second between the samples, and a stall
        machine.seen.count += 100
        machine.seen.late += 70
        machine.watch.sample()
    with pytest.raises(Problem):
        machine.watch.refuse()
