"""The registry is data; a bad file says which field is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.entries import check
from orchestration.personas import DEFAULT_FILE, RegistryError, line_config, load
from orchestration.workflow import MOENTREPRISE

GOOD = DEFAULT_FILE.read_text()


def test_the_five_are_there_each_with_a_voice_of_their_own() -> None:
    cast = load()
    assert list(cast) == ["marcus", "sarah", "maya", "alex", "sophie"]
    assert len({persona.voice for persona in cast.values()}) == 5
    check(cast, MOENTREPRISE)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('voice = "marin"', 'voice = "nobody"', "sarah.voice"),
        ('voice = "marin"', 'voice = "cedar"', "marcus.voice"),
        ('accent = "#0b8a6a"', 'accent = "green"', "maya.accent"),
        ('title = "developer"', 'title = ""', "alex.title"),
        ('tools = ["build_website"]', 'tools = ["fly"]', "alex.tools"),
        ('tools = ["build_website"]', "speed = 9", "alex.speed"),
        ('tools = ["build_website"]', "colour = 1", "alex.colour"),
        ("[marcus]", "[marcus", "personas.toml"),
    ],
)
def test_a_bad_field_is_named(tmp_path: Path, old: str, new: str, field: str) -> None:
    file = tmp_path / "personas.toml"
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(RegistryError, match=field):
        load(file)


def test_a_workflow_without_its_persona_stops(tmp_path: Path) -> None:
    file = tmp_path / "personas.toml"
    file.write_text(GOOD.split("[sophie]")[0])
    with pytest.raises(RegistryError, match="sophie"):
        check(load(file), MOENTREPRISE)


def test_the_seeds_limits_are_accepted(tmp_path: Path) -> None:
    file = tmp_path / "personas.toml"
    file.write_text(GOOD.replace("tools = []", "tools = []\ntemperature = 0.8\nmax_response_tokens = 300"))
    assert load(file)["sarah"].limits == {"temperature": 0.8, "max_response_tokens": 300.0}


def test_a_line_knows_who_it_is_and_who_the_others_are() -> None:
    cast = load()
    config = line_config(cast["sarah"], cast)
    assert config.instructions.startswith("You are Sarah, the business analyst")
    assert "Marcus (project manager)" in config.instructions
    assert config.voice == "marin"
