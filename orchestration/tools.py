"""The functions that a model may call: what each is called with, and what it sets going.

`select_next_speaker` is answered by the conversation itself; the others are jobs, or (for
`publish_post`) a job that first needs the human's approval of the exact payload.
"""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Work:
    """A tool that does work: the job's kind, its title on the page, whether a human must approve it."""

    tool: Tool
    job: str
    title: str
    needs_approval: bool = False


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
        ),
        Work(
            Tool(
                "build_website",
                "Build the website from the brief.",
                _schema(name="The business's name."),
            ),
            "website",
            "Building your website",
        ),
        Work(
            Tool(
                "draft_post",
                "Draft the LinkedIn post and its picture.",
                _schema(topic="What the post is about."),
            ),
            "post",
            "Drafting your post",
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
