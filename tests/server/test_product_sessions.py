"""The real product with four humans at once: each has a session of its own, and nothing of the others'."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

import numpy as np
import pytest
from numpy.typing import NDArray
from product_server import product
from product_stories import (
    EDIT,
    LIKED,
    REMARK,
    Kept,
    Stopped,
    Vanished,
    approving,
    meddling,
    typing,
    vanishing,
)

from server.rehearsal.packets import Packet, decode, unwrap

pytestmark = pytest.mark.timeout(240)

PHASES = ["greeting", "interview", "ideation_prep", "ideation", "showcase", "marketing", "closing"]
KAYAK_WORDS = ("heron", "kayak", "paddle", "photographers")
TATTOO_WORDS = ("onyx", "tattoo", "drummers", "pigments")
MARGIN_PACKETS = 4
"""A turn begins inside a packet, Opus delays it by up to 6.5 ms, a cut ends with a fade."""


@dataclass(frozen=True)
class Evening:
    kayaks: Kept
    tattoos: Kept
    taps: list[int]
    stopped: Stopped
    vanished: Vanished


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    with product(tmp_path_factory.mktemp("evening")) as room:

        async def everyone() -> Evening:
            stopped = asyncio.create_task(typing(room))
            kayaks = asyncio.create_task(approving(room))
            await asyncio.sleep(3.0)
            tattoos = asyncio.create_task(meddling(room))
            await stopped
            vanished = asyncio.create_task(vanishing(room))
            kept, taps = await tattoos
            return Evening(await kayaks, kept, taps, await stopped, await vanished)

        yield asyncio.run(everyone())


def test_two_sessions_at_once_run_through_all_phases_to_the_end(evening: Evening) -> None:
    for kept in (evening.kayaks, evening.tattoos):
        assert [data["phase"] for data in kept.of("phase.entered")] == PHASES
        assert kept.of("session.state")[-1]["state"] == "completed"
        assert not kept.of("question.asked")
        assert not kept.of("error")
        assert {data["speaker"] for data in kept.of("turn.started")} == {
            "marcus",
            "sarah",
            "maya",
            "alex",
            "sophie",
        }


def test_nothing_of_one_session_is_in_the_other(evening: Evening) -> None:
    for own, other, words in (
        (evening.kayaks, evening.tattoos, KAYAK_WORDS),
        (evening.tattoos, evening.kayaks, TATTOO_WORDS),
    ):
        for word in words:
            assert word in own.everything
            assert word not in other.everything


def test_each_listener_hears_the_own_turns_and_nothing_else(evening: Evening) -> None:
    for kept in (evening.kayaks, evening.tattoos):
        loud = audible_packets(kept.packets)
        times = [packet.timestamp for packet in kept.packets]
        started = {data["turn"]: int(str(data["rtp_timestamp"])) for data in kept.of("turn.started")}
        assert len(started) >= 12
        for data in kept.of("turn.ended"):
            first = bisect_right(times, unwrap(started[str(data["turn"])], times[0], 1 << 32)) - 1
            end = first + int(str(data["heard_ms"])) // 20 + MARGIN_PACKETS
            assert loud[first:end].any(), data["turn"]
            loud[max(0, first) : end] = False
        assert not loud.any(), [kept.packets[n].timestamp for n in np.flatnonzero(loud)]


def audible_packets(packets: list[Packet]) -> NDArray[np.bool_]:
    """Which of the packets, in order, carry sound."""
    sound = decode(packets)
    firsts = [(packet.timestamp - sound.start) // 2 for packet in packets]
    return np.array([sound.audible(first, first + 480) is not None for first in firsts])


def test_no_packet_of_a_session_is_lost_or_sent_twice(evening: Evening) -> None:
    for kept in (evening.kayaks, evening.tattoos):
        sequence = [packet.sequence for packet in kept.packets]
        assert sequence == list(range(sequence[0], sequence[0] + len(sequence)))


def test_a_site_a_post_and_a_draft_are_made_and_served(evening: Evening) -> None:
    for kept in (evening.kayaks, evening.tattoos):
        assert {"site/index.html", "post.json"} <= set(kept.files)
        image = json.loads(kept.files["post.json"])["image"]
        assert image == f"post-{hashlib.sha256(kept.files[f'assets/{image}']).hexdigest()[:12]}.png"
        assert len(kept.preview) >= 3
        assert all(kept.files[f"site/{path}"] == body for path, body in kept.preview.items())
        assert [data["status"] for data in kept.of("post.published")] == ["draft"]


def test_an_edit_supersedes_the_request_and_a_tap_counts_once(evening: Evening) -> None:
    assert evening.taps == [409, 200, 200, 409]
    decisions = [data["decision"] for data in evening.tattoos.of("approval.resolved")]
    assert decisions == ["superseded", "approve"]
    draft = json.loads(evening.tattoos.files["post.json"])
    assert draft["text"] == EDIT


def test_typed_words_over_a_voice_cut_it_and_get_a_reply(evening: Evening) -> None:
    said = evening.tattoos.of("human.said")
    assert [(data["text"], data["typed"]) for data in said] == [(REMARK, True), (LIKED, True)]
    interrupted = [data for data in evening.tattoos.of("turn.ended") if data["interrupted"]]
    assert [data["speaker"] for data in interrupted] == ["alex"]
    acts = [data["act"] for data in evening.tattoos.of("turn.started")]
    assert acts[acts.index("show_site") + 1] == "reply"


def test_markup_stays_text_in_every_page(evening: Evening) -> None:
    kept = evening.tattoos
    pages = {name: body for name, body in kept.files.items() if name.endswith((".html", ".svg", ".css"))}
    pages |= {"summary.html": kept.downloads["summary.html"]}
    assert len(pages) >= 6
    for name, body in pages.items():
        reader = Reader()
        reader.feed(body.decode())
        reader.close()
        assert not reader.live, name
    sheets = [body for name, body in pages.items() if name.endswith(".css")]
    assert sheets
    assert not any(b"alert" in sheet for sheet in sheets)
    assert b"&lt;" in kept.downloads["summary.html"]


class Reader(HTMLParser):
    """Reads a page as a browser does; `live` is what an answer would have smuggled in."""

    def __init__(self) -> None:
        super().__init__()
        self.live: list[str] = []
        self._tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        self.live += [f"{tag} {name}" for name, _ in attrs if name.startswith("on")]
        self.live += [tag] if tag in ("u", "i", "b") else []

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag in ("script", "style") and "alert" in data:
            self.live.append(f"{self._tag}: {data}")


def test_markup_stays_text_in_the_transcript_and_the_events(evening: Evening) -> None:
    vtt = evening.tattoos.downloads["transcript.vtt"].decode()
    cues = "\n".join(line for line in vtt.splitlines() if " --> " not in line)
    spans = set(re.findall(r"<[^>]*>", cues))
    assert spans, "no voice spans"
    assert all(re.fullmatch(r"</?v(\.[\w.]+)?( [\w ]+)?>", span) for span in spans), spans
    assert "-->" not in cues
    assert "louder" in cues
    texts = [data["text"] for data in evening.tattoos.of("human.said")]
    assert texts == [REMARK, LIKED]


def test_a_human_without_a_microphone_answers_by_typing(evening: Evening) -> None:
    events = evening.stopped.events
    said = [event.data for event in events if event.type == "human.said"]
    assert [(data["question"], data["typed"]) for data in said] == [("name", True)]
    asked = [event.data["n"] for event in events if event.type == "question.asked"]
    assert asked == [1, 2]


def test_a_stopped_session_is_over_at_once_with_all_that_it_held(evening: Evening) -> None:
    stopped = evening.stopped
    assert stopped.states == [200, "stopped", "stopped"]
    assert stopped.seconds < 2.0
    turns = {event.data["turn"] for event in stopped.events if event.type == "turn.started"}
    assert turns == {event.data["turn"] for event in stopped.events if event.type == "turn.ended"}
    assert stopped.packets_before > 0
    assert stopped.packets_after - stopped.packets_before <= 5
    assert [event.data["state"] for event in stopped.events if event.type == "session.state"] == [
        "created",
        "live",
        "stopped",
    ]


def test_a_page_that_vanishes_is_waited_for_while_the_work_goes_on(evening: Evening) -> None:
    vanished = evening.vanished
    assert vanished.waiting_after_s < 6.0
    types = [event.type for event in vanished.told_while_waiting]
    assert "job.finished" in types
    assert not [type for type in types if type.startswith(("turn.", "phase.", "caption", "human."))]


def test_a_page_that_comes_back_hears_the_cut_turn_again_and_not_the_start(evening: Evening) -> None:
    resumed = [(data["speaker"], data["act"]) for data in evening.vanished.resumed]
    assert resumed == [("maya", "start_research"), ("maya", "report_research")]
    acts = [event.data["act"] for event in evening.vanished.events if event.type == "turn.started"]
    assert acts.count("greet") == 1


def test_a_stop_ends_the_work_under_way(evening: Evening) -> None:
    assert evening.vanished.stop_s < 2.0
    assert not evening.vanished.worker_left
