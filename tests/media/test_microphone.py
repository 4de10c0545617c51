"""What the human says, over bad networks: packets in virtual time."""

from __future__ import annotations

import numpy as np
import pytest
from virtual_media import VirtualLoop, tone

from media.microphone import Microphone
from media.opus import Encoder
from media.pcm import as_array, level_dbfs, ms_to_samples, silence

FRAME = 960


class Talker:
    """A browser that codes sound and a network that does with the packets what the test says."""

    def __init__(self, fec: bool = False) -> None:
        self.loop = VirtualLoop()
        self.pcm = bytearray()
        self.onsets: list[float] = []
        self.ends: list[float] = []
        self.quiet_since: list[float] = []
        self.microphone = Microphone(self.pcm.extend, self.sounds, self.loop)
        self.encoder = Encoder()
        self.encoder.expected_loss_percent = 10 if fec else 0
        self.sequence_number = 65_530
        self.timestamp = 2**32 - 3000
        self.ssrc = 7

    def sounds(self, sounding: bool) -> None:
        (self.onsets if sounding else self.ends).append(self.loop.now)
        if not sounding:
            self.quiet_since.append(self.microphone.quiet_since)

    def packets(self, pcm: bytes) -> list[tuple[bytes, int, int]]:
        made = []
        for at in range(0, len(pcm), FRAME):
            made.append((self.encoder.encode(pcm[at : at + FRAME]), self.sequence_number, self.timestamp))
            self.sequence_number = (self.sequence_number + 1) & 0xFFFF
            self.timestamp = (self.timestamp + 960) & 0xFFFFFFFF
        return made

    def deliver(self, packet: tuple[bytes, int, int]) -> None:
        self.microphone.receive(*packet, self.ssrc, self.loop.now)

    def talk(self, pcm: bytes, lost: list[int] | None = None) -> None:
        """Every 20 ms a packet, without the `lost` ones (indices)."""
        for index, packet in enumerate(self.packets(pcm)):
            self.loop.run_ms(20)
            if index not in (lost or []):
                self.deliver(packet)

    def pause(self, ms: int) -> None:
        """DTX: time goes on, no packet, no sequence number."""
        self.timestamp = (self.timestamp + ms * 48) & 0xFFFFFFFF
        self.loop.run_ms(ms)

    @property
    def heard_ms(self) -> float:
        return len(self.pcm) / 48


@pytest.mark.parametrize(
    "lost",
    [[], [10], [10, 11], [10, 12, 14], [5, 15, 25, 35], [10, 11, 12, 13, 14]],
)
@pytest.mark.parametrize("fec", [False, True])
def test_lost_packets_are_replaced_by_as_much_sound(lost: list[int], fec: bool) -> None:
    talker = Talker(fec)
    talker.talk(tone(800), lost)
    assert talker.heard_ms == 800
    assert talker.microphone.lost == len(lost)
    sound = as_array(bytes(talker.pcm))
    for index in lost[:2]:
        part = sound[480 * index : 480 * (index + 1)].tobytes()
        assert level_dbfs(part) == pytest.approx(level_dbfs(tone(20)), abs=9)


def test_the_end_of_a_sound_is_told_with_the_time_at_which_its_last_one_came() -> None:
    talker = Talker()
    talker.talk(silence(ms_to_samples(200)))
    talker.talk(tone(400))
    ended = talker.loop.now
    talker.talk(silence(ms_to_samples(400)))
    assert talker.quiet_since == [pytest.approx(ended, abs=0.03)]


def test_the_end_of_a_sound_is_told_also_when_no_packets_come_any_more() -> None:
    talker = Talker()
    talker.talk(tone(400))
    ended = talker.loop.now
    talker.pause(1500)
    assert talker.quiet_since == [pytest.approx(ended, abs=0.03)]


def test_a_packet_in_order_does_not_wait() -> None:
    talker = Talker()
    for count, packet in enumerate(talker.packets(tone(100)), 1):
        talker.deliver(packet)
        assert talker.heard_ms == 20 * count


def test_packets_out_of_order_are_put_in_order() -> None:
    straight, crooked = Talker(), Talker()
    for packet in straight.packets(tone(200)):
        straight.deliver(packet)
    packets = crooked.packets(tone(200))
    for index in (0, 2, 1, 3, 6, 5, 4, 7, 7, 9, 8):
        crooked.deliver(packets[index])
    assert bytes(crooked.pcm) == bytes(straight.pcm)
    assert crooked.microphone.lost == 0


def test_a_hole_is_given_up_after_a_short_time_without_another_packet() -> None:
    talker = Talker()
    first, _, third = talker.packets(tone(60))
    talker.deliver(first)
    talker.deliver(third)
    assert talker.heard_ms == 20
    talker.loop.run_ms(45)
    assert talker.heard_ms == 60


def test_silence_is_fed_while_no_packets_come_and_only_for_a_while() -> None:
    talker = Talker()
    talker.talk(tone(200))
    talker.pause(1500)
    assert talker.heard_ms == pytest.approx(200 + 1500, abs=90)
    assert not as_array(bytes(talker.pcm))[ms_to_samples(250) :].any()
    talker.talk(tone(200))
    assert talker.heard_ms == pytest.approx(1900, abs=60)
    talker.pause(60_000)
    assert talker.heard_ms == pytest.approx(1900 + 10_000, abs=120)
    assert talker.loop.waiting == 0
    talker.talk(tone(200))
    assert talker.heard_ms == pytest.approx(1900 + 10_000 + 200, abs=120)


def test_a_short_pause_without_packets_is_silence_and_not_invented_sound() -> None:
    talker = Talker()
    talker.talk(tone(200))
    talker.pause(60)
    talker.talk(tone(100))
    assert talker.heard_ms == 360
    pause = as_array(bytes(talker.pcm))[ms_to_samples(205) : ms_to_samples(255)]
    assert not pause.any()
    assert talker.microphone.lost == 0


@pytest.mark.parametrize("what", ["ssrc", "sequence", "backwards", "both"])
def test_a_stream_that_begins_anew_goes_on_at_once(what: str) -> None:
    talker = Talker()
    talker.talk(tone(400))
    if what in ("ssrc", "both"):
        talker.ssrc = 8
    if what in ("sequence", "both"):
        talker.sequence_number = 20_000
        talker.timestamp = 12_345
    if what == "backwards":
        talker.sequence_number = (talker.sequence_number - 500) & 0xFFFF
        talker.timestamp = 999_999_999
    talker.talk(tone(800))
    assert talker.heard_ms == pytest.approx(1200, abs=200 if what == "backwards" else 0)


def test_malformed_payloads_are_survived_and_replaced() -> None:
    talker = Talker()
    for index, (payload, number, timestamp) in enumerate(talker.packets(tone(400))):
        broken = {5: b"", 6: b"\xff", 9: b"\xff\xff\xff", 15: b"\x03" + payload}
        talker.loop.run_ms(20)
        talker.deliver((broken.get(index, payload), number, timestamp))
    assert talker.heard_ms == 400
    assert talker.microphone.lost == 4


def test_random_bytes_never_raise() -> None:
    talker = Talker()
    rng = np.random.default_rng(3)
    for _ in range(2000):
        talker.loop.run_ms(float(rng.integers(0, 30)))
        size = int(rng.integers(0, 60))
        number, timestamp = int(rng.integers(0, 2**16)), int(rng.integers(0, 2**32))
        talker.deliver((rng.bytes(size), number, timestamp))
    talker.loop.run_ms(30_000)
    assert talker.loop.waiting == 0


def test_a_muted_microphone_passes_silence_on() -> None:
    talker = Talker()
    talker.talk(tone(100))
    talker.microphone.muted = True
    talker.talk(tone(400), lost=[3])
    assert talker.heard_ms == 500
    assert not as_array(bytes(talker.pcm))[2400:].any()
    assert talker.onsets == talker.onsets[:1]


@pytest.mark.parametrize("how", ["a hole", "muted"])
def test_noise_that_is_known_is_no_sound_after_silence_of_our_own(how: str) -> None:
    """Silence in the place of packets tells nothing of the room."""
    samples = np.random.default_rng(4).normal(0, 32768 * 10 ** (-42 / 20), ms_to_samples(2000))
    noise = np.rint(samples).astype("<i2").tobytes()
    talker = Talker()
    talker.talk(noise)
    onsets = len(talker.onsets)
    if how == "muted":
        talker.microphone.muted = True
        talker.talk(noise)
        talker.microphone.muted = False
    else:
        talker.pause(400)
    talker.talk(noise)
    assert len(talker.onsets) == onsets
    talker.talk(tone(100))
    assert len(talker.onsets) == onsets + 1


def test_nobody_need_listen_and_a_listeners_fault_does_no_harm() -> None:
    loop = VirtualLoop()
    deaf = Microphone(loop=loop)

    def fail(pcm: bytes) -> None:
        raise RuntimeError("the listener is broken")

    talker = Talker()
    faulty = Microphone(fail, loop=loop)
    for packet in talker.packets(tone(100)):
        deaf.receive(*packet, 7, loop.now)
        faulty.receive(*packet, 7, loop.now)
    assert deaf.level_dbfs == faulty.level_dbfs == pytest.approx(-15, abs=1.5)


def test_one_timer_is_enough_for_a_stream_in_order() -> None:
    talker = Talker()
    armed = []
    call_at = talker.loop.call_at
    talker.loop.call_at = lambda when, callback: armed.append(when) or call_at(when, callback)  # type: ignore[method-assign, func-returns-value]
    talker.talk(tone(2000))
    assert talker.loop.waiting == 1
    assert len(armed) <= 2000 / 110 + 1


def test_nothing_is_called_after_close_even_from_inside_a_callback() -> None:
    talker = Talker()
    packets = talker.packets(tone(200))
    talker.deliver(packets[0])
    talker.microphone.on_pcm = lambda pcm: talker.microphone.close()
    talker.deliver(packets[3])
    talker.loop.run_ms(200)
    talker.deliver(packets[4])
    assert talker.heard_ms == 20
    assert talker.loop.waiting == 0


def test_sound_is_noticed_60_ms_after_it_began_and_once() -> None:
    talker = Talker()
    talker.talk(silence(24_000))
    begin = talker.loop.now
    talker.talk(tone(1000))
    assert len(talker.onsets) == 1
    assert talker.onsets[0] - begin <= 0.081  # 20 ms of it are the browser's packet
    levels = [talker.microphone.sounding]
    end = talker.loop.now
    talker.talk(silence(24_000))
    levels.append(talker.microphone.sounding)
    assert levels == [True, False]
    assert [at - end for at in talker.ends] == pytest.approx([0.09], abs=0.03)
    talker.talk(tone(100))
    assert len(talker.onsets) == 2


def test_a_track_goes_the_same_way() -> None:
    talker = Talker()
    sound = silence(7200) + tone(300) + silence(2400)
    for at in range(0, len(sound), FRAME):
        talker.loop.run_ms(20)
        talker.microphone.hear(sound[at : at + FRAME], talker.loop.now)
    assert bytes(talker.pcm) == sound
    assert len(talker.onsets) == 1
    talker.loop.run_ms(1000)
    assert talker.heard_ms == pytest.approx(700 + 1000, abs=90)
    talker.microphone.muted = True
    before = len(talker.pcm)
    talker.loop.run_ms(20)
    talker.microphone.hear(tone(20) + b"x", talker.loop.now)
    assert len(talker.pcm) > before
    assert not any(talker.pcm[before:])
    talker.microphone.close()
    talker.microphone.hear(tone(20), talker.loop.now)
    assert talker.loop.waiting == 0


def test_a_track_that_loses_sound_or_stalls_comes_back_to_its_place() -> None:
    talker = Talker()
    sound = silence(240_000)
    frames = [sound[at : at + FRAME] for at in range(0, len(sound), FRAME)]
    for index, frame in enumerate(frames):
        talker.loop.run_ms(20)
        if index % 20 and not 200 <= index < 215:
            talker.microphone.hear(frame, talker.loop.now)
        if index == 214:
            for late in frames[200:215]:
                talker.microphone.hear(late, talker.loop.now)
    assert talker.heard_ms == pytest.approx(10_000, abs=60)
    assert talker.microphone.figures.corrected_samples > 0


def test_who_sends_faster_than_time_goes_by_is_heard_for_a_few_seconds_more_and_no_longer() -> None:
    talker = Talker()
    frame = Encoder().encode(tone(20))
    begin = talker.loop.now
    three_frames = bytes([frame[0] | 3, 3]) + frame[1:] * 3  # RFC 6716 section 3.2.5
    for number in range(500):
        talker.loop.run_ms(2)
        talker.deliver((three_frames, number, number * 2880))
    assert talker.heard_ms <= (talker.loop.now - begin) * 1000 + 5500
