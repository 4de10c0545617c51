"""The real crew: Lines to OpenAI or to the embedded engine, the Director, the workers."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from aiohttp import web
from openai import AsyncOpenAI

from orchestration import entries, personas
from orchestration.adapters.openai_line import LineTimes, line_factory
from orchestration.director import Director
from orchestration.workflow import MOENTREPRISE
from server.engine_process import EngineProcess
from server.jobs.runner import JobRunner
from server.session import Crew
from server.settings import Settings

ENGINE_RETRY_S = 1.0
"""The embedded engine is next door: nobody minds how often the Lines knock while it restarts."""

Context = Callable[[web.Application], AsyncIterator[None]]


@dataclass(frozen=True, slots=True)
class Voices:
    """Where the Lines connect, whether that answers now, and its life (an aiohttp `cleanup_ctx`)."""

    client: AsyncOpenAI
    ready: Callable[[], bool]
    context: Context


def voices(settings: Settings) -> Voices:
    """OpenAI's with a key, else the embedded engine's."""
    if settings.openai_api_key:
        client = AsyncOpenAI(
            api_key=settings.openai_api_key, base_url=settings.openai_base_url or None, max_retries=1
        )
        return Voices(client, lambda: True, _closing(client))
    engine = EngineProcess(environ={**os.environ, **settings.for_engine()})
    client = AsyncOpenAI(api_key=engine.token, base_url="http://127.0.0.1:9/v1", max_retries=0)
    return Voices(client, lambda: engine.ready, _embedded(engine, client))


def crew(settings: Settings, voices: Voices, runner: JobRunner) -> Crew:
    """What sessions are made of. Raises RegistryError when an entry (persona, act, tool, phase) is wrong."""
    cast = personas.load()
    entries.check(cast, MOENTREPRISE)
    return Crew(
        director=Director,
        open_line=line_factory(
            voices.client, settings.realtime_model, settings.transcription_model, _times(settings)
        ),
        cast=cast,
        workflow=MOENTREPRISE,
        workshop=runner,
    )


def _times(settings: Settings) -> LineTimes:
    return LineTimes() if settings.openai_api_key else LineTimes(last_retry_s=ENGINE_RETRY_S)


def workers(runner: JobRunner) -> Context:
    """The workshop's life as an aiohttp `cleanup_ctx`. Raises JobsError when this server may not have it."""

    async def context(app: web.Application) -> AsyncIterator[None]:
        runner.warm()
        yield
        await runner.close()

    return context


def _embedded(engine: EngineProcess, client: AsyncOpenAI) -> Context:
    def restarted(ready: bool) -> None:
        if ready:
            client.base_url = engine.base_url  # a restart takes another port

    async def context(app: web.Application) -> AsyncIterator[None]:
        engine.subscribe(restarted)
        await engine.start()
        client.base_url = engine.base_url
        yield
        await engine.stop()
        await client.close()

    return context


def _closing(client: AsyncOpenAI) -> Context:
    async def context(app: web.Application) -> AsyncIterator[None]:
        yield
        await client.close()

    return context
