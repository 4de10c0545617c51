"""From the words that a Line delivers to sentences on the page, and to what was heard of a turn.

Word times arrive in the time of the received audio. The Lane cuts off the lead silence, so audible
time is received time minus `trimmed_ms`. A Line that gives no times gets an estimate by length.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestration.notices import Caption, Word

MS_PER_CHARACTER = 65
"""About 15 characters a second, the pace of speech where nothing better is known."""
RTP_TICKS_PER_MS = 48
SENTENCE_ENDS = (".", "!", "?", "…")


@dataclass(frozen=True, slots=True)
class TimedWord:
    text: str
    audio_ms: int
    end_ms: int


def _ends_sentence(text: str) -> bool:
    return text.rstrip("\"')”’ ").endswith(SENTENCE_ENDS)


@dataclass(slots=True)
class TurnWords:
    """One turn's words in the order in which they are spoken."""

    words: list[TimedWord] = field(default_factory=list)
    told: int = 0
    """How many of them have been told to the page."""

    def add(self, text: str, audio_ms: int | None) -> None:
        """Append a piece of transcript; without `audio_ms` its time is estimated from the one before."""
        if audio_ms is None:
            for piece in text.split():
                self._append(piece, self.words[-1].end_ms if self.words else 0)
        elif text.strip():
            self._append(text.strip(), audio_ms)

    def _append(self, text: str, audio_ms: int) -> None:
        if self.words:
            last = self.words[-1]
            self.words[-1] = TimedWord(
                last.text, last.audio_ms, max(last.audio_ms, min(last.end_ms, audio_ms))
            )
        self.words.append(TimedWord(text, audio_ms, audio_ms + MS_PER_CHARACTER * (len(text) + 1)))

    def heard(self, source_ms: int) -> str:
        """The words that had begun before `source_ms` of received audio."""
        return " ".join(word.text for word in self.words if word.audio_ms < source_ms)

    def sentences(self, whole: bool) -> list[tuple[TimedWord, ...]]:
        """Sentences not told yet; the last, unfinished one only when the turn is `whole`."""
        found: list[tuple[TimedWord, ...]] = []
        start = self.told
        for index in range(self.told, len(self.words)):
            if _ends_sentence(self.words[index].text):
                found.append(tuple(self.words[start : index + 1]))
                start = index + 1
        if whole and start < len(self.words):
            found.append(tuple(self.words[start:]))
            start = len(self.words)
        self.told = start
        return found


def caption(
    turn: str, speaker: str, words: tuple[TimedWord, ...], trimmed_ms: int, turn_rtp_timestamp: int
) -> Caption:
    """One sentence as the page needs it; `turn_rtp_timestamp` is the RTP time of the turn's first sample."""
    timed = tuple(
        Word(word.text, max(0, word.audio_ms - trimmed_ms), max(0, word.end_ms - trimmed_ms))
        for word in words
    )
    start_ms = timed[0].start_ms
    return Caption(
        turn=turn,
        speaker=speaker,
        text=" ".join(word.text for word in timed),
        rtp_timestamp=(turn_rtp_timestamp + start_ms * RTP_TICKS_PER_MS) % 2**32,
        start_ms=start_ms,
        end_ms=timed[-1].end_ms,
        words=timed,
    )
