"""The aiohttp application: routes, middlewares, lifetimes, on one screen."""

from __future__ import annotations

import time

from aiohttp import web

from server import (
    accounts,
    cors,
    crew,
    downloads,
    errors,
    eventstream,
    hand,
    headers,
    load,
    metrics,
    oauth,
    pages,
    preview,
    sandboxed,
    sessions,
    team,
    whep,
    whip,
)
from server.jobs import means
from server.jobs.runner import JobRunner
from server.limits import Limiter, Rate
from server.pages import READY
from server.session import Crew
from server.sessions import MAX_UNENTERED, SESSIONS, Sessions
from server.settings import Settings
from server.whip import SETTINGS

BODY_BYTES = 64 * 1024
OPENING = Rate(burst=60, per_s=1.0)
"""How often one client may open a session."""


def create_app(settings: Settings) -> web.Application:
    """The whole product: its own engine when there is no key, its own workers.

    Raises RegistryError when a persona, an act, a tool or a phase is wrong.
    """
    app = bare_app(settings)
    voices = crew.voices(settings)
    runner = JobRunner(
        settings.data,
        database=settings.database_url,
        means=means.of_settings(settings, accounts.Accounts(settings).means),
        log_level=settings.log_level,
        log_format=settings.log_format,
    )
    app[READY] = voices.ready
    # Left in the reverse order: the sessions end before what they are made of.
    app.cleanup_ctx.extend([sandboxed.lifetime, crew.workers(runner), voices.context])
    house(app, crew.crew(settings, voices, runner))
    return app


def bare_app(settings: Settings, opening: Rate = OPENING) -> web.Application:
    """Routes and middlewares, with nobody in the rooms yet: `house` a crew in it before it starts."""
    app = web.Application(middlewares=[errors.problems, cors.preflight], client_max_size=BODY_BYTES)
    app.on_response_prepare.extend([headers.secure, cors.allow])
    app[SETTINGS] = settings
    app[READY] = lambda: True
    app[hand.OPENING] = Limiter(opening, time.monotonic)
    for room in (pages, team, hand, whip, whep, eventstream, preview, downloads, metrics, oauth):
        room.add_routes(app)
    return app


def house(app: web.Application, crew: Crew, max_unentered: int = MAX_UNENTERED) -> None:
    """Let sessions be opened, made of this crew, for as long as the application lives."""
    app[load.LOAD] = load.LoadWatch(crew.pacer.punctuality, app[SETTINGS].max_load_percent)
    app.cleanup_ctx.append(load.lifetime)
    app[SESSIONS] = Sessions(app[SETTINGS], crew, max_unentered)
    app[team.TEAM] = team.Team(crew.cast, crew.workflow)
    app.cleanup_ctx.append(sessions.lifetime)
    app.on_shutdown.append(sessions.drain)
