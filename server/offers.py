"""What an SDP offer must be before aiortc sees it, and candidates in aiortc's form.

aiortc answers much that this server has no use for (video, many sections), and it costs threads and sockets.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from aiortc import RTCIceCandidate
from aiortc.sdp import SessionDescription, candidate_from_sdp

from server.auth import Role

MAX_BYTES = 64 * 1024
MAX_CANDIDATES = 128
"""In one offer: each one is sent STUN checks, and two sections may list the same ones."""
MAX_AUDIO = {Role.HUMAN: 1, Role.SPECTATOR: 2}
_MDNS = re.compile(r"[A-Za-z0-9-]{1,63}\.local\Z")


class OfferError(ValueError):
    """The offer cannot be used; the text is for the caller."""


class RestartError(Exception):
    """Another ufrag or password: an ICE restart, which aiortc cannot do."""


class Ice(NamedTuple):
    """The remote side's ICE credentials, and the mid that the bundle's candidates belong to."""

    ufrag: str
    pwd: str
    mid: str


def check(offer: str, role: Role) -> Ice:
    """Refuse what could not be answered well. Raises OfferError.

    A human's offer has one audio section at most (none: a human who only reads) and the data channel; a
    spectator's has one audio section that receives the team, and may have a second one for the human's
    microphone. What is looked at is aiortc's own reading.
    """
    try:
        description = SessionDescription.parse(offer)
    except Exception as error:
        # As broad as the parser: it raises whatever the broken line makes it meet.
        raise OfferError("The offer cannot be read.") from error
    kinds = [media.kind for media in description.media]
    if not kinds:
        raise OfferError("This is not an SDP offer.")
    audio, most = kinds.count("audio"), MAX_AUDIO[role]
    if not set(kinds) <= {"audio", "application"} or audio > most or kinds.count("application") > 1:
        raise OfferError("Only audio (one section, a spectator's two) and one data channel are accepted.")
    if role is Role.SPECTATOR and "audio" not in kinds:
        raise OfferError("A spectator's offer needs an audio section.")
    sections = [media for media in description.media if media.kind == "audio"]
    if any(all(codec.name.lower() != "opus" for codec in media.rtp.codecs) for media in sections):
        raise OfferError("The audio must be offered with Opus.")
    if role is Role.SPECTATOR and any(media.direction != "recvonly" for media in sections):
        raise OfferError("A spectator's audio is recvonly.")
    if sum(len(media.ice_candidates) for media in description.media) > MAX_CANDIDATES:
        raise OfferError("The offer has too many candidates.")
    _check_bundle(description)
    first = description.media[0]
    if first.ice is None or first.dtls is None or not first.dtls.fingerprints:
        raise OfferError("The offer lacks ICE credentials or a DTLS fingerprint.")
    ufrag, pwd = first.ice.usernameFragment, first.ice.password
    if not ufrag or not pwd:
        raise OfferError("The offer lacks ICE credentials or a DTLS fingerprint.")
    return Ice(ufrag, pwd, first.rtp.muxId)


def _check_bundle(description: SessionDescription) -> None:
    """All sections share one transport, that of the first (RFC 9143); aiortc breaks on anything else."""
    mids = [media.rtp.muxId for media in description.media]
    groups = [group.items for group in description.group if group.semantic == "BUNDLE"]
    bundled = groups[0] if groups else mids[:1]
    if "" in mids or len(set(mids)) != len(mids) or bundled != mids:
        raise OfferError("The sections must be bundled, each under its own mid.")


def candidate(value: str, mid: str) -> RTCIceCandidate | None:
    """A trickled candidate; None for one that aiortc cannot use (TCP, RTCP). Raises OfferError."""
    try:
        parsed = candidate_from_sdp(value)
    except (ValueError, AssertionError, IndexError):
        raise OfferError("A candidate cannot be read.") from None
    if not _is_address(parsed.ip) or not 0 <= parsed.port <= 65535:
        raise OfferError("A candidate has no address.")
    if parsed.protocol.lower() != "udp" or parsed.component != 1:
        return None
    parsed.sdpMid = mid
    return parsed


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _MDNS.match(text) is not None
    return True
