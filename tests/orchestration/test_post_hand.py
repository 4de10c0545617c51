"""The human's hand on the post while Sophie waits: other words, another picture, and the time to decide."""

from __future__ import annotations

import pytest
from test_opinion import approving, shown
from test_remarks import after
from theatre import RESULTS, Theatre, in_stage

from orchestration import events, notices
from orchestration.approval import APPROVAL_LIFE_S
from orchestration.events import Picture
from orchestration.tastes import picture_wanted
from orchestration.turn import Stage

DRAWN = {"status": "drawn", "image": "post-2.png", "alt": "Another", "picture_by": "model"}


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Theatre:
    monkeypatch.setitem(RESULTS, "picture", DRAWN)
    return approving()


def requests(theatre: Theatre) -> list[notices.ApprovalRequested]:
    return [n for n in theatre.told(notices.ApprovalRequested) if isinstance(n, notices.ApprovalRequested)]


def facts(theatre: Theatre, act: str) -> dict[str, object]:
    return [speak for speak in theatre.spoken.values() if speak.act == act][-1].context


def test_sophie_says_that_the_new_picture_is_there(waiting: Theatre) -> None:
    waiting.receive(events.PictureWanted(Picture.ANOTHER))
    assert waiting.conversation.desk.open_approval is None
    waiting.run(until=lambda: waiting.acts()[-1] == "sophie new_picture")
    picture = facts(waiting, "new_picture")["picture"]
    assert isinstance(picture, dict)
    assert (picture["status"], picture["picture_by"]) == ("drawn", "model")
    assert requests(waiting)[-1].payload["image"] == "post-2.png"
    waiting.run(until=in_stage(waiting, Stage.APPROVING))
    waiting.receive(events.ApprovalDecided(requests(waiting)[-1].approval, events.Decision.APPROVE))
    waiting.run()
    assert waiting.acts()[-2:] == ["sophie report_draft", "marcus close"]


def test_sophie_says_that_there_is_none_and_the_former_one_is_asked_about(waiting: Theatre) -> None:
    waiting.failing_jobs = {"picture"}
    waiting.receive(events.PictureWanted(Picture.ANOTHER))
    waiting.run(until=lambda: waiting.acts()[-1] == "sophie new_picture")
    picture = facts(waiting, "new_picture")["picture"]
    assert isinstance(picture, dict)
    assert (picture["status"], picture["reason"]) == ("failed", "the worker crashed")
    first, again = requests(waiting)
    assert (first.payload, first.hash) == (again.payload, again.hash)


def test_the_team_does_not_go_on_while_the_picture_is_made(waiting: Theatre) -> None:
    waiting.job_s = 60.0
    waiting.receive(events.PictureWanted(Picture.ANOTHER))
    waiting.say("how long will it take")
    waiting.run(limit_s=waiting.now + 40.0)
    assert "marcus close" not in waiting.acts()
    assert waiting.conversation.desk.asks_later is not None
    waiting.run(until=lambda: waiting.acts()[-1] == "sophie new_picture")
    waiting.run(until=in_stage(waiting, Stage.APPROVING))
    assert waiting.conversation.desk.open_approval is not None


def test_who_is_away_while_the_picture_is_made_is_still_asked_on_the_return(waiting: Theatre) -> None:
    waiting.receive(events.PictureWanted(Picture.ANOTHER))
    waiting.later(0.5, events.ListenerLost())
    waiting.later(30.0, events.ListenerArrived())
    waiting.run(limit_s=waiting.now + 31.0)
    assert waiting.conversation.stage is Stage.APPROVING
    assert waiting.conversation.desk.open_approval is not None


def test_an_edit_starts_the_time_to_decide_anew(waiting: Theatre) -> None:
    asked_at = waiting.now
    waiting.later(APPROVAL_LIFE_S - 60.0, events.PostEdited("Other words"))
    waiting.run(until=lambda: waiting.conversation.desk.open_approval is None)
    assert waiting.now == pytest.approx(asked_at + 2 * APPROVAL_LIFE_S - 60.0, abs=10.0)


def test_an_edit_during_sophies_own_words_counts_its_own_time_too() -> None:
    theatre = Theatre(given=("Golden Crust", "bread", "families", "oven", "home", "brown"))
    theatre.human = lambda theatre, command: None
    theatre.start().run(until=lambda: theatre.acts()[-1:] == ["sophie present_post"])
    theatre.later(1.0, events.PostEdited("Other words"))
    theatre.run(until=in_stage(theatre, Stage.APPROVING))
    approval = theatre.conversation.desk.open_approval
    assert approval is not None
    assert approval.payload["text"] == "Other words"
    theatre.run(until=lambda: theatre.conversation.desk.open_approval is None)
    assert theatre.now >= approval.expires_at


def test_the_voice_that_presents_an_edited_post_is_told_its_words() -> None:
    theatre = Theatre(given=("Golden Crust", "bread", "families", "oven", "home", "brown"))
    theatre.start().run(until=lambda: theatre.conversation.came("post"))
    theatre.receive(events.PostEdited("My own words"))
    theatre.run(until=lambda: theatre.acts()[-1:] == ["sophie present_post"])
    post = facts(theatre, "present_post").get("post")
    assert isinstance(post, dict)
    assert post["text"] == "My own words"


# ---------------------------------------------------------------------- by voice


@pytest.mark.parametrize(
    "words", ["another picture please", "Can you make a different picture?", "change the picture"]
)
def test_another_picture_may_be_asked_for_aloud(waiting: Theatre, words: str) -> None:
    first = requests(waiting)[-1]
    assert after(waiting, words) == ["sophie draw_picture"]
    waiting.receive(events.ApprovalDecided(first.approval, events.Decision.APPROVE))
    waiting.run(until=lambda: len(requests(waiting)) == 2)
    assert requests(waiting)[-1].payload["image"] == "post-2.png"
    waiting.run(until=in_stage(waiting, Stage.APPROVING))
    assert not [
        c for c in waiting.commands(events.StartJob) if isinstance(c, events.StartJob) and c.kind == "publish"
    ]


@pytest.mark.parametrize("words", ["without a picture please", "remove the picture", "no picture"])
def test_the_picture_may_be_taken_out_aloud(waiting: Theatre, words: str) -> None:
    assert after(waiting, words) == ["sophie new_picture"]
    assert facts(waiting, "new_picture") == {"picture": {"status": "none"}}
    assert requests(waiting)[-1].payload["image"] == ""


@pytest.mark.parametrize(
    "words", ["I like the picture", "the picture is nice", "what is on the picture", "publish it"]
)
def test_other_words_on_the_picture_leave_it(words: str) -> None:
    assert picture_wanted(words) is None


# ---------------------------------------------------------------------- each outcome its own act


@pytest.mark.parametrize(
    ("post", "act"),
    [
        ({}, "present_post"),
        ({"because": "The image model was busy."}, "present_plain_post"),
        ({"text_because": "The text model was busy."}, "present_plain_post"),
    ],
)
def test_a_draft_that_is_not_what_it_could_be_is_presented_as_such(
    post: dict[str, object], act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RESULTS, "post", {**RESULTS["post"], **post})
    theatre = approving()
    assert f"sophie {act}" in theatre.acts()
    assert theatre.conversation.desk.open_approval is not None


@pytest.mark.parametrize(
    ("outcome", "act"),
    [
        ({"status": "draft", "reason": "no account"}, "report_draft"),
        ({"status": "published", "url": "https://www.linkedin.com/x"}, "report_published"),
        ({"status": "unknown", "reason": "it broke off"}, "report_post"),
        ({"status": "failed", "reason": "too long"}, "report_post"),
    ],
)
def test_what_became_of_a_post_is_told_by_an_act_of_its_own(
    outcome: dict[str, object], act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RESULTS, "publish", outcome)
    theatre = approving()
    approval = theatre.conversation.desk.open_approval
    assert approval is not None
    theatre.receive(events.ApprovalDecided(approval.approval, events.Decision.APPROVE))
    theatre.run()
    assert theatre.acts()[-2:] == [f"sophie {act}", "marcus close"]


def test_a_site_that_is_built_again_in_a_plain_version_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theatre = shown()
    monkeypatch.setitem(RESULTS, "website", {**RESULTS["website"], "because": "There is no sandbox here."})
    after(theatre, "make it green")
    theatre.run(until=lambda: theatre.acts()[-1] == "alex rebuilt_plain")
