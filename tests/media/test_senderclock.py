"""RTP time told in session positions: virtual hours in a moment."""

from __future__ import annotations

import random

import pytest

from media.clock import SessionClock
from media.senderclock import SenderClock

WRAP = 2**32


class Sender:
    """Packets of 20 ms (each 400 ms in the silences of `dtx`) by a clock `ppm` fast, delayed now and then."""

    def __init__(self, ppm: float = 0.0, jitter_s: float = 0.0, dtx: bool = False, seed: int = 1) -> None:
        self.clock = SessionClock(100.0)
        self.sender = SenderClock(self.clock)
        self.dice = random.Random(seed)
        self.rate = 48_000 * (1 + ppm * 1e-6)
        self.jitter_s, self.dtx = jitter_s, dtx
        self.origin = self.dice.randrange(WRAP)
        self.seconds = 0.0
        self.delay_s = 0.0

    def send(self) -> float:
        """One packet; by how many ms its end is placed wrongly."""
        talking = not self.dtx or int(self.seconds / 5) % 2 == 0
        self.seconds += 0.02 if talking else 0.4
        timestamp = (self.origin + round(self.seconds * self.rate)) % WRAP
        arrival = 100 + self.seconds + self.delay_s + self.dice.uniform(0, self.jitter_s)
        self.sender.observe(timestamp, arrival)
        return (self.sender.position(timestamp) - self.clock.position(100 + self.seconds)) / 24

    def send_for(self, seconds: float) -> float:
        """The worst of so many seconds."""
        until = self.seconds + seconds
        worst = 0.0
        while self.seconds < until:
            worst = max(worst, abs(self.send()))
        return worst


@pytest.mark.parametrize("ppm", [200, -200, 500, -500])
@pytest.mark.parametrize(("jitter_s", "dtx"), [(0.0, False), (0.03, False), (0.03, True)])
def test_a_drifting_clock_is_followed_for_hours(ppm: float, jitter_s: float, dtx: bool) -> None:
    sender = Sender(ppm, jitter_s, dtx)
    sender.send_for(2)
    assert sender.send_for(28) < 20
    assert sender.send_for(30 * 60) < 5
    assert sender.sender.drift_ppm == pytest.approx(ppm, abs=20)


def test_before_the_drift_is_known_half_a_minute_is_within_10_ms() -> None:
    sender = Sender(-500)
    assert sender.send_for(30) < 10.5


def test_spikes_of_delay_move_nothing() -> None:
    sender = Sender(200, 0.01)
    sender.send_for(60)
    worst = 0.0
    for _ in range(10):
        sender.delay_s = 0.3
        worst = max(worst, sender.send_for(4))
        sender.delay_s = 0.0
        worst = max(worst, sender.send_for(16))
    assert worst < 5


def test_a_longer_way_for_good_is_the_new_normal_and_a_shorter_one_at_once() -> None:
    sender = Sender(0, 0.01)
    sender.send_for(60)
    sender.delay_s = 0.1
    assert sender.send_for(10) < 5
    sender.send_for(60)
    assert sender.send() == pytest.approx(100, abs=15)
    sender.delay_s = 0.0
    sender.send_for(1)
    assert sender.send() == pytest.approx(0, abs=20)


def test_a_jump_of_the_timestamps_is_another_count() -> None:
    sender = Sender(200, 0.0)
    sender.send_for(30)
    for jump in (3_000_000_000, 10_000_000, -10_000_000):
        sender.origin = (sender.origin + jump) % WRAP
        assert sender.send_for(20) < 10


def test_after_a_long_absence_the_newest_packet_counts() -> None:
    sender = Sender(500)
    sender.send_for(20)
    sender.seconds += 3600
    sender.send()
    assert sender.send_for(20) < 11


def test_a_restart_forgets_everything() -> None:
    sender = Sender(500)
    sender.send_for(60)
    sender.sender.restart()
    assert sender.sender.drift_ppm == 0
    sender.origin = 5
    assert abs(sender.send()) <= 0.05


def test_any_timestamps_at_any_times_do_no_harm() -> None:
    clock = SessionClock(0.0)
    sender = SenderClock(clock)
    dice = random.Random(4)
    now = 0.0
    for _ in range(20_000):
        now += dice.choice((0.0, 0.001, 0.02, 3.0, 40.0))
        near = dice.randrange(WRAP) if dice.random() < 0.3 else round(now * 48_000) % WRAP
        sender.observe(near, now)
        assert sender.position(near) <= clock.position(now) + 1
        assert abs(sender.drift_ppm) <= 600
