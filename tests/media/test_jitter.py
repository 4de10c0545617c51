"""Packets in order, and what becomes of the missing ones."""

from __future__ import annotations

import pytest

from media.jitter import PATIENCE_S, WAITING_MAX, JitterBuffer


def payloads(buffer: JitterBuffer, now: float) -> list[bytes]:
    return [packet.payload for packet in buffer.pop(now)]


def started() -> JitterBuffer:
    """The packet 0 was passed on."""
    buffer = JitterBuffer()
    buffer.put(b"0", 0, 0, 0.0)
    assert payloads(buffer, 0.0) == [b"0"]
    return buffer


def test_patience_grows_with_late_packets_and_shrinks_with_lost_ones() -> None:
    buffer = started()
    start = buffer.patience_s
    buffer.put(b"2", 2, 0, 0.0)
    assert payloads(buffer, 1.0) == [b"2"]
    assert buffer.patience_s < start
    buffer.put(b"1", 1, 0, 1.0)
    assert buffer.patience_s > start
    assert buffer.late == 1
    for number in range(4, 401, 2):
        buffer.put(b"x", number, 0, 1.0)
        buffer.pop(2.0)
    assert buffer.patience_s == pytest.approx(0.02)


def test_the_next_packet_passes_only_while_nothing_waits() -> None:
    buffer = started()
    assert buffer.passes(1)
    assert not buffer.passes(1)
    assert not buffer.passes(3)
    buffer.put(b"3", 3, 0, 0.0)
    assert not buffer.passes(2)
    buffer.put(b"2", 2, 0, 0.0)
    assert payloads(buffer, 0.0) == [b"2", b"3"]
    assert buffer.passes(4)


def test_the_first_packet_of_a_stream_does_not_pass_as_the_next_of_another() -> None:
    buffer = started()
    buffer.reset()
    assert not buffer.passes(1)
    buffer.put(b"1", 1, 0, 0.0)
    assert [packet.restarted for packet in buffer.pop(0.0)] == [True]


def test_a_hole_is_waited_for_since_it_was_known_whatever_comes_meanwhile() -> None:
    buffer = started()
    buffer.put(b"4", 4, 0, 0.0)
    buffer.put(b"2", 2, 0, 0.03)
    assert buffer.deadline == PATIENCE_S
    assert payloads(buffer, PATIENCE_S) == [b"2", b"4"]


def test_doubles_neither_count_as_late_nor_raise_patience() -> None:
    buffer = started()
    for number in range(1, 9):
        buffer.put(b"x", number, 0, 0.0)
        assert len(buffer.pop(0.0)) == 1
        buffer.put(b"x", number, 0, 0.0)
        assert not buffer.pop(0.0)
    assert buffer.late == 0
    assert buffer.patience_s == PATIENCE_S


def test_many_late_packets_in_a_row_are_not_taken_for_another_stream() -> None:
    buffer = started()
    buffer.put(b"next", 40, 0, 0.0)
    assert payloads(buffer, 1.0) == [b"next"]
    for number in range(1, 40):
        buffer.put(b"late", number, 0, 1.0)
        assert not buffer.pop(1.0)
    assert buffer.late == 39
    assert buffer.passes(41)


def test_more_than_two_seconds_do_not_wait_behind_a_hole() -> None:
    buffer = started()
    for number in range(2, 2 + WAITING_MAX):
        assert not buffer.pop(0.0)
        buffer.put(b"x", number, 0, 0.0)
    assert len(buffer.pop(0.0)) == WAITING_MAX
