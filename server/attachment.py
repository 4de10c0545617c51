"""The media of one Peer: voices out to it, and its microphone in, by one of two ways.

`direct`: aiortc for ICE, DTLS and SDP, RTP by us. `track`: aiortc's public tracks, several times dearer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiortc import RTCPeerConnection

from media import aiortc_seams, tracks
from media.aiortc_seams import Detach, SeamMovedError
from media.fanout import Voice
from media.microphone import Microphone

log = logging.getLogger(__name__)

DIRECT, TRACK = "direct", "track"


@dataclass(frozen=True, slots=True)
class _Way:
    voice: Callable[[RTCPeerConnection, Voice, bool], Detach]
    microphone: Callable[[RTCPeerConnection, Microphone], Detach]
    announce_fec: bool


_WAYS = {
    DIRECT: _Way(aiortc_seams.attach_voice, aiortc_seams.attach_microphone, announce_fec=True),
    TRACK: _Way(tracks.attach_voice_track, tracks.attach_microphone_track, announce_fec=False),
}


class Attachment:
    """Attached between offer and answer. An offer without audio gets none: its human reads and types."""

    def __init__(
        self,
        pc: RTCPeerConnection,
        voices: Sequence[Voice],
        microphone: Microphone | None,
        way: str = DIRECT,
    ) -> None:
        """The first of `voices` goes to the offer's first audio section, and so on, as many as it has.

        `microphone` is None for a spectator, who is not heard and whose losses change no encoding.
        """
        self._detach: list[Detach] = []
        sections = sum(transceiver.kind == "audio" for transceiver in pc.getTransceivers())
        if not sections:
            return
        try:
            aiortc_seams.check(pc)
            aiortc_seams.keep_opus(pc)
        except SeamMovedError:
            if way != TRACK:
                log.warning("this aiortc has other insides: sound goes by its tracks", exc_info=True)
            way = TRACK
        self._attach(pc, voices[:sections], microphone, _WAYS[way])

    def close(self) -> None:
        """Deaf and mute at once. Idempotent."""
        for detach in self._detach:
            detach()

    def _attach(
        self, pc: RTCPeerConnection, voices: Sequence[Voice], microphone: Microphone | None, way: _Way
    ) -> None:
        if microphone is not None:
            self._detach.append(way.microphone(pc, microphone))
        for voice in voices:
            self._detach.append(way.voice(pc, voice, microphone is not None))
        if way.announce_fec:
            aiortc_seams.announce_fec(pc)
