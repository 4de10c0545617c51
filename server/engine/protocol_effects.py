"""What the protocol gives its driver, in order: events to send and things to do."""

from __future__ import annotations

from dataclasses import dataclass

from server.engine.protocol_config import ResponseSettings


@dataclass(frozen=True, slots=True)
class Send:
    """Write this JSON text to the socket."""

    text: str


@dataclass(frozen=True, slots=True)
class AppendAudio:
    """The client appended to the input audio buffer: 24 kHz mono PCM16."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class CommitAudio:
    """The client ends the turn itself. Answer with `audio_committed` or `commit_refused`."""

    event_id: str | None


@dataclass(frozen=True, slots=True)
class ClearAudio:
    """The client threw the buffer away."""


@dataclass(frozen=True, slots=True)
class ConfigureTurns:
    """Turn detection may have changed: read `protocol.turns`."""


@dataclass(frozen=True, slots=True)
class AwaitSpeech:
    """From `playback_ms` on, counted in input audio from now, silence counts towards the idle timeout.

    None: it does not count any more, because a response is being made.
    """

    playback_ms: int | None


@dataclass(frozen=True, slots=True)
class TranscribeItem:
    """A client-made user item brought audio: 24 kHz mono PCM16. Answer with `transcribed`."""

    item_id: str
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Generate:
    """Make this response; its context is `protocol.context(response_id)`."""

    response_id: str
    settings: ResponseSettings


@dataclass(frozen=True, slots=True)
class StopGenerating:
    """The response is over: whatever is still being made for it is not wanted."""

    response_id: str


Output = (
    Send
    | AppendAudio
    | CommitAudio
    | ClearAudio
    | ConfigureTurns
    | AwaitSpeech
    | TranscribeItem
    | Generate
    | StopGenerating
)
