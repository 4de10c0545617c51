"""Two at once: what a voice does while the human makes a sound over it."""

from __future__ import annotations

import pytest
from theatre import ANSWERS, Theatre, in_stage, silent

from orchestration import events, notices
from orchestration.rules.overlap import DECIDE_S, DETECTED_S
from orchestration.rules.patience import DECIDING_MS, OVER_A_VOICE_MS
from orchestration.turn import Stage


def greeting(human: object = silent) -> Theatre:
    """Marcus greets; half a second of it was heard."""
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts() == ["marcus greet"])
    return theatre


def kinds(theatre: Theatre, *wanted: type[events.Command]) -> list[str]:
    return [type(command).__name__ for _, command in theatre.log if isinstance(command, wanted)]


def when(theatre: Theatre, kind: type[events.Command]) -> float:
    return next(at for at, command in theatre.log if isinstance(command, kind))


MOVES = (events.Duck, events.Restore, events.Cut)


@pytest.mark.parametrize("hum", ["mhm", "uh-huh", "okay", "yeah, yeah", "I see", "That's great!", ""])
def test_a_short_sound_of_agreement_ducks_the_voice_and_never_cuts_it(hum: str) -> None:
    theatre = greeting()
    theatre.say(hum, delay_s=1.0, length_s=0.35, patience_s=0.6)
    theatre.run(until=lambda: len(theatre.acts()) == 2)
    assert theatre.acts() == ["marcus greet", "sarah ask"]
    moves = kinds(theatre, *MOVES)
    assert "Cut" not in moves
    assert moves[-1] == "Restore"
    assert not theatre.commands(events.Truncate)
    assert theatre.conversation.overlap is None
    assert not theatre.conversation.human_speaking


def test_the_voice_is_back_up_a_quarter_of_a_second_after_the_sound() -> None:
    theatre = greeting()
    began = theatre.now
    theatre.say("mhm", delay_s=1.0, length_s=0.3, patience_s=0.6)
    theatre.run(until=lambda: "Restore" in kinds(theatre, *MOVES))
    assert when(theatre, events.Duck) - began == pytest.approx(0.95)
    assert when(theatre, events.Restore) - began == pytest.approx(1.55)


def test_who_still_speaks_after_half_a_second_has_the_floor() -> None:
    theatre = greeting()
    began = theatre.now
    theatre.say("I have a question about that", delay_s=1.0)
    theatre.run(until=lambda: "Cut" in kinds(theatre, *MOVES))
    assert when(theatre, events.Cut) - began == pytest.approx(0.95 + DECIDE_S)
    assert theatre.conversation.stage is Stage.LISTENING


@pytest.mark.parametrize(
    ("words", "confidence", "cuts"),
    [("stop", 0.4, True), ("coffee", 0.9, True), ("but", 0.35, False), ("h imp", 0.02, False)],
)
def test_a_short_word_interrupts_when_it_is_one(words: str, confidence: float, cuts: bool) -> None:
    theatre = greeting()
    theatre.say(words, delay_s=1.0, length_s=0.3, confidence=confidence, patience_s=0.6)
    theatre.run(until=lambda: len(theatre.acts()) == 2)
    assert ("Cut" in kinds(theatre, *MOVES)) is cuts
    assert theatre.acts()[1] == ("marcus reply" if cuts else "sarah ask")


def test_two_hums_with_a_pause_between_them_are_two_and_not_one_long_one() -> None:
    theatre = greeting()
    theatre.later(1.0, events.SoundHeard())
    theatre.later(1.05, events.SpeechStarted("a"))
    theatre.later(1.3, events.SoundStopped(0.0))
    theatre.later(1.8, events.SoundHeard())
    theatre.later(2.1, events.SoundStopped(0.0))
    theatre.later(2.6, events.SpeechStopped("a"))
    theatre.later(2.7, events.HumanSaid("mhm mhm", item="a"))
    theatre.run(until=lambda: len(theatre.acts()) == 2)
    assert "Cut" not in kinds(theatre, *MOVES)


def test_the_voice_stays_down_in_a_pause_after_the_first_word() -> None:
    """As in "Wait, what does that mean?": a voice that came up in between would flutter."""
    theatre = greeting()
    for delay_s, event in [
        (1.0, events.SoundHeard()),
        (1.1, events.SpeechStarted("a")),
        (1.35, events.SoundStopped(0.0)),
        (1.57, events.SoundHeard()),
    ]:
        theatre.later(delay_s, event)
    theatre.run(until=lambda: "Cut" in kinds(theatre, *MOVES))
    assert "Restore" not in kinds(theatre, *MOVES)


def test_a_stop_inside_a_word_does_not_make_a_sentence_short() -> None:
    theatre = greeting()
    for delay_s, event in [
        (1.0, events.SoundHeard()),
        (1.05, events.SpeechStarted("a")),
        (1.40, events.SoundStopped(0.0)),
        (1.55, events.SoundHeard()),
    ]:
        theatre.later(delay_s, event)
    theatre.run(until=lambda: "Cut" in kinds(theatre, *MOVES))
    assert when(theatre, events.Cut) == pytest.approx(when(theatre, events.Duck) + 0.55)


def test_who_has_only_agreed_so_far_may_go_on_agreeing() -> None:
    theatre = greeting()
    theatre.later(1.2, events.WordsHeard("a", "yeah"))
    theatre.say("yeah yeah that's right", delay_s=0.8, length_s=0.9, patience_s=0.6)
    theatre.run(until=lambda: len(theatre.acts()) == 2)
    assert "Cut" not in kinds(theatre, *MOVES)


def test_agreement_that_becomes_a_sentence_interrupts_with_its_first_other_word() -> None:
    theatre = greeting()
    began = theatre.now
    theatre.say("yeah but we have two shops", delay_s=1.0)
    theatre.later(1.3, events.WordsHeard("a", "yeah"))
    theatre.later(1.5, events.WordsHeard("a", "yeah but"))
    theatre.run(until=lambda: "Cut" in kinds(theatre, *MOVES))
    assert when(theatre, events.Cut) - began <= 0.95 + DECIDE_S + 0.2 + 1e-6


def test_agreement_without_an_end_interrupts_in_the_end() -> None:
    theatre = greeting()
    theatre.later(1.2, events.WordsHeard("a", "yeah"))
    theatre.say("yeah yeah yeah yeah yeah yeah", delay_s=1.0, length_s=3.0)
    theatre.run(until=lambda: "Cut" in kinds(theatre, *MOVES))
    assert when(theatre, events.Cut) - when(theatre, events.Duck) <= 1.5


def test_noise_that_is_no_speech_holds_the_voice_down_for_a_moment_only() -> None:
    theatre = greeting()
    began = theatre.now
    theatre.later(1.0, events.SoundHeard())
    theatre.run(until=lambda: "Restore" in kinds(theatre, *MOVES))
    assert when(theatre, events.Restore) - began == pytest.approx(1.7)
    theatre.run(until=lambda: len(theatre.acts()) == 2)
    assert "Cut" not in kinds(theatre, *MOVES)


def test_speech_in_a_noise_is_measured_from_its_own_beginning() -> None:
    """The noise of a street opens the gate for seconds: a hum in it is no long sound."""
    theatre = greeting()
    began = theatre.now
    theatre.later(1.0, events.SoundHeard())
    theatre.later(2.5, events.SpeechStarted("a"))
    theatre.run(until=lambda: "Cut" in kinds(theatre, *MOVES))
    assert when(theatre, events.Cut) - began == pytest.approx(2.5 - DETECTED_S + DECIDE_S)


def test_a_hum_that_is_recognised_as_speech_when_it_is_over_does_not_cut() -> None:
    theatre = greeting()
    for delay_s, event in [
        (1.0, events.SoundHeard()),
        (1.25, events.SoundStopped(0.0)),
        (1.35, events.SpeechStarted("a")),
        (1.9, events.SpeechStopped("a")),
        (2.0, events.HumanSaid("mhm", item="a")),
    ]:
        theatre.later(delay_s, event)
    theatre.run(until=lambda: len(theatre.acts()) == 2)
    assert theatre.acts() == ["marcus greet", "sarah ask"]
    assert "Cut" not in kinds(theatre, *MOVES)


def test_a_click_over_a_question_does_not_swallow_the_answer() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: "sarah ask" in theatre.acts())
    theatre.later(1.0, events.SoundHeard())
    theatre.later(1.2, events.SoundStopped(0.0))
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    theatre.say("Wow")
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.conversation.brief.text("name") == "Wow"


@pytest.mark.parametrize("words", ["mhm", ""])
def test_a_voice_that_breaks_off_while_the_human_hums_goes_on_after_it(words: str) -> None:
    theatre = greeting()
    theatre.say(words, delay_s=1.0, length_s=0.3, patience_s=0.6)
    theatre.later(1.2, events.ResponseFailed("turn1", "server_error"))
    theatre.run(until=lambda: "sarah ask" in theatre.acts())
    assert theatre.conversation.end_state == ""
    assert set(theatre.acts()) == {"marcus greet", "sarah ask"}


def test_a_hum_between_two_voices_throws_nothing_away() -> None:
    theatre = greeting()
    theatre.run(until=lambda: bool(theatre.told(notices.TurnEnded)))
    theatre.say("mhm", delay_s=0.1, length_s=0.3, patience_s=0.6)
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert theatre.acts() == ["marcus greet", "sarah ask"]
    assert not theatre.commands(events.Discard)
    assert "Cut" not in kinds(theatre, *MOVES)


def test_who_goes_on_speaking_between_two_voices_has_the_floor() -> None:
    theatre = greeting()
    theatre.run(until=lambda: bool(theatre.told(notices.TurnEnded)))
    theatre.say("I have a question about that", delay_s=0.1)
    theatre.run(until=lambda: len(theatre.acts()) >= 3)
    assert "marcus reply" in theatre.acts() or "sarah reply" in theatre.acts()


def test_a_hum_at_the_end_of_a_question_is_no_answer_to_it() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: "sarah ask" in theatre.acts())
    theatre.say("okay", delay_s=4.8, length_s=0.35, patience_s=0.6)
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    theatre.run(until=lambda: "sarah nudge" in theatre.acts())
    assert theatre.conversation.brief.text("name") == ""
    assert theatre.conversation.overlap is None


def test_an_answer_that_begins_over_the_end_of_a_question_is_one() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: "sarah ask" in theatre.acts())
    theatre.say("Golden Crust", delay_s=4.8, length_s=0.8, patience_s=0.6)
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.conversation.brief.text("name") == "Golden Crust"
    assert "Cut" not in kinds(theatre, *MOVES)


def test_typed_words_and_the_talk_key_interrupt_at_once() -> None:
    for event in (events.HumanSaid("stop there", typed=True), events.PushToTalk(True)):
        theatre = greeting()
        theatre.later(1.0, event)
        theatre.run(until=lambda: "Cut" in kinds(theatre, *MOVES))  # noqa: B023
        assert theatre.now == pytest.approx(theatre.conversation.started_at + 1.1, abs=0.1)


def test_a_lost_peer_forgets_the_sound() -> None:
    theatre = greeting()
    theatre.later(1.0, events.SoundHeard())
    theatre.later(1.1, events.ListenerLost())
    theatre.later(2.0, events.ListenerArrived())
    theatre.run(until=lambda: len(theatre.acts()) == 2)
    assert theatre.conversation.overlap is None
    assert theatre.acts() == ["marcus greet", "marcus greet"]


def test_patience_is_long_for_an_answer_and_short_over_a_voice_and_for_a_decision() -> None:
    theatre = Theatre().play()
    told = [c.silence_ms for c in theatre.commands(events.SetPatience) if isinstance(c, events.SetPatience)]
    assert told[:3] == [OVER_A_VOICE_MS, 1700, OVER_A_VOICE_MS]
    assert DECIDING_MS in told
    assert all(before != after for before, after in zip(told, told[1:], strict=False))


def test_patience_never_shrinks_while_the_human_speaks() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.job_s = 12.0
    theatre.start().run(until=in_stage(theatre, Stage.WORKING))
    assert theatre.conversation.stage is Stage.WORKING
    theatre.receive(events.SpeechStarted("a"))
    before = len(theatre.commands(events.SetPatience))
    theatre.run(until=lambda: "talking" not in theatre.conversation.stage, limit_s=theatre.now + 0.5)
    theatre.conversation.stage = Stage.APPROVING  # a shorter patience would be due now
    theatre.receive(events.SoundStopped(0.0))
    assert len(theatre.commands(events.SetPatience)) == before
    theatre.receive(events.SpeechStopped("a"))
    assert len(theatre.commands(events.SetPatience)) == before + 1


def test_nobody_speaks_over_a_human_who_types_while_speaking() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.LISTENING))
    theatre.say("we bake bread", delay_s=0.5, length_s=6.0)
    theatre.later(1.0, events.HumanSaid("Golden Crust", typed=True))
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.conversation.brief.text("name") == "Golden Crust we bake bread"


def test_an_answer_corrected_while_the_human_speaks_waits_for_the_end_of_the_words() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.LISTENING))
    begun = theatre.now
    theatre.say("on the corner", delay_s=0.5, length_s=5.0)
    theatre.later(1.0, events.AnswerCorrected("name", "Golden Crust"))
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.now - begun > 5.5
    assert theatre.conversation.brief.text("name") == "Golden Crust on the corner"


def test_two_messages_typed_over_a_voice_are_both_kept() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: "sarah ask" in theatre.acts())
    theatre.later(4.0, events.HumanSaid("Golden Crust", typed=True))
    theatre.later(4.01, events.HumanSaid("on the corner", typed=True))
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.conversation.brief.text("name") == "Golden Crust on the corner"


def test_a_tap_on_the_talk_key_between_answer_and_question_joins_no_answers() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.LISTENING))
    theatre.say("Golden Crust", length_s=1.0)
    theatre.run(until=lambda: theatre.conversation.brief.text("name") != "")
    theatre.receive(events.PushToTalk(True))
    theatre.receive(events.PushToTalk(False))
    theatre.run(until=lambda: theatre.conversation.open_question == "offer")
    theatre.say("bread and cakes", length_s=1.0)
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 3)
    assert theatre.conversation.brief.text("name") == "Golden Crust"
    assert theatre.conversation.brief.text("offer") == "bread and cakes"


def test_an_answer_over_the_first_half_of_the_first_question_is_one() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: "sarah ask" in theatre.acts())
    theatre.say("Golden Crust", delay_s=1.0, length_s=1.2)
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.conversation.brief.text("name") == "Golden Crust"


@pytest.mark.parametrize(
    "event",
    [
        events.TranscriptionFailed("a"),
        events.SpeechStopped("a"),
        events.PushToTalk(True),
        events.HumanSaid("hello"),
    ],
)
def test_nothing_begins_before_somebody_can_hear(event: events.Event) -> None:
    theatre = Theatre()
    theatre.receive(event)
    assert theatre.conversation.stage is Stage.CREATED
    assert {type(command) for _, command in theatre.log} <= {events.SetPatience}
