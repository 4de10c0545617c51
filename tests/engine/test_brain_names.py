"""The brain says a business by its name, and not by the sentence that the name came in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from server.engine.brain_names import name

SPOKEN: list[list[str]] = json.loads(
    (Path(__file__).parents[1] / "fixtures/spoken-names.json").read_text("utf-8")
)


@pytest.mark.parametrize(("said", "named"), SPOKEN)
def test_the_brain_hears_the_name_that_the_site_shows(said: str, named: str) -> None:
    assert name(said).lower() == named.lower()
