"""A result that comes while the conversation is interrupted is told afterwards, once."""

from __future__ import annotations

import pytest
from theatre import ANSWERS, Theatre

from orchestration import events, notices

KINDS = ("research", "website", "post")
REPORTS = {"research": "maya report_research", "website": "alex show_site", "post": "sophie present_post"}


def interrupted(theatre: Theatre, kind: str, how: str) -> None:
    """From 1 s after the job's start, which ends after 2 s, the human speaks or is not there."""
    theatre.start()
    theatre.run(until=lambda: bool(of_kind(theatre, kind)))
    if how == "speaks":
        theatre.say("and what about the weather today", delay_s=1.0, length_s=4.0)
    elif how == "is away":
        theatre.later(1.0, events.ListenerLost())
        theatre.later(9.0, events.ListenerArrived())
    theatre.run()


def of_kind(theatre: Theatre, kind: str) -> list[events.Command]:
    started = theatre.commands(events.StartJob)
    return [one for one in started if isinstance(one, events.StartJob) and one.kind == kind]


@pytest.mark.parametrize("how", ["is there", "speaks", "is away"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_told_once(kind: str, how: str) -> None:
    theatre = Theatre(given=ANSWERS)
    interrupted(theatre, kind, how)
    told = [one for one in theatre.told(notices.JobDone) if isinstance(one, notices.JobDone)]
    assert [one.kind for one in told].count(kind) == 1
    assert theatre.acts().count(REPORTS[kind]) == 1
    assert theatre.acts()[-1] == "marcus close"
