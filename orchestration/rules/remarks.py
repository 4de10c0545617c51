"""Words that answer no question: a remark, or a wish (say it again, wait, go back, correct an answer)."""

from __future__ import annotations

from orchestration import events, facts, notices
from orchestration.brief import AnswerSource, AnswerStatus, Expects
from orchestration.rules import floor
from orchestration.standing import PAUSE_AFTER_HUMAN_MS, Standing
from orchestration.tastes import approves, picture_wanted, wants_an_edit
from orchestration.tools import WORK
from orchestration.transcript import HUMAN, Entry
from orchestration.turn import Stage, Turn
from orchestration.understanding import is_backchannel, is_refusal
from orchestration.wishes import (
    Amendment,
    amendment,
    goes_on,
    is_aside,
    may_be_a_name,
    plain,
    wants_a_moment,
    wants_it_again,
)
from orchestration.workflow import Wait

WITH_THE_QUESTION = ("corrected", "late_answer")
"""Beside the script, but with the open question in the same breath: said again as they were."""
MOMENT = "moment"
REBUILD = "rebuild"
"""A correction of what is shown: it is confirmed, and said that the site is built again."""
DRAW_PICTURE, NEW_PICTURE = "draw_picture", "new_picture"
ONLY_A_TAP, EDIT_YOURSELF = "only_a_tap", "edit_yourself"


def granted(c: Standing, event: events.HumanSaid, text: str, turn: Turn | None) -> bool:
    """Whether the words were a wish, or beside the question; `turn` is the one that they cut."""
    asked = asked_now(c, turn)
    before, said = c.put_aside, (asked, plain(text))
    c.put_aside = said
    aside = bool(asked) and is_aside(text)
    if _moment_is_over(c, asked, before, text):
        _again(c, event, turn)
        return True
    insists = bool(asked) and said == before and (aside or event.typed)
    if not insists and not (_a_name_is_asked(c, asked) and may_be_a_name(text)):
        if _wish(c, event, text, turn):
            return True
        if aside:
            put_aside(c, event, asked)
            return True
    c.put_aside = before
    return False


def _wish(c: Standing, event: events.HumanSaid, text: str, turn: Turn | None) -> bool:
    if wants_it_again(text):
        _again(c, event, turn)
        return True
    asked = asked_now(c, turn)
    looks = c.showing is not None or (turn is not None and turn.asks_opinion)
    if (asked or c.appending or looks) and wants_a_moment(text):
        _wait(c, event, asked, turn)
        return True
    wish = _amendment(c, text)
    if wish is None:
        return False
    if correct(c, event, wish, turn) or _go_back(c, event, wish, turn) or _put_right(c, event, wish, turn):
        return True
    if asked and wish.key and wish.key != asked and not wish.latest:
        put_aside(c, event, asked)  # of an answer that is still to come
        return True
    return False


def put_rightly(c: Standing, text: str) -> str:
    """The answer alone, where the words correct what the open question asks for ("no, the name is ...")."""
    wish = None if c.appending else _amendment(c, text)
    return wish.text if wish is not None and wish.text and wish.key == c.open_question else text


def _amendment(c: Standing, text: str) -> Amendment | None:
    return amendment(text, {word: q.key for q in c.workflow.questions for word in q.words})


def _moment_is_over(c: Standing, asked: str, before: tuple[str, str], text: str) -> bool:
    """Whether the human asked for a moment and now wants to go on; `before`: what was put aside last."""
    waited = bool(asked or c.appending) and asked == before[0] and wants_a_moment(before[1])
    return waited and (goes_on(text) or is_backchannel(text))


def _a_name_is_asked(c: Standing, asked: str) -> bool:
    return any(q.key == asked and q.expects is Expects.NAME for q in c.workflow.questions)


def asked_now(c: Standing, turn: Turn | None) -> str:
    """The key of the question that the human is asked now, empty for none."""
    if turn is not None and turn.step is not None:
        return turn.step.question
    return c.open_question


# ---------------------------------------------------------------------- again


def _again(c: Standing, event: events.HumanSaid, turn: Turn | None) -> None:
    """The voices are not told of the wish: what they say again answers the words before it."""
    remember(c, event, "", share=False)
    again = _question_again(c, turn) or turn or c.last
    heard = turn or c.last
    if heard is not None and heard.act in WITH_THE_QUESTION and c.open_question:
        again = heard
    appending, c.appending = c.appending and turn is None, False
    if again is None or appending:
        c.proceed(PAUSE_AFTER_HUMAN_MS)  # before the next turn sounded: nothing was missed
    elif not c.held:
        say_again(c, again, whole=True)


def _question_again(c: Standing, turn: Turn | None) -> Turn | None:
    """The turn that asked the open question, when something else was said after it or is said now."""
    asking = c.asking
    beside = turn is None or turn.step is None
    if not beside or asking is None or asking.step is None or c.satisfied(asking):
        return None
    return asking if asking.step.question == c.open_question else None


def say_again(c: Standing, turn: Turn, whole: bool = False) -> None:
    """The turn is said again from its start; what it called is not called again.

    `whole`: with the beginning, too, that it goes on with.
    """
    c.drop_prepared()
    after = "" if whole else turn.command.after
    again = c.speak(turn.speaker, turn.act, turn.command.context, turn.cue, turn.back, after)
    c.give(again, PAUSE_AFTER_HUMAN_MS)


def _wait(c: Standing, event: events.HumanSaid, asked: str, turn: Turn | None) -> None:
    """The human keeps the floor. More words answer the question, also one that was cut."""
    remember(c, event, "")
    if turn is not None and turn.asks_opinion:
        c.showing = turn
    c.appending = not asked and c.showing is None
    c.nudged, c.moment = False, True
    c.open_question = asked
    voice = c.asker(asked).speaker if asked else speaker(c, turn)
    c.interject(voice, MOMENT, {}, Stage.LISTENING)


# ---------------------------------------------------------------------- back


def _go_back(c: Standing, event: events.HumanSaid, wish: Amendment, turn: Turn | None) -> bool:
    """Open a question of this phase again. Its answer stays until there is another."""
    key = wish.key or _before(c, asked_now(c, turn))
    if wish.text or not key or not c.script.back_to(key, c.phase_told):
        return False
    remember(c, event, "")
    c.open_question = key
    c.appending = c.nudged = False
    c.misheard = 0
    floor.tell_question(c, key)
    c.interject(c.asker(key).speaker, "go_back", {"question": facts.question(c, None)}, Stage.LISTENING)
    return True


def _put_right(c: Standing, event: events.HumanSaid, wish: Amendment, turn: Turn | None) -> bool:
    """After the interview: ask for the right answer, which the next words are, and go on where it was."""
    key = wish.key
    if wish.text or not key or asked_now(c, turn) or c.brief[key].status is AnswerStatus.PENDING:
        return False
    remember(c, event, "")
    c.righting = (key, back_from(c, turn))
    c.open_question = key
    c.appending = c.nudged = False
    c.misheard = 0
    floor.tell_question(c, key)
    c.interject(c.asker(key).speaker, "go_back", {"question": facts.question(c, None)}, Stage.LISTENING)
    return True


def _before(c: Standing, key: str) -> str:
    """The question before this one; without one, the question answered last."""
    keys = [answer.key for answer in c.brief.answers]
    return keys[max(0, keys.index(key) - 1)] if key else c.answered


# ---------------------------------------------------------------------- corrected


def correct(
    c: Standing, event: events.HumanSaid, wish: Amendment, turn: Turn | None, change: str = ""
) -> bool:
    """Put an answer right that was given before. The open question is asked again, in the same breath.

    `change` is what is said of it, where that is not the whole answer.
    """
    key, asked = wish.key or c.answered, asked_now(c, turn)
    if wish.latest and key != c.answered:
        return False
    if not wish.text or not key or key == asked or c.brief[key].status is AnswerStatus.PENDING:
        return False
    remember(c, event, key)
    if turn is not None and turn.asks_opinion:
        c.showing = turn
    appending, c.appending = c.appending, False
    floor.change_answer(c, key, wish.text, AnswerSource.TYPED if event.typed else AnswerSource.VOICE)
    c.answered = key
    if appending:
        c.proceed(PAUSE_AFTER_HUMAN_MS)  # the next question confirms the answer before it
        return True
    c.open_question = asked
    back = Stage.LISTENING if asked else back_from(c, turn)
    voice = c.asker(asked).speaker if asked else speaker(c, turn)
    question = facts.question(c, None) if asked else {}
    act = REBUILD if c.rebuilding and not asked else "corrected"
    answer = facts.answer(c, None) | ({"text": change} if change else {})
    c.interject(voice, act, {"answer": answer, "question": question}, back)
    return True


# ---------------------------------------------------------------------- remarks


def remember(c: Standing, event: events.HumanSaid, question: str, share: bool = True) -> None:
    """The human's words enter the transcript; `share` also tells them to the voices."""
    began = ended = c.now
    if not event.typed:
        ended = c.now if c.human_until is None else c.human_until
        began = ended if c.human_at is None else min(c.human_at, ended)
        c.human_at = c.human_until = None
    c.transcript.append(Entry(HUMAN, event.text, c.at_ms(began), c.at_ms(ended), c.phase))
    c.tell(notices.HumanHeard(event.text, question, event.confidence, event.typed))
    if share:
        c.do(events.Share(HUMAN, event.text))


def put_aside(c: Standing, event: events.HumanSaid, asked: str) -> None:
    """A question of the human's own is no answer: it is replied to, and the open one is asked again."""
    remember(c, event, "")
    c.interject(c.asker(asked).speaker, "reply", {}, back_to_question(c, asked))


def back_to_question(c: Standing, asked: str) -> Stage:
    """Where it goes on after words beside the open question: it is asked again, or waited for."""
    c.open_question = asked
    coming = c.script.upcoming()
    given_back = coming is not None and coming.step.question == asked
    pending = c.brief[asked].status is AnswerStatus.PENDING
    if pending and (given_back or c.script.back_to(asked, c.phase_told, before=True)):
        c.open_question = ""
        return Stage.TALKING
    return Stage.LISTENING


def remark(c: Standing, event: events.HumanSaid, text: str, turn: Turn | None) -> None:
    """A refusal of what is shown, or something to reply to."""
    remember(c, event, "")
    back = back_from(c, turn)
    approval = c.desk.open_approval
    if approval is not None and is_refusal(text, event.confidence):
        c.do(*c.desk.decide(approval, events.Decision.REJECT))
        floor.return_to(c, back)
    elif approval is not None and (wish := picture_wanted(text)) is not None:
        _change_picture(c, wish, approval.speaker, back)
    elif approval is not None and approves(text):
        c.interject(approval.speaker, ONLY_A_TAP, {}, back)
    elif approval is not None and c.desk.decided is None and wants_an_edit(text):
        c.interject(approval.speaker, EDIT_YOURSELF, {}, back)
    else:
        c.interject(speaker(c, turn), "reply", {}, back)


def _change_picture(c: Standing, wish: events.Picture, voice: str, back: Stage) -> None:
    """By voice as by hand: what was to be approved is another post then, and is shown anew."""
    done = c.desk.change_picture(wish, c.now)
    c.do(*done)
    if not done:
        c.interject(voice, "reply", {}, back)
    elif wish is events.Picture.NONE:
        c.interject(voice, NEW_PICTURE, {"picture": {"status": "none"}}, back)
    else:
        c.interject(voice, DRAW_PICTURE, {}, back)


def back_from(c: Standing, turn: Turn | None) -> Stage:
    """Where the conversation goes on after the reply. A step cut before it was whole is said again."""
    if turn is None:
        waits = c.stage in (Stage.WORKING, Stage.APPROVING) or c.showing is not None
        return c.stage if waits else Stage.TALKING
    step = turn.step
    if step is None:
        return turn.back
    if not turn.generated:
        c.give_back(turn)
        return Stage.TALKING
    if turn.asks_opinion:
        c.showing = turn
        return Stage.LISTENING
    if step.wait is Wait.ANSWER or c.satisfied(turn):
        return Stage.TALKING
    c.awaited = WORK[step.tool].job
    return Stage.APPROVING if step.wait is Wait.APPROVAL else Stage.WORKING


def speaker(c: Standing, turn: Turn | None) -> str:
    """Who answers: who was cut, else who spoke last."""
    if turn is not None:
        return turn.speaker
    spoken = (entry.speaker for entry in reversed(c.transcript) if entry.speaker != HUMAN)
    return next(spoken, next(iter(c.team)))
