"""What was heard: captions, and the clocks beside them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestration.captions import TurnWords, caption
from orchestration.timers import Timers
from orchestration.understanding import mostly_heard


def words(*timed: tuple[str, int]) -> TurnWords:
    turn = TurnWords()
    for text, at_ms in timed:
        turn.add(text, at_ms)
    return turn


def test_only_words_that_began_to_sound_were_heard() -> None:
    turn = words(("Hello ", 100), ("my ", 400), ("friend. ", 700))
    assert turn.heard(400) == "Hello"
    assert turn.heard(701) == "Hello my friend."


def test_sentences_are_told_once_and_the_last_when_it_is_whole() -> None:
    turn = words(("Hi.", 0), ("How", 300), ("are", 500))
    assert [[w.text for w in s] for s in turn.sentences(whole=False)] == [["Hi."]]
    turn.add("you", 700)
    assert [[w.text for w in s] for s in turn.sentences(whole=True)] == [["How", "are", "you"]]
    assert turn.sentences(whole=True) == []


def test_a_caption_sounds_at_its_rtp_time_less_the_trimmed_lead() -> None:
    turn = words(("Hi.", 200), ("Well.", 700))
    first, second = turn.sentences(whole=True)
    told = caption("turn1", "sarah", second, trimmed_ms=150, turn_rtp_timestamp=2**32 - 48)
    assert told.start_ms == 550
    assert told.rtp_timestamp == (2**32 - 48 + 550 * 48) % 2**32
    assert caption("turn1", "sarah", first, 150, 0).words[0].start_ms == 50


@given(st.lists(st.text("abc .", min_size=1, max_size=12), max_size=20))
def test_pieces_without_times_are_one_text_with_rising_estimates(pieces: list[str]) -> None:
    turn = TurnWords()
    for piece in pieces:
        turn.add(piece, None)
    starts = [word.audio_ms for word in turn.words]
    assert starts == sorted(starts)
    assert turn.heard(10**6).split() == "".join(pieces).split()


def test_a_word_that_comes_in_pieces_is_told_when_it_is_whole() -> None:
    """As a model's tokens come: the full stop, too, is a piece of its own."""
    turn = TurnWords()
    told = []
    for piece in ("Hel", "lo", " my", " friend", ".", " How", " are", " you", "?"):
        turn.add(piece, None)
        told += turn.sentences(whole=False)
    told += turn.sentences(whole=True)
    assert [[word.text for word in sentence] for sentence in told] == [
        ["Hello", "my", "friend."],
        ["How", "are", "you?"],
    ]


def test_words_that_get_times_only_later_keep_their_order() -> None:
    turn = TurnWords()
    turn.add("Hello ", None)
    turn.add("my ", 400)
    turn.add("friend", None)
    assert [word.audio_ms for word in turn.words][:2] == [0, 400]
    assert turn.words[2].audio_ms > 400


def test_frozen_timers_lose_no_time() -> None:
    timers = Timers()
    timers.set("nudge", 10.0)
    timers.freeze(4.0)
    assert timers.next() is None
    assert timers.pop_due(50.0) == []
    timers.thaw(104.0)
    assert timers.next() == 110.0
    assert timers.pop_due(110.0) == ["nudge"]


def test_half_of_the_words_are_mostly_heard() -> None:
    assert mostly_heard("one two", "one two three four")
    assert not mostly_heard("one", "one two three four")
