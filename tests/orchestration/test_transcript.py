"""The transcript's exports: what was heard and no more, on one clock, whatever was said."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from theatre import ANSWERS, Theatre, in_stage, silent

from orchestration import events
from orchestration.captions import TurnWords
from orchestration.notices import Word
from orchestration.transcript import HUMAN, Entry, as_json, as_text, as_vtt
from orchestration.turn import Stage

ENTRIES = [
    Entry("sarah", "What is <it> & why?", 1000, 2500),
    Entry(HUMAN, "Bread", 3000, 3500, interrupted=True),
]
CUE = re.compile(r"(\d\d+:\d\d:\d\d\.\d{3}) --> (\d\d+:\d\d:\d\d\.\d{3})\n<v (\w+)>(.*)</v>\n")


def timed(text: str, word_ms: int = 200) -> tuple[Word, ...]:
    return tuple(Word(word, n * word_ms, (n + 1) * word_ms) for n, word in enumerate(text.split()))


def test_exports_name_speakers_and_escape_markup() -> None:
    assert as_text(ENTRIES) == "[00:00:01] Sarah: What is <it> & why?\n[00:00:03] You: Bread —\n"
    vtt = as_vtt(ENTRIES)
    assert vtt.startswith(
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n<v Sarah>What is &lt;it&gt; &amp; why?</v>\n"
    )
    assert as_json(ENTRIES)[1]["speaker"] == "human"


def test_each_sentence_is_a_cue_at_the_time_of_its_words() -> None:
    text = "Welcome here. I am Marcus! And you?"
    vtt = as_vtt([Entry("marcus", text, 10_000, 11_500, words=timed(text))])
    assert CUE.findall(vtt) == [
        ("00:00:10.000", "00:00:10.400", "Marcus", "Welcome here."),
        ("00:00:10.400", "00:00:11.000", "Marcus", "I am Marcus!"),
        ("00:00:11.000", "00:00:11.500", "Marcus", "And you?"),
    ]


def test_sentences_without_times_share_their_turn_s() -> None:
    vtt = as_vtt([Entry(HUMAN, "We bake. We sell.", 0, 1700)])
    assert [(begin[-6:], end[-6:]) for begin, end, _, _ in CUE.findall(vtt)] == [
        ("00.000", "00.850"),
        ("00.850", "01.700"),
    ]


def test_cues_are_in_the_order_of_their_starts_also_where_two_talk_at_once() -> None:
    text = "One two. Three four."
    vtt = as_vtt([Entry("sarah", text, 1000, 1800, words=timed(text)), Entry(HUMAN, "Stop", 1300, 2000)])
    assert [speaker for _, _, speaker, _ in CUE.findall(vtt)] == ["Sarah", "You", "Sarah"]


@pytest.mark.parametrize(("words", "shown_ms"), [(1, 2000), (10, 3500), (60, 7000)])
def test_a_typed_line_is_shown_for_as_long_as_its_words_take_to_read(words: int, shown_ms: int) -> None:
    vtt = as_vtt([Entry(HUMAN, " ".join(["word"] * words), 1000, 1000)])
    assert [(begin, end) for begin, end, *_ in CUE.findall(vtt)] == [
        ("00:00:01.000", f"00:00:0{1 + shown_ms // 1000}.{shown_ms % 1000:03}")
    ]


def test_a_typed_line_makes_room_for_the_next_one_of_the_same_speaker() -> None:
    lines = [Entry(HUMAN, "Bread", 1000, 1000), Entry("sarah", "I see.", 1500, 2000)]
    vtt = as_vtt([*lines, Entry(HUMAN, "And cakes", 2200, 2200)])
    assert [(end, who) for _, end, who, _ in CUE.findall(vtt)] == [
        ("00:00:02.200", "You"),
        ("00:00:02.000", "Sarah"),
        ("00:00:04.200", "You"),
    ]


def test_what_the_human_did_on_the_page_is_in_all_exports() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.LISTENING))
    theatre.receive(events.AnswerCorrected("name", "Golden Crust"))
    theatre.receive(events.AnswerCorrected("name", "Golden Crumb"))
    for answer in ANSWERS[1:]:
        theatre.run(until=in_stage(theatre, Stage.LISTENING))
        theatre.say(answer)
        theatre.run(until=in_stage(theatre, Stage.TALKING))
    theatre.run(until=in_stage(theatre, Stage.APPROVING))
    theatre.receive(events.PostEdited("My own words"))
    approval = theatre.conversation.desk.open_approval
    assert approval is not None
    theatre.receive(events.ApprovalDecided(approval.approval, events.Decision.APPROVE))
    theatre.run()
    entries = theatre.conversation.transcript
    did = [
        "(answered: Business name → Golden Crust)",
        "(corrected: Business name → Golden Crumb)",
        "(edited the post)",
        "(approved the post)",
    ]
    by_hand = [one for one in as_json(entries) if str(one["text"]).startswith("(")]
    assert [(one["speaker"], one["text"]) for one in by_hand] == [(HUMAN, text) for text in did]
    assert [line[11:] for line in as_text(entries).splitlines() if "(" in line] == [f"You: {t}" for t in did]
    assert [text for *_, text in CUE.findall(as_vtt(entries)) if text.startswith("(")] == [
        text.replace(">", "&gt;") for text in did
    ]


def test_what_was_done_while_a_voice_spoke_stands_after_its_beginning() -> None:
    spoken_after = [Entry(HUMAN, "(edited the post)", 2000, 2000), Entry("sophie", "Here it is.", 1000, 3000)]
    assert [line[11:14] for line in as_text(spoken_after).splitlines()] == ["Sop", "You"]
    assert [one["speaker"] for one in as_json(spoken_after)] == ["sophie", HUMAN]


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
def test_whatever_was_said_stays_text_inside_its_cue(said: str) -> None:
    vtt = as_vtt([Entry(HUMAN, said + " --> <c>&amp;", 0, 1000), Entry("sarah", "After.", 2000, 3000)])
    cues = CUE.findall(vtt)
    assert "WEBVTT\n\n" + "\n".join(f"{a} --> {b}\n<v {who}>{text}</v>\n" for a, b, who, text in cues) == vtt
    assert all("-->" not in text and "<" not in text for *_, text in cues)
    heard = " ".join(html.unescape(text) for *_, who, text in cues if who == "You")
    assert heard == " ".join(f"{said} --> <c>&amp;".split())


def test_of_a_turn_that_was_cut_before_a_word_there_is_no_cue() -> None:
    silent = Entry("sarah", "", 1000, 1020, interrupted=True)
    assert as_vtt([silent]) == "WEBVTT\n\n"
    assert as_text([silent]) == "[00:00:01] Sarah: —\n"


def test_words_have_the_session_s_time_in_json() -> None:
    (entry,) = as_json([Entry("sarah", "Hello there.", 10_000, 10_400, words=timed("Hello there."))])
    assert entry["words"] == [
        {"text": "Hello", "start_ms": 10_000, "end_ms": 10_200},
        {"text": "there.", "start_ms": 10_200, "end_ms": 10_400},
    ]


def test_a_cut_turn_ends_where_its_voice_did() -> None:
    turn = TurnWords()
    for n, word in enumerate(("One ", "two. ", "Three ", "four. ")):
        turn.add(word, 100 + 300 * n)
    heard = turn.timed(trimmed_ms=100, sent_ms=650, cut=True)
    assert heard == (Word("One", 0, 260), Word("two.", 300, 600), Word("Three", 600, 650))
    assert [word.text for word in heard] == turn.heard(750).split()
    assert [word.text for word in turn.timed(100, 650, cut=False)] == ["One", "two.", "Three", "four."]


def test_what_the_conversation_remembers_of_a_turn_are_the_words_that_were_heard() -> None:
    theatre = Theatre()
    theatre.start()
    theatre.run(until=lambda: theatre.heard is not None)
    assert theatre.heard is not None
    turn, words = theatre.heard.turn, (Word("Welcome", 0, 300),)
    theatre.receive(events.PushToTalk(True))
    theatre.receive(events.PlayoutInterrupted(turn, 300, 300, "Welcome", words))
    entry = theatre.conversation.transcript[-1]
    assert (entry.text, entry.words, entry.interrupted) == ("Welcome", words, True)
    assert entry.end_ms - entry.at_ms == 300


def test_a_turn_heard_to_its_end_is_remembered_with_all_its_words() -> None:
    theatre = Theatre()
    theatre.start()
    theatre.run(until=lambda: theatre.heard is not None)
    assert theatre.heard is not None
    words = timed(theatre.text(theatre.heard.turn))
    theatre.receive(events.PlayoutFinished(theatre.heard.turn, 5000, words))
    assert theatre.conversation.transcript[-1].words == words
