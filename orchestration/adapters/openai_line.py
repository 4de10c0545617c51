"""`Line` over the OpenAI SDK's WebSocket: OpenAI itself, or the embedded engine, by `base_url` alone.

One task reads and one writes. Messages travel as raw JSON both ways: the SDK's typed events cost five to
ten times as much for audio. When a socket is lost, the turn under way fails as retryable, and the Line
reconnects with growing pauses, each new session being told what the last one knew. Turns asked for
meanwhile wait for it, for `LineTimes.give_up_s`. A session that grows old is exchanged in a silent moment
for one whose socket is open already, so that nobody waits.
"""

from __future__ import annotations

import asyncio
import json
import logging

from openai import AsyncOpenAI, OpenAIError
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from websockets.exceptions import InvalidStatus, WebSocketException

from orchestration.adapters.line_queue import Rejected, SendQueue
from orchestration.adapters.line_reports import report
from orchestration.adapters.line_socket import Dial, dialler, hang_up, refusal
from orchestration.adapters.line_times import BackOff, LineTimes
from orchestration.brief import Expects
from orchestration.ports import Line, LineConfig, LineFactory, LineListener, ResponseRequest
from orchestration.realtime import Hearing, LineError, RealtimeClient
from orchestration.realtime_outcomes import ConfigurationRejected, Configured, LineCode, Outcome
from orchestration.realtime_wire import append_message, parse

__all__ = ["LineTimes", "OpenAILine", "line_factory"]

logger = logging.getLogger(__name__)

_UNREACHED = (OSError, WebSocketException, OpenAIError)


class OpenAILine:
    """One persona's Realtime session, kept warm (`ports.Line`)."""

    def __init__(
        self,
        dial: Dial,
        hearing: Hearing,
        config: LineConfig,
        listener: LineListener,
        times: LineTimes | None = None,
    ) -> None:
        self._dial = dial
        self._name = config.name
        self._listener = listener
        self._times = times or LineTimes()
        self._protocol = RealtimeClient(config, hearing)
        self._queue = SendQueue()
        self._back_off = BackOff(self._times)
        self._task: asyncio.Task[None] | None = None
        self._hanging_up: set[asyncio.Task[None]] = set()
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._closed = False
        self._up_since: float | None = None
        """When this socket's session was configured; None while there is none."""
        self._down_since = 0.0
        self._live: AsyncRealtimeConnection | None = None
        """The connection whose events count."""
        self._told_lost = False
        self._telling: asyncio.TimerHandle | None = None

    # ----------------------------------------------------------------------- ports.Line

    async def open(self) -> None:
        """Connect and configure; raises LineError when that fails or takes longer than `open_s`.

        The Line goes on trying until it is closed, so `close` is due after a LineError too.
        """
        self._task = asyncio.create_task(self._run(), name=f"line {self._name}")
        try:
            async with asyncio.timeout(self._times.open_s):
                await self._opened
        except TimeoutError as error:
            self._told_lost = True
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

    def set_patience(self, silence_ms: int) -> None:
        self._protocol.set_patience(silence_ms)
        self._flush()

    def expect(self, what: Expects) -> None:
        self._protocol.expect(what)
        self._flush()

    async def close(self) -> None:
        """End the session; no task is left. Nothing is told to the listener any more."""
        self._closed = True
        if self._telling is not None:
            self._telling.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await asyncio.gather(*self._hanging_up)

    # ----------------------------------------------------------------------- one session after another

    async def _run(self) -> None:
        """Task root: one session after another until closed."""
        self._down_since = self._now()
        following: AsyncRealtimeConnection | None = None
        while True:
            try:
                connection = following or await self._dial()
                following = None
                try:
                    following = await self._converse(connection)
                    continue
                finally:
                    self._hang_up(connection)
            except InvalidStatus as error:
                code = refusal(error)
            except Rejected as error:
                code = error.code
            except _UNREACHED:
                # A refused connection and a broken one look the same to whoever waits for a voice.
                code = LineCode.LOST if self._opened.done() else LineCode.UNREACHABLE
            except Exception:
                # Task root: a defect of ours must be seen, and must not take the session with it.
                logger.exception("line failed", extra={"line": self._name})
                code = LineCode.SERVER
            up_s = self._went_down(code)
            if not self._opened.done():
                self._told_lost = True
                self._opened.set_exception(LineError(self._name, code))
            await asyncio.sleep(self._back_off.pause_s(up_s))

    def _went_down(self, code: LineCode) -> float:
        """The session is over: fail what cannot wait. Returns for how many seconds it had worked."""
        now, up_s = self._now(), 0.0
        if self._up_since is not None:
            up_s = now - self._up_since
            self._up_since, self._down_since = None, now
        self._live = None
        if self._opened.done() and self._telling is None and not self._told_lost:
            self._telling = asyncio.get_running_loop().call_later(self._times.tell_s, self._tell_lost, code)
        self._queue.begin_again(overlap=self._protocol.idle)
        self._report(self._protocol.connection_lost(now - self._down_since >= self._times.give_up_s))
        logger.info("session over", extra={"line": self._name, "code": str(code), "up_s": round(up_s)})
        return up_s

    def _tell_lost(self, code: LineCode) -> None:
        self._telling = None
        self._told_lost = True
        self._listener.line_lost(self._name, str(code))

    def _came_up(self) -> None:
        """The session is configured."""
        if self._up_since is None:
            self._up_since = self._now()
        self._queue.open_audio()
        if not self._opened.done():
            self._opened.set_result(None)
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        if self._told_lost:
            self._told_lost = False
            self._listener.line_restored(self._name)

    def _hang_up(self, connection: AsyncRealtimeConnection) -> None:
        """Nobody waits for the closing handshake but `close`."""
        task = asyncio.create_task(hang_up(connection), name=f"line {self._name} hangs up")
        self._hanging_up.add(task)
        task.add_done_callback(self._hanging_up.discard)

    # ----------------------------------------------------------------------- one session

    async def _converse(self, connection: AsyncRealtimeConnection) -> AsyncRealtimeConnection:
        """Until the socket ends (raises), or until another one takes over (returned)."""
        self._live = connection
        self._protocol.connected()
        self._flush()
        name = f"line {self._name}"
        writer = asyncio.create_task(self._write(connection), name=f"{name} writer")
        reader = asyncio.create_task(self._read(connection), name=f"{name} reader")
        successor = asyncio.create_task(self._succeed(), name=f"{name} successor")
        tasks = (writer, reader, successor)
        try:
            await asyncio.wait(tasks, timeout=self._times.open_s, return_when=asyncio.FIRST_COMPLETED)
            if self._up_since is None and not any(task.done() for task in tasks):
                raise TimeoutError("not configured in time")
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if successor.done():
                return successor.result()
            await (reader if reader.done() else writer)
            raise AssertionError("reader and writer end by an exception alone")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _succeed(self) -> AsyncRealtimeConnection:
        """When this session is old: the connection for the next, from a moment in which nobody talks.

        It is opened first, so that the change costs no time. Where none can be had, the old one goes on.
        """
        latest = self._now() + self._times.renew_latest_s
        await asyncio.sleep(self._times.renew_s)
        await self._silence(latest)
        following = None
        while following is None:
            try:
                following = await self._dial()
            except _UNREACHED:
                logger.info("no session to renew with", extra={"line": self._name})
                await asyncio.sleep(self._times.last_retry_s)
        try:
            await self._silence(latest)
        except asyncio.CancelledError:
            self._hang_up(following)
            raise
        # Without a pause after the last look: a turn that is asked for from here on waits for the next.
        self._went_down(LineCode.LOST)
        return following

    async def _silence(self, latest: float) -> None:
        while not self._protocol.idle and (left_s := latest - self._now()) > 0:
            await asyncio.sleep(min(0.1, left_s))

    async def _read(self, connection: AsyncRealtimeConnection) -> None:
        received = 0
        while True:
            data = await connection.recv_bytes()
            if self._live is not connection:
                continue
            try:
                event = parse(data)
            except ValueError:
                logger.warning("message is not JSON", extra={"line": self._name})
                continue
            outcomes = self._protocol.receive(event)
            self._flush()
            self._report(outcomes)
            for outcome in outcomes:
                if isinstance(outcome, ConfigurationRejected):
                    raise Rejected(outcome.code)
                if isinstance(outcome, Configured):
                    self._came_up()
            received += 1
            if received % self._times.messages_per_yield == 0:
                # A fast generator fills the socket's buffer, and reading from it never suspends.
                await asyncio.sleep(0)

    async def _write(self, connection: AsyncRealtimeConnection) -> None:
        while True:
            await connection.send_raw(await self._queue.get())

    def _flush(self) -> None:
        for event in self._protocol.data_to_send():
            self._queue.put(json.dumps(event, ensure_ascii=False))

    def _report(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if not self._closed:
                report(self._listener, self._name, outcome)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def line_factory(
    client: AsyncOpenAI, model: str, transcription_model: str, times: LineTimes | None = None
) -> LineFactory:
    """Lines to `client`'s service: personas speak with `model`, the listening Line transcribes as well."""
    times = times or LineTimes()
    dial, hearing = dialler(client, model, times.open_s), Hearing(transcription_model)

    def make(config: LineConfig, listener: LineListener) -> Line:
        return OpenAILine(dial, hearing, config, listener, times)

    return make
