"""One registry feeds the voices and the page: who the server names is who the page shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
import story
from page_steps import enter, state_of
from playwright.async_api import Browser, Page, expect
from wire_double import Refusal, WireDouble

from orchestration import notices, personas
from orchestration.ports import Persona
from orchestration.workflow import MOENTREPRISE, Phase, Step, Workflow
from server.team import Team

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PALE = "#ffe94d"
"""An accent that nobody could read as text on a light page."""
CONTRAST = """async (tile) => {
  const { contrast } = await import("/client/colour.js");
  const rgb = (text) => text.match(/\\d+/g).slice(0, 3).map(Number);
  const name = getComputedStyle(tile.querySelector(".name")).color;
  return contrast(rgb(name), rgb(getComputedStyle(document.body).backgroundColor));
}"""


def six() -> Team:
    cast = personas.load()
    sixth = Persona("nadia", "Nadia", "lawyer", "Reads the small print.", "verse", "Dry.", PALE, (), 1.0, {})
    changed = replace(cast["marcus"], title="captain")
    people = personas.Cast({**cast, "marcus": changed, "nadia": sixth})
    extra = Phase("contract", "Contract", (Step("nadia", "greet"),))
    return Team(people, Workflow(MOENTREPRISE.questions, (*MOENTREPRISE.phases, extra)))


async def test_the_five_are_named_by_the_registry(page: Page) -> None:
    for persona in personas.load().values():
        tile = page.get_by_test_id(f"tile-{persona.id}")
        await expect(tile.locator(".name")).to_have_text(persona.name)
        await expect(tile.locator(".role")).to_have_text(persona.title.capitalize())
        await expect(tile.locator("svg.portrait")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_sixth_persona_and_a_changed_title_reach_the_page(
    chromium: Browser, double: WireDouble, scheme: str
) -> None:
    double.team = six()
    context = await chromium.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        permissions=["microphone"],
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.goto(double.url)
    await enter(page, double)
    await expect(page.locator(".tile")).to_have_count(6)
    await expect(page.get_by_test_id("tile-marcus")).to_contain_text("Captain")
    nadia = page.get_by_test_id("tile-nadia")
    await expect(nadia).to_contain_text("Lawyer")
    await expect(nadia.locator(".initial")).to_have_text("N")
    await double.tell(notices.PhaseEntered("contract", 7, 8))
    await expect(page.get_by_test_id("phase-contract")).to_have_attribute("aria-current", "step")
    await story.speak(double, "t1", "nadia", "Let me read the small print.")
    await expect(state_of(page)).to_have_text("Nadia is speaking")
    await expect(nadia).to_have_attribute("data-speaking", "true")
    assert await nadia.evaluate(CONTRAST) >= 4.5
    await context.close()


async def test_without_the_team_the_page_says_what_to_do(page: Page, double: WireDouble) -> None:
    double.refusals["GET", "/team"] = Refusal(503, "draining", "The server is about to restart.")
    await page.reload()
    await expect(page.get_by_test_id("start-error")).to_contain_text("The server was not reached")
    await expect(page.get_by_test_id("start")).to_be_disabled()
    double.refusals.clear()
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator(".tile")).to_have_count(5)
    await expect(page.get_by_test_id("start")).to_be_enabled()
