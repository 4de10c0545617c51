"""What an operator may choose, each thing explained once.

A value comes from the command line, else from the environment, else from a `.env` file, else from the
default below. The descriptors beside the defaults drive parsing, `moentreprise doctor` and the table of the
README.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TypeVar

from server import setting_values as values
from server.costs import TokenPrice, token_prices
from server.setting_values import IceServer, SettingError, read_env_file

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

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Descriptor:
    """How one setting is named, read and explained."""

    name: str
    variable: str
    parse: Callable[[str], object]
    expected: str
    help: str
    secret: bool
    default: object


def _setting(
    default: T,
    variable: str,
    parse: Callable[[str], object],
    expected: str,
    help: str,
    *,
    secret: bool = False,
) -> T:
    about = {"variable": variable, "parse": parse, "expected": expected, "help": help, "secret": secret}
    return field(default=default, repr=not secret, metadata=about)


@dataclass(frozen=True, slots=True)
class Settings:
    """What is in force. Frozen; the secrets are left out of its repr."""

    host: str = _setting(
        "127.0.0.1",
        "MOENTREPRISE_HOST",
        values.host,
        "a host name or an IP address",
        "The address to listen on.",
    )
    port: int = _setting(
        8080,
        "MOENTREPRISE_PORT",
        values.integer(0, 65535),
        "a number from 0 to 65535",
        "The port to listen on; 0 takes a free one.",
    )
    lan: bool = _setting(
        False,
        "MOENTREPRISE_LAN",
        values.flag,
        "1 or 0",
        "Listen on the whole network with https and a certificate of our own, and print a QR code.",
    )
    data: Path = _setting(
        Path("data"),
        "MOENTREPRISE_DATA",
        Path,
        "a folder",
        "The folder for everything that sessions make, and for the certificate.",
    )
    """Absolute: children that use it run in other folders."""
    templates: str = _setting(
        "",
        "MOENTREPRISE_TEMPLATES",
        values.folder,
        "a folder",
        "The folder for the packages that sites are built with (Vite, React); by default beside Python's "
        "own, or in the data folder.",
    )
    database_url: str = _setting(
        "",
        "MOENTREPRISE_DATABASE_URL",
        values.matching(r"postgresql(\+psycopg)?://\S+"),
        "a Postgres address such as postgresql://user:password@host/name",
        "The Postgres database that keeps the jobs; without it they are kept in a file of the data folder.",
        secret=True,
    )
    max_sessions: int = _setting(
        16,
        "MOENTREPRISE_MAX_SESSIONS",
        values.integer(1, 10_000),
        "a number from 1 to 10000",
        "How many sessions may run at once; one more is answered 503 with Retry-After.",
    )
    max_load_percent: int = _setting(
        80,
        "MOENTREPRISE_MAX_LOAD_PERCENT",
        values.integer(1, 1000),
        "a number from 1 to 1000",
        "How busy the server's thread may be when a session is opened; beyond, the answer is 503. "
        "Above 100 nobody is refused.",
    )
    public_url: str = _setting(
        "",
        "MOENTREPRISE_PUBLIC_URL",
        values.url,
        "an http or https address",
        "The address that browsers use, when a proxy stands in front.",
    )
    allowed_origins: tuple[str, ...] = _setting(
        (),
        "MOENTREPRISE_ALLOWED_ORIGINS",
        values.origins,
        "origins such as https://example.org, separated by commas",
        "Other sites whose pages may open sessions here; our own page always may.",
    )
    ice_servers: tuple[IceServer, ...] = _setting(
        (),
        "MOENTREPRISE_ICE_SERVERS",
        values.ice_servers,
        "addresses such as stun:host:3478 separated by commas, or a JSON list of "
        '{"urls", "username", "credential"}',
        "STUN and TURN servers for both ends; none are needed on one machine or one network.",
        secret=True,
    )
    media: str = _setting(
        "direct",
        "MOENTREPRISE_MEDIA",
        values.choice("direct", "track"),
        "direct or track",
        "How sound goes: by our own RTP (direct), or by aiortc's public tracks (track), at a higher cost.",
    )
    session_ttl_s: int = _setting(
        1800,
        "MOENTREPRISE_SESSION_TTL_S",
        values.integer(10, 604_800),
        "seconds from 10 to 604800",
        "How long a session waits for its page to come back before it expires.",
    )
    keep_ended_s: int = _setting(
        86_400,
        "MOENTREPRISE_KEEP_ENDED_S",
        values.integer(0, 31_536_000),
        "seconds from 0 to 31536000",
        "How long an ended session's files and preview are kept.",
    )
    openai_api_key: str = _setting(
        "",
        "OPENAI_API_KEY",
        values.text,
        "a key",
        "With it the team's voices are OpenAI's; without it the embedded engine speaks.",
        secret=True,
    )
    openai_base_url: str = _setting(
        "",
        "OPENAI_BASE_URL",
        values.url,
        "an http or https address",
        "Another server that speaks the OpenAI protocol, used with the key.",
    )
    realtime_model: str = _setting(
        "gpt-realtime-2.1",
        "MOENTREPRISE_REALTIME_MODEL",
        values.text,
        "a model's name",
        "The model of the voices.",
    )
    transcription_model: str = _setting(
        "gpt-transcribe",
        "MOENTREPRISE_TRANSCRIPTION_MODEL",
        values.text,
        "a model's name",
        "The model that writes down what you say.",
    )
    brain_url: str = _setting(
        "",
        "MOENTREPRISE_BRAIN_URL",
        values.url,
        "an http or https address",
        "An OpenAI-compatible chat endpoint (up to and with /v1): the embedded engine then says what its "
        "model answers, and templates only when that fails.",
    )
    brain_model: str = _setting(
        "default",
        "MOENTREPRISE_BRAIN_MODEL",
        values.text,
        "a model's name",
        "The model that the chat endpoint is asked for.",
    )
    brain_key: str = _setting(
        "",
        "MOENTREPRISE_BRAIN_KEY",
        values.text,
        "a key",
        "The chat endpoint's key, if it wants one.",
        secret=True,
    )
    builder: str = _setting(
        "auto",
        "MOENTREPRISE_BUILDER",
        values.choice("auto", "vite", "static", "model", "codex", "openmanus", "opencode"),
        "auto, vite, static, model, codex, openmanus or opencode",
        "Who builds websites: our own project with Vite, or static pages; a model, through four tools; or an "
        "agent installed here, which runs outside of the sandbox with network: only on your own machine. "
        "Auto is the model where one is named, else Vite.",
    )
    builder_model: str = _setting(
        "",
        "MOENTREPRISE_BUILDER_MODEL",
        values.text,
        "a model's name",
        "The model that builds websites, at OPENAI_BASE_URL with OPENAI_API_KEY; also told to an agent.",
    )
    builder_command: str = _setting(
        "",
        "MOENTREPRISE_BUILDER_COMMAND",
        values.command,
        "a command line",
        "How the agent that builds websites is started, where its usual name does not do: "
        "/opt/openmanus/.venv/bin/python /opt/openmanus/main.py.",
    )
    token_prices: tuple[TokenPrice, ...] = _setting(
        (),
        "MOENTREPRISE_TOKEN_PRICES",
        token_prices,
        "prices such as input.text=4, cached.text=0.4, output.audio=64",
        "What a million of the voices' tokens costs, by kind; with it `/metrics` and the log tell costs."
        " Cached input without a price costs what other input does.",
    )
    voice_model: str = _setting(
        "",
        "MOENTREPRISE_VOICE_MODEL",
        values.text,
        "a folder",
        "A folder with a Kokoro, VITS or Piper model in sherpa-onnx's form: the embedded engine speaks "
        "with it.",
    )
    hearing_model: str = _setting(
        "",
        "MOENTREPRISE_HEARING_MODEL",
        values.text,
        "a folder",
        "A folder with a streaming transducer in sherpa-onnx's form: the embedded engine hears with it.",
    )
    search: str = _setting(
        "auto",
        "MOENTREPRISE_SEARCH",
        values.choice("auto", "offline", "openai", "json"),
        "auto, offline, openai or json",
        "How the market is researched: auto searches with MOENTREPRISE_SEARCH_URL, else with OPENAI_API_KEY, "
        "and opens the sites that you name; offline opens nothing.",
    )
    search_url: str = _setting(
        "",
        "MOENTREPRISE_SEARCH_URL",
        values.matching(r"https?://[^\s@/?#]+[^\s@]*\{query\}[^\s@]*"),
        "an http or https address with {query} in it",
        "A search engine that answers with JSON, such as http://localhost:8888/search?format=json&q={query}; "
        "{count} and {key} are filled in as well.",
    )
    search_key: str = _setting(
        "",
        "MOENTREPRISE_SEARCH_KEY",
        values.text,
        "a key",
        "The search engine's key; for openai, a key of its own.",
        secret=True,
    )
    search_model: str = _setting(
        "gpt-5.4-mini",
        "MOENTREPRISE_SEARCH_MODEL",
        values.text,
        "a model's name",
        "The model that searches with OpenAI.",
    )
    search_form: str = _setting(
        "",
        "MOENTREPRISE_SEARCH_FORM",
        values.matching(r"((results|title|url|text|header|name)=\S+\s*)+"),
        "words such as results=web.results text=description header=X-Subscription-Token name=Brave",
        "Where the JSON of the search engine has its results, and their title, url and text; which header "
        "carries the key, and its name. Without it: results, title, url, content, Authorization, its host.",
    )
    image_model: str = _setting(
        "gpt-image-2.6-flare",
        "MOENTREPRISE_IMAGE_MODEL",
        values.text,
        "a model's name",
        "The model that makes the post's picture, with the key; empty for the card that is drawn here.",
    )
    text_model: str = _setting(
        "gpt-5.4-mini",
        "MOENTREPRISE_TEXT_MODEL",
        values.text,
        "a model's name",
        "The model that drafts the post, with the key; empty for our own sentences.",
    )
    linkedin_client_id: str = _setting(
        "",
        "LINKEDIN_CLIENT_ID",
        values.text,
        "a client id",
        "Your LinkedIn application: with its secret, approved posts are published on LinkedIn.",
    )
    linkedin_client_secret: str = _setting(
        "",
        "LINKEDIN_CLIENT_SECRET",
        values.text,
        "a client secret",
        "The LinkedIn application's secret.",
        secret=True,
    )
    linkedin_organisation: str = _setting(
        "",
        "MOENTREPRISE_LINKEDIN_ORGANISATION",
        values.matching(r"\d{1,20}"),
        "the number of an organisation's page",
        "Posts go to the page of this organisation; without it to the member's own.",
    )
    linkedin_version: str = _setting(
        "202610",
        "MOENTREPRISE_LINKEDIN_VERSION",
        values.matching(r"20\d\d(0[1-9]|1[0-2])"),
        "a year and a month such as 202610",
        "The version of LinkedIn's API; each is retired about a year after its month.",
    )
    linkedin_url: str = _setting(
        "",
        "MOENTREPRISE_LINKEDIN_URL",
        values.url,
        "an http or https address",
        "Another server in LinkedIn's place, for sign-in and API, to try things out.",
    )
    secret_key: str = _setting(
        "",
        "MOENTREPRISE_SECRET_KEY",
        values.matching(r".{32,}"),
        "a secret of at least 32 characters",
        "Encrypts accounts' tokens on disk; without it a key is made in the data folder.",
        secret=True,
    )
    log_level: str = _setting(
        "info",
        "MOENTREPRISE_LOG_LEVEL",
        values.choice("debug", "info", "warning", "error"),
        "debug, info, warning or error",
        "How much is logged.",
    )
    log_format: str = _setting(
        "text",
        "MOENTREPRISE_LOG_FORMAT",
        values.choice("text", "json"),
        "text or json",
        "One line of text or of JSON.",
    )

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
