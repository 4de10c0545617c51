"""The website was shown: what the human says of it, and how the session says goodbye."""

from __future__ import annotations

import pytest
from test_remarks import after, cut
from theatre import ANSWERS, Theatre, in_stage, silent

from orchestration import events, notices
from orchestration.adapters import named_colours
from orchestration.rules.patience import DECIDING_MS
from orchestration.standing import FAREWELL_S
from orchestration.tastes import approves, is_content, recoloured, restyled, wants_a_change, wants_an_edit
from orchestration.turn import Stage


def shown() -> Theatre:
    """Alex has shown the site and asked."""
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts()[-1:] == ["alex show_site"])
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    return theatre


def builds(theatre: Theatre) -> list[events.StartJob]:
    jobs = [c for c in theatre.commands(events.StartJob) if isinstance(c, events.StartJob)]
    return [job for job in jobs if job.kind == "website"]


@pytest.mark.parametrize(
    "words", ["I like it", "yes", "looks great, thank you", "okay", "no changes", "good"]
)
def test_who_likes_it_goes_on_at_once(words: str) -> None:
    theatre = shown()
    assert after(theatre, words) == ["marcus hand_over"]


def test_the_team_waits_and_goes_on_after_ten_seconds_of_silence() -> None:
    theatre = shown()
    began = theatre.now
    assert theatre.conversation.patience_ms == DECIDING_MS
    theatre.run(until=lambda: theatre.acts()[-1] == "marcus hand_over")
    assert 10.0 <= theatre.now - began < 11.0
    assert len(builds(theatre)) == 1


@pytest.mark.parametrize("words", ["no", "I don't like it", "yes, please change something", "not really"])
def test_who_does_not_is_asked_what_to_change(words: str) -> None:
    theatre = shown()
    assert after(theatre, words) == ["alex ask_change"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert after(theatre, "make it green please") == ["alex rebuild"]
    assert theatre.conversation.brief.text("style") == "green"
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert len(builds(theatre)) == 2
    assert after(theatre, "yes I like it") == ["marcus hand_over"]


@pytest.mark.parametrize(
    "words", ["change the colour to green", "the colours are wrong, they should be green", "green please"]
)
def test_another_colour_starts_the_build_again_and_the_team_waits_on(words: str) -> None:
    theatre = shown()
    assert after(theatre, words) == ["alex rebuild"]
    assert builds(theatre)[-1].payload["brief"]["style"] == "green"  # type: ignore[index]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    theatre.run(until=lambda: theatre.acts()[-1] == "marcus hand_over", limit_s=theatre.now + 12)
    assert theatre.acts()[-1] == "marcus hand_over"


def test_a_wish_without_the_right_words_asks_for_them_and_the_next_ones_are_taken() -> None:
    theatre = shown()
    assert after(theatre, "no the name is wrong it itches blue whale workshop") == ["sarah go_back"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert after(theatre, "Blue Whale Workshop") == ["sarah corrected"]
    assert theatre.conversation.brief.text("name") == "Blue Whale Workshop"
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert len(builds(theatre)) == 2
    assert theatre.acts()[-1] == "alex rebuilt"
    assert theatre.conversation.showing is not None
    assert after(theatre, "very good") == ["marcus hand_over"]


def test_who_says_nothing_to_that_keeps_the_old_answer_and_the_team_goes_on() -> None:
    theatre = shown()
    after(theatre, "the name is wrong")
    theatre.run(until=lambda: theatre.acts()[-1] == "marcus hand_over", limit_s=theatre.now + 90)
    assert theatre.acts()[-1] == "marcus hand_over"
    assert theatre.conversation.brief.text("name") == ANSWERS[0]


def test_a_no_to_that_is_no_name() -> None:
    theatre = shown()
    after(theatre, "the name is wrong")
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    theatre.say("no")
    theatre.run(until=lambda: theatre.conversation.open_question == "")
    assert theatre.conversation.brief.text("name") == ANSWERS[0]
    assert len(builds(theatre)) == 1
    assert after(theatre, "I like it") == ["marcus hand_over"]


@pytest.mark.parametrize(
    "words",
    [
        "make the headline bigger",
        "bigger text",
        "smaller please",
        "could you make the letters larger",
        "the font should be bigger",
        "add a picture of my dog",
    ],
)
def test_what_cannot_be_changed_is_said_and_the_team_still_waits(words: str) -> None:
    theatre = shown()
    assert after(theatre, words) == ["alex cannot_change"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert len(builds(theatre)) == 1
    assert after(theatre, "make it green") == ["alex rebuild"]


@pytest.mark.parametrize(
    "words", ["please add our phone number", "put the address on the site", "Change our opening hours."]
)
def test_what_is_to_stand_there_is_asked_for_where_it_was_not_said(words: str) -> None:
    theatre = shown()
    assert after(theatre, words) == ["alex ask_contact"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert len(builds(theatre)) == 1
    assert after(theatre, "555 1234") == ["alex contact_told"]


@pytest.mark.parametrize("words", ["put the address at the top", "change the number of pages"])
def test_where_it_stands_cannot_be_changed(words: str) -> None:
    assert after(shown(), words) == ["alex cannot_change"]


@pytest.mark.parametrize("words", ["my sister has a bigger one", "why is it so small", "I see five pages"])
def test_what_wants_nothing_changed_is_replied_to(words: str) -> None:
    assert after(shown(), words) == ["alex reply"]


def test_a_remark_on_it_is_replied_to_and_the_team_still_waits() -> None:
    theatre = shown()
    assert after(theatre, "the letters remind me of school") == ["alex reply"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert after(theatre, "I like it") == ["marcus hand_over"]


def test_a_yes_over_the_end_of_the_question_counts_and_a_hum_over_it_does_not() -> None:
    for words, goes_on in (("yes I like it", True), ("for for", False)):
        theatre = Theatre(given=ANSWERS)
        theatre.human = silent
        theatre.start().run(until=lambda: theatre.acts()[-1:] == ["alex show_site"])  # noqa: B023
        theatre.say(words, delay_s=4.6, length_s=0.7, patience_s=0.5)
        theatre.run(until=in_stage(theatre, Stage.LISTENING))
        theatre.run(limit_s=theatre.now + 3)
        assert (theatre.acts()[-1] == "marcus hand_over") is goes_on


def over_the_end(words: str, confidence: float = 0.6, failing: bool = False) -> list[str]:
    """What follows these short words over the end of what Alex says of the site."""
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.failing_jobs = {"website"} if failing else set()
    act = "alex report_failure" if failing else "alex show_site"
    theatre.start().run(until=lambda: theatre.acts()[-1:] == [act])
    before = len(theatre.acts())
    theatre.say(words, delay_s=4.4, length_s=0.75, confidence=confidence, patience_s=0.5)
    theatre.run(until=lambda: len(theatre.acts()) > before)
    return theatre.acts()[before:]


@pytest.mark.parametrize("words", ["I like it", "great", "very nice", "fine"])
def test_a_short_like_over_the_end_of_the_question_is_no_hum(words: str) -> None:
    assert over_the_end(words) == ["marcus hand_over"]


def test_a_short_wish_over_the_end_of_the_question_is_no_hum() -> None:
    assert over_the_end("green") == ["alex rebuild"]
    assert over_the_end("nope") == ["alex ask_change"]


@pytest.mark.parametrize("words", ["oh", "for for", "the men may chimp", "mhm"])
def test_a_hum_over_the_end_of_the_question_stays_one(words: str) -> None:
    assert over_the_end(words) == ["alex show_site"]


def test_a_build_that_failed_shows_nothing_to_have_an_opinion_on() -> None:
    assert over_the_end("no", failing=True) == ["alex reply"]


def test_a_remark_on_a_failed_build_is_not_waited_on() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.failing_jobs = {"website"}
    theatre.start().run(until=lambda: theatre.acts()[-1:] == ["alex report_failure"])
    assert cut(theatre, "that is a pity") == ["alex reply"]
    theatre.run(until=lambda: theatre.acts()[-1] == "marcus hand_over", limit_s=theatre.now + 7)
    assert theatre.acts()[-1] == "marcus hand_over"


def test_who_asks_for_a_moment_before_the_question_is_whole_gets_it() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts()[-1:] == ["alex show_site"])
    assert cut(theatre, "wait a moment") == ["alex moment"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert after(theatre, "nice") == ["marcus hand_over"]


@pytest.mark.parametrize(
    "words",
    ["I want blue", "I prefer blue", "No, blue please", "yes, change the colours to blue", "maybe blue"],
)
def test_another_colour_may_be_asked_for_in_many_words(words: str) -> None:
    theatre = shown()
    assert after(theatre, words) == ["alex rebuild"]
    assert theatre.conversation.brief.text("style") == "blue"


def test_a_darker_look_keeps_its_colours() -> None:
    theatre = shown()
    assert after(theatre, "a bit darker please") == ["alex rebuild"]
    assert theatre.conversation.brief.text("style") == f"{ANSWERS[-1]}, a bit darker"


@pytest.mark.parametrize("words", ["I like it", ""])
def test_the_page_is_told_when_the_team_listens_no_more(words: str) -> None:
    theatre = shown()
    if words:
        theatre.say(words)
    theatre.run(until=lambda: theatre.acts()[-1] == "marcus hand_over")
    assert theatre.told(notices.HumanListening) == [
        notices.HumanListening(True),
        notices.HumanListening(False),
    ]


def test_who_asks_for_a_moment_may_look_around() -> None:
    theatre = shown()
    assert after(theatre, "wait a moment") == ["alex moment"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    began = theatre.now
    theatre.say("make it blue", delay_s=20.0)
    theatre.run(until=lambda: theatre.acts()[-1] == "alex corrected")
    assert theatre.now > began + 20.0
    assert theatre.conversation.brief.text("style") == "blue"


def test_what_was_shown_can_be_heard_again() -> None:
    theatre = shown()
    assert after(theatre, "could you repeat that") == ["alex show_site"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert after(theatre, "nice") == ["marcus hand_over"]


def test_who_was_away_is_waited_for() -> None:
    theatre = shown()
    theatre.later(1.0, events.ListenerLost())
    theatre.later(40.0, events.ListenerArrived())
    back = theatre.now + 40.0
    theatre.run(until=lambda: theatre.now >= back)
    assert theatre.conversation.stage is Stage.LISTENING
    assert after(theatre, "nice") == ["marcus hand_over"]


# ---------------------------------------------------------------------- the approval


def approving() -> Theatre:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.APPROVING))
    return theatre


@pytest.mark.parametrize("words", ["I approve", "yes", "Okay, yes.", "please publish it now", "looks good"])
def test_an_approval_aloud_is_answered_with_the_tap_that_counts(words: str) -> None:
    theatre = approving()
    assert after(theatre, words) == ["sophie only_a_tap"]
    theatre.run(until=in_stage(theatre, Stage.APPROVING))
    assert theatre.conversation.desk.open_approval is not None


@pytest.mark.parametrize(
    "words", ["please make the post shorter", "change the text", "can you add a hashtag"]
)
def test_who_wants_another_text_is_told_where_to_edit_it(words: str) -> None:
    assert after(approving(), words) == ["sophie edit_yourself"]


@pytest.mark.parametrize("words", ["what did you say about the market", "it rains here"])
def test_anything_else_is_replied_to(words: str) -> None:
    assert after(approving(), words) == ["sophie reply"]


@pytest.mark.parametrize("words", ["I do not approve", "the picture shows a cat", "no", "what do you like"])
def test_other_words_approve_nothing(words: str) -> None:
    assert not approves(words)


def test_every_colour_of_the_designers_table_can_be_asked_for() -> None:
    for colour in (*named_colours.COLOURS, *named_colours.COMPOUNDS, *named_colours.GROUNDS):
        assert recoloured(f"make it {colour}") == colour
        assert recoloured(f"change the colours to dark {colour} please") == f"dark {colour}"


@pytest.mark.parametrize(
    "words", ["I want teal", "navy, please", "deep teal", "I'd like sky blue", "sea green"]
)
def test_a_colour_may_be_named_alone_or_wanted(words: str) -> None:
    assert recoloured(words)


@pytest.mark.parametrize("noun", sorted(named_colours.NOUNS))
def test_what_is_a_thing_as_well_is_no_colour_where_it_may_be_wanted_as_one(noun: str) -> None:
    assert noun in named_colours.COLOURS
    assert recoloured(f"I want {noun}") == ""
    assert recoloured(f"we would like a little {noun}") == ""
    assert recoloured(noun) == ""
    assert recoloured(f"I want {noun} green") == f"{noun} green"


def test_a_pastel_look_keeps_its_colours() -> None:
    assert restyled("green and white", "pastel") == "green and white, pastel"
    assert restyled("green and white", "teal") == "teal"
    assert restyled("Dark green and cream, warm and friendly", "navy") == "navy, warm and friendly"
    assert restyled("Deep green, warm. It should feel calm.", "navy") == "navy, It should feel calm"
    assert restyled("black, dark and elegant", "white and blue") == "white and blue, elegant"
    assert restyled("black, quiet and dark, bright", "white") == "white, quiet"


def test_words_of_taste() -> None:
    assert is_content("oh wow, it looks very nice, thank you")
    assert is_content("no thanks")
    assert is_content("no, I like it")
    assert not is_content("the colour is ugly")
    assert not wants_a_change("no changes")
    assert recoloured("can you make it a bit darker") == "darker"
    assert recoloured("I like the green") == ""
    assert recoloured("no, dark text is bad") == ""
    assert recoloured("I would like to know why it is green") == ""
    assert wants_a_change("yes, please change the colours")
    assert recoloured("make it louder") == ""
    assert not wants_an_edit("what did you change in the text")


# ---------------------------------------------------------------------- goodbye


def closing() -> Theatre:
    """Marcus has just said goodbye."""
    theatre = Theatre()
    theatre.start().run(until=lambda: theatre.conversation.farewell)
    return theatre


def test_a_goodbye_of_the_humans_own_is_heard_before_the_end() -> None:
    theatre = closing()
    theatre.say("goodbye and thank you all", delay_s=1.5, length_s=2.5)
    theatre.run()
    assert theatre.conversation.transcript[-1].text == "goodbye and thank you all"
    assert theatre.acts()[-1] == "marcus close"
    assert len(theatre.told(notices.SessionCompleted)) == 1


def test_without_one_the_session_ends_after_a_few_seconds() -> None:
    theatre = closing()
    began = theatre.now
    theatre.run()
    assert theatre.now - began == pytest.approx(FAREWELL_S)
    assert theatre.conversation.end_state == "completed"


@pytest.mark.parametrize("event", [events.ListenerLost(), events.StopRequested()])
def test_who_leaves_then_has_completed_the_session(event: events.Event) -> None:
    theatre = closing()
    theatre.receive(event)
    assert theatre.conversation.end_state == "completed"
    assert theatre.told(notices.SessionCompleted)


def test_the_talk_key_may_say_goodbye_too() -> None:
    theatre = closing()
    theatre.receive(events.PushToTalk(True))
    theatre.later(4.0, events.PushToTalk(False))
    theatre.run()
    assert theatre.conversation.end_state == "completed"


# ---------------------------------------------------------------------- said again


def test_after_a_correction_it_is_the_correction_that_is_repeated() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.LISTENING))
    after(theatre, "Golden Crust")
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert after(theatre, "sorry the name is wrong it is Golden Krust") == ["sarah corrected"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert after(theatre, "could you repeat that") == ["sarah corrected"]
    assert cut(theatre, "sorry can you repeat that") == ["sarah corrected"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    after(theatre, "bread")
    assert theatre.conversation.brief.text("offer") == "bread"


COLOUR_WISHES = ["make it navy blue please", "change the colour to teal", "could you make the site green"]
ACTS_WHEN_CHANGED = {"alex rebuild", "alex corrected", "marcus corrected", "sophie corrected"}


def colour_of_the_last_build(theatre: Theatre) -> object:
    return builds(theatre)[-1].payload["brief"]["style"]  # type: ignore[index]


@pytest.mark.parametrize("words", COLOUR_WISHES)
@pytest.mark.parametrize("act", ["alex show_site", "marcus hand_over", "sophie present_post"])
def test_another_colour_is_wished_for_at_any_time_also_over_a_voice(act: str, words: str) -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=lambda: bool(builds(theatre)) and theatre.acts()[-1:] == [act])
    said = cut(theatre, words)
    assert set(said) <= ACTS_WHEN_CHANGED, said
    assert colour_of_the_last_build(theatre) == recoloured(words)
    theatre.run(until=lambda: theatre.conversation.desk.running("website") is None)


@pytest.mark.parametrize("words", COLOUR_WISHES)
def test_another_colour_is_wished_for_while_a_post_waits_to_be_approved(words: str) -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.APPROVING))
    theatre.run(until=lambda: theatre.conversation.desk.open_approval is not None)
    assert after(theatre, words) == ["sophie corrected"]
    assert colour_of_the_last_build(theatre) == recoloured(words)
    theatre.run(until=lambda: theatre.conversation.desk.running() is None)
    assert theatre.conversation.desk.open_approval is not None


@pytest.mark.parametrize("words", ["make it lighter", "I would like a coffee", "make it shorter please"])
def test_a_shade_or_a_thing_is_no_colour_where_no_site_is_asked_about(words: str) -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.APPROVING))
    assert after(theatre, words) != ["sophie corrected"]
    assert len(builds(theatre)) == 1


def test_the_headline_is_changed_while_others_speak() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts()[-1:] == ["sophie present_post"])
    cut(theatre, "make the headline say fresh bread before seven")
    assert "fresh bread before seven" in str(colour_of_the_last_build(theatre))
