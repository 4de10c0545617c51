"""Settings come from flags, environment, .env and defaults, in that order, and a bad one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.costs import TokenPrice
from server.settings import (
    DESCRIPTORS,
    IceServer,
    SettingError,
    Settings,
    readme_table,
    unknown_variables,
)

GOOD: dict[str, tuple[str, object]] = {
    "MOENTREPRISE_HOST": ("::1", "::1"),
    "MOENTREPRISE_PORT": ("9000", 9000),
    "MOENTREPRISE_LAN": ("yes", True),
    "MOENTREPRISE_DATA": ("/srv/mo", Path("/srv/mo")),
    "MOENTREPRISE_TEMPLATES": ("/srv/packages", "/srv/packages"),
    "MOENTREPRISE_DATABASE_URL": ("postgresql://u:p@host/jobs", "postgresql://u:p@host/jobs"),
    "MOENTREPRISE_MAX_SESSIONS": ("3", 3),
    "MOENTREPRISE_MAX_LOAD_PERCENT": ("70", 70),
    "MOENTREPRISE_MEDIA": ("TRACK", "track"),
    "MOENTREPRISE_PUBLIC_URL": ("https://mo.example/", "https://mo.example"),
    "MOENTREPRISE_ALLOWED_ORIGINS": (
        "https://a.example, http://b.example:81",
        ("https://a.example", "http://b.example:81"),
    ),
    "MOENTREPRISE_ICE_SERVERS": (
        '[{"urls": "turn:t.example:3478?transport=udp", "username": "u", "credential": "c"}]',
        (IceServer(("turn:t.example:3478?transport=udp",), "u", "c"),),
    ),
    "MOENTREPRISE_SESSION_TTL_S": ("60", 60),
    "MOENTREPRISE_KEEP_ENDED_S": ("0", 0),
    "OPENAI_API_KEY": ("sk-1", "sk-1"),
    "OPENAI_BASE_URL": ("http://localhost:1/v1", "http://localhost:1/v1"),
    "MOENTREPRISE_REALTIME_MODEL": ("m", "m"),
    "MOENTREPRISE_TRANSCRIPTION_MODEL": ("t", "t"),
    "MOENTREPRISE_BRAIN_URL": ("http://localhost:2/v1/", "http://localhost:2/v1"),
    "MOENTREPRISE_BRAIN_MODEL": ("b", "b"),
    "MOENTREPRISE_BRAIN_KEY": ("k", "k"),
    "MOENTREPRISE_BUILDER": ("Codex", "codex"),
    "MOENTREPRISE_BUILDER_MODEL": ("m", "m"),
    "MOENTREPRISE_BUILDER_COMMAND": ("python '/a b/main.py'", "python '/a b/main.py'"),
    "MOENTREPRISE_TOKEN_PRICES": (
        "input.text=4, output.audio=64.5,",
        (TokenPrice("input", "text", 4.0), TokenPrice("output", "audio", 64.5)),
    ),
    "MOENTREPRISE_VOICE_MODEL": ("/models/kokoro", "/models/kokoro"),
    "MOENTREPRISE_HEARING_MODEL": ("/models/zipformer", "/models/zipformer"),
    "MOENTREPRISE_SEARCH": ("JSON", "json"),
    "MOENTREPRISE_SEARCH_URL": ("http://[::1]:8888/search?q={query}", "http://[::1]:8888/search?q={query}"),
    "MOENTREPRISE_SEARCH_KEY": ("k", "k"),
    "MOENTREPRISE_SEARCH_MODEL": ("m", "m"),
    "MOENTREPRISE_SEARCH_FORM": ("results=web.results name=Brave", "results=web.results name=Brave"),
    "MOENTREPRISE_IMAGE_MODEL": ("i", "i"),
    "MOENTREPRISE_TEXT_MODEL": ("w", "w"),
    "LINKEDIN_CLIENT_ID": ("c", "c"),
    "LINKEDIN_CLIENT_SECRET": ("s", "s"),
    "MOENTREPRISE_LINKEDIN_ORGANISATION": ("2414183", "2414183"),
    "MOENTREPRISE_LINKEDIN_VERSION": ("202611", "202611"),
    "MOENTREPRISE_LINKEDIN_URL": ("http://localhost:3/", "http://localhost:3"),
    "MOENTREPRISE_SECRET_KEY": ("k" * 32, "k" * 32),
    "MOENTREPRISE_LOG_LEVEL": ("DEBUG", "debug"),
    "MOENTREPRISE_LOG_FORMAT": ("json", "json"),
}
BAD = {
    "MOENTREPRISE_SEARCH": "google",
    "MOENTREPRISE_SEARCH_URL": "http://name:secret@localhost/?q={query}",
    "MOENTREPRISE_SEARCH_FORM": "where=there",
    "MOENTREPRISE_HOST": "not a host",
    "MOENTREPRISE_PORT": "65536",
    "MOENTREPRISE_LAN": "perhaps",
    "MOENTREPRISE_DATABASE_URL": "mysql://u:p@host/jobs",
    "MOENTREPRISE_MAX_SESSIONS": "0",
    "MOENTREPRISE_MAX_LOAD_PERCENT": "0",
    "MOENTREPRISE_MEDIA": "tracks",
    "MOENTREPRISE_PUBLIC_URL": "mo.example",
    "MOENTREPRISE_ALLOWED_ORIGINS": "https://a.example/path",
    "MOENTREPRISE_ICE_SERVERS": '[{"urls": "http://x"}]',
    "MOENTREPRISE_SESSION_TTL_S": "soon",
    "MOENTREPRISE_KEEP_ENDED_S": "-1",
    "OPENAI_BASE_URL": "http://name:secret@localhost",
    "MOENTREPRISE_BRAIN_URL": "localhost:2",
    "MOENTREPRISE_BUILDER": "me",
    "MOENTREPRISE_BUILDER_COMMAND": "python 'main.py",
    "MOENTREPRISE_TOKEN_PRICES": "input.words=3",
    "MOENTREPRISE_LINKEDIN_ORGANISATION": "Acme",
    "MOENTREPRISE_LINKEDIN_VERSION": "202613",
    "MOENTREPRISE_LINKEDIN_URL": "linkedin",
    "MOENTREPRISE_SECRET_KEY": "short",
    "MOENTREPRISE_LOG_LEVEL": "chatty",
    "MOENTREPRISE_LOG_FORMAT": "xml",
}


def load(environ: dict[str, str], **overrides: object) -> Settings:
    return Settings.load(environ, overrides, env_file=None)


def test_every_setting_is_read_from_its_variable() -> None:
    assert set(GOOD) == {one.variable for one in DESCRIPTORS}
    settings = load({variable: text for variable, (text, _) in GOOD.items()})
    for descriptor in DESCRIPTORS:
        assert getattr(settings, descriptor.name) == GOOD[descriptor.variable][1]
        assert getattr(Settings(), descriptor.name) != GOOD[descriptor.variable][1]


@pytest.mark.parametrize(("variable", "text"), BAD.items())
def test_a_bad_value_stops_with_its_name_and_what_was_expected(variable: str, text: str) -> None:
    expected = next(one.expected for one in DESCRIPTORS if one.variable == variable)
    with pytest.raises(SettingError) as caught:
        load({variable: text})
    assert str(caught.value) == f"{variable} must be {expected}."


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("MOENTREPRISE_PORT=1\nMOENTREPRISE_HOST=file.example\nMOENTREPRISE_MAX_SESSIONS=7\n")
    environ = {"MOENTREPRISE_PORT": "2", "MOENTREPRISE_HOST": "env.example"}
    settings = Settings.load(environ, {"port": "3", "host": None, "lan": None}, env_file=file)
    assert (settings.port, settings.host, settings.max_sessions) == (3, "env.example", 7)


def test_a_flag_is_checked_like_its_variable() -> None:
    with pytest.raises(SettingError, match="MOENTREPRISE_PORT"):
        load({}, port="many")


def test_a_data_folder_stays_the_one_that_was_meant_when_we_go_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    meant = [load({"MOENTREPRISE_DATA": "here/data"}), load({}), Settings(data=Path("mine")), Settings()]
    monkeypatch.chdir("/")
    assert [one.data for one in meant] == [tmp_path / name for name in ("here/data", "data", "mine", "data")]


def test_an_empty_variable_means_the_default() -> None:
    assert load({"MOENTREPRISE_PORT": "", "MOENTREPRISE_DATA": " ", "MOENTREPRISE_LAN": ""}) == Settings()


def test_the_file_understands_comments_quotes_and_export(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# a comment\n\nexport OPENAI_API_KEY='sk-#1'\n"
        'MOENTREPRISE_DATA = "/a b"\n'
        "MOENTREPRISE_PORT=5 # why\n"
    )
    settings = Settings.load({}, env_file=file)
    assert (settings.openai_api_key, settings.data, settings.port) == ("sk-#1", Path("/a b"), 5)


def test_a_line_of_the_file_that_is_no_setting_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("MOENTREPRISE_PORT=5\njust words\n")
    with pytest.raises(SettingError, match="line 2"):
        Settings.load({}, env_file=file)


def test_no_secret_is_ever_shown() -> None:
    environ = {one.variable: "turn:secret" * 3 for one in DESCRIPTORS if one.secret}
    environ["MOENTREPRISE_ICE_SERVERS"] = '[{"urls": "turn:t", "credential": "secret"}]'
    environ["MOENTREPRISE_DATABASE_URL"] = "postgresql://u:secret@host/jobs"
    settings = load(environ)
    assert "secret" not in repr(settings)
    assert "secret" not in repr(settings.ice_servers)
    shown = {descriptor.variable: value for descriptor, value in settings.shown()}
    assert "secret" not in "".join(shown.values())
    assert shown["OPENAI_API_KEY"] == "set"


def test_a_bad_secret_is_not_repeated_in_the_message() -> None:
    with pytest.raises(SettingError) as caught:
        load({"MOENTREPRISE_ICE_SERVERS": "[hunter2"})
    assert "hunter2" not in str(caught.value)


def test_plain_ice_addresses_may_be_separated_by_commas() -> None:
    settings = load({"MOENTREPRISE_ICE_SERVERS": "stun:a:1, turn:b:2"})
    assert settings.ice_servers == (IceServer(("stun:a:1",)), IceServer(("turn:b:2",)))


@pytest.mark.parametrize("value", ["input.text", "input.text=-1", "input.text=nan", "input.text=1," * 2])
def test_prices_that_say_nothing_are_refused(value: str) -> None:
    with pytest.raises(SettingError):
        load({"MOENTREPRISE_TOKEN_PRICES": value})


def test_misspelt_variables_are_found_and_the_processes_own_are_not() -> None:
    environ = {
        "MOENTREPRISE_PROT": "1",
        "MOENTREPRISE_ENGINE_TOKEN": "x",
        "MOENTREPRISE_PORT": "1",
        "HOME": "/",
    }
    assert unknown_variables(environ) == ["MOENTREPRISE_PROT"]


@pytest.mark.parametrize("name", ["README.md", ".env.example"])
def test_every_setting_is_documented(name: str) -> None:
    text = (Path(__file__).parents[2] / name).read_text()
    missing = [one.variable for one in DESCRIPTORS if one.variable not in text]
    assert not missing


def test_the_readmes_table_is_the_one_in_force() -> None:
    assert readme_table() in (Path(__file__).parents[2] / "README.md").read_text()


def test_the_example_file_says_what_the_defaults_say() -> None:
    example = Path(__file__).parents[2] / ".env.example"
    assert Settings.load({}, env_file=example) == Settings()
