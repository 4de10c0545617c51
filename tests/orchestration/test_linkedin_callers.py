"""A search of the code: there is one way to publish, and it begins with an approval of that payload."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from orchestration.adapters.linkedin import Publication, publishing
from orchestration.adapters.work import WorkError
from orchestration.approval import payload_hash

ROOT = Path(__file__).parents[2]
ROOMS = ("server", "media", "orchestration")
Place = tuple[str, str]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def functions() -> tuple[tuple[Path, Function], ...]:
    return tuple(_functions())


def _functions() -> Iterator[tuple[Path, Function]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield path.relative_to(ROOT), node


@pytest.fixture(scope="module", autouse=True)
def _forgotten() -> Iterator[None]:
    """The code as trees takes tens of megabytes, which no other test needs."""
    yield
    functions.cache_clear()


def mentioning(word: str) -> set[Place]:
    """The functions in which a text holds the word."""
    return {
        (path.as_posix(), function.name)
        for path, function in functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and word in node.value
    }


def naming(name: str, at: str = "") -> set[Place]:
    """The functions in which the name (of the module or class `at`) is used at all, called or handed on."""
    found: set[Place] = set()
    for path, function in functions():
        for node in ast.walk(function):
            plain = isinstance(node, ast.Name) and node.id == name and not at
            attribute = isinstance(node, ast.Attribute) and node.attr == name
            if attribute and at and isinstance(node, ast.Attribute):
                owner = node.value
                last = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
                attribute = last == at
            if plain or attribute:
                found.add((path.as_posix(), function.name))
    return found


def test_one_function_knows_where_posts_are_made() -> None:
    assert mentioning("/posts") == {("orchestration/adapters/linkedin/api.py", "create_post")}
    assert not [path for path in (ROOT / "client").rglob("*.js") if "rest/posts" in path.read_text()]


def test_it_has_one_caller_which_has_one_caller_and_so_on_up_to_the_job() -> None:
    package = "orchestration/adapters/linkedin/publishing.py"
    assert naming("create_post") == {(package, "_upload_and_post")}
    assert naming("_upload_and_post") == {(package, "_at_most_once")}
    assert naming("_at_most_once") == {(package, "publish")}
    assert naming("publish", "linkedin") == {("server/jobs/tasks.py", "publish")}
    assert naming("publish", "publishing") == set()


def test_the_job_makes_its_publication_of_its_own_payload() -> None:
    assert naming("of", "Publication") == {("server/jobs/tasks.py", "publish")}
    made = {place for place in naming("Publication") if place[0] != "orchestration/adapters/linkedin/api.py"}
    assert {path for path, _ in made} <= {
        "server/jobs/tasks.py",
        "orchestration/adapters/linkedin/publication.py",
        "orchestration/adapters/linkedin/publishing.py",
    }


def test_one_place_starts_the_job_and_it_acts_on_a_decision() -> None:
    starting = {
        (path.as_posix(), function.name)
        for path, function in functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and "StartJob" in (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))
    }
    assert starting == {("orchestration/work.py", "_begin"), ("orchestration/work.py", "decide")}


def test_no_publication_exists_without_an_approval_of_its_very_content() -> None:
    post: dict[str, object] = {"text": "Hello.", "image": "", "alt": ""}
    assert Publication("Hello.", "", "", "approval1", payload_hash(post)).text == "Hello."
    for approval, hash in (("", payload_hash(post)), ("approval1", ""), ("approval1", "0" * 64)):
        with pytest.raises(WorkError):
            Publication("Hello.", "", "", approval, hash)
    with pytest.raises(WorkError):
        Publication("Hello!", "", "", "approval1", payload_hash(post))
    assert publishing.publish.__annotations__["publication"] == "Publication"
