"""How the simulated human behaves: it answers when asked, corrects its card, approves the post."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from server.rehearsal.answers import KEYS, Answers
from server.rehearsal.client import Event, RehearsalError, Visit
from server.rehearsal.part import Part

REACTION_S = 0.45
READING_S = 1.5
"""How long it looks at a draft before it approves."""
SPOKEN_TRIES = 3
INTERRUPTIONS = {
    "interruption1": "Sorry, one moment please, I have a question.",
    "interruption2": "Wait, what does that mean for our customers?",
    "interruption3": "Hold on, tell me more about that.",
}
DECISIONS = {
    "yes1": "Yes.",
    "yes2": "Yes, please.",
    "yes3": "Okay, yes.",
    "no": "No.",
}
OPINION = {"opinion": "I like it."}
"""Of the website, in the phase that shows it."""
SHOWCASE = "showcase"
NO_TRIES = 3
REPLY_S = 6.0
"""So long it waits for a reply before it says more."""
LOOK_S = 0.02
INTERRUPT_AFTER_S = (1.3, 2.1, 0.9, 1.7)
"""How far into a turn the human begins to talk over it, in turn."""
SPARED_ACTS = frozenset({"ask", "nudge", "didnt_catch", "reply", "close"})
"""Talking over these would be an answer, or the end."""
QUARREL = 4
"""So many replies in a row are talked over too, where no question is open, before the script goes on."""

Tell = Callable[[str], None]


class Human:
    """Reads the session's events one by one; what takes time runs in tasks of its own."""

    def __init__(
        self,
        visit: Visit,
        answers: Answers,
        spoken: dict[str, bytes],
        tell: Tell,
        part: Part | None = None,
    ) -> None:
        """`spoken`: all that it will say aloud, by question or by name of the remark, PCM16 24 kHz."""
        self._visit = visit
        self._answers = answers
        self._spoken = spoken
        self._tell = tell
        self._part = part or Part()
        self._question = ""
        self._phase = ""
        self._tries: dict[str, int] = {}
        self._understood: set[str] = set(KEYS) if self._part.given else set()
        self._corrected: set[str] = set()
        self._turn = ""
        self._approval = ""
        self._quarrelled = 0
        self._speaking: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.interrupted: list[str] = []
        """The turns that it talked over."""

    async def hold(self) -> None:
        """Until the session is completed. Raises RehearsalError when it ends in any other way."""
        try:
            while (event := await self._visit.next_event()) is not None:
                self._react(event)
                for task in [task for task in self._tasks if task.done()]:
                    self._tasks.discard(task)
                    task.result()
                if event.type == "session.state" and event.data.get("state") in ("stopped", "expired"):
                    raise RehearsalError(f"The session ended early: {event.data}")
                if event.type == "session.completed":
                    return
            raise RehearsalError("The events ended before the session was completed.")
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def missed(self) -> list[str]:
        return [key for key in KEYS if key not in self._understood]

    def _react(self, event: Event) -> None:
        data = event.data
        match event.type:
            case "phase.entered":
                self._phase = str(data.get("phase"))
                self._tell(f"── {data.get('index')}/{data.get('of')} {data.get('phase')}")
            case "caption":
                self._tell(f"{str(data.get('speaker')).capitalize():>7}: {data.get('text')}")
            case "question.asked":
                self._question = str(data.get("question"))
            case "human.listening":
                self._listening(bool(data.get("listening")))
            case "human.said":
                self._tell(f"  heard: {data.get('text')}")
            case "brief.updated":
                self._brief_updated(data)
            case "turn.started":
                self._turn = str(data.get("turn"))
                self._consider_interrupting(str(data.get("act")))
            case "turn.ended":
                self._turn = ""
            case "approval.requested":
                self._approval = str(data.get("approval"))
                decide = self._decide if self._part.decisions else self._approve
                self._start(decide(self._approval))
            case "approval.resolved":
                self._approval = ""
            case "job.started" | "job.failed" | "error" | "post.published":
                shown = {
                    key: data[key] for key in ("kind", "code", "reason", "message", "status") if key in data
                }
                self._tell(f"  {event.type}: " + ", ".join(str(value) for value in shown.values() if value))
            case _:
                pass

    def _start(self, work: object) -> asyncio.Task[None]:
        assert asyncio.iscoroutine(work)
        task: asyncio.Task[None] = asyncio.create_task(work, name="human")
        self._tasks.add(task)
        return task

    def _listening(self, listening: bool) -> None:
        busy = self._speaking is not None and not self._speaking.done()
        if not listening or busy:
            return
        if self._phase == SHOWCASE:
            self._speaking = self._start(self._like())
        elif self._question and self._question not in self._understood:
            self._speaking = self._start(self._answer(self._question))

    async def _like(self) -> None:
        """Aloud at first, where that was prepared; typed when it was not understood."""
        await asyncio.sleep(REACTION_S)
        ((key, text),) = OPINION.items()
        tries = self._tries[key] = self._tries.get(key, 0) + 1
        self._tell(f"  human: {text}")
        if key in self._spoken and tries == 1:
            await self._visit.say(text, self._spoken[key])
        else:
            await self._visit.type(text)

    async def _answer(self, key: str) -> None:
        await asyncio.sleep(REACTION_S)
        if key in self._understood:
            return
        tries = self._tries[key] = self._tries.get(key, 0) + 1
        text = self._answers.said[key]
        self._tell(f"  human: {text}")
        if tries > SPOKEN_TRIES:
            await self._visit.type(text)
        else:
            await self._visit.say(text, self._spoken[key])

    def _brief_updated(self, data: dict[str, object]) -> None:
        key = str(data.get("changed") or "")
        answer = _answer_of(data.get("brief"), key)
        if not key or answer.get("status") != "answered":
            return
        self._understood.add(key)
        wanted = self._answers.correction(key, str(answer.get("text")))
        if wanted is not None and key not in self._corrected:
            self._corrected.add(key)
            self._start(self._correct(key, wanted))

    async def _correct(self, key: str, text: str) -> None:
        await asyncio.sleep(REACTION_S)
        self._tell(f"  human corrects {key}: {text}")
        await self._visit.correct(key, text)

    async def _approve(self, approval: str) -> None:
        await asyncio.sleep(READING_S)
        self._tell("  human approves the post")
        await self._visit.approve(approval)

    async def _decide(self, approval: str) -> None:
        """Say yes, which decides nothing, and at last no; tap when that is not understood."""
        yes = [key for key in DECISIONS if key != "no"]
        said = [yes[n % len(yes)] for n in range(self._part.decisions - 1)]
        for key in [*said, *["no"] * NO_TRIES]:
            await self._until(lambda: not self._turn)
            await asyncio.sleep(REACTION_S)
            if self._approval != approval:
                return
            self._tell(f"  human: {DECISIONS[key]}")
            await self._visit.say(DECISIONS[key], self._spoken[key])
            await self._until(lambda: bool(self._turn), REPLY_S)
        await self._approve(approval)

    async def _until(self, happened: Callable[[], bool], limit_s: float = 60.0) -> None:
        """Returns also when it did not happen in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while not happened():
                    await asyncio.sleep(LOOK_S)

    def _consider_interrupting(self, act: str) -> None:
        busy = self._speaking is not None and not self._speaking.done()
        quarrel = act == "reply" and self._part.given and self._quarrelled < QUARREL
        self._quarrelled = self._quarrelled + 1 if quarrel else 0
        spared = act in SPARED_ACTS and not quarrel
        if len(self.interrupted) < self._part.interruptions and not spared and not busy:
            self._speaking = self._start(self._interrupt(self._turn))

    async def _interrupt(self, turn: str) -> None:
        count = len(self.interrupted)
        await asyncio.sleep(INTERRUPT_AFTER_S[count % len(INTERRUPT_AFTER_S)])
        if self._turn != turn:
            return
        self.interrupted.append(turn)
        name = list(INTERRUPTIONS)[count % len(INTERRUPTIONS)]
        self._tell(f"  human interrupts: {INTERRUPTIONS[name]}")
        await self._visit.say(INTERRUPTIONS[name], self._spoken[name])


def _answer_of(brief: object, key: str) -> dict[str, object]:
    answers = brief.get("answers") if isinstance(brief, dict) else None
    for answer in answers if isinstance(answers, list) else []:
        if isinstance(answer, dict) and answer.get("key") == key:
            return answer
    return {}
