"""One stream of Opus packets with holes in it, as PCM16 24 kHz mono without holes."""

from __future__ import annotations

from collections.abc import Callable

from media.opus import Decoder, OpusError, packet_has_fec
from media.pcm import ms_to_samples, silence

_CONCEAL_MAX_SAMPLES = ms_to_samples(120)
_CONCEAL_STEP_SAMPLES = ms_to_samples(2.5)


class OpusStream:
    """Decodes, and replaces what is lost (RFC 6716 sections 2.1.7 and 4.4)."""

    def __init__(self) -> None:
        self.recovered = 0
        """Packets rebuilt from the copy (FEC) in the next one."""
        self.concealed_samples = 0
        """Samples that stand for lost ones and were not in any packet: invented, or silent."""
        self._decoder = Decoder()

    def decode(self, payload: bytes) -> bytes:
        """Raises OpusError when the packet is malformed or the stream is closed."""
        return self._decoder.decode(payload)

    def replace(self, missing: int, following: bytes, frame: int, paused: bool) -> tuple[bytes, int]:
        """Sound in place of the `missing` samples before the packet `following`.

        The last `frame` of them are that packet's copy of what was lost, when it has one. The rest is
        invented, for 120 ms, and then silent; after a pause, which would be sung over, it is all silent.
        Returns how many packets were rebuilt (0 or 1), too.
        """
        recovered = frame if packet_has_fec(following) else 0
        invented = 0 if paused else max(0, min(missing - recovered, _CONCEAL_MAX_SAMPLES))
        invented -= invented % _CONCEAL_STEP_SAMPLES
        quiet = max(0, missing - recovered - invented)
        self.concealed_samples += invented + quiet
        sound = self._coded(lambda: self._decoder.conceal(invented), invented) + silence(quiet)
        if recovered:
            sound += self._coded(lambda: self._decoder.recover(following, recovered), recovered)
            self.recovered += 1
        return sound, int(recovered > 0)

    def close(self) -> None:
        self._decoder.close()

    @staticmethod
    def _coded(decode: Callable[[], bytes], samples: int) -> bytes:
        """`samples` of decoded sound, or of silence when the decoder cannot."""
        if not samples:
            return b""
        try:
            return decode()
        except OpusError:
            return silence(samples)
