"""The human's hand on the page: write, correct an answer, edit the post, approve or reject it."""

from __future__ import annotations

from orchestration import events, facts
from orchestration.approval import ApprovalState
from orchestration.brief import AnswerSource, AnswerStatus
from orchestration.rules import contact, floor, human, remarks
from orchestration.rules.work import work_came_back
from orchestration.standing import Standing
from orchestration.transcript import HUMAN, Entry
from orchestration.turn import Stage
from orchestration.workflow import CONTACT

DECIDED = {
    ApprovalState.APPROVE: "(approved the post)",
    ApprovalState.REJECT: "(rejected the post)",
}

PICTURES = {
    events.Picture.ANOTHER: "(asked for another picture)",
    events.Picture.CARD: "(asked for the card)",
    events.Picture.NONE: "(took the picture out of the post)",
}


def human_typing(c: Standing, event: events.HumanTyping) -> None:
    """Who writes is not silent: nobody nudges them or goes on without their answer meanwhile."""
    if event.typing:
        c.typing_at = c.now
    floor.put_off_silence(c)


def answer_corrected(c: Standing, event: events.AnswerCorrected) -> None:
    """What was made from the old answer is made again. A correction of the open question answers it."""
    before = c.brief[event.key]
    did = "corrected" if before.status is AnswerStatus.ANSWERED else "answered"
    _note(c, f"({did}: {before.title} → {event.text})" if event.text else f"(took out: {before.title})")
    floor.put_off_silence(c)
    floor.change_answer(c, event.key, event.text, AnswerSource.CORRECTED)
    if c.stage is Stage.LISTENING and event.key == c.open_question and c.cut is None:
        c.timers.clear("nudge", "unanswered")
        if c.human_has_word:  # who says more goes on with it
            c.answered, c.open_question, c.appending = event.key, "", True
        else:
            human.answered(c, event.key)
    elif c.rebuilding and c.showing is not None and c.stage is Stage.LISTENING and not c.human_has_word:
        if event.key == CONTACT.key:
            contact.written(c, c.showing)
            return
        c.answered = event.key
        about = {"answer": facts.answer(c, None), "question": {}}
        c.interject(c.showing.speaker, remarks.REBUILD, about, Stage.LISTENING)


def post_edited(c: Standing, event: events.PostEdited) -> None:
    done = c.desk.edit_post(event, c.now)
    if done:
        _note(c, "(edited the post)")
    _changed(c, done)


def picture_wanted(c: Standing, event: events.PictureWanted) -> None:
    done = c.desk.change_picture(event.picture, c.now)
    if done:
        _note(c, PICTURES[event.picture])
    _changed(c, done)


def _changed(c: Standing, done: list[events.Command]) -> None:
    """The post is another one: who waits for its approval waits for the new one, from now on."""
    c.do(*done)
    if done:
        floor.outdate(c, "post")
    if done and c.stage is Stage.APPROVING and not c.human_has_word:
        floor.return_to(c, c.stage)


def approval_decided(c: Standing, event: events.ApprovalDecided) -> None:
    approval = c.desk.approvals.get(event.approval)
    if approval is not None and approval.state is ApprovalState.OPEN:
        late = c.now > approval.expires_at
        c.do(*(c.desk.expire(approval) if late else c.desk.decide(approval, event.decision)))
        if said := DECIDED.get(c.desk.approvals[event.approval].state):
            _note(c, said)
        c.timers.clear("remind", "expire")
        if c.stage is Stage.APPROVING and not c.human_has_word:
            floor.return_to(c, c.stage)
        else:
            work_came_back(c)


def _note(c: Standing, text: str) -> None:
    """What the hand did stands in the transcript, beside what was said."""
    c.transcript.append(Entry(HUMAN, text, c.at_ms(c.now), c.at_ms(c.now), c.phase))
