"""The microphone at the end of bad networks and of clocks that run fast or slow, in virtual time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from virtual_network import Call, Sent, coded, jittered, sending, without

from media.microphone import QUIET_AFTER_S
from media.opus import packet_has_fec
from media.pcm import as_array, ms_to_samples

SPEECH_MS = 8000


def packets(seconds: float = 60, ppm: float = 0.0) -> list[Sent]:
    return list(sending(coded(SPEECH_MS), seconds, ppm))


def stalled(sent: list[Sent], begin: int, count: int) -> list[Sent]:
    """`count` packets held back until the last of them, then all in a moment, in order."""
    end_s = sent[begin + count - 1].end_s
    return [
        replace(p, delay_s=end_s - p.end_s + 1e-4 * (n - begin)) if begin <= n < begin + count else p
        for n, p in enumerate(sent)
    ]


def test_a_good_network_costs_no_delay_and_changes_no_sample() -> None:
    call = Call()
    sent = packets()
    call.carry(sent)
    figures = call.microphone.figures
    assert (figures.lost, figures.late, figures.recovered, figures.corrected_samples) == (0, 0, 0, 0)
    assert figures.delay_ms == pytest.approx(0, abs=0.1)
    assert call.off_ms(sent[-1]) == 0
    assert figures.received == len(sent)


def test_of_5_percent_loss_almost_all_speech_is_rebuilt() -> None:
    call = Call()
    sent = packets()
    arrived = without(sent, 0.05)
    call.carry(arrived)
    figures = call.microphone.figures
    came = {packet.sequence_number for packet in arrived}
    rebuildable = sum(
        packet.sequence_number not in came and following.sequence_number in came
        for packet, following in zip(sent, sent[1:], strict=False)
        if packet_has_fec(following.payload)
    )
    assert figures.lost == len(sent) - len(arrived)
    assert figures.recovered == rebuildable
    assert figures.missing == figures.lost - rebuildable
    assert 0 < figures.speech_missing < 0.02 * figures.speech
    assert figures.patience_ms == pytest.approx(20)
    assert abs(call.off_ms(sent[-1])) <= 20


@pytest.mark.parametrize(("jitter_s", "late_share"), [(0.03, 0.001), (0.06, 0.01)])
def test_loss_with_jitter_and_reordering_loses_hardly_more(jitter_s: float, late_share: float) -> None:
    call = Call()
    sent = jittered(without(packets(), 0.05), jitter_s)
    call.carry(sent)
    figures = call.microphone.figures
    assert figures.late <= late_share * len(sent)
    assert figures.speech_missing < 0.02 * figures.speech
    assert figures.delay_ms < 1000 * jitter_s + figures.patience_ms


def test_patience_learns_a_jitter_of_100_ms() -> None:
    call = Call()
    sent = jittered(packets(), 0.1)
    call.carry(sent)
    figures = call.microphone.figures
    assert figures.late <= 0.002 * len(sent)
    assert figures.lost == 0
    assert 60 < figures.patience_ms <= 100


def test_after_a_burst_of_ten_lost_packets_the_delay_is_gone_at_once() -> None:
    call = Call()
    sent = packets()
    call.carry([packet for n, packet in enumerate(sent) if n % 250 >= 10 or n < 250])
    chunks = [(at, position) for at, _, position in call.chunks]
    for begin in range(250, len(sent), 250):
        back = call.clock.time_of(call.truth(sent[begin + 9])) + 0.2
        behind = [call.clock.position(at) - position for at, position in chunks if back <= at < back + 1]
        assert max(behind) <= ms_to_samples(20)
        assert min(behind) >= -ms_to_samples(20)


@pytest.mark.parametrize("begin", range(500, 580, 7))
def test_two_seconds_after_a_stall_and_its_burst_the_stream_is_back_at_its_place(begin: int) -> None:
    call = Call()
    sent = stalled(packets(20), begin, 15)
    most = 0.0
    for n, packet in enumerate(sent):
        call.carry([packet])
        most = max(most, call.off_ms(packet))
        if begin + 15 + 100 <= n:
            assert abs(call.off_ms(packet)) < 60
    assert most > 100
    assert call.microphone.figures.lost == 0
    assert call.microphone.figures.delay_ms == pytest.approx(0, abs=0.2)


def test_unbroken_sound_is_not_cut_for_a_stall() -> None:
    call = Call()
    steady = coded(1200, 0)[3:4]  # the same loud packet for ever
    sent = stalled(list(sending(steady, 20)), 300, 15)
    call.carry(sent)
    assert call.microphone.figures.corrected_samples == 0
    assert 100 < call.off_ms(sent[-1]) < 300


def test_discontinuous_transmission_is_silence_in_its_place() -> None:
    call = Call()
    spoken = [packet for n, packet in enumerate(packets()) if n % 100 < 60 or n % 20 == 0]
    sent = [replace(packet, sequence_number=n) for n, packet in enumerate(spoken)]
    for packet in jittered(sent, 0.019):
        call.carry([packet])
        assert abs(call.off_ms(packet)) <= 20
    figures = call.microphone.figures
    assert (figures.lost, figures.concealed_samples) == (0, 0)
    gaps = [b - a for (a, _, _), (b, _, _) in zip(call.chunks, call.chunks[1:], strict=False)]
    assert max(gaps) <= QUIET_AFTER_S + 0.001


@pytest.mark.parametrize("minutes", [10, pytest.param(30, marks=pytest.mark.accept)])
@pytest.mark.parametrize("ppm", [200, -200])
def test_another_clock_is_put_right_in_silence(ppm: float, minutes: int) -> None:
    call = Call()
    payloads = coded(SPEECH_MS)
    loud = 0
    minute = 0
    for sent in sending(payloads, 60 * minutes, ppm):
        before = call.microphone.figures.corrected_samples
        call.carry([sent])
        if call.microphone.figures.corrected_samples != before:
            loud += call.microphone.sounding
        if sent.end_s // 60 > minute:
            minute += 1
            assert abs(call.off_ms(sent)) <= 20
            _, position = call.positions[-1]
            assert abs(position + 480 - call.truth(sent)) <= ms_to_samples(20)
            call.chunks.clear()
            call.positions = call.positions[-1:]
    assert minute >= minutes - 1
    assert loud == 0
    expected = ms_to_samples(60e3 * minutes * abs(ppm) * 1e-6)
    assert call.microphone.figures.corrected_samples == pytest.approx(expected, abs=ms_to_samples(20))


def test_every_packet_is_told_with_its_place_in_order_and_once() -> None:
    call = Call()
    sent = packets(20)
    arrived = jittered(without(sent, 0.05), 0.03)
    doubled = [packet for packet in arrived for _ in range(2)]
    call.carry(doubled)
    assert [payload for payload, _ in call.positions] == [packet.payload for packet in arrived]
    for (_, position), packet in zip(call.positions[50:], arrived[50:], strict=True):
        assert abs(position + 480 - call.truth(packet)) <= ms_to_samples(12)


def test_packets_in_order_have_positions_without_a_gap() -> None:
    call = Call()
    call.carry(jittered(packets(30, 200), 0.015))
    positions = [position for _, position in call.positions]
    steps = {b - a for a, b in zip(positions[10:], positions[11:], strict=False)}
    assert steps == {480}


def test_a_muted_microphone_tells_nobody_of_its_packets_and_stays_in_step() -> None:
    call = Call()
    call.microphone.muted = True
    call.keep_pcm = True
    sent = without(packets(20, 500), 0.05)
    call.carry(sent)
    assert call.positions == []
    assert not as_array(bytes(call.pcm)).any()
    assert abs(call.off_ms(sent[-1])) <= 20
