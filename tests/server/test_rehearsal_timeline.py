"""Three clocks brought together, from events whose true times are known."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest

from server.rehearsal.client import Event
from server.rehearsal.mouth import Said
from server.rehearsal.packets import Packet, Sound
from server.rehearsal.recording import write_ogg
from server.rehearsal.report import unzip
from server.rehearsal.timeline import Timeline

BASE = 5_000


def event(seq: int, type: str, at_ms: int, late_ms: float = 1.0, **data: object) -> Event:
    """The client's clock is 50 s ahead of the session's."""
    return Event(seq, type, at_ms, data, 50.0 + (at_ms + late_ms) / 1000, "")


def sound() -> Sound:
    """The first turn is heard at 200 ms of the session, the second at 4000 ms."""
    pcm = np.zeros(6 * 24_000, np.int16)
    pcm[: 24 * 1000] = 5000
    pcm[24 * 3800 : 24 * 4800] = 5000
    return Sound(BASE, pcm)


def timeline(packets: list[Packet] | None = None) -> Timeline:
    voice = np.concatenate([np.zeros(2400), np.full(24_000, 5000)]).astype("<i2").tobytes()
    events = [
        event(1, "turn.started", 200, turn="t1", speaker="marcus", act="greet", rtp_timestamp=BASE),
        event(2, "turn.ended", 1203, late_ms=30, turn="t1", interrupted=False),
        event(3, "human.listening", 1210, listening=True),
        event(4, "human.speaking", 1800, speaking=True),
        event(5, "human.listening", 3900, listening=False),
        event(6, "turn.started", 4003, turn="t2", speaker="sarah", act="ask", rtp_timestamp=BASE + 3800 * 48),
        event(7, "metrics.turn", 4900, turn="t2", pause_ms=350, ready_before_ms=120),
        event(8, "turn.ended", 5000, turn="t2", interrupted=True),
        event(9, "session.completed", 5500),
    ]
    return Timeline.of(events, packets or [], sound(), [Said("hello", 50.0 + 1.5 + 0.001, voice)])


def test_turns_carry_their_chosen_pause_and_their_fate() -> None:
    one, two = timeline().turns
    assert (one.speaker, one.started_ms, one.ended_ms, one.chosen_pause_ms) == ("marcus", 200, 1203, -1)
    assert (two.chosen_pause_ms, two.ready_before_ms, two.interrupted) == (350, 120, True)


def test_the_sound_lies_on_the_sessions_clock() -> None:
    made = timeline()
    assert made.sound_start_ms == pytest.approx(200)
    assert made.clock_spread_ms == pytest.approx(3)
    assert made.first_sound_ms == pytest.approx(200)
    assert made.sample_at(1200) == pytest.approx(24_000)


def test_the_humans_speech_lies_there_too() -> None:
    made = timeline()
    assert made.said[0][0] == pytest.approx(1600, abs=1)
    place, _ = made.human_places()[0]
    assert place == pytest.approx((1500 - 200) * 24, abs=24)
    assert made.decisions == [1800]


def test_the_humans_speech_is_placed_by_the_least_late_packet() -> None:
    """Sent with its packet, 1600 ms after the session began; the sound begins at 200 ms."""
    late = [0.0004, 0.0021]
    packets = [Packet(50.2 + n * 0.02 + s, n, BASE + n * 960, n == 0, b"x") for n, s in enumerate(late)]
    made = timeline(packets)
    assert made.speech == [pytest.approx((1601 - 200) * 24, abs=24)]
    assert made.mapping_error_ms == pytest.approx(0.6, abs=0.1)


def test_listening_explains_a_silence() -> None:
    assert timeline().explained == [(1210, 3900, "human")]


def test_the_recording_has_the_team_left_and_the_human_right(tmp_path: Path) -> None:
    hum = np.rint(8000 * np.sin(np.arange(24_000) / 10)).astype(np.int16)
    team = np.zeros(6 * 24_000, np.int16)
    team[24_000 : 2 * 24_000] = hum
    write_ogg(tmp_path / "r.ogg", Sound(BASE, team), [(24_000 * 3, hum.tobytes())])
    with av.open(str(tmp_path / "r.ogg")) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert heard.shape[1] / 48_000 == pytest.approx(6, abs=0.1)
    for side, second in ((0, 1), (1, 3)):
        loud = np.flatnonzero(np.abs(heard[side]) > 0.1) / 48_000
        assert (loud[0], loud[-1]) == pytest.approx((second, second + 1), abs=0.05)


def test_a_site_is_unpacked_where_it_belongs_and_nowhere_else(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("site/index.html", "home")
        archive.writestr("site/pages/menu.html", "menu")
        archive.writestr("../../evil.txt", "no")
    unzip(packed.getvalue(), tmp_path)
    assert (tmp_path / "site" / "index.html").read_text() == "home"
    assert (tmp_path / "site" / "pages" / "menu.html").read_text() == "menu"
    assert sorted(path.name for path in tmp_path.rglob("*.txt")) == []
