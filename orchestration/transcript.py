"""Who said what, as it was heard, and its exports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HUMAN = "human"


@dataclass(frozen=True, slots=True)
class Entry:
    """One turn, from `at_ms` to `end_ms` of the session. `text` is what was heard, no more."""

    speaker: str
    text: str
    at_ms: int
    end_ms: int
    phase: str = ""
    interrupted: bool = False


def _name(speaker: str) -> str:
    return "You" if speaker == HUMAN else speaker.capitalize()


def _stamp(ms: int, separator: str = ".") -> str:
    seconds, ms = divmod(max(0, ms), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{separator}{ms:03}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def as_text(entries: Iterable[Entry]) -> str:
    """One line a turn: `[00:01:02] Sarah: …`; a cut turn ends with a dash."""
    return "".join(
        f"[{_stamp(e.at_ms)[:8]}] {_name(e.speaker)}: {_one_line(e.text)}{' —' if e.interrupted else ''}\n"
        for e in entries
    )


def _cue_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")


def as_vtt(entries: Iterable[Entry]) -> str:
    """WebVTT with voice spans (https://www.w3.org/TR/webvtt1/#webvtt-cue-voice-span)."""
    cues = (
        f"{_stamp(e.at_ms)} --> {_stamp(max(e.end_ms, e.at_ms + 1))}\n"
        f"<v {_name(e.speaker)}>{_cue_text(e.text)}</v>\n"
        for e in entries
    )
    return "WEBVTT\n\n" + "\n".join(cues)


def as_json(entries: Sequence[Entry]) -> list[dict[str, object]]:
    """The entries as JSON objects, fields by their names."""
    return [
        {
            "speaker": e.speaker,
            "text": e.text,
            "at_ms": e.at_ms,
            "end_ms": e.end_ms,
            "phase": e.phase,
            "interrupted": e.interrupted,
        }
        for e in entries
    ]
