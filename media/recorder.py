"""Opus packets to an .ogg file in memory (RFC 3533, RFC 7845), with the pauses where they were."""

from __future__ import annotations

import struct
import zlib

from media.opus import Decoder, Encoder
from media.pcm import BYTES_PER_SAMPLE, FRAME_SAMPLES, SAMPLE_RATE_HZ, silence

GRANULES_PER_SAMPLE = 48_000 // SAMPLE_RATE_HZ
BYTES_MAX = 16_000_000
"""An hour at 32 kbit/s; what comes after is left out."""
PRE_SKIP_GRANULES = 2 * 312
"""The delay of two encoders, the talker's and ours, at 48 kHz; a player drops it at the start."""
_FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
_SILENT_PACKET = b"\xd8\xff\xfe"
"""What our encoder makes of zeros, once its state is that of silence."""
_SETTLING_FRAMES = 2
_FIRST, _LAST = 2, 4
_PAGE_SEGMENTS_MAX = 200
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class OggOpusWriter:
    """Feed it one stream's packets in order; bounded, never raises when full.

    Positions count 24 kHz samples on any clock; the first packet's is the file's beginning. The sound is
    coded anew, for the coders' states must agree over the pauses: neither frames without data nor ready
    packets of silence between the original ones leave the next onset whole.
    """

    def __init__(self, serial: int = 1, bytes_max: int = BYTES_MAX) -> None:
        self.full = False
        """The bound was reached and packets were left out."""
        self._serial = serial
        self._bytes_max = bytes_max
        self._decoder = Decoder()
        self._encoder = Encoder()
        self._out = bytearray()
        self._sequence = 0
        self._pcm = bytearray()
        """Less than a frame, not coded yet."""
        self._packets: list[bytes] = []
        self._segments = 0
        self._frames = 0
        self._start: int | None = None
        self._page(self._head(), _FIRST, 0)
        self._page([b"OpusTags" + struct.pack("<I", 12) + b"moentreprise" + struct.pack("<I", 0)], 0, 0)

    def add(self, payload: bytes, position: int) -> None:
        """Append a packet whose first sample is at `position`; the time since the last one becomes a pause.

        A packet before the end of what was written follows it at once. Raises OpusError when malformed.
        """
        if self.full:
            return
        pcm = self._decoder.decode(payload)
        if self._start is None:
            self._start = position
        written = self._frames * FRAME_SAMPLES + len(self._pcm) // BYTES_PER_SAMPLE
        self._pause(position - self._start - written)
        self._write(pcm)

    def finish(self) -> bytes:
        """The whole file. Nothing can be added afterwards."""
        if self._pcm:
            self._write(bytes(_FRAME_BYTES - len(self._pcm)))
        self._flush(_LAST)
        self.full = True
        self._decoder.close()
        self._encoder.close()
        return bytes(self._out)

    # ------------------------------------------------------------------ inside

    @staticmethod
    def _head() -> list[bytes]:
        channels, gain, mapping = 1, 0, 0
        fields = (1, channels, PRE_SKIP_GRANULES, SAMPLE_RATE_HZ, gain, mapping)
        return [b"OpusHead" + struct.pack("<BBHIhB", *fields)]

    def _pause(self, samples: int) -> None:
        settling = min(max(0, samples), _SETTLING_FRAMES * FRAME_SAMPLES - len(self._pcm) // BYTES_PER_SAMPLE)
        self._write(silence(settling))
        frames, rest = divmod(max(0, samples) - settling, FRAME_SAMPLES)
        for _ in range(frames):
            if not self.full:
                self._append(_SILENT_PACKET)
        self._write(silence(rest))

    def _write(self, pcm: bytes) -> None:
        self._pcm += pcm
        while len(self._pcm) >= _FRAME_BYTES and not self.full:
            self._append(self._encoder.encode(bytes(self._pcm[:_FRAME_BYTES])))
            del self._pcm[:_FRAME_BYTES]
        if self.full:
            self._pcm.clear()

    def _append(self, payload: bytes) -> None:
        segments = len(payload) // 255 + 1
        if self._segments + segments > _PAGE_SEGMENTS_MAX:
            self._flush(0)
        self._packets.append(payload)
        self._segments += segments
        self._frames += 1
        self.full = len(self._out) + sum(map(len, self._packets)) > self._bytes_max

    def _flush(self, flags: int) -> None:
        self._page(self._packets, flags, self._frames * FRAME_SAMPLES * GRANULES_PER_SAMPLE)
        self._packets = []
        self._segments = 0

    def _page(self, packets: list[bytes], flags: int, granule: int) -> None:
        lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
        head = struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, self._serial, self._sequence, 0)
        page = bytearray(head + bytes([len(lacing)]) + lacing + b"".join(packets))
        struct.pack_into("<I", page, 22, _checksum(bytes(page)))
        self._out += page
        self._sequence += 1


def _checksum(page: bytes) -> int:
    """RFC 3533 section 6: zlib's polynomial with the bits the other way round, from 0, not inverted."""
    mirrored = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
