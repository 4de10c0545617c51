"""A session's input audio: from the client's appends to turns, user items and transcripts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from server.engine.downsampler import Downsampler
from server.engine.endings import patience_ms, patience_unheard_ms
from server.engine.hearing import Heard, Hearing, Progress, Utterance
from server.engine.protocol import MIN_COMMIT_MS, RealtimeProtocol
from server.engine.turns import (
    NobodySpoke,
    TurnAudio,
    TurnBegan,
    TurnDetector,
    TurnEnded,
    TurnEvent,
    TurnPaused,
    TurnResumed,
)

SLICE_BYTES = 4_800
"""100 ms: a large append is taken in slices, so that other sessions get the loop in between."""


class SessionInput:
    """The input audio buffer of one session. `flush` hands the protocol's outputs on, `settled`
    tells that a transcript is there."""

    def __init__(
        self,
        protocol: RealtimeProtocol,
        hearing: Hearing,
        flush: Callable[[], None],
        settled: Callable[[], None],
    ) -> None:
        self._protocol = protocol
        self._hearing = hearing
        self._flush = flush
        self._settled = settled
        self._detector = TurnDetector(protocol.turns)
        self._item_id = ""
        self._mean = ""
        self._utterance: Utterance | None = None
        self._withheld: list[bytes] | None = None
        """Silence after a pause: for the recogniser only if the human goes on."""
        self._transcribing: set[Utterance] = set()

    def configure(self) -> None:
        """Turn detection that is switched on finds its own turns: what the client never ended is none."""
        if self._protocol.turns and self._detector.undetected:
            self.clear()
        self._detector.configure(self._protocol.turns)

    def await_speech(self, playback_ms: int | None) -> None:
        self._detector.await_speech(playback_ms)

    async def append(self, pcm: bytes) -> None:
        """24 kHz mono PCM16 of any length."""
        for start in range(0, len(pcm), SLICE_BYTES):
            if start:
                await asyncio.sleep(0)
            for event in self._detector.append(pcm[start : start + SLICE_BYTES]):
                self._happened(event)
            self._flush()

    def commit(self, event_id: str | None) -> None:
        """The client ended the turn."""
        buffered_ms = self._detector.buffered_ms
        committed = self._detector.commit() if buffered_ms >= MIN_COMMIT_MS else None
        if committed is None:
            self._protocol.commit_refused(event_id, buffered_ms)
            return
        events, duration_ms = committed
        for event in events:
            self._happened(event)
        self._commit(duration_ms)

    def clear(self) -> None:
        self._detector.clear()
        self._withheld = None
        if self._utterance:
            self._utterance.abandon()
            self._transcribing.discard(self._utterance)
            self._utterance = None
            self._protocol.audio_cleared(self._item_id)

    async def transcribe(self, item_id: str, pcm: bytes) -> None:
        """Audio that came inside an item, not through the buffer."""
        downsampler = Downsampler()
        utterance = self._listen(item_id)
        for start in range(0, len(pcm), SLICE_BYTES):
            utterance.feed(downsampler.push(pcm[start : start + SLICE_BYTES]))
            await asyncio.sleep(0)
        utterance.finish()

    def close(self) -> None:
        """The session is over; transcripts under way are dropped."""
        for utterance in self._transcribing:
            utterance.abandon()
        self._transcribing.clear()

    def _happened(self, event: TurnEvent) -> None:
        if isinstance(event, TurnBegan):
            self._item_id = self._protocol.new_item_id()
            # Of an item that was not announced, nothing is told before it is committed.
            progress = partial(self._understood, self._item_id) if event.detected else None
            self._utterance = self._listen(self._item_id, progress)
            self._utterance.feed(event.pcm)
            if event.detected:
                self._protocol.speech_started(self._item_id, event.audio_start_ms)
        elif isinstance(event, TurnAudio):
            self._feed(event.pcm)
        elif isinstance(event, TurnPaused):
            if self._utterance:
                self._utterance.pause()
                self._withheld = []
                self._await_words()
        elif isinstance(event, TurnResumed):
            silence, self._withheld = self._withheld or [], None
            self._feed(b"".join(silence))
        elif isinstance(event, TurnEnded):
            self._protocol.speech_stopped(self._item_id, event.audio_end_ms)
            self._commit(event.duration_ms)
            self._protocol.turn_ended()
        elif isinstance(event, NobodySpoke):
            self._protocol.idle(self._protocol.new_item_id(), event.audio_start_ms, event.audio_end_ms)

    def _feed(self, pcm: bytes) -> None:
        if self._withheld is not None:
            self._withheld.append(pcm)
        elif self._utterance:
            self._utterance.feed(pcm)

    def _commit(self, duration_ms: int) -> None:
        self._withheld = None
        self._protocol.audio_committed(self._item_id, duration_ms)
        if self._utterance:
            self._utterance.finish()
            self._utterance = None

    def _understood(self, item_id: str, progress: Progress) -> None:
        """Words so far. After a pause they tell, under semantic_vad, how long to wait for more."""
        self._protocol.transcribing(item_id, progress.words)
        turns = self._protocol.turns
        if progress.settled and item_id == self._item_id and self._withheld is not None:
            if turns and turns.eagerness:
                self._detector.be_patient(patience_ms(progress.words, turns.eagerness))
        self._flush()

    def _await_words(self) -> None:
        turns = self._protocol.turns
        if turns and turns.eagerness:
            self._detector.be_patient(patience_unheard_ms(turns.eagerness))

    def _listen(self, item_id: str, progress: Callable[[Progress], None] | None = None) -> Utterance:
        done, expected = partial(self._transcribed, item_id), self._protocol.expected
        utterance = self._hearing.begin(done, self._mean, progress, expected)
        self._transcribing.add(utterance)
        return utterance

    def _transcribed(self, item_id: str, utterance: Utterance, heard: Heard | None) -> None:
        self._transcribing.discard(utterance)
        if heard is None:
            self._protocol.transcription_failed(
                item_id, "transcription_failed", "The speech recogniser failed."
            )
        else:
            self._mean = heard.mean or self._mean
            self._protocol.transcribed(item_id, heard.words, heard.seconds)
        self._settled()
        self._flush()
