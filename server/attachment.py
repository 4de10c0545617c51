"""The media of one Peer: the session's voice out to it, and its microphone in, by one of two ways.

`direct`: aiortc for ICE, DTLS and SDP, RTP by us. `track`: aiortc's public tracks, several times dearer.
"""

from __future__ import annotations

import logging

from aiortc import RTCPeerConnection

from media import aiortc_seams, tracks
from media.aiortc_seams import Detach, SeamMovedError
from media.microphone import Microphone
from media.outbound import Outbound

log = logging.getLogger(__name__)

DIRECT, TRACK = "direct", "track"


class Attachment:
    """Attached between offer and answer. An offer without audio gets none: its human reads and types."""

    def __init__(
        self, pc: RTCPeerConnection, outbound: Outbound, microphone: Microphone | None, way: str = DIRECT
    ) -> None:
        """`microphone` is None for a spectator, who is not heard and whose losses change no encoding."""
        self._detach: list[Detach] = []
        if not any(transceiver.kind == "audio" for transceiver in pc.getTransceivers()):
            return
        if way == DIRECT:
            try:
                self._attach_directly(pc, outbound, microphone)
                return
            except SeamMovedError:
                log.warning("this aiortc has other insides: sound goes by its tracks", exc_info=True)
                self.close()
        self._attach_tracks(pc, outbound, microphone)

    def close(self) -> None:
        """Deaf and mute at once. Idempotent."""
        for detach in self._detach:
            detach()

    def _attach_directly(
        self, pc: RTCPeerConnection, outbound: Outbound, microphone: Microphone | None
    ) -> None:
        # The ear first: it adds nothing to the connection, so that another way is still open if it fails.
        if microphone is not None:
            self._detach.append(aiortc_seams.attach_microphone(pc, microphone))
        decides_fec = microphone is not None
        self._detach.append(aiortc_seams.attach_outbound(pc, outbound, decides_fec))
        aiortc_seams.announce_fec(pc)

    def _attach_tracks(
        self, pc: RTCPeerConnection, outbound: Outbound, microphone: Microphone | None
    ) -> None:
        decides_fec = microphone is not None
        self._detach.append(tracks.attach_outbound_track(pc, outbound, decides_fec))
        if microphone is not None:
            self._detach.append(tracks.attach_microphone_track(pc, microphone))
