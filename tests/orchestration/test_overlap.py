"""Two at once: what a voice does while the human makes a sound over it."""

from __future__ import annotations

import pytest
from theatre import ANSWERS, Theatre, in_stage, silent

from orchestration import events
from orchestration.rules.overlap import DECIDE_S
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


def test_the_voice_is_back_up_a_tenth_of_a_second_after_the_sound() -> None:
    theatre = greeting()
    began = theatre.now
    theatre.say("mhm", delay_s=1.0, length_s=0.3, patience_s=0.6)
    theatre.run(until=lambda: "Restore" in kinds(theatre, *MOVES))
    assert when(theatre, events.Duck) - began == pytest.approx(0.95)
    assert when(theatre, events.Restore) - began == pytest.approx(1.4)


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


def test_speech_that_is_recognised_late_in_a_long_sound_interrupts_at_once() -> None:
    theatre = greeting()
    began = theatre.now
    theatre.later(1.0, events.SoundHeard())
    theatre.later(1.9, events.SpeechStarted("a"))
    theatre.run(until=lambda: "Cut" in kinds(theatre, *MOVES))
    assert when(theatre, events.Cut) - began == pytest.approx(1.9)


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
    theatre.start().run(until=in_stage(theatre, Stage.WORKING))
    theatre.receive(events.SpeechStarted("a"))
    before = len(theatre.commands(events.SetPatience))
    theatre.run(until=lambda: theatre.conversation.stage is not Stage.WORKING)
    assert len(theatre.commands(events.SetPatience)) == before
