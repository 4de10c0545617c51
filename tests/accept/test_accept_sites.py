"""Three invented businesses, six answers each by voice: three sites, each really built, each clean."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import cast

import pytest
from inspector import Visit, inspect
from sessions import Held, Note, content_words

pytestmark = pytest.mark.accept

BUILD_MAX_S = 20
FIRST_LINE_MAX_MS = 1000
SHARED_WORDS_MAX = 0.6
PAGES_MIN = 2
"""That are linked; how many more there are depends on how the answer was understood."""

Event = dict[str, object]


@pytest.fixture(scope="module")
def three(bakery: Held, repair: Held, yoga: Held) -> dict[str, Held]:
    return {"bakery": bakery, "repair": repair, "yoga": yoga}


@pytest.fixture(scope="module")
def visits(three: dict[str, Held]) -> dict[str, Visit]:
    return {name: inspect(_pages(held), held.folder / "screenshots") for name, held in three.items()}


def test_each_site_was_built_in_the_sandbox(three: dict[str, Held], note: Note) -> None:
    results = {name: _built(held) for name, held in three.items()}
    kinds = {name: str(result["kind"]) for name, result in results.items()}
    measured = "; ".join(
        f"{name}: {result['kind']}, {result['files']} files, {result['seconds']} s"
        f" (asked to finished {_asked_to_finished_s(three[name]):.1f} s)"
        for name, result in results.items()
    )
    required = f"each by Vite, at most {BUILD_MAX_S} s"
    note(point="Default build", required=required, measured=measured, load=three["yoga"].load)
    assert set(kinds.values()) == {"vite"}, results
    assert max(_asked_to_finished_s(held) for held in three.values()) <= BUILD_MAX_S


def test_the_first_line_comes_at_once(three: dict[str, Held], note: Note) -> None:
    waits = {name: _first_line_ms(held) for name, held in three.items()}
    measured = ", ".join(f"{name} {wait:.0f} ms" for name, wait in waits.items())
    required = f"at most {FIRST_LINE_MAX_MS} ms after Alex starts"
    note(point="First line on the terminal", required=required, measured=measured, load=three["yoga"].load)
    assert max(waits.values()) <= FIRST_LINE_MAX_MS


def test_nothing_is_wrong_with_any_page(visits: dict[str, Visit], note: Note) -> None:
    pages = {name: len(visit.titles) for name, visit in visits.items()}
    faults = [f"{name}{fault}" for name, visit in visits.items() for fault in visit.faults]
    measured = f"pages: {pages}; faults: {len(faults)}"
    required = (
        "axe-core finds nothing; title, description, language, one h1; no console message, no external"
        " request, no dead link, no placeholder, nothing too wide at 360 and 1440 px, light and dark"
    )
    note(point="Clean sites", required=required, measured=measured)
    assert min(pages.values()) >= PAGES_MIN
    assert faults == []


def test_they_differ_in_pages_palette_and_words(visits: dict[str, Visit], note: Note) -> None:
    told, shared, same = [], [], []
    for (one, first), (other, second) in combinations(visits.items(), 2):
        ours, theirs = content_words(first.words), content_words(second.words)
        shared.append(len(ours & theirs) / min(len(ours), len(theirs)))
        paint = len(first.colours & second.colours) / min(len(first.colours), len(second.colours))
        told.append(f"{one}/{other}: {shared[-1]:.0%} of the words, {paint:.0%} of the colours in common")
        same += [
            what for what, it in (("pages", _names(first) == _names(second)), ("paint", paint > 0.5)) if it
        ]
    required = (
        f"no two with the same pages, half of their colours, or over {SHARED_WORDS_MAX:.0%} of their words"
    )
    note(point="Three businesses, three sites", required=required, measured="; ".join(told))
    assert same == []
    assert max(shared) <= SHARED_WORDS_MAX


def _pages(held: Held) -> Path:
    """The built pages in what was taken home."""
    dist = held.folder / "site/dist"
    return dist if dist.is_dir() else held.folder / "site"


def _names(visit: Visit) -> list[str]:
    return sorted(visit.titles)


def _told(held: Held, type_: str) -> list[Event]:
    lines = (held.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [cast(Event, json.loads(line)) for line in lines]
    return [one for one in events if one["type"] == type_]


def _of_the_build(held: Held, type_: str) -> list[Event]:
    return [one for one in _told(held, type_) if cast(Event, one["data"]).get("kind") == "website"]


def _at_ms(event: Event) -> float:
    return float(cast(float, event["at_ms"]))


def _built(held: Held) -> Event:
    """The result of the first build, as the page was told."""
    return cast(Event, cast(Event, _told(held, "site.ready")[0]["data"])["site"])


def _asked_to_finished_s(held: Held) -> float:
    return (
        _at_ms(_of_the_build(held, "job.finished")[0]) - _at_ms(_of_the_build(held, "job.started")[0])
    ) / 1000


def _first_line_ms(held: Held) -> float:
    return _at_ms(_of_the_build(held, "job.log")[0]) - _at_ms(_of_the_build(held, "job.started")[0])
