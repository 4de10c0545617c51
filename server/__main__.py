"""The command line: `moentreprise serve | engine | rehearse | doctor`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from server.settings import SettingError, Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 impossible (one sentence says why), 2 wrong usage or setting."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["engine"]:
        return _engine(given[1:])
    options = _parser().parse_args(given)
    try:
        settings = Settings.load(os.environ, _overrides(options))
    except SettingError as error:
        print(f"moentreprise: {error}", file=sys.stderr)
        return 2
    if options.command == "serve":
        return _serve(settings)
    if options.command == "doctor":
        return _doctor(settings)
    return _rehearse(settings, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="moentreprise", description="Five AI colleagues with their own voices."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    serve = commands.add_parser("serve", help="run the server")
    serve.add_argument("--host", help="the address to listen on")
    serve.add_argument("--port", help="the port to listen on; 0 takes a free one")
    serve.add_argument(
        "--lan", action="store_const", const="1", help="listen on the network with https, and print a QR code"
    )
    commands.add_parser("engine", help="run the voice engine alone", add_help=False)
    rehearse = commands.add_parser("rehearse", help="hold a whole session with a simulated human")
    rehearse.add_argument("--answers", type=Path, required=True, help="a JSON list of six answers")
    rehearse.add_argument("--out", type=Path, required=True, help="the folder for what comes of it")
    rehearse.add_argument("--url", default="", help="a server that runs already; else one is started")
    rehearse.add_argument(
        "--interrupt", nargs="?", type=int, const=1, default=0, metavar="N", help="talk over N turns (1)"
    )
    rehearse.add_argument(
        "--decide", type=int, default=0, metavar="N", help="say yes N - 1 times to the post, aloud, then no"
    )
    rehearse.add_argument("--voice", default="echo", help="the simulated human's voice")
    rehearse.add_argument(
        "--given", action="store_true", help="hand the answers over instead of speaking them"
    )
    commands.add_parser("doctor", help="say what is in force here, and what to do about the rest")
    return parser


def _overrides(options: argparse.Namespace) -> dict[str, object]:
    return {name: getattr(options, name, None) for name in ("host", "port", "lan")}


def _serve(settings: Settings) -> int:
    from server.cli_serve import run  # each command loads what it needs, no more

    return run(settings)


def _engine(arguments: Sequence[str]) -> int:
    """The engine in this very process: its options are its own."""
    os.execv(sys.executable, [sys.executable, "-m", "server.engine", *arguments])


def _doctor(settings: Settings) -> int:
    from server.doctor import run

    return run(settings, os.environ)


def _rehearse(settings: Settings, options: argparse.Namespace) -> int:
    from server.rehearsal import run
    from server.rehearsal.part import Part

    part = Part(options.interrupt, options.decide, options.given, options.voice)
    return run(settings, options.answers, options.out, options.url, part)


if __name__ == "__main__":
    sys.exit(main())
