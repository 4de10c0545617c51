"""The files of a rehearsal: what was downloaded, the recording, and the figures."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

from server.rehearsal import figures as measure
from server.rehearsal.answers import KEYS, Answers, word_errors
from server.rehearsal.client import Event, Json, Visit
from server.rehearsal.clock import against_session_clock
from server.rehearsal.mouth import RATE_HZ
from server.rehearsal.overtalk import overtalks, uncut_ms
from server.rehearsal.packets import Sound, decode
from server.rehearsal.recording import write_ogg
from server.rehearsal.replies import replies
from server.rehearsal.timeline import Timeline

TEXTS = ("transcript.txt", "transcript.vtt", "transcript.json", "brief.json")


@dataclass(frozen=True, slots=True)
class Downloads:
    files: dict[str, bytes]
    site: bytes
    post_text: str
    post_image: bytes


NOTHING = Downloads({}, b"", "", b"")


async def download(visit: Visit) -> Downloads:
    """Everything that the session offers; what is missing is left out."""
    files = {name: body for name in TEXTS if (body := await visit.get(name)) is not None}
    post = next((event.data for event in reversed(visit.events) if event.type == "post.drafted"), {})
    picture = next(
        (
            str(event.data["image"])
            for event in reversed(visit.events)
            if event.type == "post.drafted" and event.data.get("image")
        ),
        "",
    )
    image = await visit.get(picture) if picture else None
    site = await visit.get("site.zip")
    return Downloads(files, site or b"", str(post.get("text", "")), image or b"")


def write(out: Path, visit: Visit, answers: Answers, downloads: Downloads) -> Json:
    """Leave all files in `out`; returns the figures."""
    for name, body in downloads.files.items():
        (out / name).write_bytes(body)
    if downloads.site:
        unzip(downloads.site, out)
    (out / "post.txt").write_text(downloads.post_text + "\n", encoding="utf-8")
    if downloads.post_image:
        (out / "post.png").write_bytes(downloads.post_image)
    lines = [event.raw for event in sorted(visit.events, key=lambda event: event.seq)]
    (out / "events.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    sound = decode(visit.tap.packets)
    timeline = Timeline.of(visit.events, visit.tap.packets, sound, visit.mouth.said)
    figures = _figures(visit, answers, sound, timeline)
    (out / "figures.json").write_text(
        json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    write_ogg(out / "recording.ogg", sound, timeline.human_places())
    return figures


def unzip(packed: bytes, folder: Path) -> None:
    """The zip's files under `folder`: `site`, and `site-source`. Names that lead elsewhere are left out."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        for info in archive.infolist():
            target = (folder / info.filename).resolve()
            if info.is_dir() or not target.is_relative_to(folder.resolve()):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(info))


def headlines(figures: Json) -> list[str]:
    """The few figures that a person wants to see at once."""
    parts = [f"session {figures['session_s']} s"]
    if figures["heard"]:
        parts[0] += f", speech understood with {figures['word_error_rate']:.0%} errors"
    handovers = figures["handovers"]
    if isinstance(handovers, dict):
        parts.append(
            f"hand-overs within 20 ms of the chosen pause: {handovers['within_20_ms']}/{handovers['free']}"
        )
    clock = figures["session_clock"]
    if isinstance(clock, dict):
        parts.append(f"RTP time within {clock['worst_ms']} ms of the session's clock")
    parts.append(f"longest unexplained silence {figures['longest_unexplained_silence_ms']} ms")
    return parts


def _figures(visit: Visit, answers: Answers, sound: Sound, timeline: Timeline) -> Json:
    pauses = measure.pauses(timeline.turns, sound, timeline.waits)
    within, free = measure.handover_share(pauses)
    silences = measure.silences(
        timeline.audible, timeline.explained, timeline.first_sound_ms, timeline.completed_ms
    )
    heard = _heard(visit.events, answers)
    errors, words = (sum(int(part[key]) for part in heard) for key in ("errors", "words"))
    replied = replies(visit.events, visit.tap.packets, sound, visit.mouth.said, timeline.turns)
    figures: Json = {
        "session_s": round((timeline.completed_ms - timeline.first_sound_ms) / 1000, 1),
        "turns": [asdict(turn) for turn in timeline.turns],
        "phases": [event.data.get("phase") for event in visit.events if event.type == "phase.entered"],
        "rtp": asdict(measure.continuity(visit.tap.packets)),
        "session_clock": _session_clock(visit),
        "turn_events_late_by_ms": timeline.clock_spread_ms,
        "pauses": [asdict(pause) for pause in pauses],
        "handovers": {"within_20_ms": within, "free": free},
        "silences": [asdict(silence) for silence in silences[:12]],
        "longest_silence_ms": silences[0].duration_ms if silences else 0,
        "longest_unexplained_silence_ms": max(
            (silence.duration_ms for silence in silences if not silence.explained_by), default=0
        ),
        "said_s": [round(len(one.pcm) / 2 / RATE_HZ, 1) for one in visit.mouth.said],
        "heard": heard,
        "replies": [asdict(one) for one in replied],
        "word_error_rate": round(errors / max(1, words), 3),
        "interruptions": [
            one.figures() for one in overtalks(timeline, visit.events, visit.tap.packets, sound)
        ],
        "uncut_ms": uncut_ms(timeline, sound),
        "mapping_error_ms": timeline.mapping_error_ms,
    }
    return figures


def _session_clock(visit: Visit) -> Json | None:
    found = against_session_clock(visit.tap.packets, visit.tap.reports)
    return None if found is None else asdict(found)


def _heard(events: list[Event], answers: Answers) -> list[dict[str, int | str | float]]:
    """For each question that was asked: what was said, what was understood at last, and the word errors."""
    found: list[dict[str, int | str | float]] = []
    asked = {event.data.get("question") for event in events if event.type == "question.asked"}
    for key in (key for key in KEYS if key in asked):
        said = [
            event.data for event in events if event.type == "human.said" and event.data.get("question") == key
        ]
        text = str(said[-1].get("text", "")) if said else ""
        errors, words = word_errors(answers.said[key], text)
        confidence = said[-1].get("confidence") if said else 0.0
        found.append(
            {
                "question": key,
                "said": answers.said[key],
                "understood": text,
                "errors": errors,
                "words": words,
                "tries": len(said),
                "confidence": float(confidence) if isinstance(confidence, int | float) else 0.0,
            }
        )
    return found
