"""When the human spoke, as the transcript has it: from the beginning of the speech to its last sound."""

from __future__ import annotations

import pytest
from theatre import Theatre, in_stage, silent

from orchestration import events
from orchestration.transcript import HUMAN, Entry, as_vtt
from orchestration.turn import Stage


def listening() -> Theatre:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.LISTENING))
    return theatre


def greeted() -> Theatre:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts() == ["marcus greet"])
    return theatre


def said(theatre: Theatre, number: int = 1) -> Entry:
    """Play until the human's words are remembered; returns the latest of them."""

    def entries() -> list[Entry]:
        return [entry for entry in theatre.conversation.transcript if entry.speaker == HUMAN]

    theatre.run(until=lambda: len(entries()) == number)
    return entries()[-1]


def span(theatre: Theatre, start: float, entry: Entry) -> tuple[float, float]:
    """Seconds since `start`."""
    begun_ms = theatre.conversation.at_ms(start)
    return (entry.at_ms - begun_ms) / 1000, (entry.end_ms - begun_ms) / 1000


def test_an_answer_ends_with_its_last_sound_and_not_with_its_transcript() -> None:
    theatre = listening()
    start = theatre.now
    theatre.say("Golden Crust", delay_s=0.5, length_s=2.0, patience_s=1.7)
    entry = said(theatre)
    assert span(theatre, start, entry) == pytest.approx((0.5, 2.5))
    assert as_vtt([entry]).count("-->") == 1


def test_a_pause_in_an_answer_belongs_to_it() -> None:
    theatre = listening()
    start = theatre.now
    for delay_s, event in [
        (0.45, events.SoundHeard()),
        (0.50, events.SpeechStarted("a")),
        (1.06, events.SoundStopped(start + 1.0)),
        (2.04, events.SoundHeard()),
        (2.56, events.SoundStopped(start + 2.5)),
        (4.20, events.SpeechStopped("a")),
        (4.30, events.HumanSaid("bread and cakes", item="a")),
    ]:
        theatre.later(delay_s, event)
    assert span(theatre, start, said(theatre)) == pytest.approx((0.5, 2.5))


@pytest.mark.parametrize("noise", [True, False])
def test_where_the_gate_tells_no_end_the_pause_that_ended_the_turn_is_no_part_of_it(noise: bool) -> None:
    """It hears a noise that goes on, or speech that is too quiet for it."""
    theatre = listening()
    start = theatre.now
    if noise:
        theatre.later(0.1, events.SoundHeard())
    theatre.later(0.5, events.SpeechStarted("a"))
    theatre.later(4.2, events.SpeechStopped("a"))
    theatre.later(4.4, events.HumanSaid("bread and cakes", item="a"))
    assert span(theatre, start, said(theatre)) == pytest.approx((0.5, 2.5))


def test_at_the_talk_key_the_last_sound_ends_it_too() -> None:
    theatre = listening()
    start = theatre.now
    for delay_s, event in [
        (0.5, events.PushToTalk(True)),
        (0.8, events.SoundHeard()),
        (0.9, events.SpeechStarted("a")),
        (2.06, events.SoundStopped(start + 2.0)),
        (2.2, events.PushToTalk(False)),
        (2.3, events.SpeechStopped("a")),
        (2.8, events.HumanSaid("bread", item="a")),
    ]:
        theatre.later(delay_s, event)
    assert span(theatre, start, said(theatre)) == pytest.approx((0.5, 2.0))


def test_a_short_word_that_interrupts_was_said_when_it_sounded() -> None:
    theatre = greeted()
    start = theatre.now
    theatre.say("stop", delay_s=1.0, length_s=0.3, patience_s=0.6)
    assert span(theatre, start, said(theatre)) == pytest.approx((1.0, 1.3))


def test_who_takes_the_floor_spoke_from_the_beginning() -> None:
    theatre = greeted()
    start = theatre.now
    theatre.say("I have a question about that", delay_s=1.0, length_s=2.0, patience_s=0.6)
    assert span(theatre, start, said(theatre)) == pytest.approx((1.0, 3.0))


def test_typed_words_did_not_begin_with_the_hum_before_them() -> None:
    theatre = greeted()
    theatre.say("mhm", delay_s=1.0, length_s=0.3, patience_s=0.6)
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    start = theatre.now
    theatre.later(5.0, events.HumanSaid("Golden Crust", typed=True))
    assert span(theatre, start, said(theatre)) == pytest.approx((5.0, 5.0))


def test_words_typed_while_spoken_ones_are_transcribed_take_nothing_of_their_time() -> None:
    theatre = listening()
    start = theatre.now
    theatre.say("on the corner", delay_s=0.5, length_s=2.0)
    theatre.later(2.55, events.HumanSaid("Golden Crust", typed=True))
    assert span(theatre, start, said(theatre)) == pytest.approx((2.55, 2.55))
    assert span(theatre, start, said(theatre, 2)) == pytest.approx((0.5, 2.5))
