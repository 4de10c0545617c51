"""The media of one Peer: the session's voice out to it, and its microphone in."""

from __future__ import annotations

from aiortc import RTCPeerConnection

from media import aiortc_seams
from media.aiortc_seams import Detach
from media.microphone import Microphone
from media.outbound import Outbound


class Attachment:
    """Attached between offer and answer. An offer without audio gets none: its human reads and types."""

    def __init__(self, pc: RTCPeerConnection, outbound: Outbound, microphone: Microphone | None) -> None:
        """`microphone` is None for a spectator, who is not heard and whose losses change no encoding."""
        self._detach: list[Detach] = []
        if not any(transceiver.kind == "audio" for transceiver in pc.getTransceivers()):
            return
        self._detach.append(aiortc_seams.attach_outbound(pc, outbound, decides_fec=microphone is not None))
        if microphone is not None:
            self._detach.append(aiortc_seams.attach_microphone(pc, microphone))
        aiortc_seams.announce_fec(pc)

    def close(self) -> None:
        """Deaf and mute at once. Idempotent."""
        for detach in self._detach:
            detach()
