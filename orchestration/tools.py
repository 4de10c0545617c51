"""The functions that a model may call: what each is called with, and what it sets going.

`select_next_speaker` is answered by the conversation itself. The others are entries of WORK: answered at
once by a function, or jobs, or (`publish_post` alone) a job that first needs the human's approval of the
exact payload. Another tool is one more entry and one function (docs/extending.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orchestration.brief import Brief
from orchestration.ports import Tool

SELECT_NEXT_SPEAKER = "select_next_speaker"


def _schema(**properties: str) -> dict[str, object]:
    described = {name: {"type": "string", "description": text} for name, text in properties.items()}
    return {
        "type": "object",
        "properties": described,
        "required": list(properties),
        "additionalProperties": False,
    }


Arguments = dict[str, object]
"""Valid by the tool's schema."""
Result = dict[str, object]
"""Its `status` is `failed`, with a `reason` in words for the human, or says what was done."""
Answer = Callable[[Arguments, Brief], Result]
"""Answers a call at once: no waiting, no input or output, no clock. A WorkError becomes a failed result."""


@dataclass(frozen=True, slots=True)
class Work:
    """A tool that does work, its title on the page, and whether a human must approve it."""

    tool: Tool
    job: str
    """The kind of its result, and of the job that makes it (a function of `server.jobs.tasks`)."""
    title: str
    needs_approval: bool = False
    uses: tuple[str, ...] = ()
    """The kinds of earlier results that go to the job as well. It waits while one of them is made again."""
    regardless: tuple[str, ...] = ()
    """The questions whose answers make no difference to it: other ones do not start it again."""
    answer: Answer | None = None
    """Makes the result at once, without a job."""

    @property
    def needs_arguments(self) -> bool:
        """Whether it cannot be called without a model's arguments."""
        return self.answer is not None and bool(self.tool.parameters.get("required"))


WORK = {
    work.tool.name: work
    for work in (
        Work(
            Tool(
                "research_market",
                "Research the market of the human's business.",
                _schema(focus="What to look at, in a few words."),
            ),
            "research",
            "Researching your market",
            regardless=("style", "contact"),
        ),
        Work(
            Tool(
                "build_website",
                "Build the website from the brief.",
                _schema(name="The business's name."),
            ),
            "website",
            "Building your website",
            uses=("research",),
        ),
        Work(
            Tool(
                "draft_post",
                "Draft the LinkedIn post and its picture.",
                _schema(topic="What the post is about."),
            ),
            "post",
            "Drafting your post",
            uses=("website",),
            regardless=("contact",),
        ),
        Work(
            Tool(
                "publish_post",
                "Ask the human to approve the post, then publish it.",
                _schema(),
            ),
            "publish",
            "Publishing your post",
            needs_approval=True,
        ),
    )
}


def select_next_speaker(speakers: tuple[str, ...]) -> Tool:
    """The tool by which a manager hands over; its enum is what the phase allows."""
    return Tool(
        SELECT_NEXT_SPEAKER,
        "Choose the colleague who speaks next.",
        {
            "type": "object",
            "properties": {"speaker": {"type": "string", "enum": list(speakers)}},
            "required": ["speaker"],
            "additionalProperties": False,
        },
    )


def offered(names: tuple[str, ...], speakers: tuple[str, ...]) -> tuple[Tool, ...]:
    """The tools of one turn, by name; raises KeyError for a name that nobody defined."""
    chosen = (select_next_speaker(speakers),) if speakers else ()
    return chosen + tuple(WORK[name].tool for name in names)
