"""In the room: who is heard, what is understood, how the page stays connected."""

from __future__ import annotations

import json

import pytest
import story
from page_steps import KEPT_TRACK, enter, state_of, until
from playwright.async_api import Page, expect
from wire_double import Refusal, WireDouble

from orchestration import notices
from orchestration.brief import AnswerSource
from orchestration.reach import Reach

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PHASES = ["greeting", "interview", "ideation_prep", "ideation", "showcase", "marketing", "closing"]
SLOW = "One two three four five six seven eight."
LEVEL = "tile => Number(tile.style.getPropertyValue('--level'))"
LIT = """() => {
  window.litAtMs = [];
  new MutationObserver((changes) => changes.forEach(({ target }) => {
    if (target.dataset.word === "lit") window.litAtMs.push(performance.now());
  })).observe(document.getElementById("caption"), { subtree: true, attributeFilter: ["data-word"] });
}"""
SHOWN = """
window.shown = [];
addEventListener("DOMContentLoaded", () => {
  const caption = document.getElementById("caption");
  new MutationObserver(() => window.shown.push(caption.textContent)).observe(caption, { childList: true });
});
"""
BLOCKED = """
const play = HTMLMediaElement.prototype.play;
window.blocked = true;
HTMLMediaElement.prototype.play = function () {
  return window.blocked ? Promise.reject(new DOMException("tap first", "NotAllowedError")) : play.call(this);
};
"""


async def test_each_phase_fills_the_line(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    for index, name in enumerate(PHASES):
        await story.phase(double, name, index)
        await expect(page.get_by_test_id(f"phase-{name}")).to_have_attribute("aria-current", "step")
        await expect(page.locator("#phases [aria-current]")).to_have_count(1)
        await expect(page.locator("#phases [data-done=true]")).to_have_count(index)


async def test_the_speakers_tile_shows_the_real_level_of_the_voice(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.speak(double, "t1", "maya", SLOW)
    tile = page.get_by_test_id("tile-maya")
    await expect(tile).to_have_attribute("data-speaking", "true")
    levels = [await tile.evaluate(LEVEL)]
    while levels[-1] <= 0.4 and len(levels) < 80:
        await page.wait_for_timeout(100)
        levels.append(await tile.evaluate(LEVEL))
    assert levels[-1] > 0.4
    await expect(page.locator(".tile[data-speaking=true]")).to_have_count(1)
    await expect(state_of(page)).to_have_text("Maya is speaking")
    await story.fall_silent(double, "t1", "maya")
    await expect(tile).to_have_attribute("data-speaking", "false")


async def test_words_light_as_they_sound(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await until(lambda: double.rtp_now() > 24_000)
    await page.evaluate(LIT)
    await story.speak(double, "t1", "sarah", SLOW, word_ms=250)
    await expect(page.locator("[data-testid=caption] [data-word=lit]")).to_have_count(8)
    lit_at_ms = await page.evaluate("window.litAtMs")
    assert len(lit_at_ms) == 8
    assert 1000 < lit_at_ms[-1] - lit_at_ms[0] < 3500  # 7 words later, 250 ms each
    await expect(page.locator("#caption-live")).to_have_text(SLOW)


async def test_what_was_not_heard_of_an_interrupted_turn_is_struck(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.speak(double, "t1", "sarah", SLOW, word_ms=600)
    await expect(page.locator("[data-testid=caption] [data-word=lit]")).to_have_count(2)
    await story.fall_silent(double, "t1", "sarah", "One two", cut=True)
    cut = page.locator("[data-testid=caption] [data-word=cut]")
    await expect(cut.last).to_have_text("eight.")
    assert await cut.count() >= 4


async def test_the_bar_says_listening_heard_thinking_and_what_was_understood(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    state = state_of(page)
    await double.tell(notices.HumanListening(True))
    await expect(state).to_have_attribute("data-state", "listening")
    await double.tell(notices.HumanSpeaking(True))
    await expect(state).to_have_attribute("data-state", "heard")
    await double.tell(notices.HumanSpeaking(False), notices.HumanListening(False))
    await expect(state).to_have_attribute("data-state", "thinking")
    brief = story.brief_of(0).with_answer("name", "Lantern and Love", AnswerSource.VOICE)
    await double.tell(notices.HumanHeard("Lantern and Love", "name", 0.7, False), notices.BriefUpdated(brief))
    await expect(page.get_by_test_id("understood")).to_contain_text("Lantern and Love")
    await page.get_by_test_id("understood-edit").click()
    await expect(page.get_by_test_id("card-edit-name")).to_be_focused()


async def test_typed_words_are_sent_and_kept_when_refused(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await page.keyboard.press("t")
    await page.keyboard.type("A bakery in the harbour")
    await page.get_by_test_id("text-send").click()
    await until(lambda: len(double.asked("POST", "/messages")) == 1)
    assert json.loads(double.asked("POST", "/messages")[0].body) == {"text": "A bakery in the harbour"}
    double.refusals["POST", "/messages"] = Refusal(429, "too_many", "Too many requests at once.")
    await page.get_by_test_id("text-input").fill("again")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("notice")).to_contain_text("Wait a moment, then try again.")
    await expect(page.get_by_test_id("text-input")).to_have_value("again")


async def test_keys_mute_and_push_to_talk(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await page.locator("body").press("m")
    await expect(page.get_by_test_id("mute")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.down("Space")
    await expect(page.get_by_test_id("ptt")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.up("Space")
    held = [message["down"] for message in double.said if message["type"] == "human.push_to_talk"]
    await until(lambda: len([m for m in double.said if m["type"] == "human.push_to_talk"]) == 2)
    held = [message["down"] for message in double.said if message["type"] == "human.push_to_talk"]
    assert held == [True, False]
    await page.get_by_test_id("ptt").hover()
    await page.mouse.down()
    await expect(page.get_by_test_id("ptt")).to_have_attribute("aria-pressed", "true")
    await page.mouse.up()
    await expect(page.get_by_test_id("ptt")).to_have_attribute("aria-pressed", "false")


def presses(double: WireDouble) -> list[object]:
    return [message["down"] for message in double.said if message["type"] == "human.push_to_talk"]


async def test_the_talk_key_is_let_go_with_the_focus_and_with_the_microphone(
    tab: Page, double: WireDouble
) -> None:
    await tab.add_init_script(KEPT_TRACK)
    await tab.goto(double.url)
    await enter(tab, double)
    key = tab.get_by_test_id("ptt")
    await key.focus()
    await tab.keyboard.down("Enter")
    await expect(key).to_have_attribute("aria-pressed", "true")
    await tab.keyboard.press("Tab")
    await expect(key).to_have_attribute("aria-pressed", "false")
    await tab.keyboard.up("Enter")
    await key.hover()
    await tab.mouse.down()
    await expect(key).to_have_attribute("aria-pressed", "true")
    await tab.evaluate("window.track.dispatchEvent(new Event('ended'))")
    await expect(key).to_be_disabled()
    await expect(key).to_have_attribute("aria-pressed", "false")
    await until(lambda: presses(double) == [True, False, True, False])


async def test_an_outage_of_the_voices_is_shown_until_they_are_back(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    notice, act = page.get_by_test_id("notice"), page.get_by_test_id("notice-act")
    reach = Reach()
    await double.tell(*reach.lost("marcus"))
    await expect(notice).to_contain_text("The team's voices were disconnected")
    await expect(act).to_be_hidden()
    await expect(state_of(page)).to_have_text("The team's voices are coming back")
    await double.tell(notices.Error("internal", "Something broke on our side."))
    await expect(notice).to_contain_text("Something broke")
    await act.click()  # as when its time is over
    await expect(notice).to_contain_text("The team's voices were disconnected")
    await double.tell(*reach.restored("marcus"))
    await expect(notice).to_contain_text("The team's voices are back")
    await act.click()
    await expect(notice).to_have_attribute("data-shown", "false")
    await expect(state_of(page)).not_to_have_text("The team's voices are coming back")


async def test_a_lost_connection_is_a_state_and_comes_back_with_what_was_missed(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    await double.tell(notices.PhaseEntered("interview", 1, 7))
    double.refusals["POST", "/whip"] = Refusal(503, "draining", "The server is about to restart.")
    await double.drop_peers()
    await expect(state_of(page)).to_have_attribute("data-state", "reconnecting")
    await double.tell(notices.PhaseEntered("ideation_prep", 2, 7))
    double.refusals.clear()
    await expect(page.locator("body[data-link=live]")).to_have_count(1, timeout=15_000)
    await expect(page.get_by_test_id("phase-ideation_prep")).to_have_attribute("aria-current", "step")
    await until(lambda: len([m for m in double.said if m["type"] == "resume"]) == 2)
    assert [m["after"] for m in double.said if m["type"] == "resume"][1] == 2


async def test_after_a_reload_what_was_said_before_is_not_shown_again(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.speak(double, "t1", "marcus", "Welcome to the team.", word_ms=50)
    await story.fall_silent(double, "t1", "marcus")
    await story.speak(double, "t2", "sarah", SLOW)
    await expect(page.get_by_test_id("caption")).to_have_text(SLOW)
    await page.add_init_script(SHOWN)
    await page.reload()
    await expect(page.get_by_test_id("caption")).to_have_text(SLOW)
    shown = await page.evaluate("window.shown")
    assert not any("Welcome" in text for text in shown), shown


async def test_a_reload_between_two_sentences_leaves_no_hint_that_the_team_is_coming(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    await expect(page.get_by_test_id("caption")).to_have_text("The team is coming in.")
    await story.approval(double)
    await story.fall_silent(double, "t6", "sophie")
    await page.reload()
    await expect(page.locator("body[data-link=live]")).to_have_count(1, timeout=10_000)
    await expect(page.get_by_test_id("phase-marketing")).to_have_attribute("aria-current", "step")
    await expect(page.get_by_test_id("caption")).not_to_contain_text("coming in")


def typing(double: WireDouble) -> list[object]:
    return [message["typing"] for message in double.said if message["type"] == "human.typing"]


async def test_the_server_is_told_that_somebody_types_at_most_every_two_seconds(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    field = page.get_by_test_id("text-input")
    await field.press_sequentially("A bakery in the harbour", delay=60)
    await until(lambda: typing(double) == [True])
    await page.wait_for_timeout(2200)
    assert typing(double) == [True, True]  # what came between is told with the next sign
    await field.press("Enter")
    await until(lambda: typing(double) == [True, True, False])
    await field.press_sequentially("x")
    await until(lambda: typing(double)[3:] == [True])
    await field.press("Backspace")
    await until(lambda: typing(double)[3:] == [True, False])
    await story.interview(double)
    await page.get_by_test_id("card-edit-name").press_sequentially("y")
    await until(lambda: typing(double)[5:] == [True])
    await field.focus()
    await until(lambda: typing(double)[5:] == [True, False])


async def test_words_that_are_too_many_are_counted_and_not_sent(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    field, over = page.get_by_test_id("text-input"), page.get_by_test_id("text-over")
    await field.fill("🍞" * 2003)
    await expect(over).to_have_text("3 characters too many: shorten it to send it.")
    await expect(page.get_by_test_id("text-send")).to_be_disabled()
    await field.press("Enter")
    await expect(field).to_have_value("🍞" * 2003)
    await field.fill("🍞" * 2000)
    await expect(over).to_be_hidden()
    await field.press("Enter")
    await until(lambda: len(double.asked("POST", "/messages")) == 1)
    assert json.loads(double.asked("POST", "/messages")[0].body) == {"text": "🍞" * 2000}
    await story.interview(double)
    await page.get_by_test_id("card-edit-name").fill("x" * 2001)
    await expect(page.get_by_test_id("card-name")).to_contain_text("1 character too many")
    await expect(page.get_by_test_id("card-save-name")).to_be_disabled()


async def test_icons_are_loaded_once_and_stay_when_the_server_is_gone(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await page.context.set_offline(True)
    try:
        for pressed in ("true", "false", "true"):
            await page.locator("body").press("m")
            await expect(page.get_by_test_id("mute")).to_have_attribute("aria-pressed", pressed)
        drawn = await page.get_by_test_id("mute").evaluate("b => b.querySelector('use').getBBox().width")
    finally:
        await page.context.set_offline(False)
    assert drawn > 0
    assert len(double.asked("GET", "/drawings.svg")) == 1


async def test_a_session_moved_elsewhere_says_so_and_is_not_taken_back_unasked(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    double.complain("replaced", "The session moved.")
    await expect(state_of(page)).to_have_attribute("data-state", "moved")
    await expect(page.get_by_test_id("notice")).to_contain_text("another tab or on another device")
    assert len(double.asked("POST", "/whip")) == 1
    await page.get_by_test_id("notice-act").click()
    await expect(page.locator("body[data-link=live]")).to_have_count(1)
    assert len(double.asked("POST", "/whip")) == 2


async def test_nobody_counts_as_listening_until_the_browser_may_play(
    tab: Page, double: WireDouble
) -> None:
    await tab.add_init_script(BLOCKED)
    await tab.goto(double.url)
    await enter(tab, double)
    await expect(state_of(tab)).to_have_text("Tap to hear the team")
    await tab.wait_for_timeout(1200)
    assert {message["type"] for message in double.said} == {"resume"}
    await tab.evaluate("window.blocked = false")
    await tab.get_by_test_id("tap-to-hear").click()
    await expect(tab.get_by_test_id("tap-to-hear")).to_be_hidden()
    await until(lambda: any(message["type"] in ("ping", "playout") for message in double.said))


async def test_playout_reports_what_sounds_once_a_second(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await until(lambda: len([m for m in double.said if m["type"] == "playout"]) >= 2)
    first, second = [m for m in double.said if m["type"] == "playout"][:2]
    stepped = int(str(second["rtp_timestamp"])) - int(str(first["rtp_timestamp"]))
    elapsed = int(str(second["at_ms"])) - int(str(first["at_ms"]))
    assert 0.5 * 48 * elapsed < stepped < 1.5 * 48 * elapsed


async def test_stop_asks_once_and_then_ends_the_session_for_good(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await page.get_by_test_id("stop").click()
    await expect(page.get_by_test_id("stop-no")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("stop")).to_be_focused()
    assert double.asked("DELETE", "/sessions/s1") == []
    await page.keyboard.press("Enter")
    await page.get_by_test_id("stop-yes").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("summary")).to_contain_text("You stopped the session")
    await expect(state_of(page)).to_have_attribute("data-state", "ended")
    assert len(double.asked("DELETE", "/sessions/s1")) == 1
    await expect(page.get_by_test_id("text-input")).to_be_disabled()


async def test_the_inspector_tells_how_the_sound_travels(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await double.tell(notices.TurnMetrics("t1", "sarah", 40, 7356, 250, "voice", 350))
    await page.get_by_test_id("inspect").click()
    await expect(page.get_by_test_id("figure-path")).to_contain_text("udp, direct")
    words = "Sarah was ready 7.4 s early, paused 0.3 s"
    await expect(page.get_by_test_id("figure-turn")).to_have_text(words)
    await expect(page.get_by_test_id("figure-turn")).to_have_attribute(
        "title", "ready 7356 ms before, pause 250 ms"
    )
    await double.tell(notices.TurnMetrics("t2", "maya", 40, 0, 0, "human", 350))
    await expect(page.get_by_test_id("figure-turn")).to_have_text("Maya had to think first")
    await expect(page.get_by_test_id("remedy")).to_have_text("All is well.")
