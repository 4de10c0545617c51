"""The books behind a receiver report, RFC 3550 section 6.4.1 and appendix A."""

from __future__ import annotations

import pytest
from aiortc.rtp import RtcpPacket, RtcpRrPacket, RtcpSdesPacket
from virtual_media import VirtualLoop

from media import rtp
from media.microphone import Microphone
from media.receiving import PACKETS_BURST, PACKETS_PER_S, Receiving
from media.reception import Reception
from media.reports import BLOCKS_MAX


def received(reception: Reception, numbers: list[int], start: float = 0.0) -> None:
    for number in numbers:
        reception.add(number & 0xFFFF, (number * 960) & 0xFFFFFFFF, start + number * 0.02)


def test_losses_count_from_the_start_and_the_fraction_since_the_last_report() -> None:
    reception = Reception(7)
    received(reception, [n for n in range(100) if n % 10])
    first = reception.report(2.0)
    assert (first.ssrc, first.packets_lost, first.highest_sequence) == (7, 9, 99)
    assert first.fraction_lost == (9 << 8) // 99
    received(reception, list(range(100, 200)))
    second = reception.report(4.0)
    assert (second.packets_lost, second.fraction_lost) == (9, 0)


def test_the_highest_number_is_extended_over_the_wrap_also_out_of_order() -> None:
    reception = Reception(7)
    received(reception, [65533, 65534, 65536, 65535, 65537])
    assert reception.report(0.0).highest_sequence == 65537
    assert reception.lost == 0


def test_even_arrival_has_no_jitter_and_uneven_has() -> None:
    even, uneven = Reception(1), Reception(2)
    received(even, list(range(200)))
    for number in range(200):
        uneven.add(number, number * 960, number * 0.02 + (0.01 if number % 2 else 0.0))
    assert even.report(4.0).jitter == 0
    assert uneven.report(4.0).jitter == pytest.approx(480, rel=0.05)


def test_a_source_that_begins_anew_is_no_loss() -> None:
    reception = Reception(7)
    received(reception, list(range(10)))
    received(reception, list(range(40_000, 40_010)))
    assert reception.lost == 0
    assert reception.report(0.0).packets_lost == 0


def test_doubles_make_the_loss_negative_and_never_the_fraction() -> None:
    reception = Reception(7)
    received(reception, [1, 2, 2, 2, 3])
    block = reception.report(0.0)
    assert (block.packets_lost, block.fraction_lost) == (-2, 0)


def test_the_round_trip_can_be_measured_by_the_last_sender_report() -> None:
    reception = Reception(7)
    received(reception, [1])
    assert (reception.report(1.0).lsr, reception.report(1.0).dlsr) == (0, 0)
    reception.sender_report(0x1234_5678_9ABC_DEF0, now=10.0)
    block = reception.report(10.5)
    assert (block.lsr, block.dlsr) == (0x5678_9ABC, 32768)


def test_nothing_received_is_nothing_lost() -> None:
    block = Reception(7).report(3.0)
    assert (block.packets_lost, block.fraction_lost, block.highest_sequence) == (0, 0, 0)


def packet_of(ssrc: int, payload_type: int = 96) -> bytes:
    return rtp.header(payload_type, False, 1, 0, ssrc) + bytes([0xF8, 0xFF, 0xFE])


def heard_by_a_microphone(ssrcs: range, every_s: float = 0.02) -> tuple[Receiving, list[int], list[int]]:
    known: list[int] = []
    forgotten: list[int] = []
    microphone = Microphone(loop=VirtualLoop())
    receiving = Receiving(microphone, {96}, known.append, forgotten.append)
    for ssrc in ssrcs:
        receiving.take(packet_of(ssrc), ssrc * every_s)
    microphone.close()
    return receiving, known, forgotten


def test_a_report_is_a_compound_with_our_name() -> None:
    receiving, _, _ = heard_by_a_microphone(range(7, 8))
    report, description = RtcpPacket.parse(receiving.report(99, "we", 1.0))
    assert isinstance(report, RtcpRrPacket)
    assert (report.ssrc, [block.ssrc for block in report.reports]) == (99, [7])
    assert isinstance(description, RtcpSdesPacket)
    assert (description.chunks[0].ssrc, description.chunks[0].items) == (99, [(1, b"we")])


def test_whoever_changes_his_source_all_the_time_fills_no_table() -> None:
    receiving, known, forgotten = heard_by_a_microphone(range(1000))
    assert known == list(range(1000))
    assert forgotten == list(range(1000 - BLOCKS_MAX))
    report = RtcpPacket.parse(receiving.report(99, "we", 1.0))[0]
    assert isinstance(report, RtcpRrPacket)
    assert len(report.reports) == BLOCKS_MAX


def test_of_a_flood_no_more_is_taken_and_nothing_is_kept() -> None:
    _, known, forgotten = heard_by_a_microphone(range(1000), every_s=0.0)
    assert known == list(range(PACKETS_BURST))
    assert len(forgotten) == 1000 - BLOCKS_MAX


def test_a_flood_is_over_when_it_is() -> None:
    microphone = Microphone(loop=VirtualLoop())
    receiving = Receiving(microphone, {96}, lambda ssrc: None, lambda ssrc: None)
    for _ in range(1000):
        receiving.take(packet_of(7), 5.0)
    assert microphone.figures.received == PACKETS_BURST
    for _ in range(1000):
        receiving.take(packet_of(7), 6.0)
    assert microphone.figures.received == PACKETS_BURST + PACKETS_PER_S
    microphone.close()


def test_of_packets_that_nobody_asked_for_nothing_is_kept() -> None:
    forgotten: list[int] = []
    microphone = Microphone(loop=VirtualLoop())
    receiving = Receiving(microphone, {96}, lambda ssrc: None, forgotten.append)
    receiving.take(packet_of(7), 0.0)
    receiving.take(packet_of(7, payload_type=8), 0.1)
    receiving.take(packet_of(8, payload_type=8), 0.2)
    assert forgotten == [8]
    microphone.close()
