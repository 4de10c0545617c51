"""The tables of `docs/benchmarks.md`, each empty where nothing was measured. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from tests.bench.capacity import Climb, healthy, heard_in_time, hopeless
from tests.bench.cells import (
    UNKNOWN,
    Rows,
    as_share,
    cost_of,
    cpu_of,
    cpu_per_session,
    date_of,
    each,
    figure_of,
    in_ms,
    in_percent,
    median,
    memory_per_session,
    noise_of,
    of_server,
    rows_of,
    servers,
    spread,
    table,
)
from tests.bench.micro import TALK_DUTY
from tests.bench.servers import PRODUCT, Row


def limits(rows: Rows) -> dict[str, tuple[int, bool]]:
    """Sessions per core by server, and whether the limit lies above what was tried."""
    found = {}
    for name in servers(rows_of(rows, "capacity")):
        climb = Climb()
        for row in rows_of(rows, "capacity", name):
            climb.took(cast(int, row["sessions"]), healthy(row), hopeless(row))
        found[name] = climb.limit, climb.open_ended
    return found


def capacity_table(rows: Rows) -> str:
    found = limits(rows)
    ours = found.get(PRODUCT, (0, False))[0]
    lines = []
    for name, (limit, open_ended) in found.items():
        own = [row for row in rows_of(rows, "capacity", name) if "error" not in row]
        at = [row for row in own if row["sessions"] == limit and healthy(row)]
        above = [row for row in own if cast(int, row["sessions"]) > limit]
        beyond = min(above, key=lambda row: cast(int, row["sessions"]), default=None)
        lines.append(
            (
                name,
                f"{'≥ ' if open_ended else ''}{limit}",
                f"{ours / limit:.1f} ×" if limit and name != PRODUCT else UNKNOWN,
                in_percent(at, "cpu"),
                in_ms(at, "spacing_p99_ms"),
                in_ms(at, "lateness_p99_ms"),
                _first_failure(beyond),
                noise_of(own),
                date_of(own),
            )
        )
    return table(
        "Sessions per core",
        "Healthy: spacing p99 < 20 ms, lateness p99 < 60 ms, nothing lost, 99 to 102 % of the microphones "
        "heard, no session refused or closed.",
        (
            "server",
            "sessions",
            "the product has",
            "CPU there",
            "spacing p99",
            "lateness p99",
            "first that failed",
            "foreign load",
            "date",
        ),
        lines,
    )


def _first_failure(row: Row | None) -> str:
    if row is None:
        return UNKNOWN
    why = f"spacing {in_ms([row], 'spacing_p99_ms')}, late {in_ms([row], 'lateness_p99_ms')}"
    lost = cast(int, figure_of(row, "wire_lost") or 0)
    missing = figure_of(row, "missing") or 0
    why += f", {lost} packets lost" if lost else ""
    why += f", {missing:.1%} missing" if missing >= 0.01 else ""
    if not heard_in_time(row):
        why += f", {cast(float, row['microphone_heard']):.0%} of the microphones heard"
    why += f", {row['closed']} closed" if row["closed"] else ""
    return f"{row['sessions']}: {why}"


def at_twenty_table(rows: Rows) -> str:
    sections = ("capacity", "again")
    own = [row for row in rows if row["section"] in sections and row["sessions"] == 20 and "error" not in row]
    per_session = {name: median(each(of_server(own, name), cpu_per_session)) for name in servers(own)}
    ours = per_session.get(PRODUCT)
    lines = []
    for name in per_session:
        these = of_server(own, name)
        ratio = (per_session[name] or 0) / ours if ours else None
        lines.append(
            (
                name,
                spread(each(these, cpu_per_session), lambda share: f"{share:.2%}"),
                f"{ratio:.1f} ×" if ratio and name != PRODUCT else UNKNOWN,
                in_percent(these, "cpu"),
                in_percent(these, "cpu_system"),
                in_ms(these, "spacing_p50_ms"),
                in_ms(these, "spacing_p99_ms"),
                in_ms(these, "spacing_max_ms"),
                in_ms(these, "lateness_p99_ms"),
                f"{median(each(these, memory_per_session)) or 0:.2f} MiB",
                f"{median([cost_of(row, 'threads') for row in these]):g}",
                noise_of(these),
                date_of(these),
            )
        )
    return table(
        "Twenty sessions",
        "CPU as a share of a core, with the microphones decoded. A server near 100 % is saturated: its "
        "sessions would cost more if they were served in time.",
        (
            "server",
            "CPU per session",
            "of the product's",
            "CPU",
            "of it system",
            "spacing p50",
            "p99",
            "max",
            "lateness p99",
            "memory per session",
            "threads",
            "foreign load",
            "date",
        ),
        lines,
    )


def latency_table(rows: Rows) -> str:
    lines = []
    for name in servers(rows_of(rows, "latency")):
        own = [row for row in rows_of(rows, "latency", name) if "error" not in row]
        first = [row for row in own if row["mode"] == "latency"]
        cuts = [row for row in own if row["mode"] == "interrupt"]
        lines.append(
            (
                name,
                in_ms(first, "first_audio_p50_ms"),
                in_ms(first, "first_audio_p95_ms"),
                str(sum(int(figure_of(row, "utterances") or 0) for row in first)),
                in_ms(cuts, "flush_p50_ms"),
                in_ms(cuts, "flush_p95_ms"),
                in_ms(cuts, "flush_max_ms"),
                str(sum(int(figure_of(row, "cuts") or 0) for row in cuts)),
                noise_of(own),
                date_of(own),
            )
        )
    note = (
        "First audio: from the first delta pushed to the first packet with sound. Flush: from the interrupt "
        "to the last packet with sound; below zero, nothing with sound left after it."
    )
    head = ("server", "first audio p50", "p95", "of", "flush p50", "p95", "max", "of", "foreign load", "date")
    return table("Latency", note, head, lines)


def content_table(rows: Rows) -> str:
    lines = []
    for name in servers(rows_of(rows, "content")):
        own = [row for row in rows_of(rows, "content", name) if row.get("contents")]
        tones = [tone for row in own for tone in cast("list[dict[str, float]]", row["contents"])]
        if tones:
            worst = [f"{_worst(tones, field):.0f} ms" for field in CONTENT]
            level = f"{tones[0]['level_db']:+.1f} dB"
            clock = in_ms(own, "clock_error_max_ms")
            lines.append((name, str(len(tones)), *worst, level, clock, noise_of(own), date_of(own)))
    note = (
        "A rising tone of 6 s, decoded: its frequency tells which part of the source each 5 ms are. A whole "
        "one sounds from about 5 to 5995 ms, for 6000 ms. The worst of the tones counts. The clock: by how "
        "much RTP time left the wall clock from utterance to utterance."
    )
    head = ("server", "tones", "from", "to", "sounding", "lost", "repeated", "holes", "level")
    return table("What is sent", note, (*head, "clock", "foreign load", "date"), lines)


CONTENT = ("first_ms", "last_ms", "sounding_ms", "lost_ms", "repeated_ms", "holes_ms")


def _worst(tones: Sequence[dict[str, float]], field: str) -> float:
    values = [tone[field] for tone in tones]
    return min(values) if field in ("last_ms", "sounding_ms") else max(values)


def switches_table(rows: Rows) -> str:
    lines = []
    named = [(name, "switches", name) for name in servers(rows_of(rows, "switches"))]
    named += [(f"{name}, ten minutes", "long", name) for name in servers(rows_of(rows, "long"))]
    for label, section, name in named:
        own = [row for row in rows_of(rows, section, name) if "error" not in row]
        figures = (
            "spacing_p50_ms",
            "spacing_p99_ms",
            "spacing_max_ms",
            "lateness_p99_ms",
            "clock_error_max_ms",
        )
        packets = f"{sum(figure_of(row, 'packets') or 0 for row in own):.0f}"
        lost = f"{sum(figure_of(row, 'wire_lost') or 0 for row in own):.0f}"
        times = (in_ms(own, figure) for figure in figures)
        lines.append((label, packets, lost, *times, noise_of(own), date_of(own)))
    head = (
        *("server", "packets", "lost", "spacing p50", "p99", "max", "lateness p99"),
        *("clock error max", "foreign load", "date"),
    )
    return table("Twenty sessions, another persona every 3 s", "", head, lines)


def floor_table(rows: Rows) -> str:
    primitives, paced = rows_of(rows, "floor", "primitives"), rows_of(rows, "floor", "paced")
    if not primitives:
        return ""
    lines = []
    for name, label in PRIMITIVES.items():
        values = [cast("float | None", row[name]) for row in primitives]
        lines.append((label, spread(values, lambda value: f"{value:.1f} µs"), UNKNOWN, UNKNOWN, UNKNOWN))
    floors = [[cast(float, row["floor"]) for row in measured] for measured in (primitives, paced)]
    for label, own in zip(("**the floor**, in a loop", "**the floor**, at its pace"), floors, strict=True):
        lines.append((label, spread(own, as_share), *_times(median(own), floors), UNKNOWN))
    full = [row for row in rows_of(rows, "floor") if "cost" in row]
    for name in servers(full):
        own = of_server(full, name)
        costs = each(own, cpu_per_session)
        label = f"**{name}, {own[0]['sessions']} sessions**"
        lines.append((label, spread(costs, as_share), *_times(median(costs), floors), noise_of(own)))
    note = (
        "Thread CPU time for each 20 ms; below, shares of a core. The floor is "
        f"{TALK_DUTY:.3f} × (encode + protect + send) + receive + unprotect + decode "
        f"({date_of(primitives)}), "
        "in a loop without a pause and at the pace of forty sessions."
    )
    head = ("", "cost", "of the loop's floor", "of the paced floor", "foreign load")
    return table("The floor", note, head, lines)


def _times(cost: float | None, floors: list[list[float]]) -> list[str]:
    """The cost as a multiple of each floor."""
    medians = [median(floor) for floor in floors]
    return [f"{cost / floor:.2f} ×" if cost and floor else UNKNOWN for floor in medians]


PRIMITIVES = {
    "encode_us": "Opus encode, the product's settings",
    "encode_spoken_us": "the same, of a synthesized voice",
    "encode_fec_us": "the same in hybrid mode with FEC (not in the floor)",
    "decode_us": "Opus decode of the microphone",
    "protect_us": "SRTP protect",
    "unprotect_us": "SRTP unprotect",
    "send_us": "sendto",
    "receive_us": "recvfrom",
}


def split_table(rows: Rows) -> str:
    own = [row for row in rows_of(rows, "split") if row.get("split")]
    groups = list(dict.fromkeys(group for row in own for group in cast("dict[str, float]", row["split"])))
    lines = [
        (group, *(f"{cast('dict[str, float]', row['split']).get(group, 0):.1%}" for row in own))
        for group in groups
    ]
    heads = tuple(f"{row['server']}, {row['sessions']} sessions ({row['date']})" for row in own)
    return table("Where the CPU time goes", "By shared object, sampled by perf.", ("part", *heads), lines)


def fanout_table(rows: Rows) -> str:
    own = [row for row in rows_of(rows, "fanout") if "error" not in row]
    watched = [row for row in own if row["spectators"]]
    sessions = [row for row in own if not row["spectators"]]
    if not watched or not sessions:
        return ""
    ratio = (median(each(watched, cpu_of)) or 0) / (median(each(sessions, cpu_of)) or 1)
    lines = [
        (f"1 session, {watched[0]['spectators']} spectators", in_percent(watched, "cpu"), noise_of(watched)),
        (f"{sessions[0]['sessions']} sessions", in_percent(sessions, "cpu"), noise_of(sessions)),
        ("**the one as a share of the other**", f"{ratio:.2f}", ""),
    ]
    same = all(row["spectators_same"] for row in watched)
    note = (
        "Every spectator got the same payloads under the same RTP times as the session's own peer"
        f"{': yes, they were encoded once' if same else ': **no**'} ({date_of(watched)})."
    )
    return table("Fan-out", note, ("", "CPU", "foreign load"), lines)


def engine_table(rows: Rows) -> str:
    own = [row for row in rows_of(rows, "engine") if "error" not in row]
    lines = [
        (
            str(row["sessions"]),
            as_share(cpu_per_session(row)),
            as_share(cast(float, row["engine_cpu"]) / max(1, cast(int, row["connected"]))),
            in_ms([row], "spacing_p50_ms"),
            in_ms([row], "spacing_p99_ms"),
            f"{figure_of(row, 'breaks'):g} of {figure_of(row, 'utterances'):g}",
            f"{cast(float, row['microphone_heard']):.0%}",
            noise_of([row]),
            date_of([row]),
        )
        for row in own
    ]
    return table(
        "With the engine beside it",
        "The server and its embedded engine, which makes every voice and listens to every microphone, "
        "together on one core. CPU as shares of a core for each session. The engine's is part of the "
        "foreign load. A turn breaks when the engine does not go on in time. Lateness is not judged: these "
        "voices pause between words.",
        (
            "sessions",
            "server",
            "engine",
            "spacing p50",
            "p99",
            "turns that broke",
            "microphones heard",
            "foreign load",
            "date",
        ),
        lines,
    )


def soak_table(rows: Rows) -> str:
    own = rows_of(rows, "soak")
    if not own:
        return ""
    row = own[-1]
    samples = cast("list[dict[str, float]]", row["samples"])
    slopes = cast("dict[str, float | None]", row["slopes"])
    thirds = samples[len(samples) // 3 :]
    lines = [
        (name, f"{thirds[0][name]:g}", f"{thirds[-1][name]:g}", f"{slopes[name]:+g}" if slopes[name] else "0")
        for name in slopes
    ]
    note = (
        f"{row['sessions']} sessions with the page's data channel for {row['minutes']:g} minutes, "
        f"{row['closed']} of them closed ({row['date']}). The slope is of the last two thirds."
    )
    return table("Soak", note, ("quantity", "after a third", "at the end", "slope per hour"), lines)
