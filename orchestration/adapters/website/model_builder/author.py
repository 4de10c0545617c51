"""The loop: ask the model, carry out what it calls, until it finishes or its budget is spent."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from orchestration.adapters import lookups
from orchestration.adapters.builders import MODEL_SECONDS
from orchestration.adapters.website.authored.bench import Bench
from orchestration.adapters.website.authored.terms import Unable
from orchestration.adapters.website.model_builder.endpoint import Desk, Endpoint, Message, Reply
from orchestration.adapters.website.model_builder.tools import NAME, TOOLS, Hands
from orchestration.adapters.work import Report

WORDS_MAX = 2
"""So many answers in a row may be words without a call."""
SAME_MAX = 4
"""So often one call may be made again, with nothing written in between."""
RESULT_CHARACTERS_MAX = 70_000
NUDGE = "Go on with the tools. When the site is finished, call finish."
LIMITS = (
    "You work through the tools list_files, read_file, write_file and finish; nothing else reaches the "
    "project, and nobody reads other words. Read what you change before you change it. Call finish once, at "
    "the end."
)


@dataclass(frozen=True, slots=True)
class Budget:
    """What one site may cost, its repairs included."""

    questions: int = 60
    calls: int = 200
    seconds: float = MODEL_SECONDS
    tokens: int = 1_500_000
    answer_seconds: float = 150.0
    """The longest that one answer is waited for."""


class ModelAuthor:
    """Writes a site by a model; remembers the conversation, so that a repair goes on from it."""

    def __init__(self, endpoint: Endpoint, budget: Budget = Budget()) -> None:  # noqa: B008 - frozen
        self._endpoint = endpoint
        self._budget = budget
        self._messages: list[Message] = [{"role": "system", "content": LIMITS}]
        self._ends = time.monotonic() + budget.seconds
        self._questions = self._calls = self._tokens = 0
        self._seen: Counter[tuple[str, str]] = Counter()

    def work(self, task: str, bench: Bench, report: Report) -> None:
        """See Author. Each call is a line of the log."""
        report.log(f"{NAME}: {self._endpoint.model} is asked")
        self._messages.append({"role": "user", "content": task})
        lookups.run(self._work(Hands(bench, report), report))

    async def _work(self, hands: Hands, report: Report) -> None:
        tools = [tool.as_json() for tool in TOOLS]
        desk = Desk(self._endpoint, tools, lambda line: report.log(f"{NAME}: {line}"))
        try:
            await self._talk(desk, hands, report)
        finally:
            await desk.close()
            report.log(
                f"{NAME}: {self._questions} questions, {self._calls} calls, {self._tokens} tokens so far"
            )

    async def _talk(self, desk: Desk, hands: Hands, report: Report) -> None:
        words = 0
        while True:
            reply = await self._ask(desk)
            self._messages.append(reply.as_message())
            if reply.calls:
                words = 0
                if self._carry_out(reply, hands):
                    return
                report.progress(min(100, 4 * self._questions), "writing the pages")
                continue
            words += 1
            if words == WORDS_MAX:
                raise Unable("The model talked instead of building.")
            self._messages.append({"role": "user", "content": NUDGE})

    async def _ask(self, desk: Desk) -> Reply:
        """The next answer, if there is budget for one. Raises Unable."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise Unable("The model took too long.")
        if self._questions >= self._budget.questions:
            raise Unable("The model came to no end.")
        if self._tokens >= self._budget.tokens:
            raise Unable("The model used up its words.")
        self._questions += 1
        reply = await desk.ask(self._messages, min(left, self._budget.answer_seconds))
        self._tokens += reply.tokens
        if reply.refused:
            raise Unable("The model refused to build this site.")
        if not reply.calls and not reply.text.strip():
            raise Unable("The model said nothing.")
        return reply

    def _carry_out(self, reply: Reply, hands: Hands) -> bool:
        """Each call gets exactly one answer, in order; whether one was `finish`."""
        finished = False
        for call in reply.calls:
            self._calls += 1
            if self._calls > self._budget.calls:
                raise Unable("The model came to no end.")
            same = (call.name, call.arguments)
            if call.name == "write_file" and same not in self._seen:
                self._seen.clear()
            self._seen[same] += 1
            if self._seen[same] > SAME_MAX:
                raise Unable("The model went in circles.")
            answered = hands.call(call.name, call.arguments)
            text = answered.text[:RESULT_CHARACTERS_MAX]
            self._messages.append({"role": "tool", "tool_call_id": call.id, "content": text})
            finished = finished or answered.finished
        return finished
