"""Figures that others report come out at /metrics in Prometheus' text format."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpClient

from orchestration import notices
from orchestration.usage import Usage
from server import metrics


def value(sample: str, labels: dict[str, str] | None = None) -> float:
    return metrics.REGISTRY.get_sample_value(sample, labels or {}) or 0.0


async def scraped(aiohttp_client: AiohttpClient) -> str:
    app = web.Application()
    metrics.add_routes(app)
    client = await aiohttp_client(app)
    answer = await client.get("/metrics")
    assert answer.status == 200
    assert answer.content_type == "text/plain"
    return await answer.text()


async def test_every_report_changes_its_figure(aiohttp_client: AiohttpClient) -> None:
    job = {"kind": "website", "outcome": "finished"}
    before = [
        value("moentreprise_turn_latency_seconds_count", {"speaker": "sarah"}),
        value("moentreprise_hand_over_pause_seconds_sum"),
        value("moentreprise_interruptions_total"),
        value("moentreprise_errors_total", {"code": "replaced"}),
        value("moentreprise_jobs_total", job),
        value("moentreprise_engine_restarts_total"),
        value("moentreprise_sessions_ended_total", {"state": "completed"}),
    ]
    metrics.observe_turn("sarah", 0.7)
    metrics.observe_hand_over(0.3)
    metrics.count_interruption()
    metrics.count_error("replaced")
    metrics.count_job("website", "finished")
    metrics.count_engine_restart()
    metrics.session_ended("completed")
    after = [
        value("moentreprise_turn_latency_seconds_count", {"speaker": "sarah"}),
        value("moentreprise_hand_over_pause_seconds_sum"),
        value("moentreprise_interruptions_total"),
        value("moentreprise_errors_total", {"code": "replaced"}),
        value("moentreprise_jobs_total", job),
        value("moentreprise_engine_restarts_total"),
        value("moentreprise_sessions_ended_total", {"state": "completed"}),
    ]
    assert [round(b - a, 3) for a, b in zip(before, after, strict=True)] == [1, 0.3, 1, 1, 1, 1, 1]
    assert 'moentreprise_turn_latency_seconds_bucket{le="0.75",speaker="sarah"}' in await scraped(
        aiohttp_client
    )


def test_what_a_page_is_told_is_counted_too() -> None:
    told: list[tuple[notices.Notice, str, dict[str, str], float]] = [
        (
            notices.TurnMetrics("t1", "alex", 250, 900, 300),
            "moentreprise_turn_latency_seconds_sum",
            {"speaker": "alex"},
            0.25,
        ),
        (
            notices.TurnMetrics("t1", "alex", None, 0, 300),
            "moentreprise_turn_latency_seconds_count",
            {"speaker": "alex"},
            0,
        ),
        # The chosen pause is no figure: what is heard is measured.
        (notices.TurnMetrics("t1", "alex", 1, 0, 400), "moentreprise_hand_over_pause_seconds_count", {}, 0),
        (notices.TurnEnded("t1", "alex", "So", 300, True), "moentreprise_interruptions_total", {}, 1),
        (notices.TurnEnded("t1", "alex", "So.", 300, False), "moentreprise_interruptions_total", {}, 0),
        (notices.Error("replaced", "…"), "moentreprise_errors_total", {"code": "replaced"}, 1),
    ]
    for notice, sample, labels, change in told:
        before = value(sample, labels)
        metrics.observe(notice)
        assert value(sample, labels) - before == pytest.approx(change), notice


def test_each_part_of_a_turn_and_the_whole_of_a_heard_one_are_figures() -> None:
    parts = (notices.TurnPart("decision", 40), notices.TurnPart("heard", 60))
    part = ("moentreprise_turn_part_seconds_sum", {"part": "decision", "after": "human"})
    whole = ("moentreprise_turn_heard_seconds_sum", {"after": "human"})
    before = [value(*part), value(*whole)]
    metrics.observe(notices.TurnMetrics("t1", "alex", 250, 0, 0, "human", 100, parts))
    assert [value(*part) - before[0], value(*whole) - before[1]] == pytest.approx([0.04, 0.1])
    metrics.observe(notices.TurnMetrics("t2", "alex", 250, 0, 0, "human", 40, parts[:1]))
    assert value(*part) - before[0] == pytest.approx(0.08)
    assert value(*whole) - before[1] == pytest.approx(0.1)


async def test_sessions_are_counted_when_asked(aiohttp_client: AiohttpClient) -> None:
    states = {"live": 2, "waiting": 1}
    metrics.count_sessions_by(lambda: states)
    try:
        text = await scraped(aiohttp_client)
        assert 'moentreprise_sessions{state="live"} 2.0' in text
        assert 'moentreprise_sessions{state="waiting"} 1.0' in text
    finally:
        metrics.count_sessions_by(dict)


async def test_the_event_loops_lag_is_measured_and_the_watch_ends_with_the_application(
    aiohttp_client: AiohttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "LAG_EVERY_S", 0.01)
    before = value("moentreprise_event_loop_lag_seconds_count")
    app = web.Application()
    metrics.add_routes(app)
    client = await aiohttp_client(app)
    async with asyncio.timeout(10):
        while value("moentreprise_event_loop_lag_seconds_count") < before + 2:
            await asyncio.sleep(0.01)
    await client.close()
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "event-loop-lag"]


def test_what_became_of_a_microphone_s_packets_is_counted() -> None:
    fates = ("received", "lost", "late", "recovered")
    before = [value("moentreprise_microphone_packets_total", {"fate": fate}) for fate in fates]
    metrics.observe_microphone(received=50, lost=3, late=2, recovered=1)
    after = [value("moentreprise_microphone_packets_total", {"fate": fate}) for fate in fates]
    assert [b - a for a, b in zip(before, after, strict=True)] == [50, 3, 2, 1]


def test_a_sessions_tokens_are_counted_by_direction_and_modality() -> None:
    labels = [{"direction": d, "modality": m} for d, m in (("input", "text"), ("output", "audio"))]
    before = [value("moentreprise_tokens_total", which) for which in labels]
    metrics.count_tokens(Usage(input_text=12, output_audio=30))
    after = [value("moentreprise_tokens_total", which) for which in labels]
    assert [b - a for a, b in zip(before, after, strict=True)] == [12, 30]


def test_voices_that_are_back_are_no_error() -> None:
    metrics.observe(notices.Error("line_restored", "The team's voices are back."))
    assert not value("moentreprise_errors_total", {"code": "line_restored"})
