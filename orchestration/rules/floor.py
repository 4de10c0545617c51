"""Moves that several rules share: take and give the floor, go back to a stage, change an answer."""

from __future__ import annotations

from orchestration import events, notices
from orchestration.brief import AnswerSource
from orchestration.standing import PAUSE_HAND_OVER_MS, REMIND_S, SITE, Standing
from orchestration.turn import Stage, Turn

REBUILT, REBUILT_PLAIN, REBUILD_FAILED = "rebuilt", "rebuilt_plain", "rebuild_failed"
NUDGE_S = 10.0
UNANSWERED_S = 25.0
MOMENT_S = 25.0
"""The first silence when the human has asked for a moment."""
TYPING_S = 10.0
"""So long after the last change of what is written the human is still taken to write."""


def silence(c: Standing, turn: Turn) -> None:
    """Take the floor from a turn: cut what is heard, discard what is not."""
    if turn.started_at is None:
        c.do(events.Discard(turn.turn))
    else:
        c.fading = turn
        c.do(events.Cut())


def listen(c: Standing, question: str) -> None:
    """Give the human the floor; the clocks of silence run from now, while the human can hear.

    After a silence the human is nudged, or, where no question is open, the script goes on.
    """
    c.stage = Stage.LISTENING
    c.current = None
    c.open_question = question
    if c.human_speaking:
        return
    nudge_s = MOMENT_S if c.moment else NUDGE_S
    c.moment = False
    if c.nudged and question:
        c.timers.set("unanswered", c.now + UNANSWERED_S - NUDGE_S)
    else:
        c.timers.set("nudge", c.now + nudge_s)
        c.timers.set("unanswered", c.now + nudge_s + UNANSWERED_S - NUDGE_S)
    c.tell(notices.HumanListening(True))


def put_off_silence(c: Standing) -> None:
    """The human is there, only not heard: the clocks of silence start anew. None of them runs out sooner."""
    if c.held:
        return  # nobody can be asked, and the clocks stand still
    c.timers.put_off("nudge", c.now + NUDGE_S)
    c.timers.put_off("unanswered", c.now + (UNANSWERED_S - NUDGE_S if c.nudged else UNANSWERED_S))
    c.timers.put_off("remind", c.now + REMIND_S[0])


def is_typing(c: Standing) -> bool:
    return c.typing_at is not None and c.now - c.typing_at < TYPING_S


def return_to(c: Standing, stage: Stage) -> None:
    """Go (back) to a stage, and on at once where what it waits for has come meanwhile.

    Before a word on what is shown is waited for, it is built with what the human has changed.
    """
    c.stage = stage
    if c.rebuilding and c.showing is not None and not c.open_question:
        _return_to_the_site(c, c.showing)
    elif stage is Stage.LISTENING:
        listen(c, c.open_question)
    elif stage is Stage.TALKING or c.came(c.awaited):
        c.proceed(PAUSE_HAND_OVER_MS)
    else:
        c.wait_for(c.awaited)


def outdate(c: Standing, kind: str) -> None:
    """There is another result of this kind: a turn that was to report the one before is made anew."""
    turn = c.prepared
    if turn is not None and turn.step is not None and turn.step.reports == kind:
        c.drop_prepared()
        c.prepare_if_ready()


def tell_question(c: Standing, key: str) -> None:
    """Tell the page which question is asked now."""
    answer = c.brief[key]
    total = len(c.brief.answers)
    c.tell(notices.QuestionAsked(answer.key, answer.title, answer.question, answer.n, total))


def change_answer(c: Standing, key: str, text: str, source: AnswerSource) -> None:
    """Another answer to a question of the brief; what was made from the old one is made again."""
    brief = c.brief.with_answer(key, text, source)
    c.do(*c.desk.brief_changed(brief))
    c.tell(notices.BriefUpdated(brief, key))
    told = c.prepared.step.reports if c.prepared is not None and c.prepared.step is not None else ""
    if told and c.desk.is_coming(told):
        outdate(c, told)
    shows = c.showing is not None or (c.current is not None and c.current.asks_opinion)
    c.rebuilding = c.rebuilding or (shows and c.desk.is_coming(SITE))


def _return_to_the_site(c: Standing, shown: Turn) -> None:
    """Wait until it is built; then say what became of it, and listen."""
    if c.desk.is_coming(SITE):
        c.wait_for(SITE)
        return
    c.rebuilding = False
    failure = c.desk.setbacks.pop(SITE, {})
    site = c.desk.results[SITE]
    act = REBUILT_PLAIN if site.get("because") else REBUILT
    told = {"rebuild": failure} if failure else {"site": site}
    c.interject(shown.speaker, REBUILD_FAILED if failure else act, told, Stage.LISTENING)
