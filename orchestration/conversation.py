"""Who speaks and why: `receive(event, now)` returns commands. Pure: no clock, no input, no output.

The state is in `orchestration.state`, its moves in `orchestration.standing`, the rules in
`orchestration.rules`: one function an event, and a table that says which of them holds in which stage.
"""

from __future__ import annotations

from orchestration.events import Command, Event
from orchestration.rules import expectation, patience, rule_for
from orchestration.standing import Standing
from orchestration.turn import Stage


class Conversation(Standing):
    """One conversation, for any workflow."""

    def receive(self, event: Event, now: float) -> list[Command]:
        """Take in what happened at `now` (seconds); returns what is to be done, in order."""
        self.now = now
        self.out = []
        if self.stage is not Stage.ENDED:
            rule_for(self.stage, type(event))(self, event)
            patience.follow(self)
            expectation.follow(self)
        return self.out
