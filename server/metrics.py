"""Figures for Prometheus at `GET /metrics`. Others call the small functions; none touches the registry.

Everything is process-wide: sessions are counted, never named.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from orchestration.notices import Error, JobDone, JobFailure, Notice, TurnEnded, TurnMetrics
from orchestration.usage import Usage
from orchestration.waterfall import Step

LAG_EVERY_S = 0.5
_FAST = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
_PART = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
_LAG = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5)

SessionStates = Callable[[], Mapping[str, int]]


class _Sessions(Collector):
    """Sessions by state, counted when asked: nobody has to keep the gauge right."""

    def __init__(self) -> None:
        self.count: SessionStates = dict

    def collect(self) -> list[Metric]:
        family = GaugeMetricFamily("moentreprise_sessions", "Sessions held now, by state.", labels=["state"])
        for state, number in self.count().items():
            family.add_metric([state], number)
        return [family]


REGISTRY = CollectorRegistry()
_sessions = _Sessions()
REGISTRY.register(_sessions)
_sessions_total = Counter(
    "moentreprise_sessions_ended", "Sessions ended, by their last state.", ["state"], registry=REGISTRY
)
_turn = Histogram(
    "moentreprise_turn_latency_seconds",
    "From asking a voice for a turn to its first audio.",
    ["speaker"],
    buckets=_FAST,
    registry=REGISTRY,
)
_turn_part = Histogram(
    "moentreprise_turn_part_seconds",
    "What each part of a turn's way to the ear took, by what the turn followed.",
    ["part", "after"],
    buckets=_PART,
    registry=REGISTRY,
)
_turn_heard = Histogram(
    "moentreprise_turn_heard_seconds",
    "From the last sound of what a turn followed (human, voice, start) to its first sound at the listener.",
    ["after"],
    buckets=_FAST,
    registry=REGISTRY,
)
_hand_over = Histogram(
    "moentreprise_hand_over_pause_seconds",
    "Between two personas: last audible sample to first audible sample.",
    buckets=_FAST,
    registry=REGISTRY,
)
_interruptions = Counter(
    "moentreprise_interruptions", "Times that the human talked over a persona.", registry=REGISTRY
)
_errors = Counter("moentreprise_errors", "Errors told to a page, by code.", ["code"], registry=REGISTRY)
_jobs = Counter("moentreprise_jobs", "Jobs ended, by outcome.", ["kind", "outcome"], registry=REGISTRY)
_restarts = Counter("moentreprise_engine_restarts", "Restarts of the voice engine.", registry=REGISTRY)
_lag = Histogram(
    "moentreprise_event_loop_lag_seconds",
    "How late the event loop woke; audio suffers above 0.02.",
    buckets=_LAG,
    registry=REGISTRY,
)


_load = Gauge(
    "moentreprise_loop_load_ratio",
    "Share of a processor that the event loop's thread uses; sessions are refused above a limit.",
    registry=REGISTRY,
)
_microphone = Counter(
    "moentreprise_microphone_packets",
    "Packets of microphones by what became of them; counted when their session ends.",
    ["fate"],
    registry=REGISTRY,
)
_tokens = Counter(
    "moentreprise_tokens",
    "Tokens of the voices' responses as they are billed, each once; counted when their session ends.",
    ["direction", "modality"],
    registry=REGISTRY,
)
_cost = Counter(
    "moentreprise_cost", "What these tokens cost at the operator's prices, where named.", registry=REGISTRY
)
_packets = Counter("moentreprise_packets", "Packets of speech that were due.", registry=REGISTRY)
_packets_late = Counter(
    "moentreprise_packets_late", "Packets that left more than 10 ms after they were due.", registry=REGISTRY
)
_lateness = Histogram(
    "moentreprise_packet_lateness_seconds",
    "The latest packet of each half second.",
    buckets=_LAG,
    registry=REGISTRY,
)


def count_sessions_by(states: SessionStates) -> None:
    """Tell where the number of sessions by state comes from; asked at each scrape."""
    _sessions.count = states


def session_ended(state: str) -> None:
    _sessions_total.labels(state).inc()


def observe_turn(speaker: str, latency_s: float) -> None:
    """A persona's first audio came `latency_s` after it was asked for."""
    _turn.labels(speaker).observe(latency_s)


def observe_waterfall(turn: TurnMetrics) -> None:
    """Each known part of a turn; the whole only of one that was heard, others are no whole."""
    for part in turn.parts:
        _turn_part.labels(part.part, turn.after).observe(part.ms / 1000)
    if turn.whole_ms is not None and turn.parts and turn.parts[-1].part == Step.HEARD:
        _turn_heard.labels(turn.after).observe(turn.whole_ms / 1000)


def observe_hand_over(pause_s: float) -> None:
    """One persona followed another after `pause_s` of silence (server.handovers measures it)."""
    _hand_over.observe(pause_s)


def count_interruption() -> None:
    _interruptions.inc()


def count_error(code: str) -> None:
    _errors.labels(code).inc()


def count_job(kind: str, outcome: str) -> None:
    """`outcome` finished, or the code of its failure."""
    _jobs.labels(kind, outcome).inc()


def count_engine_restart() -> None:
    _restarts.inc()


def observe_load(ratio: float) -> None:
    _load.set(ratio)


def observe_packets(count: int, late: int, worst_s: float) -> None:
    """What was due since the last call, how many of them left late, and the latest one."""
    _packets.inc(count)
    _packets_late.inc(late)
    if count:
        _lateness.observe(worst_s)


def observe_lag(lag_s: float) -> None:
    _lag.observe(lag_s)


def observe(notice: Notice) -> None:
    """Whatever a page is told that is also a figure."""
    match notice:
        case TurnMetrics(requested_to_first_audio_ms=first_ms):
            if first_ms is not None:
                observe_turn(notice.speaker, first_ms / 1000)
            observe_waterfall(notice)
        case TurnEnded(interrupted=True):
            count_interruption()
        case JobDone():
            count_job(notice.kind, "finished")
        case JobFailure():
            count_job(notice.kind, notice.code)
        case Error(code="line_restored"):
            pass  # the end of an error, told the same way
        case Error():
            count_error(notice.code)
        case _:
            pass


def observe_microphone(received: int, lost: int, late: int, recovered: int) -> None:
    """What became of the packets of one session's microphone."""
    fates = {"received": received, "lost": lost, "late": late, "recovered": recovered}
    for fate, packets in fates.items():
        _microphone.labels(fate).inc(max(0, packets))


def count_tokens(usage: Usage, cost: float | None = None) -> None:
    """What one session used. Directions: input, cached (input that was cheaper) and output."""
    _cost.inc(cost or 0.0)
    for (direction, modality), tokens in usage.counts().items():
        if tokens:
            _tokens.labels(direction, modality).inc(tokens)


def add_routes(app: web.Application) -> None:
    """`GET /metrics`, and the watch on the event loop for as long as the application lives."""
    app.router.add_get("/metrics", _answer)
    app.cleanup_ctx.append(_lag_watch)


async def _answer(request: web.Request) -> web.Response:
    headers = {"Content-Type": CONTENT_TYPE_PLAIN_0_0_4, "Cache-Control": "no-store"}
    return web.Response(body=generate_latest(REGISTRY), headers=headers)


async def _lag_watch(app: web.Application) -> AsyncIterator[None]:
    watch = asyncio.create_task(_measure_lag(), name="event-loop-lag")
    yield
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)


async def _measure_lag() -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_EVERY_S
        await asyncio.sleep(LAG_EVERY_S)
        observe_lag(max(0.0, loop.time() - due))
