"""A whole session in Chromium, by voice: the page, WebRTC, the engine and the work are the real ones."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from page_browser import launch
from playwright.async_api import Page, async_playwright
from product import Product, events, running, speech

FIXTURES = Path(__file__).parent.parent / "fixtures"
PHASES = ["greeting", "interview", "ideation_prep", "ideation", "showcase", "marketing", "closing"]
TEAM = {"marcus", "sarah", "maya", "alex", "sophie"}
KEYS = ["name", "offer", "audience", "difference", "pages", "style"]
SESSION_S = 420.0
NAME = "Golden Harvest Bakery & Sons"

MOUTH = """
(() => {
  const context = new AudioContext();
  const mouth = context.createMediaStreamDestination();
  navigator.mediaDevices.getUserMedia = async () => mouth.stream;
  window.say = async (wav) => {
    const bytes = Uint8Array.from(atob(wav), (c) => c.charCodeAt(0));
    const source = context.createBufferSource();
    source.buffer = await context.decodeAudioData(bytes.buffer);
    source.connect(mouth);
    source.start();
  };
})();
"""


@dataclass
class Person:
    """Whoever sits before the page: answers aloud (Alex at last), corrects the name, approves the post."""

    page: Page
    product: Product
    answers: list[bytes]
    seen: list[dict[str, object]] = field(default_factory=list)
    corrected: bool = False
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def do(self, deed: Coroutine[object, object, None]) -> None:
        self.tasks.add(asyncio.create_task(deed))

    async def live(self) -> None:
        ticket = json.loads(await self.page.evaluate("Object.values(sessionStorage)[0]"))
        async with aiohttp.ClientSession() as http:
            async for event in events(http, self.product.url, ticket["id"], ticket["token"]):
                self.seen.append(event)
                self.react(str(event["type"]), event["data"])
                for task in [task for task in self.tasks if task.done()]:
                    self.tasks.discard(task)
                    task.result()
                if event["type"] == "session.completed":
                    break
        await asyncio.gather(*self.tasks)

    def react(self, kind: str, data: object) -> None:
        assert isinstance(data, dict)
        if kind == "human.listening" and data["listening"] and self.answers:
            self.do(self.answer(self.answers.pop(0)))
        elif kind == "brief.updated" and data["changed"] == "name" and not self.corrected:
            self.corrected = True
            self.do(self.correct(NAME))
        elif kind == "approval.requested":
            self.do(self.approve())
        elif kind == "phase.entered":
            self.do(self.picture(str(data["phase"])))

    async def answer(self, wav: bytes) -> None:
        await asyncio.sleep(0.4)
        await self.page.evaluate("(wav) => window.say(wav)", base64.b64encode(wav).decode())

    async def correct(self, name: str) -> None:
        card = self.page.get_by_test_id("card-edit-name")
        await card.click()
        await card.fill(name)
        await self.page.get_by_test_id("card-save-name").click()

    async def approve(self) -> None:
        await self.page.get_by_test_id("tab-post").click()
        await self.page.get_by_test_id("approve").click()

    async def picture(self, name: str) -> None:
        """A screenshot of each phase, where a folder is named to look at them."""
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            await asyncio.sleep(2.5)
            number = PHASES.index(name) + 1
            await self.page.screenshot(path=f"{folder}/{number}-{name}.png")

    def told(self, kind: str) -> list[dict[str, object]]:
        return [event["data"] for event in self.seen if event["type"] == kind]  # type: ignore[misc]


async def voices(folder: Path, answers: list[str]) -> list[bytes]:
    return [await speech(text, folder / f"{n}.wav") for n, text in enumerate(answers)]


@pytest.mark.browser
@pytest.mark.timeout(SESSION_S + 120)
async def test_a_whole_session_by_voice(tmp_path: Path) -> None:
    answers = json.loads((FIXTURES / "answers-bakery.json").read_text())["answers"]
    (tmp_path / "data").mkdir()
    spoken = await voices(tmp_path, [*answers, "Yes, I like it."])
    async with running(tmp_path / "data") as product, async_playwright() as playwright:
        browser = await launch(playwright)
        try:
            page = await browser.new_page(viewport={"width": 1440, "height": 900})
            problems: list[str] = []
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on(
                "console",
                lambda m: problems.append(f"{m.text} {m.location}") if m.type == "error" else None,
            )
            await page.add_init_script(MOUTH)
            await page.goto(product.url)
            await page.get_by_test_id("start").click()
            await opened(page)
            person = Person(page, product, spoken)
            async with asyncio.timeout(SESSION_S):
                await person.live()
            await look_at_the_end(page)
            judge(person)
            assert problems == []
        finally:
            await browser.close()


async def opened(page: Page) -> None:
    """The page has its session. Polled: the page's policy lets nobody evaluate text in it."""
    async with asyncio.timeout(20):
        while not await page.evaluate("Object.values(sessionStorage).length"):
            await asyncio.sleep(0.1)


async def look_at_the_end(page: Page) -> None:
    """The summary is on the page, and the built site in its sandbox says the corrected name."""
    await page.get_by_test_id("summary").wait_for()
    assert NAME in await page.get_by_test_id("summary").inner_text()
    await page.get_by_test_id("tab-build").click()
    frame = page.frame_locator("[data-testid=site-frame]")
    await frame.get_by_text(NAME).first.wait_for(timeout=10_000)
    sandbox = await page.get_by_test_id("site-frame").get_attribute("sandbox")
    assert sandbox is not None
    assert "allow-same-origin" not in sandbox


def judge(person: Person) -> None:
    """Seven phases in order, five voices, six questions answered, one corrected, a draft at the end."""
    assert [data["phase"] for data in person.told("phase.entered")] == PHASES
    assert {data["speaker"] for data in person.told("turn.ended")} == TEAM
    asked = [str(data["question"]) for data in person.told("question.asked")]
    assert list(dict.fromkeys(asked)) == KEYS
    brief = person.told("brief.updated")[-1]["brief"]
    assert isinstance(brief, dict)
    understood = {answer["key"]: answer for answer in brief["answers"]}
    assert understood["name"]["text"] == NAME
    assert understood["name"]["source"] == "corrected"
    assert all(understood[key]["source"] == "voice" for key in KEYS[1:]), understood
    assert person.told("site.ready")
    assert NAME in str(person.told("post.drafted")[-1]["text"])
    assert person.told("post.published")[-1]["status"] == "draft"
