"""The start screen: the ways into a session, and what keeps one out."""

from __future__ import annotations

import json

import pytest
from page_steps import enter, state_of, until
from playwright.async_api import Page, expect
from wire_double import Refusal, WireDouble

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

NO_MICROPHONE = """
navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
"""
MICROPHONE_COUNTED = """
window.microphonesAsked = 0;
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wish) => {
  window.microphonesAsked += 1;
  window.wish = wish;
  return ask(wish);
};
"""


async def test_loads_without_an_error_and_without_a_third_party(
    tab: Page, double: WireDouble
) -> None:
    complaints: list[str] = []
    addresses: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("request", lambda request: addresses.append(request.url))
    await tab.goto(double.url, wait_until="networkidle")
    await expect(tab.locator(".tile")).to_have_count(5)
    assert complaints == []
    assert len(addresses) > 10
    assert [address for address in addresses if not address.startswith(double.url)] == []


async def test_the_microphone_is_asked_for_with_echo_cancellation_inside_the_tap(
    tab: Page, double: WireDouble
) -> None:
    await tab.add_init_script(MICROPHONE_COUNTED)
    await tab.goto(double.url)
    assert await tab.evaluate("window.microphonesAsked") == 0
    await enter(tab, double)
    wish = await tab.evaluate("window.wish.audio")
    assert wish == {"echoCancellation": True, "noiseSuppression": True, "autoGainControl": True}
    assert "a=sendrecv" in double.asked("POST", "/whip")[0].body


async def test_a_refused_microphone_leaves_a_session_by_text(
    tab: Page, double: WireDouble
) -> None:
    await tab.add_init_script(NO_MICROPHONE)
    await tab.goto(double.url)
    await enter(tab, double)
    assert "a=recvonly" in double.asked("POST", "/whip")[0].body
    await expect(tab.get_by_test_id("notice")).to_contain_text("Allow it in the address bar")
    await double.tell_raw("human.listening", {"listening": True})
    await expect(state_of(tab)).to_have_text("Your turn: type your answer")
    await expect(tab.get_by_test_id("mute")).to_be_disabled()


async def test_the_example_gives_six_answers_and_asks_for_no_microphone(
    tab: Page, double: WireDouble
) -> None:
    await tab.add_init_script(MICROPHONE_COUNTED)
    await tab.goto(double.url)
    await tab.get_by_test_id("example-choice").select_option(index=1)
    await enter(tab, double, "example")
    answers = json.loads(double.asked("POST", "/sessions")[0].body)["answers"]
    assert len(answers) == 6
    assert answers[0] == "Tidewater Cycles"
    assert await tab.evaluate("window.microphonesAsked") == 0


async def test_a_full_house_says_what_to_do_and_lets_one_try_again(page: Page, double: WireDouble) -> None:
    double.refusals["POST", "/sessions"] = Refusal(503, "full", "All rooms are taken at the moment.")
    await page.get_by_test_id("start").click()
    problem = page.get_by_test_id("start-error")
    await expect(problem).to_have_text("All rooms are taken at the moment. Try again in a minute.")
    double.refusals.clear()
    await enter(page, double)


async def test_a_reload_comes_back_to_the_same_session(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await double.tell_raw("phase.entered", {"phase": "interview", "index": 1, "of": 7})
    await page.reload()
    await expect(page.get_by_test_id("phase-interview")).to_have_attribute("aria-current", "step")
    await until(lambda: len(double.asked("POST", "/whip")) == 2)
    assert len(double.asked("POST", "/sessions")) == 1
    assert len(double.asked("DELETE", "/whip/1")) == 1
    assert double.asked("DELETE", "/sessions/s1") == []


async def test_a_session_that_is_gone_leads_back_to_the_start(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    double.refusals["GET", "/sessions/s1"] = Refusal(404, "unknown_session", "There is no such session.")
    await page.reload()
    await expect(page.get_by_test_id("start")).to_be_enabled()
    assert await page.evaluate("sessionStorage.length") == 0
