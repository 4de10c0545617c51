"""How the simulated human takes part in a session."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    interruptions: int = 0
    """How many turns it talks over."""
    decisions: int = 0
    """How often it says yes or no to the post, aloud; the last time it is a no. 0: it taps."""
    given: bool = False
    """The answers come with the session instead of being spoken."""
    voice: str = "echo"
