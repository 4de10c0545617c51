"""How the text of a setting becomes a value. Each parser raises ValueError for what it cannot use."""

from __future__ import annotations

import ipaddress
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


class SettingError(ValueError):
    """A value that cannot be used. The message names the variable and says what was expected."""


@dataclass(frozen=True, slots=True)
class IceServer:
    """One STUN or TURN server, as in RTCIceServer (W3C WebRTC, section 4.2.4)."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = field(default="", repr=False)


def text(value: str) -> str:
    return value


def folder(value: str) -> str:
    """Absolute: children that use it run in other folders."""
    return str(Path(value).absolute())


def choice(*allowed: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.lower() not in allowed:
            raise ValueError
        return value.lower()

    return parse


def command(value: str) -> str:
    """Words as a shell would split them; kept as they are written."""
    shlex.split(value)
    return value


def integer(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        number = int(value)
        if not low <= number <= high:
            raise ValueError
        return number

    return parse


def flag(value: str) -> bool:
    if value.lower() in ("1", "true", "yes", "on"):
        return True
    if value.lower() in ("0", "false", "no", "off", ""):
        return False
    raise ValueError


def host(value: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", value) is None:
        ipaddress.ip_address(value)
    return value


def url(value: str) -> str:
    parts = urlsplit(value)
    usable = parts.scheme in ("http", "https") and parts.hostname and not parts.query and not parts.fragment
    named = "@" in parts.netloc  # addresses are shown and logged, names and passwords in them with them
    if value and (named or not usable):
        raise ValueError
    return value.rstrip("/")


def origins(value: str) -> tuple[str, ...]:
    origins = tuple(url(item.strip()) for item in value.split(",") if item.strip())
    if any(urlsplit(origin).path for origin in origins):
        raise ValueError
    return origins


def matching(pattern: str) -> Callable[[str], str]:
    """A text that matches as a whole."""

    def parse(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            raise ValueError
        return value

    return parse


def _ice_urls(value: object) -> tuple[str, ...]:
    urls = [value] if isinstance(value, str) else value
    if not isinstance(urls, list) or not urls:
        raise ValueError
    checked: list[str] = []
    for url in urls:
        if not isinstance(url, str) or re.fullmatch(r"(stun|stuns|turn|turns):[^\s/]+", url) is None:
            raise ValueError
        checked.append(url)
    return tuple(checked)


def _ice_server(entry: object) -> IceServer:
    if not isinstance(entry, dict):
        raise ValueError
    username, credential = entry.get("username", ""), entry.get("credential", "")
    if not isinstance(username, str) or not isinstance(credential, str):
        raise ValueError
    return IceServer(_ice_urls(entry.get("urls")), username, credential)


def ice_servers(value: str) -> tuple[IceServer, ...]:
    if not value.lstrip().startswith("["):
        return tuple(IceServer(_ice_urls(url.strip())) for url in value.split(",") if url.strip())
    entries = json.loads(value)
    return tuple(_ice_server(entry) for entry in entries)


def read_env_file(path: Path | None) -> dict[str, str]:
    """`NAME=value` lines; `#` comments, a leading `export` and matching quotes are understood.

    An absent file is empty. Raises SettingError for a line that is none of these, naming its number.
    """
    if path is None or not path.is_file():
        return {}
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.strip().removeprefix("export ").strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name.strip()) is None:
            raise SettingError(f"{path}, line {number} must look like NAME=value.")
        found[name.strip()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value.split(" #", 1)[0].rstrip()
