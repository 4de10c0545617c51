"""When FEC is switched on and off: one per cent over five seconds, fifteen clean ones."""

from __future__ import annotations

from media.losses import Losses


class Reports:
    """A peer that reports once a second; 50 packets go to it in that time."""

    def __init__(self, every_s: float = 1.0) -> None:
        self.losses = Losses()
        self.every_s = every_s
        self.now = 50.0
        self.sent = 1000
        self.lost = 0
        self.report(0.0, packets=0)

    def report(self, fraction: float, packets: int = 50) -> bool:
        self.now += self.every_s
        self.sent += packets
        self.lost += round(packets * fraction)
        return self.losses.report(self.sent & 0xFFFFFFFF, self.lost, self.now)


def test_a_clean_line_stays_without() -> None:
    peer = Reports()
    assert not any(peer.report(0.0) for _ in range(60))


def test_one_lost_packet_in_five_seconds_is_nothing() -> None:
    peer = Reports()
    assert not any(peer.report(0.0) for _ in range(10))
    assert not peer.report(0.02)
    assert not any(peer.report(0.0) for _ in range(10))


def test_one_per_cent_over_five_seconds_switches_on() -> None:
    peer = Reports()
    for _ in range(10):
        peer.report(0.0)
    assert not peer.report(0.02)
    assert not peer.report(0.02)
    assert peer.report(0.02)


def test_it_goes_off_fifteen_seconds_after_the_last_lossy_window() -> None:
    peer = Reports()
    for _ in range(10):
        peer.report(0.06)
    clean = [peer.report(0.0) for _ in range(30)]
    assert all(clean[:15])
    assert not any(clean[21:])


def test_silence_says_nothing_about_the_line() -> None:
    peer = Reports()
    for _ in range(10):
        peer.report(0.06)
    assert peer.losses.lossy
    peer.report(0.0, packets=5)
    fresh = Reports()
    assert not fresh.report(1.0, packets=3)


def test_reports_every_five_seconds_serve_too() -> None:
    peer = Reports(every_s=5.0)
    assert not peer.report(0.0, packets=250)
    assert peer.report(0.04, packets=250)
    assert [peer.report(0.0, packets=250) for _ in range(5)][-1] is False


def test_the_numbers_wrap() -> None:
    losses = Losses()
    losses.report(0xFFFFFFF0, 0, 1.0)
    assert losses.report(84, 10, 3.0)


def test_a_lossy_line_stays_so_when_its_human_comes_back() -> None:
    losses = Losses(lossy=True, now=50.0)
    assert losses.report(0, 0, 51.0)
    assert losses.report(500, 0, 64.0)
    assert losses.report(550, 0, 65.0)
    assert not losses.report(600, 0, 66.0)


def test_a_connection_that_took_long_to_stand_says_nothing_about_the_line() -> None:
    assert Losses(lossy=True, now=0.0).report(0, 0, 20.0)


def test_a_long_pause_is_no_clean_line() -> None:
    losses = Losses()
    losses.report(0, 0, 1.0)
    assert losses.report(100, 10, 3.0)
    for second in range(4, 40):
        assert losses.report(100, 10, float(second))
    assert losses.report(110, 10, 40.0)
