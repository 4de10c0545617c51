"""The conversation's table as Markdown, for ARCHITECTURE.md: `python -m orchestration.rules.diagram`."""

from __future__ import annotations

from orchestration.rules import ALWAYS, TABLE, ignore, rule_for
from orchestration.turn import Stage

STAGES = [stage for stage in Stage if stage is not Stage.ENDED]


def table() -> str:
    """One row an event, one column a stage; after the end nothing follows from anything."""
    known = [*ALWAYS, *(event for _, event in TABLE if event not in ALWAYS)]
    rows = [f"| event | {' | '.join(STAGES)} |", "|---" * (len(STAGES) + 1) + "|"]
    for event in dict.fromkeys(known):
        names = [rule_for(stage, event).__name__ for stage in STAGES]
        cells = ["" if name == ignore.__name__ else f"`{name}`" for name in names]
        rows.append(f"| {event.__name__} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(table(), end="")
