"""`moentreprise serve`: listen, say one line once ready, drain when told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import os
import signal
import socket
import ssl
import sys
from collections.abc import Iterator, Sequence
from ctypes.util import find_library
from dataclasses import dataclass, replace

import aiohttp
import segno
from aiohttp import web

from orchestration.personas import RegistryError
from server import logs, tls
from server.engine_process import EngineError
from server.jobs.runner import JobsError
from server.settings import Settings

log = logging.getLogger(__name__)

READY_TIMEOUT_S = 90.0
DRAIN_S = 5.0


class ServeError(Exception):
    """The server cannot run. The message is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One listening socket; with a certificate it speaks https."""

    socket: socket.socket
    tls: ssl.SSLContext | None

    @property
    def port(self) -> int:
        number: int = self.socket.getsockname()[1]
        return number

    @property
    def url(self) -> str:
        host: str = self.socket.getsockname()[0]
        if host in ("0.0.0.0", "::"):
            host = "127.0.0.1"
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self.tls else 'http'}://{shown}:{self.port}"


def run(settings: Settings) -> int:
    """The exit code: 0 after a drain, 1 with one sentence on standard error when it cannot run."""
    logs.configure(settings.log_level, settings.log_format)
    try:
        asyncio.run(_serve(settings))
    except (ServeError, EngineError, RegistryError, JobsError) as error:
        print(f"moentreprise: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before the signal handlers were in place
        return 130
    return 0


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    with _stopped_by_signals(stop), contextlib.ExitStack() as stack:
        listeners = listen(settings)
        for listener in listeners:
            stack.callback(listener.socket.close)
        if sys.stderr.isatty():
            print("Starting; this takes a few seconds …", file=sys.stderr)
        from server.app import create_app  # takes a second or two; a taken port is known before

        app = create_app(replace(settings, port=listeners[0].port))
        await serve(app, listeners, stop)


async def serve(app: web.Application, listeners: Sequence[Listener], stop: asyncio.Event) -> None:
    """Run until `stop` is set. The URL is printed once `/readyz` answers 200 there."""
    runner = web.AppRunner(app, access_log_class=logs.AccessLogger, shutdown_timeout=1.0)
    starting = asyncio.create_task(_start(runner, listeners), name="start")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            settle()
            announce(listeners)
            await stopping
            log.info("draining")
    finally:
        for task in (starting, stopping):
            task.cancel()
        await asyncio.gather(starting, stopping, return_exceptions=True)
        await _clean_up(runner)


def settle() -> None:
    """What stands by now stays: the collector need not look at it again, in the middle of a word."""
    gc.collect()
    gc.freeze()


async def _start(runner: web.AppRunner, listeners: Sequence[Listener]) -> None:
    await runner.setup()
    for listener in listeners:
        await web.SockSite(runner, listener.socket, ssl_context=listener.tls).start()
    await _until_ready(listeners[0])


async def _until_ready(listener: Listener) -> None:
    """Ask as a browser would. Raises ServeError after 90 s without a 200."""
    # Our own certificate is not signed by anybody; this is loopback or our own address.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as session:
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                while not await _answers(session, f"{listener.url}/readyz"):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise ServeError(f"The server was not ready within {READY_TIMEOUT_S:.0f} s.") from None


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=5)) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def _clean_up(runner: web.AppRunner) -> None:
    """Shut the application down. When it takes longer than the drain, children go with their closed pipes."""
    try:
        async with asyncio.timeout(DRAIN_S):
            await runner.cleanup()
    except TimeoutError:
        log.warning("drain cut short", extra={"after_s": DRAIN_S})


@contextlib.contextmanager
def _stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """The first SIGINT or SIGTERM drains; a second one leaves at once."""
    loop = asyncio.get_running_loop()

    def asked() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, asked)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def listen(settings: Settings) -> list[Listener]:
    """Open the sockets first: a taken port is found out before anything is started.

    Without the network: http on `host`. With it: http on loopback for this machine's own browser, https on
    each private address for the others, all with the same port. Raises ServeError.
    """
    if not settings.lan:
        return [Listener(_bound(settings.host, settings.port), None)]
    addresses = tls.lan_addresses()
    if not addresses:
        raise ServeError("This machine has no address on a local network, so no phone can reach it.")
    try:
        context = tls.ensure_certificate(settings.data / "tls", addresses).context()
    except OSError as error:
        raise ServeError(
            f"The certificate cannot be written to {settings.data / 'tls'}: {error.strerror}."
        ) from error
    own = Listener(_bound("127.0.0.1", settings.port), None)
    return [own, *(Listener(_bound(address, own.port), context) for address in addresses)]


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror:
        raise ServeError(f"MOENTREPRISE_HOST names no address of this machine: {host}.") from None
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise ServeError(_why_not_bound(error, host, port)) from error
    listening.setblocking(False)
    return listening


def _why_not_bound(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use; stop the other program or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} may not be used by this user; choose one above 1023 with --port."
    return f"Cannot listen on {host}, port {port}: {error.strerror}."


def announce(listeners: Sequence[Listener]) -> None:
    """The one line; with the network also the phone's address as a QR code."""
    if not has_natural_voices():
        print("Note: flite is not installed, so the voices are plainer (apt install libflite1).", flush=True)
    print(f"Moentreprise is ready: {listeners[0].url}", flush=True)
    phone = next((listener for listener in listeners if listener.tls), None)
    if phone is not None:
        print(f"\nOn your phone, in the same network: {phone.url}")
        print("It warns of our own certificate once; the README shows what to tap.\n")
        segno.make(phone.url, error="l", micro=False).terminal(compact=True)
        print(flush=True)


def has_natural_voices() -> bool:
    return find_library("flite_cmu_us_slt") is not None
