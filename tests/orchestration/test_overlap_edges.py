"""Two at once, where it is tight: at a hand-over, right before a voice, at the end of one."""

from __future__ import annotations

import pytest
from theatre import ANSWERS, RESULTS, Theatre, in_stage, silent

from orchestration import events, notices
from orchestration.rules.overlap import BACK_UP_S
from orchestration.turn import Stage


def after(theatre: Theatre, start: float, *wanted: type[events.Command]) -> list[tuple[float, str]]:
    """What was commanded since `start`, and how long after it."""
    return [
        (round(at - start, 3), type(command).__name__)
        for at, command in theatre.log
        if at >= start and isinstance(command, wanted)
    ]


def asked(theatre: Theatre) -> Theatre:
    """The human has the floor for the first answer."""
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.LISTENING))
    return theatre


def hear(theatre: Theatre, *story: tuple[float, events.Event]) -> float:
    for delay_s, event in story:
        theatre.later(delay_s, event)
    return theatre.now


def test_a_hum_that_is_over_when_it_is_told_to_be_speech_does_not_cut_a_voice_that_has_just_begun() -> None:
    """It began when the answer was understood and no voice was heard yet."""
    theatre = asked(Theatre())
    theatre.say("Golden Crust", length_s=1.0)
    theatre.run(until=lambda: theatre.conversation.brief.text("name") != "")
    start = theatre.now
    hear(
        theatre,
        (0.05, events.SoundHeard()),
        (0.20, events.SoundStopped(start + 0.14)),
        (0.25, events.SpeechStarted("b")),
        (0.80, events.SpeechStopped("b")),
        (0.90, events.HumanSaid("mhm", item="b")),
    )
    theatre.run(until=lambda: theatre.now > start + 1.0)
    assert theatre.acts()[-1] == "sarah ask"
    assert after(theatre, start, events.Cut) == []
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert theatre.acts().count("sarah ask") == 2
    assert theatre.conversation.open_question == "offer"


def test_speech_too_quiet_for_the_gate_still_interrupts_after_an_earlier_sound() -> None:
    theatre = asked(Theatre())
    theatre.say("Golden Crust", length_s=1.0)
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    start = hear(theatre, (1.0, events.SpeechStarted("b")))
    theatre.run(until=lambda: bool(theatre.commands(events.Cut)))
    assert after(theatre, start, events.Cut) == [(1.505, "Cut")]


def test_a_voice_that_takes_over_while_the_human_makes_a_sound_begins_ducked() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts() == ["marcus greet"])
    start = hear(theatre, (4.9, events.SoundHeard()), (5.1, events.SoundStopped(0.0)))
    theatre.run(until=lambda: len(theatre.acts()) == 2)
    assert after(theatre, start, events.Duck, events.Give, events.Restore) == [
        (4.9, "Duck"),
        (5.0, "Give"),
        (5.0, "Duck"),
        (5.1 + BACK_UP_S, "Restore"),
    ]


def test_a_voice_that_takes_over_after_the_sound_is_not_ducked() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts() == ["marcus greet"])
    start = hear(theatre, (4.0, events.SoundHeard()), (4.2, events.SoundStopped(0.0)))
    theatre.run(until=lambda: len(theatre.acts()) == 2)
    assert after(theatre, start, events.Duck, events.Give)[-1] == (5.0, "Give")


@pytest.mark.parametrize("waiting", [Stage.WORKING, Stage.APPROVING])
def test_nobody_speaks_of_waiting_over_a_human_who_began_at_the_end_of_the_voice(waiting: Stage) -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human, theatre.job_s = silent, 12.0
    act = "maya start_research" if waiting is Stage.WORKING else "sophie present_post"
    theatre.start().run(until=lambda: theatre.acts()[-1:] == [act])
    length_s = 9.0 if waiting is Stage.WORKING else 25.0
    theatre.say("could you look at the bakers in Ghent as well", delay_s=4.9, length_s=length_s)
    theatre.run(until=lambda: bool(theatre.told(notices.HumanHeard)))
    assert theatre.acts()[-1] == act
    theatre.run(until=lambda: theatre.acts()[-1] != act)
    assert theatre.acts()[-1].endswith("reply")


def test_words_that_follow_at_once_on_a_stop_are_waited_for() -> None:
    """They were under way already when the voice reported its silence."""
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts() == ["marcus greet"])
    start = hear(
        theatre,
        (1.00, events.SoundHeard()),
        (1.10, events.SpeechStarted("a")),
        (1.40, events.SoundStopped(0.0)),
        (2.00, events.SpeechStopped("a")),
        (2.10, events.HumanSaid("stop", item="a")),
        (2.11, events.SpeechStarted("b")),
        (4.00, events.SpeechStopped("b")),
        (4.10, events.HumanSaid("who are you", item="b")),
    )
    theatre.run(until=lambda: "marcus reply" in theatre.acts())
    assert after(theatre, start, events.Give)[0][0] >= 4.1
    said = [entry.text for entry in theatre.conversation.transcript if entry.speaker == "human"]
    assert said == ["stop who are you"]


def test_words_that_were_not_understood_after_all_are_not_waited_for_at_the_talk_key() -> None:
    """A hum, then typed words, then: nothing was understood of the hum."""
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: "sarah ask" in theatre.acts())
    hear(
        theatre,
        (1.00, events.SoundHeard()),
        (1.10, events.SpeechStarted("a")),
        (1.30, events.SoundStopped(0.0)),
        (1.90, events.SpeechStopped("a")),
        (1.95, events.HumanSaid("who are you", typed=True)),
        (2.30, events.TranscriptionFailed("a")),
    )
    theatre.run(until=lambda: theatre.acts()[-1:] == ["sarah reply"])
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    theatre.receive(events.PushToTalk(True))
    theatre.receive(events.PushToTalk(False))
    assert not theatre.conversation.human_has_word


def test_who_is_lost_in_the_middle_of_a_word_is_not_heard_speaking_any_more() -> None:
    theatre = asked(Theatre())
    theatre.receive(events.SpeechStarted("a"))
    theatre.receive(events.ListenerLost())
    assert theatre.told(notices.HumanSpeaking)[-1] == notices.HumanSpeaking(False)
    theatre.receive(events.SpeechStopped("a"))
    assert len(theatre.told(notices.HumanSpeaking)) == 2


def about_to_say(theatre: Theatre, act: str) -> events.Speak:
    """Play until a turn of this act has the floor and no sound yet."""
    theatre.human = silent
    theatre.start().run(
        until=lambda: theatre.conversation.current is not None and theatre.conversation.current.act == act
    )
    current = theatre.conversation.current
    assert current is not None
    assert current.started_at is None
    return current.command


def test_nobody_asks_for_a_decision_that_has_just_been_made() -> None:
    theatre = Theatre(given=ANSWERS)
    reminder = about_to_say(theatre, "remind_approval")
    approval = theatre.conversation.desk.open_approval
    assert approval is not None
    theatre.receive(events.ApprovalDecided(approval.approval, events.Decision.APPROVE))
    theatre.run()
    assert f"{reminder.speaker} remind_approval" not in theatre.acts()
    assert theatre.acts()[-2:] == ["sophie report_draft", "marcus close"]


def test_nobody_says_that_work_goes_on_which_is_done() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.job_s = 60.0
    waiting = about_to_say(theatre, "still_working")
    (job,) = theatre.commands(events.StartJob)
    assert isinstance(job, events.StartJob)
    theatre.receive(events.JobFinished(job.job, job.kind, RESULTS[job.kind]))
    theatre.run(until=lambda: theatre.acts()[-1:] == ["maya report_research"])
    assert f"{waiting.speaker} still_working" not in theatre.acts()
