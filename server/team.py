"""Who the page meets: the persona registry and the phase table, as JSON. Nothing here needs a token."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from orchestration.personas import Cast
from orchestration.tools import WORK
from orchestration.workflow import Workflow


@dataclass(frozen=True, slots=True)
class Team:
    """The people and the phases of this server: the same data that the sessions are made of."""

    cast: Cast
    workflow: Workflow

    def body(self) -> dict[str, object]:
        """`{people: [{id, name, title, accent, jobs}], phases: [{name, title, speakers}]}`.

        `jobs` are the kinds of work that a person does, `speakers` who speaks in a phase, in order.
        """
        people = [
            {
                "id": persona.id,
                "name": persona.name,
                "title": persona.title,
                "accent": persona.accent,
                "jobs": [WORK[tool].job for tool in persona.tools if tool in WORK],
            }
            for persona in self.cast.values()
        ]
        phases = [
            {
                "name": phase.name,
                "title": phase.title,
                "speakers": list(dict.fromkeys(step.speaker for step in phase.steps)),
            }
            for phase in self.workflow.phases
        ]
        return {"people": people, "phases": phases}


TEAM: web.AppKey[Team] = web.AppKey("team")


def add_routes(app: web.Application) -> None:
    app.router.add_get("/team", _team)


async def _team(request: web.Request) -> web.Response:
    return web.json_response(request.app[TEAM].body(), headers={"Cache-Control": "no-cache"})
