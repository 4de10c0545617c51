"""Where a turn ends whose voice was lost in its middle: with the last of it that is whole. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from orchestration.captions import MS_PER_CHARACTER, TimedWord, TurnWords, ends_sentence
from orchestration.ports import Lane
from orchestration.wordtimes import weight

BYTES_PER_MS = 48


class Breaking(Protocol):
    """A turn whose voice was lost (`spoken.SpokenTurn`)."""

    lane: Lane
    words: TurnWords
    whole: bool
    received_bytes: int


def break_off(turn: Breaking) -> int:
    """End the turn's words and its Lane at the best place; returns it, in ms of the received audio."""
    received_ms = turn.received_bytes // BYTES_PER_MS
    count, end_ms = last_whole(turn.words.words, received_ms, turn.lane.source_ms)
    turn.words.keep(count)
    turn.whole = True
    turn.lane.break_off(end_ms)
    return end_ms


def last_whole(words: Sequence[TimedWord], received_ms: int, sent_ms: int) -> tuple[int, int]:
    """How many words can be heard whole, and where in the received audio they end.

    To the last whole sentence that is not over yet, else to the last whole word. `sent_ms` was heard already.
    """
    whole = 0
    while whole < len(words) and _end_ms(words, whole) <= received_ms:
        whole += 1
    for count in range(whole, 0, -1):
        end_ms = _following_ms(words, count, received_ms)
        if end_ms < sent_ms:
            break
        if ends_sentence(words[count - 1].text):
            return count, end_ms
    return whole, max(sent_ms, _following_ms(words, whole, received_ms)) if whole else sent_ms


def _end_ms(words: Sequence[TimedWord], index: int) -> int:
    """By when the word has surely sounded: as long as its letters say, but no longer than to the next."""
    word = words[index]
    spoken_ms = word.audio_ms + MS_PER_CHARACTER * weight(word.text)
    return min(spoken_ms, words[index + 1].audio_ms) if index + 1 < len(words) else spoken_ms


def _following_ms(words: Sequence[TimedWord], count: int, received_ms: int) -> int:
    """Where the word after the first `count` begins; the end of the audio when none is known."""
    return min(received_ms, words[count].audio_ms) if count < len(words) else received_ms
