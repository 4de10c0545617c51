"""`Line` over the OpenAI SDK's WebSocket: OpenAI itself, or the embedded engine, by `base_url` alone.

One task reads and one writes. Messages travel as raw JSON both ways: the SDK's typed events cost five to
ten times as much for audio. A lost socket is reported once, the turn under way fails as retryable, and
the Line reconnects with growing pauses, each new session being told what the last one knew. Turns asked
for meanwhile wait for it, for `LineTimes.give_up_s`.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from openai import AsyncOpenAI, OpenAIError
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from websockets.exceptions import InvalidStatus, WebSocketException

from orchestration.adapters.line_queue import Rejected, SendQueue
from orchestration.adapters.line_reports import report
from orchestration.ports import Line, LineConfig, LineFactory, LineListener, ResponseRequest
from orchestration.realtime import Hearing, LineError, RealtimeClient
from orchestration.realtime_outcomes import ConfigurationRejected, Configured, LineCode, Outcome
from orchestration.realtime_wire import append_message, parse

if TYPE_CHECKING:
    from openai.types.websocket_connection_options import WebSocketConnectionOptions

logger = logging.getLogger(__name__)

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_STATUS_CODES = {
    401: LineCode.UNAUTHORISED,
    403: LineCode.UNAUTHORISED,
    404: LineCode.REJECTED,
    429: LineCode.RATE_LIMITED,
}


@dataclass(frozen=True, slots=True)
class LineTimes:
    """Seconds. A Realtime session ends after 60 minutes without warning, so it is renewed before."""

    open_s: float = 10.0
    first_retry_s: float = 0.25
    last_retry_s: float = 8.0
    give_up_s: float = 20.0
    """How long turns wait for a lost session to come back before they fail."""
    renew_s: float = 50 * 60.0
    renew_latest_s: float = 58 * 60.0
    """Renewal waits that long for a moment in which nobody talks."""
    messages_per_yield: int = 4


class OpenAILine:
    """One persona's Realtime session, kept warm (`ports.Line`)."""

    def __init__(
        self,
        client: AsyncOpenAI,
        model: str,
        hearing: Hearing,
        config: LineConfig,
        listener: LineListener,
        times: LineTimes | None = None,
    ) -> None:
        self._openai = client
        self._model = model
        self._name = config.name
        self._listener = listener
        self._times = times or LineTimes()
        self._protocol = RealtimeClient(config, hearing)
        self._queue = SendQueue()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._was_up = False
        """Whether this socket's session was configured."""
        self._down_since = 0.0

    # ----------------------------------------------------------------------- ports.Line

    async def open(self) -> None:
        """Connect and configure; raises LineError when that fails or takes longer than `open_s`.

        The Line goes on trying until it is closed, so `close` is due after a LineError too.
        """
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(opened), name=f"line {self._name}")
        try:
            async with asyncio.timeout(self._times.open_s):
                await opened
        except TimeoutError as error:
            raise LineError(self._name, LineCode.TIMEOUT) from error

    def respond(self, request: ResponseRequest) -> None:
        if not self._protocol.respond(request):
            logger.warning("turn requested twice", extra={"line": self._name, "turn": request.turn})
        self._flush()

    def cancel(self, turn: str) -> None:
        self._protocol.cancel(turn)
        self._flush()

    def truncate(self, turn: str, audio_ms: int) -> None:
        self._protocol.truncate(turn, audio_ms)
        self._flush()

    def forget(self, turn: str) -> None:
        self._protocol.forget(turn)
        self._flush()

    def add_context(self, role: str, text: str) -> None:
        self._protocol.add_context(role, text)
        self._flush()

    def answer_tool(self, call: str, output: dict[str, object]) -> None:
        if not self._protocol.answer_tool(call, output):
            logger.info("answer to an unknown call dropped", extra={"line": self._name, "call": call})
        self._flush()

    def hear(self, pcm: bytes) -> None:
        if pcm:
            self._queue.put_audio(append_message(pcm))

    def commit(self) -> None:
        self._protocol.commit()
        self._flush()

    async def close(self) -> None:
        """End the session; no task is left. Nothing is told to the listener any more."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    # ----------------------------------------------------------------------- the socket's life

    async def _run(self, opened: asyncio.Future[None]) -> None:
        """Task root: one socket after another until closed."""
        delay_s = self._times.first_retry_s
        self._down_since = asyncio.get_running_loop().time()
        while True:
            code = LineCode.LOST
            renewed = False
            try:
                async with self._connection() as connection:
                    renewed = await self._converse(connection, opened)
            except InvalidStatus as error:
                code = _STATUS_CODES.get(error.response.status_code, LineCode.UNREACHABLE)
            except Rejected as error:
                code = error.code
            except (OSError, WebSocketException, OpenAIError):
                # A refused connection and a broken one look the same to whoever waits for a voice.
                code = LineCode.LOST if opened.done() else LineCode.UNREACHABLE
            except Exception:
                # Task root: a defect of ours must be seen, and must not take the session with it.
                logger.exception("line failed", extra={"line": self._name})
                code = LineCode.SERVER
            if not opened.done():
                opened.set_exception(LineError(self._name, code))
            if self._was_up:
                delay_s = self._times.first_retry_s
            self._lose(code, renewed)
            if not renewed:
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, self._times.last_retry_s)

    def _lose(self, code: LineCode, renewed: bool) -> None:
        """Fail what cannot wait; tell the listener once for each socket that had worked."""
        was_up, self._was_up = self._was_up, False
        now = asyncio.get_running_loop().time()
        if was_up:
            self._down_since = now
        self._queue.clear()
        self._report(self._protocol.connection_lost(now - self._down_since >= self._times.give_up_s))
        if was_up and not renewed:
            logger.warning("line lost", extra={"line": self._name, "code": str(code)})
            self._listener.line_lost(self._name, str(code))

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncRealtimeConnection]:
        host = self._openai.base_url.host
        options: dict[str, object] = {"max_size": 1 << 24, "compression": None, "close_timeout": 1.0}
        if host in _LOOPBACK:
            options["proxy"] = None
        manager = self._openai.realtime.connect(
            model=self._model,
            websocket_connection_options=cast("WebSocketConnectionOptions", options),
        )
        async with asyncio.timeout(self._times.open_s):
            connection = await manager.enter()
        try:
            yield connection
        finally:
            with suppress(OSError, WebSocketException):
                await connection.close()

    async def _converse(self, connection: AsyncRealtimeConnection, opened: asyncio.Future[None]) -> bool:
        """Until the socket ends (raises) or the session is old and idle, or too old to wait (True)."""
        self._protocol.connected()
        self._flush()
        writer = asyncio.create_task(self._write(connection), name=f"line {self._name} writer")
        reader = asyncio.create_task(self._read(connection, opened), name=f"line {self._name} reader")
        now = asyncio.get_running_loop().time
        renew_at, timeout_s = now() + self._times.renew_latest_s, self._times.renew_s
        try:
            while True:
                done, _ = await asyncio.wait(
                    {reader, writer}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    task.result()
                if done or self._protocol.idle or now() >= renew_at:
                    return not done
                timeout_s = min(1.0, renew_at - now())
        finally:
            for task in (reader, writer):
                task.cancel()
            await asyncio.gather(reader, writer, return_exceptions=True)

    async def _read(self, connection: AsyncRealtimeConnection, opened: asyncio.Future[None]) -> None:
        received = 0
        while True:
            data = await connection.recv_bytes()
            try:
                event = parse(data)
            except ValueError:
                logger.warning("message is not JSON", extra={"line": self._name})
                continue
            outcomes = self._protocol.receive(event)
            self._flush()
            self._report(outcomes)
            for outcome in outcomes:
                self._note(outcome, opened)
            received += 1
            if received % self._times.messages_per_yield == 0:
                # A fast generator fills the socket's buffer, and reading from it never suspends.
                await asyncio.sleep(0)

    async def _write(self, connection: AsyncRealtimeConnection) -> None:
        while True:
            await connection.send_raw(await self._queue.get())

    def _note(self, outcome: Outcome, opened: asyncio.Future[None]) -> None:
        if isinstance(outcome, ConfigurationRejected):
            raise Rejected(outcome.code)
        if isinstance(outcome, Configured):
            self._was_up = True
            self._queue.open_audio()
            if not opened.done():
                opened.set_result(None)

    def _flush(self) -> None:
        for event in self._protocol.data_to_send():
            self._queue.put(json.dumps(event, ensure_ascii=False))

    def _report(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if not self._closed:
                report(self._listener, self._name, outcome)


def line_factory(
    client: AsyncOpenAI, model: str, transcription_model: str, times: LineTimes | None = None
) -> LineFactory:
    """Lines to `client`'s service: personas speak with `model`, the listening Line transcribes as well."""
    hearing = Hearing(transcription_model)

    def make(config: LineConfig, listener: LineListener) -> Line:
        return OpenAILine(client, model, hearing, config, listener, times)

    return make
