"""The human's packets, passed on as they came."""

from __future__ import annotations

from virtual_media import START, VirtualLoop, tone

from media.clock import SessionClock
from media.fanout import OutboundPacket
from media.microphone import Microphone
from media.opus import Encoder
from media.overheard import Overheard
from media.pcm import FRAME_SAMPLES


class Human:
    """Speaks into a microphone, 50 packets a second."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.clock = SessionClock(START)
        self.microphone = Microphone(loop=self.loop, clock=self.clock)
        self.overheard = Overheard(self.microphone, self.clock)
        self.encoder = Encoder()
        self.sent: list[bytes] = []
        self.ticks = 0

    def speak(self, packets: int) -> None:
        for _ in range(packets):
            self.loop.run_ms(20)
            self.ticks += 1
            payload = self.encoder.encode(tone(20))
            self.sent.append(payload)
            self.microphone.receive(payload, self.ticks & 0xFFFF, self.ticks * 960, 7, self.loop.now)


def test_nothing_is_looked_at_while_nobody_takes_it() -> None:
    human = Human()
    assert human.microphone.on_packet is None
    taken: list[OutboundPacket] = []
    leave = [human.overheard.subscribe(taken.append) for _ in range(2)]
    human.speak(2)
    for end in leave:
        end()
        end()
    assert human.microphone.on_packet is None
    human.speak(2)
    assert [packet.payload for packet in taken] == [payload for payload in human.sent[:2] for _ in range(2)]


def test_the_packets_lie_on_the_session_clock_without_a_gap_in_their_numbers() -> None:
    human = Human()
    taken: list[OutboundPacket] = []
    human.overheard.subscribe(taken.append)
    human.speak(5)
    human.ticks += 100  # the browser's silence: its RTP time goes on, its sequence numbers do not
    human.loop.run_ms(2000)
    payload, timestamp = human.encoder.encode(tone(20)), (human.ticks + 1) * 960
    human.microphone.receive(payload, 6, timestamp, 7, human.loop.now + 0.02)
    assert [packet.sequence_number for packet in taken] == list(range(6))
    assert [packet.marker for packet in taken] == [True, False, False, False, False, True]
    steps = [after.position - before.position for before, after in zip(taken, taken[1:], strict=False)]
    assert steps[:4] == [FRAME_SAMPLES] * 4
    assert abs(steps[4] - 101 * FRAME_SAMPLES) <= 240
    for packet in taken:
        assert packet.timestamp == human.clock.rtp_timestamp(packet.position)


def test_a_muted_human_is_not_overheard() -> None:
    human = Human()
    taken: list[OutboundPacket] = []
    human.overheard.subscribe(taken.append)
    human.microphone.muted = True
    human.speak(5)
    assert taken == []
    human.overheard.expect_loss(True)
