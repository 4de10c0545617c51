"""Who said what, as it was heard, and its exports. All times are ms since the listener came."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from orchestration.captions import ends_sentence
from orchestration.notices import Word

HUMAN = "human"
_SENTENCE_BREAK = re.compile(r"(?<=[.!?…])\s+")
_READING_MS_PER_WORD = 350
_READING_MS = (2000, 7000)
"""What took no time, a typed line, is shown for so long at the least and at the most."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One turn, from `at_ms` to `end_ms` of the session. `text` is what was heard, no more.

    What the human typed or did on the page takes no time: it ends when it begins.
    """

    speaker: str
    text: str
    at_ms: int
    end_ms: int
    phase: str = ""
    interrupted: bool = False
    words: tuple[Word, ...] = ()
    """The same, word by word, in ms from `at_ms`; empty where no times are known (the human's words)."""


@dataclass(frozen=True, slots=True)
class _Cue:
    at_ms: int
    end_ms: int
    speaker: str
    text: str


def _name(speaker: str) -> str:
    return "You" if speaker == HUMAN else speaker.capitalize()


def _stamp(ms: int, separator: str = ".") -> str:
    seconds, ms = divmod(max(0, ms), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{separator}{ms:03}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _in_order(entries: Iterable[Entry]) -> list[Entry]:
    """By their beginnings: a turn is remembered at its end, after what the human did meanwhile."""
    return sorted(entries, key=lambda entry: entry.at_ms)


def as_text(entries: Iterable[Entry]) -> str:
    """One line a turn: `[00:01:02] Sarah: …`; a cut turn ends with a dash."""
    lines = (f"[{_stamp(e.at_ms)[:8]}] {_name(e.speaker)}: {_as_heard(e)}\n" for e in _in_order(entries))
    return "".join(lines)


def _as_heard(entry: Entry) -> str:
    return _one_line(f"{entry.text} —" if entry.interrupted else entry.text)


def _cue_text(text: str) -> str:
    return _one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_vtt(entries: Iterable[Entry]) -> str:
    """WebVTT, a cue for each sentence, with voice spans.

    https://www.w3.org/TR/webvtt1/#webvtt-cue-voice-span; cues are in the order of their starts, as it asks.
    """
    entries = _readable(_in_order(entries))
    cues = sorted((cue for entry in entries for cue in _cues(entry)), key=lambda cue: cue.at_ms)
    return "WEBVTT\n\n" + "\n".join(
        f"{_stamp(cue.at_ms)} --> {_stamp(cue.end_ms)}\n"
        f"<v {_cue_text(_name(cue.speaker))}>{_cue_text(cue.text)}</v>\n"
        for cue in cues
    )


def _readable(entries: Sequence[Entry]) -> list[Entry]:
    """The same; what took no time is given the time to read it, up to the same speaker's next entry."""
    return [
        entry if entry.end_ms > entry.at_ms else replace(entry, end_ms=_read_ms(entry, entries[n + 1 :]))
        for n, entry in enumerate(entries)
    ]


def _read_ms(entry: Entry, later: Sequence[Entry]) -> int:
    """When it is read, in ms of the session."""
    least, most = _READING_MS
    end_ms = entry.at_ms + min(most, max(least, _READING_MS_PER_WORD * len(entry.text.split())))
    follows = (one.at_ms for one in later if one.speaker == entry.speaker and one.at_ms > entry.at_ms)
    return min(end_ms, next(follows, end_ms))


def _cues(entry: Entry) -> list[_Cue]:
    """The entry's sentences; without times of their own they share its time by their length."""
    if " ".join(word.text for word in entry.words) == _one_line(entry.text):
        sentences = _sentences(entry.words)
        starts = [entry.at_ms + sentence[0].start_ms for sentence in sentences]
        ends = [*(entry.at_ms + sentence[-1].end_ms for sentence in sentences[:-1]), entry.end_ms]
        texts = [" ".join(word.text for word in sentence) for sentence in sentences]
    else:
        texts = _SENTENCE_BREAK.split(entry.text.strip())
        starts = _shares(entry, texts)
        ends = [*starts[1:], entry.end_ms]
    cues = zip(starts, ends, texts, strict=False)  # an entry without a word has one end too many
    return [_Cue(at, max(at + 1, end), entry.speaker, text) for at, end, text in cues if text]


def _sentences(words: Sequence[Word]) -> list[list[Word]]:
    found: list[list[Word]] = []
    for index, word in enumerate(words):
        if index == 0 or ends_sentence(words[index - 1].text):
            found.append([])
        found[-1].append(word)
    return found


def _shares(entry: Entry, texts: Sequence[str]) -> list[int]:
    total = sum(map(len, texts)) or 1
    length_ms = entry.end_ms - entry.at_ms
    return [entry.at_ms + length_ms * sum(map(len, texts[:n])) // total for n in range(len(texts))]


def as_json(entries: Sequence[Entry]) -> list[dict[str, object]]:
    """The entries as JSON objects, fields by their names; the words' times are the session's too."""
    return [
        {
            "speaker": e.speaker,
            "text": e.text,
            "at_ms": e.at_ms,
            "end_ms": e.end_ms,
            "phase": e.phase,
            "interrupted": e.interrupted,
            "words": [
                {"text": word.text, "start_ms": e.at_ms + word.start_ms, "end_ms": e.at_ms + word.end_ms}
                for word in e.words
            ],
        }
        for e in _in_order(entries)
    ]
