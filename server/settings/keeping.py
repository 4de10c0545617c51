"""Where things are kept, for how long, and what is logged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from server.settings import values
from server.settings.descriptor import setting


@dataclass(frozen=True)
class Keeping:
    """See the module; part of `server.settings.Settings`."""

    data: Path = setting(
        Path("data"),
        "MOENTREPRISE_DATA",
        Path,
        "a folder",
        "The folder for everything that sessions make, and for the certificate.",
    )
    """Absolute: children that use it run in other folders."""
    templates: str = setting(
        "",
        "MOENTREPRISE_TEMPLATES",
        values.folder,
        "a folder",
        "The folder for the packages that sites are built with (Vite, React); by default beside Python's "
        "own, or in the data folder.",
    )
    database_url: str = setting(
        "",
        "MOENTREPRISE_DATABASE_URL",
        values.matching(r"postgresql(\+psycopg)?://\S+"),
        "a Postgres address such as postgresql://user:password@host/name",
        "The Postgres database that keeps the jobs; without it they are kept in a file of the data folder.",
        secret=True,
    )
    session_ttl_s: int = setting(
        1800,
        "MOENTREPRISE_SESSION_TTL_S",
        values.integer(10, 604_800),
        "seconds from 10 to 604800",
        "How long a session waits for its page to come back before it expires.",
    )
    keep_ended_s: int = setting(
        86_400,
        "MOENTREPRISE_KEEP_ENDED_S",
        values.integer(0, 31_536_000),
        "seconds from 0 to 31536000",
        "How long an ended session's files and preview are kept.",
    )
    secret_key: str = setting(
        "",
        "MOENTREPRISE_SECRET_KEY",
        values.matching(r".{32,}"),
        "a secret of at least 32 characters",
        "Encrypts accounts' tokens on disk; without it a key is made in the data folder.",
        secret=True,
    )
    log_level: str = setting(
        "info",
        "MOENTREPRISE_LOG_LEVEL",
        values.choice("debug", "info", "warning", "error"),
        "debug, info, warning or error",
        "How much is logged.",
    )
    log_format: str = setting(
        "text",
        "MOENTREPRISE_LOG_FORMAT",
        values.choice("text", "json"),
        "text or json",
        "One line of text or of JSON.",
    )
