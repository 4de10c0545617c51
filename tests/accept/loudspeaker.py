"""A human whose loudspeaker is heard by the microphone: what is received is sent back, later and weaker."""

from __future__ import annotations

import numpy as np

from media.opus import Decoder
from media.pcm import as_array
from server.rehearsal.mouth import FRAME_S, FRAME_SAMPLES, RATE_HZ, Mouth
from server.rehearsal.packets import RTP_HZ
from server.rehearsal.rtp_tap import RtpTap

_KEPT_SAMPLES = 4 * RATE_HZ


class SpeakerphoneMouth(Mouth):
    """Says what it is told to, over the echo of all that comes in on the tap that it `hears`."""

    def __init__(self, delay_ms: float, gain_db: float) -> None:
        """`delay_ms` is from a sample's arrival (with the first packet of its spurt) to its coming back."""
        super().__init__()
        self._delay_s = delay_ms / 1000
        self._gain = 10 ** (gain_db / 20)
        self._tap: RtpTap | None = None
        self._decoder = Decoder()
        self._taken = 0
        self._offset_s = 0.0
        """The loop's time of RTP time 0, as far as the first packet tells."""
        self._air = np.zeros(_KEPT_SAMPLES, np.int16)
        """What sounds, by the loop's time in samples, around and around."""

    def hears(self, tap: RtpTap) -> None:
        self._tap = tap

    def _next(self) -> bytes:
        said = as_array(super()._next())
        assert self._start_s is not None
        self._sound()
        begin = round((self._start_s + self._frames * FRAME_S - self._delay_s) * RATE_HZ)
        at = np.arange(begin, begin + FRAME_SAMPLES) % _KEPT_SAMPLES
        together = said + self._air[at] * self._gain
        self._air[at] = 0
        return np.clip(np.rint(together), -32768, 32767).astype("<i2").tobytes()

    def _sound(self) -> None:
        """Play what has arrived since."""
        for packet in self._tap.packets[self._taken :] if self._tap else []:
            if not self._taken:
                self._offset_s = packet.arrival_s - packet.timestamp / RTP_HZ
            self._taken += 1
            pcm = as_array(self._decoder.decode(packet.payload))
            begin = round((self._offset_s + packet.timestamp / RTP_HZ) * RATE_HZ)
            self._air[np.arange(begin, begin + pcm.size) % _KEPT_SAMPLES] = pcm
