"""The arithmetic of a bad network, in virtual time."""

from __future__ import annotations

import pytest

from tests.bench.path import HEADER_BYTES, Conditions, Path, is_media, is_rtp

RTP = bytes([0x80, 111]) + bytes(98)
RTCP = bytes([0x80, 201]) + bytes(98)
STUN = bytes([0, 1]) + bytes(98)
DTLS = bytes([22, 254]) + bytes(98)


def lost_of(path: Path, datagram: bytes, count: int) -> list[int]:
    return [index for index in range(count) if path.due(datagram, index * 0.02) is None]


def test_a_perfect_path_lets_everything_pass_at_once() -> None:
    path = Path(1)
    assert [path.due(datagram, 5.0) for datagram in (RTP, RTCP, STUN, DTLS)] == [5.0] * 4


def test_rtp_is_told_from_rtcp_and_both_from_the_rest() -> None:
    assert [is_media(datagram) for datagram in (RTP, RTCP, STUN, DTLS, b"")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert [is_rtp(datagram) for datagram in (RTP, RTCP, STUN, DTLS, b"")] == [True] + [False] * 4


def test_losses_have_their_share_and_are_independent() -> None:
    lost = lost_of(Path(1, Conditions(loss=0.05)), RTP, 20_000)
    assert len(lost) == pytest.approx(1_000, rel=0.1)
    in_a_row = sum(after - before == 1 for before, after in zip(lost, lost[1:], strict=False))
    assert in_a_row == pytest.approx(50, rel=0.5)


def test_the_same_seed_loses_the_same_packets_and_another_seed_others() -> None:
    first, again, other = (lost_of(Path(seed, Conditions(loss=0.05)), RTP, 1_000) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize("datagram", [STUN, DTLS])
def test_ice_and_dtls_never_vanish(datagram: bytes) -> None:
    path = Path(1, Conditions(loss=1.0))
    path.lose_packets(3)
    path.lose_until(1e9)
    assert not lost_of(path, datagram, 100)


def test_a_burst_takes_the_next_packets_and_leaves_later_losses_where_they_were() -> None:
    path = Path(1, Conditions(loss=0.05))
    path.lose_packets(10)
    without = lost_of(Path(1, Conditions(loss=0.05)), RTP, 500)
    assert lost_of(path, RTP, 500) == sorted({*range(10), *without})


def test_a_burst_in_time_ends() -> None:
    path = Path(1)
    path.lose_until(0.1)
    assert lost_of(path, RTP, 10) == [0, 1, 2, 3, 4]


def test_what_comes_faster_than_the_rate_waits_as_in_a_modem() -> None:
    path = Path(1, Conditions(rate_bps=(100 + HEADER_BYTES) * 8 * 50))
    assert [path.due(RTP, 0.0) for _ in range(3)] == pytest.approx([0.02, 0.04, 0.06])
    assert path.due(RTP, 1.0) == pytest.approx(1.02)


def test_a_full_queue_drops_at_its_tail_and_limits_the_delay() -> None:
    conditions = Conditions(rate_bps=100_000, queue_bytes=1_000)
    path = Path(1, conditions)
    due = [path.due(STUN, 0.0) for _ in range(50)]
    passed = [when for when in due if when is not None]
    assert len(passed) == 8
    assert due[:8] == passed
    assert max(passed) <= (1_000 + 100 + HEADER_BYTES) * 8 / 100_000


def test_a_bucket_lets_a_burst_pass_after_a_pause() -> None:
    size = 100 + HEADER_BYTES
    path = Path(1, Conditions(rate_bps=size * 8 * 50, burst_bytes=2 * size))
    assert [path.due(RTP, 10.0) for _ in range(4)] == pytest.approx([10.0, 10.0, 10.02, 10.04])


def test_the_rate_passed_is_the_limit() -> None:
    path = Path(1, Conditions(rate_bps=100_000))
    due = [path.due(bytes([0x80, 111]) + bytes(298), index * 0.02) for index in range(3_000)]
    bits = sum(when is not None for when in due) * (300 + HEADER_BYTES) * 8
    assert bits / 60 == pytest.approx(100_000, rel=0.02)


def test_jitter_keeps_the_order_unless_told_otherwise() -> None:
    for reorders in (False, True):
        path = Path(1, Conditions(delay_ms=50, jitter_ms=60, reorders=reorders))
        due = [path.due(RTP, index * 0.02) or 0.0 for index in range(500)]
        waits = [when - index * 0.02 for index, when in enumerate(due)]
        assert min(waits) >= 0.05
        assert max(waits) <= 0.111
        assert (due != sorted(due)) == reorders
