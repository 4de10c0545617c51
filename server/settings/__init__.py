"""What an operator may choose, each thing explained once.

A value comes from the command line, else from the environment, else from a `.env` file, else from the
default. The settings stand in this folder, by what they are about; the descriptors beside their defaults
drive parsing, `moentreprise doctor` and the table of the README.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from server.settings import values
from server.settings.descriptor import Descriptor
from server.settings.keeping import Keeping
from server.settings.linkedin import LinkedIn
from server.settings.network import Network
from server.settings.values import IceServer, SettingError, read_env_file
from server.settings.voices import Voices
from server.settings.work import Work

__all__ = [
    "DESCRIPTORS",
    "PRODUCT",
    "IceServer",
    "SettingError",
    "Settings",
    "readme_table",
    "unknown_variables",
]

PRODUCT = "moentreprise"
"""What `/healthz` says that it is the health of."""


@dataclass(frozen=True)
class Settings(LinkedIn, Work, Voices, Keeping, Network):
    """What is in force. Frozen; the secrets are left out of its repr. The last base's fields come first."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", self.data.absolute())

    @classmethod
    def load(
        cls,
        environ: Mapping[str, str],
        overrides: Mapping[str, object] | None = None,
        env_file: Path | None = Path(".env"),
    ) -> Settings:
        """Flags (field name → value, None meaning not given) over `environ` over `env_file` over defaults.

        Raises SettingError at the first value that cannot be used.
        """
        given = {**read_env_file(env_file), **environ}
        settings = cls()
        for descriptor in DESCRIPTORS:
            if descriptor.variable in given:
                value = _parsed(descriptor, given[descriptor.variable].strip())
                # The instance is ours alone until it is returned: this is the rest of its constructor.
                object.__setattr__(settings, descriptor.name, value)
        for name, value in (overrides or {}).items():
            if value is not None:
                descriptor = next(one for one in DESCRIPTORS if one.name == name)
                object.__setattr__(settings, name, _parsed(descriptor, str(value)))
        return replace(settings)

    def for_engine(self) -> dict[str, str]:
        """The engine's own settings as its environment, wherever they were given."""
        mine = ("brain_url", "brain_model", "brain_key", "voice_model", "hearing_model")
        return {one.variable: str(getattr(self, one.name)) for one in DESCRIPTORS if one.name in mine}

    def shown(self) -> list[tuple[Descriptor, str]]:
        """Every setting with its value as text; a secret only says whether it is set."""
        return [(one, _shown(one, getattr(self, one.name))) for one in DESCRIPTORS]


def _parsed(descriptor: Descriptor, value: str) -> object:
    if not value and descriptor.parse is not values.flag:
        return descriptor.default
    try:
        return descriptor.parse(value)
    except (ValueError, TypeError, AttributeError):
        # The value itself is not repeated: it may be a secret.
        raise SettingError(f"{descriptor.variable} must be {descriptor.expected}.") from None


def _shown(descriptor: Descriptor, value: object) -> str:
    if descriptor.secret:
        return "set" if value else "not set"
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return str(value)


def _descriptors() -> tuple[Descriptor, ...]:
    return tuple(Descriptor(name=one.name, default=one.default, **one.metadata) for one in fields(Settings))


DESCRIPTORS = _descriptors()


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """`MOENTREPRISE_*` names that no setting reads: probably typing errors.

    Names of the processes' own wiring (`MOENTREPRISE_ENGINE_*`) are not settings and not reported.
    """
    known = {one.variable for one in DESCRIPTORS}
    mine = [name for name in environ if name.startswith("MOENTREPRISE_")]
    return sorted(name for name in mine if name not in known and not name.startswith("MOENTREPRISE_ENGINE_"))


def readme_table() -> str:
    """The README's table of settings, in Markdown."""
    rows = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for one in DESCRIPTORS:
        default = _shown(one, one.default) if not one.secret else ""
        rows.append(f"| `{one.variable}` | {f'`{default}`' if default else ''} | {one.help} |")
    return "\n".join(rows)
