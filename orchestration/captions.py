"""From the words that a Line delivers to sentences on the page, and to what was heard of a turn.

Word times arrive in the time of the received audio. The Lane cuts off the lead silence, so audible
time is received time minus `trimmed_ms`. Where a Line gives no times they are told from the audio itself
(`wordtimes`), anew each time that they are needed: the more was received, the better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from orchestration.notices import Caption, Word
from orchestration.wordtimes import CLOSING, Sound, starts

MS_PER_CHARACTER = 65
"""About 15 characters a second, pauses included."""
RTP_TICKS_PER_MS = 48
SENTENCE_ENDS = (".", "!", "?", "…")


@dataclass(frozen=True, slots=True)
class TimedWord:
    text: str
    audio_ms: int
    end_ms: int


def ends_sentence(text: str) -> bool:
    return text.rstrip(CLOSING).endswith(SENTENCE_ENDS)


def _timed(texts: Sequence[str], audio_ms: Sequence[int]) -> list[TimedWord]:
    """Each word lasts as long as its letters take, or until the next one."""
    words: list[TimedWord] = []
    for index, (text, start) in enumerate(zip(texts, audio_ms, strict=True)):
        end = start + MS_PER_CHARACTER * (len(text) + 1)
        if index + 1 < len(audio_ms):
            end = max(start, min(end, audio_ms[index + 1]))
        words.append(TimedWord(text, start, end))
    return words


@dataclass(slots=True)
class TurnWords:
    """One turn's words in the order in which they are spoken."""

    told: int = 0
    """How many of them have been told to the page."""
    whole: bool = False
    """Neither words nor audio will follow."""
    _texts: list[str] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)
    """As the Line gave them; empty while it gives none."""
    _open: bool = False
    """The last piece ended in a word's middle, perhaps: what follows without a space belongs to it."""
    _sound: Sound | None = field(default_factory=Sound)

    def add(self, text: str, audio_ms: int | None) -> None:
        """Append a piece of transcript: a word at `audio_ms`, or any piece of text without a time."""
        if audio_ms is None:
            self._append(text)
        elif text.strip():
            if len(self._starts) < len(self._texts):
                self._starts = [word.audio_ms for word in self.words]
            self._sound = None
            self._open = False
            self._texts.append(text.strip())
            self._starts.append(audio_ms)

    def hear(self, pcm: bytes) -> None:
        """Received audio, PCM16 24 kHz mono, in order; looked at only while words come without times."""
        if self._sound is not None:
            self._sound.put(pcm)

    @property
    def words(self) -> list[TimedWord]:
        """All of them, with times that are as good as they can be now."""
        known = self._starts
        missing = self._texts[len(known) :]
        if not missing:
            return _timed(self._texts, known)
        if not known and self._sound is not None:
            return _timed(self._texts, starts(self._texts, self._sound, self.whole))
        guessed = known[-1]
        for before in self._texts[len(known) - 1 : -1]:
            guessed += MS_PER_CHARACTER * (len(before) + 1)
            known = [*known, guessed]
        return _timed(self._texts, known)

    def keep(self, count: int) -> None:
        """Only the first `count` words are said; nothing more will come."""
        words = self.words[:count]
        self._texts = [word.text for word in words]
        self._starts = [word.audio_ms for word in words]
        self.told = min(self.told, count)
        self.whole, self._open = True, False

    def heard(self, source_ms: int) -> str:
        """The words that had begun before `source_ms` of received audio."""
        return " ".join(word.text for word in self.words if word.audio_ms < source_ms)

    def timed(self, trimmed_ms: int, sent_ms: int, cut: bool) -> tuple[Word, ...]:
        """What was heard of it, in the turn's audible time: all of it, or what `sent_ms` held when `cut`."""
        end = trimmed_ms + sent_ms
        heard = [word for word in self.words if word.audio_ms < end or not cut]
        within = [TimedWord(w.text, min(w.audio_ms, end), min(w.end_ms, end)) for w in heard]
        return audible(within, trimmed_ms)

    def sentences(self, whole: bool) -> list[tuple[TimedWord, ...]]:
        """Sentences not told yet; the last, unfinished one only when the turn is `whole`."""
        self.whole = self.whole or whole
        complete = len(self._texts) if self.whole else len(self._texts) - self._open
        ends = [n + 1 for n in range(self.told, complete) if ends_sentence(self._texts[n])]
        if self.whole and (ends[-1] if ends else self.told) < len(self._texts):
            ends.append(len(self._texts))
        if not ends:
            return []
        words = self.words
        found = [tuple(words[start:end]) for start, end in zip([self.told, *ends], ends, strict=False)]
        self.told = ends[-1]
        return found

    def _append(self, text: str) -> None:
        pieces = text.split()
        if pieces and self._open and not text[0].isspace() and self.told < len(self._texts):
            self._texts[-1] += pieces.pop(0)
        self._texts += pieces
        if text:
            self._open = not text[-1].isspace()


def audible(words: Sequence[TimedWord], trimmed_ms: int) -> tuple[Word, ...]:
    """Words in the turn's audible time."""
    return tuple(
        Word(word.text, max(0, word.audio_ms - trimmed_ms), max(0, word.end_ms - trimmed_ms))
        for word in words
    )


def caption(
    turn: str, speaker: str, words: tuple[TimedWord, ...], trimmed_ms: int, turn_rtp_timestamp: int
) -> Caption:
    """One sentence as the page needs it; `turn_rtp_timestamp` is the RTP time of the turn's first sample."""
    timed = audible(words, trimmed_ms)
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
