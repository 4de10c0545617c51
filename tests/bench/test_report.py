"""The page and the plot hold what was measured, and no more."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import cast

import pytest

from tests.bench import content, paced
from tests.bench.plot import Panel, drawn
from tests.bench.report import merged, page, plot, write
from tests.bench.run import chosen
from tests.bench.sections import QUICK, SECTIONS
from tests.bench.servers import Row, extern
from tests.bench.soak import slope_per_hour
from tests.bench.sounds import chirp
from tests.bench.split import grouped
from tests.bench.tables import PRIMITIVES, limits
from tests.bench.test_capacity import row


def run(server: str, sessions: int, cpu: float = 0.2, section: str = "capacity", **figures: float) -> Row:
    cost = {"cpu": cpu, "cpu_system": 0.01, "foreign_cpu": 0.05, "rss_mib": 110.0, "threads": 1}
    head = {"section": section, "server": server, "sessions": sessions, "mode": "stream", "spectators": 0}
    return (
        head
        | row(**figures)
        | {
            "date": "2026-01-02",
            "cost": cost,
            "connected": sessions,
            "rss_before_mib": 100.0,
        }
    )


ROWS = [
    run("product", 10, 0.1),
    run("product", 20, 0.2),
    run("product", 100, 0.95),
    run("product", 120, 1.0, lateness_p99_ms=400.0),
    run("textbook", 10, 0.7),
    run("textbook", 20, 1.0, lateness_p99_ms=900.0),
]


def test_the_limits_are_read_back_from_the_rows() -> None:
    assert limits(ROWS) == {"product": (100, False), "textbook": (10, False)}


def test_the_page_tells_sessions_and_ratios() -> None:
    text = page(ROWS)
    assert "| textbook | 10 | 10.0 × |" in text
    assert "| textbook | 5.00% | 5.0 × |" in text
    assert "120: spacing 3.0 ms, late 400.0 ms" in text


def test_the_page_leaves_out_what_was_not_measured() -> None:
    text = page(ROWS)
    assert "## Soak" not in text
    assert "## Fan-out" not in text


def test_a_noisy_row_is_marked() -> None:
    noisy = run("product", 20)
    noisy["cost"] = cast("dict[str, float]", noisy["cost"]) | {"foreign_cpu": 0.9}
    assert "90%*" in page([noisy])


def test_a_server_that_failed_is_in_the_rows_and_breaks_no_table() -> None:
    failed: Row = {"section": "capacity", "server": "fastrtc", "sessions": 20, "date": "2026-01-02"}
    failed |= {"failed": 20, "closed": 0, "error": "no answer"}
    assert "| fastrtc | 0 |" in page([*ROWS, failed])
    plot([*ROWS, failed])


def test_fresh_rows_stand_in_place_of_the_same_section_and_server() -> None:
    fresh = [run("textbook", 10), run("textbook", 20, section="again")]
    kept = merged(ROWS, fresh)
    assert [one["server"] for one in kept] == ["product"] * 4 + ["textbook"] * 2


def test_the_files_can_be_read_and_written_again(tmp_path: Path) -> None:
    out = tmp_path / "not there yet"
    write(out, ROWS)
    write(out, ROWS[4:])
    assert len(json.loads((out / "benchmarks.json").read_text())) == len(ROWS)
    assert (out / "benchmarks.md").read_text() == page(ROWS)


def test_the_plot_is_xml_with_a_line_for_each_server() -> None:
    names = {"{http://www.w3.org/2000/svg}polyline": 0}
    for element in ElementTree.fromstring(plot(ROWS)).iter():
        names[element.tag] = names.get(element.tag, 0) + 1
    assert names["{http://www.w3.org/2000/svg}polyline"] == 2 * 3


def test_a_plot_takes_zero_and_escapes_names() -> None:
    text = drawn([Panel("a < b", "ms", {"x & y": [(1, 0.0), (10, 5.0)]}, limit=3.0)])
    ElementTree.fromstring(text)
    assert "x &amp; y" in text


def test_perf_s_shared_objects_become_groups() -> None:
    report = (
        "# header\n 60.00%  ,libpython3.11.so.1.0\n 25.5%,libopus-1a.so.0\n 9.5%,[kernel.kallsyms]\n5%,who.so"
    )
    assert grouped(report) == {"CPython": 0.6, "libopus": 0.255, "kernel": 0.095, "the rest": 0.05}


def test_the_slope_forgets_what_filled_up_at_first() -> None:
    samples = [{"minute": float(minute), "rss_mib": min(minute, 20) + minute / 60} for minute in range(60)]
    assert slope_per_hour(samples, "rss_mib") == pytest.approx(1.0)
    assert slope_per_hour(samples[:1], "rss_mib") is None


def test_an_extern_server_is_a_name_and_a_command() -> None:
    server = extern("other=python3 'my server.py' --fast")
    assert (server.name, server.command) == ("other", ("python3", "my server.py", "--fast"))
    with pytest.raises(ValueError, match="NAME"):
        extern("python3 server.py")


def test_a_whole_chirp_has_no_faults() -> None:
    found = content.judge(bytes(4_800) + chirp(6.0) + bytes(4_800))
    assert found is not None
    assert (found.lost_ms, found.repeated_ms, found.holes_ms) == (0, 0, 0)
    assert found.first_ms < 15
    assert found.last_ms > 5_985
    assert found.level_db == pytest.approx(0, abs=0.1)


def test_a_chirp_tells_what_was_lost_repeated_and_silent() -> None:
    whole = chirp(6.0)
    ms = 48
    lost = content.judge(whole[: 1000 * ms] + whole[1100 * ms :])
    repeated = content.judge(whole[: 1000 * ms] + whole[900 * ms :])
    silent = content.judge(whole[: 1000 * ms] + bytes(100 * ms) + whole[1100 * ms :])
    assert lost is not None
    assert repeated is not None
    assert silent is not None
    assert lost.lost_ms == pytest.approx(100, abs=20)
    assert repeated.repeated_ms == pytest.approx(100, abs=20)
    assert silent.holes_ms == pytest.approx(100, abs=20)


def test_servers_are_chosen_by_name_and_others_are_brought_along() -> None:
    other = extern("other=python3")
    assert [server.name for server in chosen("product,textbook", [other], quick=True)] == [
        "product",
        "textbook",
        "other",
    ]


def test_a_quick_run_is_a_part_of_the_full_one() -> None:
    assert set(QUICK) < set(SECTIONS)


def test_the_floor_is_told_in_a_loop_and_at_its_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paced, "PACKETS", 5)
    monkeypatch.setattr(paced, "ROUNDS", 1)
    measured = paced.measure(sessions=2)
    assert measured.in_us > 0
    assert measured.out_us > 0
    loop: Row = dict.fromkeys(PRIMITIVES, 1.0) | {"floor": 0.0025}
    head: Row = {"section": "floor", "date": "2026-01-02"}
    rows: list[Row] = [
        head | {"server": "primitives"} | loop,
        head | {"server": "paced", "floor": 0.005},
        run("product", 40, 0.4, section="floor"),
    ]
    text = page(rows)
    assert "| **the floor**, at its pace | 0.500% | 2.00 × | 1.00 × |" in text
    assert "| **product, 40 sessions** | 1.000% | 4.00 × | 2.00 × |" in text
