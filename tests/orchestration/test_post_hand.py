"""The human's hand on the post while Sophie waits: other words, another picture, and the time to decide."""

from __future__ import annotations

import pytest
from test_opinion import approving
from theatre import RESULTS, Theatre, in_stage

from orchestration import events, notices
from orchestration.events import Picture
from orchestration.turn import Stage
from orchestration.work import APPROVAL_LIFE_S

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
    assert waiting.acts()[-2:] == ["sophie report_post", "marcus close"]


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
