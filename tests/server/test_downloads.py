"""What a human takes home is this session's, whole, and only theirs; forgetting leaves nothing."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from PIL import Image
from signalling_fakes import Client, Opened, fake_app, opened

from orchestration.brief import AnswerSource
from orchestration.notices import Word
from orchestration.transcript import Entry
from server.downloads import zipped
from server.settings import Settings

PATHS = ("transcript.txt", "transcript.vtt", "transcript.json", "brief.json", "site.zip", "summary")
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Opened]:
    app = fake_app(Settings(data=tmp_path))
    async with Client(TestServer(app)) as client:
        session = await opened(client)
        talk(session)
        yield session


def talk(room: Opened) -> None:
    conversation = room.director.conversation
    key = conversation.brief.answers[0].key
    conversation.brief = conversation.brief.with_answer(key, f"Bäckerei {HOSTILE}", AnswerSource.VOICE)
    words = tuple(Word(text, n * 300, n * 300 + 250) for n, text in enumerate("What is it called?".split()))
    conversation.transcript.append(Entry("sarah", "What is it called?", 1000, 2500, "interview", words=words))
    conversation.transcript.append(Entry("human", f"Bäckerei {HOSTILE}", 3000, 5000, "interview"))
    conversation.summary.update(
        name=f"Bäckerei {HOSTILE}",
        answered=1,
        research={
            "offline": True,
            "findings": [{"title": "Trade", "text": HOSTILE, "source": "our catalogue"}],
            "sites": [{"url": "https://a.example/", "title": HOSTILE, "summary": HOSTILE, "reason": ""}],
        },
        site={"pages": [{"title": "Home", "path": "index.html"}, {"title": "About", "path": "about.html"}]},
        post={
            "text": "Fresh bread.\nEvery day.",
            "image": "post.png",
            "alt": "A loaf",
            "outcome": {"status": "draft", "reason": "no LinkedIn account is connected"},
        },
    )


def built(room: Opened) -> None:
    site, assets = room.session.folder / "site", room.session.folder / "assets"
    (site / "img").mkdir(parents=True)
    assets.mkdir()
    (site / "index.html").write_text("<h1>Home</h1>")
    (site / "img" / "a.svg").write_text("<svg/>")
    (room.session.folder / "private.txt").write_text("private")
    (site / "private.txt").symlink_to(room.session.folder / "private.txt")
    Image.new("RGB", (4, 4)).save(assets / "post.png")
    (assets / "evil.svg").write_text("<svg/>")


async def text(room: Opened, path: str, accept: str = "*/*") -> str:
    answer = await room.client.get(f"{room.path}/{path}", headers={**room.auth, "Accept": accept})
    assert answer.status == 200, await answer.text()
    assert answer.headers["Cache-Control"] == "no-store"
    return await answer.text()


async def test_the_transcript_comes_in_three_forms(room: Opened) -> None:
    assert "Sarah: What is it called?" in await text(room, "transcript.txt")
    vtt = await text(room, "transcript.vtt")
    assert vtt.startswith("WEBVTT")
    assert "<v Sarah>What is it called?</v>" in vtt
    assert HOSTILE not in vtt
    answer = await room.client.get(f"{room.path}/transcript.json", headers=room.auth)
    entries = await answer.json()
    assert [entry["speaker"] for entry in entries] == ["sarah", "human"]
    assert entries[0]["words"][1] == {"text": "is", "start_ms": 1300, "end_ms": 1550}
    assert "attachment" in answer.headers["Content-Disposition"]


async def test_the_brief_holds_each_question_with_its_answer(room: Opened) -> None:
    answer = await room.client.get(f"{room.path}/brief.json", headers=room.auth)
    answers = (await answer.json())["answers"]
    assert len(answers) == 6
    assert answers[0]["text"] == f"Bäckerei {HOSTILE}"
    assert (answers[0]["status"], answers[1]["status"]) == ("answered", "pending")


async def test_the_site_comes_as_a_zip_of_its_own_files_only(room: Opened) -> None:
    missing = await room.client.get(f"{room.path}/site.zip", headers=room.auth)
    assert missing.status == 404
    built(room)
    answer = await room.client.get(f"{room.path}/site.zip", headers=room.auth)
    with zipfile.ZipFile(io.BytesIO(await answer.read())) as archive:
        assert sorted(archive.namelist()) == ["site/img/a.svg", "site/index.html"]
        assert archive.read("site/index.html") == b"<h1>Home</h1>"


async def test_the_zip_holds_the_project_too_where_there_is_one(room: Opened) -> None:
    built(room)
    source = room.session.folder / "site-source"
    (source / "src").mkdir(parents=True)
    (source / "package.json").write_text("{}")
    (source / ".gitignore").write_text("node_modules/")
    (source / ".env").write_text("a secret")
    (source / "src/secret").symlink_to(room.session.folder / "private.txt")
    answer = await room.client.get(f"{room.path}/site.zip", headers=room.auth)
    with zipfile.ZipFile(io.BytesIO(await answer.read())) as archive:
        assert sorted(archive.namelist()) == [
            "site-source/.gitignore",
            "site-source/package.json",
            "site/img/a.svg",
            "site/index.html",
        ]


async def test_the_summary_is_data_for_programs(room: Opened) -> None:
    answer = await room.client.get(f"{room.path}/summary", headers=room.auth)
    body = await answer.json()
    assert (body["state"], body["answered"]) == ("created", 1)


async def test_the_summary_is_a_page_for_people_and_what_was_said_stays_text(room: Opened) -> None:
    built(room)
    answer = await room.client.get(f"{room.path}/summary", headers={**room.auth, "Accept": "text/html"})
    page = await answer.text()
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<script" not in page
    assert "Bäckerei &lt;script&gt;" in page
    for said in (
        "What is it called?",
        "Home, About",
        "Every day.",
        "no LinkedIn account",
        "data:image/png;base64,",
    ):
        assert said in page


async def test_a_session_in_which_nothing_happened_has_a_summary_too(room: Opened) -> None:
    conversation = room.director.conversation
    conversation.summary.clear()
    conversation.transcript.clear()
    page = await text(room, "summary", "text/html")
    assert "<h2>Post</h2>" not in page
    assert "not answered" in page


async def test_pictures_are_shown_and_nothing_else_is(room: Opened) -> None:
    built(room)
    answer = await room.client.get(f"{room.path}/assets/post.png", headers=room.auth)
    assert (answer.status, answer.content_type) == (200, "image/png")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    for name in ("evil.svg", "..%2fprivate.txt", "none.png", ".png"):
        other = await room.client.get(f"{room.path}/assets/{name}", headers=room.auth)
        assert other.status == 404


async def test_a_recording_that_was_not_made_says_so(room: Opened) -> None:
    answer = await room.client.get(f"{room.path}/recording.ogg", headers=room.auth)
    assert answer.status == 404
    assert answer.content_type == "application/problem+json"
    assert "was recorded" in (await answer.json(content_type=None))["detail"]


@pytest.mark.parametrize("path", [*PATHS, "recording.ogg", "assets/post.png"])
async def test_only_the_session_s_own_human_may_have_it(room: Opened, path: str) -> None:
    other = await opened(room.client)
    url = f"{room.path}/{path}"
    assert (await room.client.get(url)).status == 401
    assert (await room.client.get(url, headers={"Authorization": "Bearer wrong"})).status == 401
    assert (await room.client.get(url, headers=other.auth)).status == 404
    assert (await room.client.get(url, headers=room.spectator_auth)).status == 403


async def test_a_link_may_carry_the_token(room: Opened) -> None:
    url = f"{room.path}/transcript.txt?token={room.session.keys.human}"
    assert (await room.client.get(url)).status == 200


async def test_forgetting_stops_the_session_and_leaves_nothing(room: Opened) -> None:
    built(room)
    assert (await room.client.delete(f"{room.path}/data", headers=room.spectator_auth)).status == 403
    answer = await room.client.delete(f"{room.path}/data", headers=room.auth)
    assert answer.status == 204
    assert room.session.over
    assert not room.session.folder.exists()
    for path in ("", *[f"/{path}" for path in PATHS]):
        assert (await room.client.get(f"{room.path}{path}", headers=room.auth)).status == 404


async def test_what_was_made_is_kept_after_the_end(room: Opened) -> None:
    built(room)
    room.director.end("completed")
    await room.state("completed")
    for path in PATHS:
        assert (await room.client.get(f"{room.path}/{path}", headers=room.auth)).status == 200


def test_a_files_time_and_name_do_not_cost_the_rest(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("front")
    os.utime(site / "index.html", (0, 0))
    Path(os.fsdecode(os.fsencode(site) + b"/\xff.txt")).write_text("odd")
    with zipfile.ZipFile(io.BytesIO(zipped(site))) as archive:
        assert archive.read("site/index.html") == b"front"
        assert archive.read("site/\ufffd.txt") == b"odd"


@pytest.mark.parametrize("names", [("a.html", "b.html"), ("a.html", "c.html")], ids=["same", "other"])
def test_a_site_that_is_replaced_meanwhile_is_packed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    site, fresh = tmp_path / "site", tmp_path / "fresh"
    for folder, files in ((site, ("a.html", "b.html")), (fresh, names)):
        folder.mkdir()
        for name in files:
            (folder / name).write_text(folder.name)
    write = zipfile.ZipFile.write

    def replaced(archive: zipfile.ZipFile, path: Path, name: str) -> None:
        write(archive, path, name)
        if fresh.exists():
            site.rename(tmp_path / "old")
            fresh.rename(site)

    monkeypatch.setattr(zipfile.ZipFile, "write", replaced)
    with zipfile.ZipFile(io.BytesIO(zipped(site))) as archive:
        assert archive.namelist() == [f"site/{name}" for name in names]
        assert {archive.read(name) for name in archive.namelist()} == {b"fresh"}
