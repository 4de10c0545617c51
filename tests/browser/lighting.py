"""How exactly the page lights the words: a real session ("Show me an example"), watched in Chromium.

`PYTHONPATH=. python tests/browser/lighting.py` prints its figures as JSON. A word is compared by RTP time:
that of its sound, by its caption, with that which sounds (getSynchronizationSources) when its element is lit.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from page_browser import launch
from playwright.async_api import Page, async_playwright
from product import running

SESSION_S = 240.0
WATCH = """
window.lit = []; window.told = []; window.voice = [];
const receivers = [];
const add = RTCPeerConnection.prototype.addTransceiver;
RTCPeerConnection.prototype.addTransceiver = function (...all) {
  const made = add.apply(this, all); receivers.push(made.receiver); return made;
};
const make = RTCPeerConnection.prototype.createDataChannel;
RTCPeerConnection.prototype.createDataChannel = function (...all) {
  const channel = make.apply(this, all);
  channel.addEventListener("message", ({ data }) => {
    const { type, data: body } = JSON.parse(data);
    if (/^(turn|caption)/.test(type)) window.told.push({ type, body, atMs: performance.now() });
  });
  return channel;
};
const rtp = () => {
  const source = receivers.at(-1)?.getSynchronizationSources()[0];
  if (!source) return null;
  const ageMs = performance.timeOrigin + performance.now() - source.timestamp;
  return { rtp: source.rtpTimestamp + ageMs * 48, level: ageMs < 100 ? source.audioLevel ?? 0 : 0 };
};
setInterval(() => { const now = rtp(); if (now) window.voice.push([now.rtp, now.level]); }, 20);
addEventListener("DOMContentLoaded", () => {
  const caption = document.getElementById("caption");
  if (!caption) return; // the built site, in its frame
  new MutationObserver((changes) => changes.forEach(({ target }) => {
    if (target.dataset?.word === "lit") {
      const spans = [...caption.querySelectorAll("[data-word]")];
      window.lit.push({ text: caption.textContent, n: spans.indexOf(target), rtp: rtp()?.rtp ?? null });
    }
  })).observe(caption, { subtree: true, attributeFilter: ["data-word"] });
});
"""


@dataclass(frozen=True, slots=True)
class Lighting:
    """Of one session, in ms; late is positive."""

    late: list[float]
    """Each word on the screen, after its sound."""
    onsets: list[float]
    """The first loud packet of each turn, after the first sample that `turn.started` names."""
    early: list[str]
    """Turns whose caption came before they began."""
    turns: int
    without: list[str]
    """Turns without a caption."""
    unlit: int
    """Words of captions that never were on the screen while something sounded."""

    def told(self) -> dict[str, object]:
        quantiles = statistics.quantiles(self.late, n=20) if len(self.late) > 2 else self.late
        return {
            "words": len(self.late),
            "late_ms": [round(late) for late in quantiles],
            "off_ms": self.off_ms(),
            "voice_onset_after_turn_started_ms": [round(onset) for onset in self.onsets],
            "captions_before_their_turn": self.early,
            "turns": self.turns,
            "turns_without_caption": self.without,
            "words_never_lit": self.unlit,
        }

    def off_ms(self) -> dict[str, float]:
        """How far words were off, early or late: median, 95th percentile, most."""
        off = sorted(map(abs, self.late)) or [float("nan")]
        found = {"median": statistics.median(off), "p95": off[int(0.95 * (len(off) - 1))], "most": off[-1]}
        return {name: round(ms, 1) for name, ms in found.items()}


async def figures(page: Page) -> Lighting:
    """What WATCH, an init script of this page, has seen."""
    lit, told, voice = await page.evaluate("[window.lit, window.told, window.voice]")
    captions = {c["body"]["text"]: c["body"] for c in told if c["type"] == "caption"}
    late, onsets = [], []
    unlit = {(text, n) for text, body in captions.items() for n in range(len(body.get("words") or ()))}
    for one in lit:
        text = " ".join(one["text"].split())
        caption = captions.get(text)
        if caption is None or one["rtp"] is None or one["n"] >= len(caption.get("words") or ()):
            continue
        start_ms = caption["words"][one["n"]]["start_ms"] - caption["start_ms"]
        unlit.discard((text, one["n"]))
        late.append((one["rtp"] - caption["rtp_timestamp"]) / 48 - start_ms)
    for turn in (t["body"] for t in told if t["type"] == "turn.started"):
        near = [r for r, level in voice if level > 0.01 and -7_200 < r - turn["rtp_timestamp"] < 48_000]
        if near:
            onsets.append((min(near) - turn["rtp_timestamp"]) / 48)
    order = [(t["type"], t["body"].get("turn")) for t in told]
    begun = {turn for kind, turn in order if kind == "turn.started"}
    early = [
        str(turn)
        for n, (kind, turn) in enumerate(order)
        if kind == "caption" and ("turn.started", turn) not in order[:n]
    ]
    told_of = {c["body"]["turn"] for c in told if c["type"] == "caption"}
    return Lighting(late, onsets, early, len(begun), sorted(begun - told_of), len(unlit))


async def watch() -> Lighting:
    """Hold the example to its summary, approving what is to be approved."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        async with running(data) as product, async_playwright() as playwright:
            browser = await launch(playwright)
            page = await browser.new_page(viewport={"width": 1440, "height": 900})
            await page.add_init_script(WATCH)
            await page.goto(product.url)
            await page.get_by_test_id("example").click()
            async with asyncio.timeout(SESSION_S):
                while not await page.get_by_test_id("summary").is_visible():
                    approve = page.get_by_test_id("approve")
                    if await approve.is_visible() and await approve.is_enabled():
                        await approve.click()
                    await asyncio.sleep(0.5)
            await asyncio.sleep(2.0)
            seen = await figures(page)
            await browser.close()
            return seen


if __name__ == "__main__":
    print(json.dumps(asyncio.run(watch()).told()))
