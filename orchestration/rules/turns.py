"""A turn is generated, heard, cut, or fails; and what follows it."""

from __future__ import annotations

from orchestration import events, notices
from orchestration.rules import floor, human, opinion, resume
from orchestration.standing import Standing
from orchestration.tools import SELECT_NEXT_SPEAKER, WORK
from orchestration.turn import Stage, Turn
from orchestration.workflow import Wait

TURN_S = 45.0
"""A turn is at most 12 s; one that is still not over by then has stalled."""
VOICELESS_MAX = 2
"""When more colleagues than these fail in a row, it is not their voices but the service."""


def response_finished(c: Standing, event: events.ResponseFinished) -> None:
    """The model is done: take in what it called, and prepare the next turn while this one is heard."""
    turn = c.turn(event.turn)
    if turn is None:
        return
    turn.generated = True
    turn.text = event.text
    turn.calls = tuple(call for call in event.calls if not _answered_at_once(c, turn, call))
    if turn.started_at is not None:
        _start_work(c, turn)
    c.prepare_if_ready()


def _answered_at_once(c: Standing, turn: Turn, call: events.ToolCall) -> bool:
    """Whether the call asks for no work: the next speaker's choice, or what this turn may not call."""
    if call.name in turn.command.tools:
        return False
    if call.name == SELECT_NEXT_SPEAKER:
        chosen = str(call.arguments.get("speaker", ""))
        allowed = chosen in turn.command.speakers
        if allowed:
            c.script.choose(chosen)
        c.do(_answer(turn, call, {"status": "ok" if allowed else "refused", "speaker": chosen}))
    else:
        c.do(_answer(turn, call, {"status": "refused", "reason": "not offered in this turn"}))
    return True


def _answer(turn: Turn, call: events.ToolCall, output: dict[str, object]) -> events.AnswerTool:
    return events.AnswerTool(turn.speaker, call.call, output)


def _start_work(c: Standing, turn: Turn) -> None:
    """Start what the turn announces, now that it is heard; the step's tool even if the model forgot it."""
    calls = {call.name: call for call in turn.calls}
    for tool in turn.command.tools:
        if turn.cue is not None and turn.cue.place not in c.called:
            c.called.add(turn.cue.place)
            c.do(*c.desk.call(tool, turn.speaker, calls.get(tool, events.ToolCall("", tool)), c.now))


def response_failed(c: Standing, event: events.ResponseFailed) -> None:
    """Try the turn again, without what was heard of it; in the end say so: one voice never ends the session.

    Without any voice there is nothing to go on with: the session ends, and says why.
    """
    turn = c.turn(event.turn)
    if turn is None:
        return
    again = resume.failed(c, turn, event.code) and event.retryable
    if turn.started_at is None:
        if again:
            resume.try_again(c, turn, event.code)
        else:
            _give_up(c, turn)
    elif event.retryable and not (turn.generated or turn.broken):
        resume.break_off(c, turn, again)
        c.timers.set("voice", c.now + TURN_S)
    else:
        # It must not be heard on, or never ends: it falls silent first, and counts for what was heard.
        turn.failed = True
        c.current = None
        floor.silence(c, turn)


def _give_up(c: Standing, turn: Turn) -> None:
    c.voiceless.add(turn.speaker)
    if len(c.voiceless) > VOICELESS_MAX:
        c.tell(notices.Error("voices_lost", "The team's voices cannot be reached. Please try again later."))
        c.finish("stopped", "voices_lost")
        return
    name = c.team.get(turn.speaker, turn.speaker)
    c.tell(notices.Error("voice_failed", f"The {name} could not speak just now. The team goes on."))
    if turn is c.prepared:
        # It keeps its place, without a sound: what it was to start and to wait for still holds.
        turn.generated = True
        c.do(events.Close(turn.turn))
        return
    if turn.started_at is None:
        c.do(events.Discard(turn.turn))
    _start_work(c, turn)
    after(c, turn)


def playout_started(c: Standing, event: events.PlayoutStarted) -> None:
    turn = c.current
    if turn is None or turn.turn != event.turn or turn.started_at is not None:
        return
    turn.started_at = c.now
    turn.failing_since = None
    c.timers.set("voice", c.now + TURN_S)
    c.voiceless.clear()
    c.just_answered = False
    c.left_turns += 1
    c.enter_phase(turn.cue)
    c.tell(notices.TurnStarted(turn.turn, turn.speaker, turn.act, event.rtp_timestamp))
    if turn.step is not None and turn.step.question and not turn.command.after:
        floor.tell_question(c, turn.step.question)
    if turn.generated:
        _start_work(c, turn)
        c.prepare_if_ready()


def playout_finished(c: Standing, event: events.PlayoutFinished) -> None:
    """Heard to its end. Where the human began to speak over the last sound, the human has the floor."""
    if c.fading is not None and c.fading.turn == event.turn:
        c.fading.words = event.words
        _fell_silent(c, _text(c.fading), event.sent_ms, interrupted=False)
        return
    turn = c.current
    if turn is None or turn.turn != event.turn:
        return
    turn.words = event.words
    if not turn.broken:
        _start_work(c, turn)  # a turn without a sound never started
    c.record(turn, _text(turn), event.sent_ms, interrupted=False)
    if not turn.broken:
        after(c, turn)
    elif not resume.go_on(c, turn, _text(turn)):
        _give_up(c, turn)


def _text(turn: Turn) -> str:
    """What it says, or came to say before its voice was lost."""
    return turn.text or " ".join(word.text for word in turn.words)


def playout_interrupted(c: Standing, event: events.PlayoutInterrupted) -> None:
    if c.fading is None or c.fading.turn != event.turn:
        return
    c.fading.words = event.words
    c.do(events.Truncate(event.turn, event.source_ms, event.heard_text))
    _fell_silent(c, event.heard_text, event.sent_ms, interrupted=True)


def _fell_silent(c: Standing, heard: str, sent_ms: int, interrupted: bool) -> None:
    turn, c.fading = c.fading, None
    assert turn is not None  # both callers have just looked
    c.record(turn, heard, sent_ms, interrupted)
    if c.stopping is not None:
        c.finish("stopped", c.stopping)
        return
    if c.held:
        return
    if turn.failed and not c.human_speaking and c.typed_over is None:
        _give_up(c, turn)
        return
    c.cut = (turn, f"{turn.heard_before} {heard}".strip())
    typed, c.typed_over = c.typed_over, None
    if typed is not None:
        human.human_said(c, typed)  # who has begun to say more is waited for


def after(c: Standing, turn: Turn) -> None:
    """The turn is over: go on with what follows it."""
    c.current = None
    step = turn.step
    if step is None:
        # What an explanation goes before is prepared already, also where the conversation returns elsewhere.
        floor.return_to(c, Stage.TALKING if c.prepared is not None else turn.back)
    elif c.satisfied(turn):
        c.proceed(c.pause_after(turn))
    elif step.wait is Wait.ANSWER:
        c.nudged, c.misheard = False, 0
        floor.listen(c, step.question)
    elif step.wait is Wait.OPINION:
        opinion.ask(c, turn)
    else:
        c.awaited = WORK[step.tool].job
        floor.return_to(c, Stage.APPROVING if step.wait is Wait.APPROVAL else Stage.WORKING)
