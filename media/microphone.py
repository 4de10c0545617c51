"""What the human says: Opus packets in, PCM16 24 kHz mono out, at once and in step with the session.

Nothing is held back but for a hole in front of it. Lost packets are rebuilt from the FEC of the next one,
else concealed. While no packets come (the browser's DTX, a muted or lost device), silence is fed for a
while, so that whoever listens for the end of a turn finds it. What that, the loss and the sender's clock
bring out of step is put right where nobody speaks.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable

from media.alarm import Alarm
from media.clock import RTP_TICKS_PER_SAMPLE, SessionClock
from media.correction import FAR_SAMPLES, STEP_SAMPLES, correction
from media.echo import EchoGuard
from media.gate import WINDOW_S, SpeechGate
from media.jitter import JitterBuffer
from media.microphonefigures import MicrophoneFigures
from media.opus import OpusError, packet_samples
from media.opusstream import OpusStream
from media.pcm import BYTES_PER_SAMPLE, FRAME_SAMPLES, ms_to_samples, silence
from media.senderclock import SenderClock
from media.timing import Loop

logger = logging.getLogger(__name__)

QUIET_AFTER_S = 0.15
"""Without a packet for so long, silence is fed in its place."""
FEED_MAX_S = 10.0
_FEED_EVERY_S = 0.04
_FEED_BEHIND_SAMPLES = ms_to_samples(40)
"""Fed silence stays a packet and some jitter behind the clock, to leave the next packet its place."""
_FILL_MAX_SAMPLES = ms_to_samples(1000)
"""A longer hole in time is not filled: the stream was paused."""
_TRACK_WINDOW_S = 0.1
"""A track has no RTP time and does not say what it lost, so that its clock is followed closely."""

OnPcm = Callable[[bytes], None]
OnSound = Callable[[bool], None]
OnPacket = Callable[[bytes, int], None]


class Microphone:
    """One per session; peers come and go. Needs nobody to read it."""

    def __init__(
        self,
        on_pcm: OnPcm | None = None,
        on_sound: OnSound | None = None,
        loop: Loop | None = None,
        clock: SessionClock | None = None,
        echo: EchoGuard | None = None,
    ):
        """`echo` knows what is sent, and silences what comes back of it before the gate and all others."""
        self.on_pcm = on_pcm
        """Called with every chunk, in order; chunks have any length. `position` is then that of their end."""
        self.on_sound = on_sound
        """Called with True when sound begins, 40 ms after it did, with False after 60 ms of quiet."""
        self.on_packet: OnPacket | None = None
        """Called with every packet that is decoded, in order, and the session position of its first sample.

        Inside a talk spurt the positions have no gap, unless they would be 10 ms wrong.
        """
        self.muted = False
        """While muted, silence is passed on and nothing is decoded or reported."""
        self.position = 0
        """Where the next sample to be passed on belongs on the session clock; never goes back.

        It moves on by what was passed on, and leaps over pauses in which nothing was.
        """
        loop = loop or asyncio.get_running_loop()
        self._alarm = Alarm(loop, self._due)
        self._clock = clock or SessionClock(loop.time())
        self._jitter = JitterBuffer()
        self._stream = OpusStream()
        self._gate = SpeechGate()
        self._echo = echo
        self._sender = SenderClock(self._clock)
        self._track = SenderClock(self._clock, _TRACK_WINDOW_S)
        self._track_timestamp = 0
        self._ssrc: int | None = None
        self._next_timestamp: int | None = None
        """The RTP time after the last packet, None at the beginning of a stream."""
        self._begun = False
        self._packet_position = 0
        self._frame = FRAME_SAMPLES
        self._spoiled = 0
        """Malformed packets since the last good one."""
        self._received = self._given_up = self._malformed = self._corrected = 0
        self._speech = self._speech_missing = 0
        self._amid_sound = False
        self._delay_s = 0.0
        self._last_arrival = -math.inf
        self._fed = 0
        """Samples of silence passed on since the last packet was."""
        self._closed = False

    @property
    def sounding(self) -> bool:
        """Whether there is sound now, by the same guess as `on_sound`."""
        return self._gate.open

    @property
    def quiet_since(self) -> float:
        """The loop's time at which the last sound came."""
        return self._clock.time_of(self.position) - self._gate.quiet_windows * WINDOW_S

    @property
    def level_dbfs(self) -> float:
        """Of the last chunk."""
        return self._gate.level_dbfs

    @property
    def lost(self) -> int:
        """Packets that never came, and malformed ones."""
        return self._given_up - self._jitter.late + self._malformed

    @property
    def figures(self) -> MicrophoneFigures:
        """What has become of the packets so far."""
        return MicrophoneFigures(
            received=self._received,
            lost=self.lost,
            late=self._jitter.late,
            recovered=self._stream.recovered,
            concealed_samples=self._stream.concealed_samples,
            corrected_samples=self._corrected,
            delay_ms=self._delay_s * 1000,
            patience_ms=self._jitter.patience_s * 1000,
            speech=self._speech,
            speech_missing=self._speech_missing,
        )

    def receive(self, payload: bytes, sequence_number: int, timestamp: int, ssrc: int, now: float) -> None:
        """Take an RTP packet. Never raises, whatever is in it."""
        if self._closed:
            return
        if ssrc != self._ssrc:
            self._ssrc = ssrc
            self._jitter.reset()
        self._received += 1
        self._last_arrival = now
        if self._jitter.passes(sequence_number):
            self._play(payload, timestamp, now, now, 0)
        else:
            self._jitter.put(payload, sequence_number, timestamp, now)
            self._drain(now)
        self._plan(now)

    def hear(self, pcm: bytes, now: float) -> None:
        """Take decoded PCM16 24 kHz mono of any length, from a track that was put in order elsewhere."""
        samples = len(pcm) // BYTES_PER_SAMPLE
        if self._closed or not samples:
            return
        paused = now >= self._last_arrival + QUIET_AFTER_S
        self._last_arrival = now
        if paused:
            self._track.restart()
        begin = self._track_timestamp
        self._track_timestamp = (begin + samples * RTP_TICKS_PER_SAMPLE) & 0xFFFFFFFF
        self._track.observe(self._track_timestamp, now)
        belongs = self._track.position(begin)
        if paused or not self._begun:
            self._catch_up(belongs)
        sound = silence(samples) if self.muted else pcm[: samples * BYTES_PER_SAMPLE]
        self._fed = 0
        self._pass_on(sound, belongs, now)
        self._plan(now)

    def close(self) -> None:
        """No callback after this."""
        self._closed = True
        self._alarm.cancel()
        self._stream.close()

    # ------------------------------------------------------------------ time

    def _plan(self, now: float) -> None:
        when = self._jitter.deadline
        if when is None and now < self._last_arrival + FEED_MAX_S:
            if self._alarm.set:
                return
            when = max(self._last_arrival + QUIET_AFTER_S, now + _FEED_EVERY_S)
        if when is not None and not self._closed:  # by a callback, on the way
            self._alarm.at_latest(when)

    def _due(self, now: float) -> None:
        if self._jitter.deadline is not None:
            self._drain(now)
        elif now >= self._last_arrival + QUIET_AFTER_S:
            self._feed(now)
        self._plan(now)

    def _feed(self, now: float) -> None:
        """Pass on silence for the time since the last packet."""
        if not self._begun:
            return
        due = self._clock.position(now) - _FEED_BEHIND_SAMPLES - self.position
        samples = due - due % FRAME_SAMPLES
        if samples > 0:
            self._fed += samples
            self._fill(samples)

    # ------------------------------------------------------------------ packets

    def _drain(self, now: float) -> None:
        for packet in self._jitter.pop(now):
            if packet.restarted:
                self._sender.restart()
                self._next_timestamp = None
            self._play(packet.payload, packet.timestamp, packet.arrival, now, packet.lost)
            if self._closed:  # by a callback
                return

    def _play(self, payload: bytes, timestamp: int, arrival: float, now: float, lost: int) -> None:
        self._given_up += lost
        try:
            samples = packet_samples(payload)
            end = (timestamp + samples * RTP_TICKS_PER_SAMPLE) & 0xFFFFFFFF
            self._sender.observe(end, arrival)
            belongs = self._sender.position(timestamp)
            if timestamp != self._next_timestamp:
                self._bridge(payload, timestamp, belongs, lost + self._spoiled)
            sound = silence(samples) if self.muted else self._stream.decode(payload)
        except OpusError:  # also when a callback of the bridge closed us
            self._malformed += 1
            self._spoiled += 1
            return
        self._next_timestamp = end
        self._frame = samples
        self._spoiled = self._fed = 0
        if self.on_packet is not None and not self.muted:
            self._report(payload, belongs, samples)
        self._pass_on(sound, belongs, now)

    def _bridge(self, payload: bytes, timestamp: int, belongs: int, lost: int) -> None:
        """Pass on what is missing before this packet: the lost sound, or the silence of a pause."""
        missing = 0
        if self._next_timestamp is not None:
            missing = _signed(timestamp - self._next_timestamp) // RTP_TICKS_PER_SAMPLE
        if lost and not self.muted and 0 < missing <= _FILL_MAX_SAMPLES:
            missing -= self._fed
            ahead = self.position + missing - belongs
            if ahead >= FAR_SAMPLES:  # nothing need be invented to be left out later
                missing -= ahead
            sound, recovered = self._stream.replace(max(0, missing), payload, self._frame, self._fed > 0)
            self._speech_missing += (lost - recovered) if self._amid_sound else 0
            self._emit(sound)
        else:
            self._catch_up(belongs)
        self._next_timestamp = timestamp
        self._spoiled = self._fed = 0

    def _report(self, payload: bytes, belongs: int, samples: int) -> None:
        if abs(belongs - self._packet_position) < STEP_SAMPLES:
            belongs = self._packet_position
        self._packet_position = belongs + samples
        try:
            if self.on_packet is not None:
                self.on_packet(payload, belongs)
        except Exception:  # a listener's fault must not reach the transport that called us
            logger.exception("whoever takes the microphone's packets failed")

    # ------------------------------------------------------------------ samples

    def _catch_up(self, belongs: int) -> None:
        """After a pause: the stream goes on where it belongs, silent until there."""
        behind = belongs - self.position
        if not self._begun or behind > _FILL_MAX_SAMPLES:
            self._begun = True
            self.position = belongs
        elif behind > 0:
            self._fill(behind)

    def _pass_on(self, sound: bytes, belongs: int, now: float) -> None:
        """Pass on a chunk, shorter or longer where that brings the stream nearer to where it belongs."""
        samples = len(sound) // BYTES_PER_SAMPLE
        self._delay_s = now - self._clock.time_of(belongs + samples)
        sound, changed = self._judge(sound, belongs)
        step = correction(self.position - belongs, self._gate.quiet_windows, samples)
        if step:
            self._corrected += abs(step)
            cut = abs(step) * BYTES_PER_SAMPLE
            sound = sound[cut:] if step > 0 else sound[:cut] + sound
        self._amid_sound = self._gate.quiet_windows == 0
        self._speech += self._amid_sound
        self._deliver(sound, changed)

    def _fill(self, samples: int) -> None:
        """Silence of our own. It tells the gate nothing of the noise around the human."""
        pcm = silence(samples)
        if self._echo is not None:
            self._echo.hear(pcm, self.position)
        self._deliver(pcm, self._gate.hush(pcm))

    def _emit(self, pcm: bytes) -> None:
        if pcm:
            self._deliver(*self._judge(pcm, self.position))

    def _judge(self, pcm: bytes, position: int) -> tuple[bytes, bool]:
        """What is to be passed on of it, and whether sound began or ended with it."""
        kept = pcm if self._echo is None else self._echo.hear(pcm, position)
        heard = kept is pcm and not self.muted
        return kept, self._gate.push(kept) if heard else self._gate.hush(kept)

    def _deliver(self, pcm: bytes, changed: bool) -> None:
        if self._closed:
            return
        self.position += len(pcm) // BYTES_PER_SAMPLE
        try:
            if changed and self.on_sound is not None:
                self.on_sound(self._gate.open)
            if pcm and self.on_pcm is not None:
                self.on_pcm(pcm)
        except Exception:  # a listener's fault must not reach the transport that called us
            logger.exception("whoever listens to the microphone failed")


def _signed(ticks: int) -> int:
    """The shorter way round from one 32-bit RTP time to another."""
    return (ticks + (1 << 31)) % (1 << 32) - (1 << 31)
