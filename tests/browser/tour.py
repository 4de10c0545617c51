"""Real sessions ("Show me an example"), pictured phase by phase, and how exactly their captions light.

`PYTHONPATH=. python tests/browser/tour.py OUT [desk-light pixel-dark iphone-light small-light …]`
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path

from page_browser import launch
from playwright.async_api import Browser, Page, async_playwright
from product import running

SIZES = {
    "desk": (1440, 900, 1.0),
    "pixel": (412, 915, 2.625),
    "iphone": (390, 844, 3.0),
    "small": (360, 640, 2.0),
}
SESSION_S = 240.0
SETTLE_S = 3.0
NOW = "document.querySelector('#phases [aria-current]')?.dataset.testid ?? ''"
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


class Tour:
    """One session at one size: `hold` it, then `captions` says how late the words were."""

    def __init__(self, page: Page, out: Path, label: str) -> None:
        self.page, self.out, self.label = page, out, label
        self.count = 0

    async def picture(self, name: str) -> None:
        await self.page.screenshot(path=self.out / f"{self.label}-{self.count:02}-{name}.png")
        self.count += 1

    async def both(self, name: str) -> None:
        """As the page stands and, on a phone, with the sheet the other way too."""
        await self.picture(name)
        sheet = self.page.get_by_test_id("sheet")
        if not await sheet.is_visible():
            return
        opened = await sheet.get_attribute("aria-expanded") == "true"
        await sheet.click()
        await asyncio.sleep(0.4)
        await self.picture(f"{name}-{'closed' if opened else 'open'}")
        await sheet.click()

    async def hold(self, url: str) -> None:
        await self.page.goto(url)
        await asyncio.sleep(1)
        await self.picture("start")
        await self.page.get_by_test_id("example").click()
        seen = ""
        async with asyncio.timeout(SESSION_S):
            while not await self.page.get_by_test_id("summary").is_visible():
                now = await self.page.evaluate(NOW)
                if now and now != seen:
                    seen = now
                    await asyncio.sleep(SETTLE_S)
                    await self.both(now.removeprefix("phase-"))
                await self.decide()
                await asyncio.sleep(0.2)
        await asyncio.sleep(2.5)
        await self.both("summary")

    async def decide(self) -> None:
        approve = self.page.get_by_test_id("approve")
        if await approve.is_visible() and await approve.is_enabled():
            await asyncio.sleep(1.5)
            await self.both("approval")
            await approve.click()
            await asyncio.sleep(1)
            await self.both("approved")

    async def captions(self) -> str:
        """How much later than its sample each word lit, and how much the voice's onset was off."""
        lit, told, voice = await self.page.evaluate("[window.lit, window.told, window.voice]")
        captions = {c["body"]["text"]: c["body"] for c in told if c["type"] == "caption"}
        late, onsets = [], []
        for one in lit:
            caption = captions.get(" ".join(one["text"].split()))
            if caption is None or one["rtp"] is None or one["n"] >= len(caption.get("words") or ()):
                continue
            start_ms = caption["words"][one["n"]]["start_ms"] - caption["start_ms"]
            late.append((one["rtp"] - caption["rtp_timestamp"]) / 48 - start_ms)
        for turn in (t["body"] for t in told if t["type"] == "turn.started"):
            near = [r for r, level in voice if level > 0.01 and -7_200 < r - turn["rtp_timestamp"] < 48_000]
            if near:
                onsets.append((min(near) - turn["rtp_timestamp"]) / 48)
        order = [(t["type"], t["body"].get("turn")) for t in told]
        begun = {turn for kind, turn in order if kind == "turn.started"}
        early = [turn for n, (kind, turn) in enumerate(order)
                 if kind == "caption" and ("turn.started", turn) not in order[:n]]
        told_of = {c["body"]["turn"] for c in told if c["type"] == "caption"}
        figures = {
            "words": len(late),
            "late_ms": [round(q) for q in statistics.quantiles(late, n=20)] if len(late) > 2 else late,
            "voice_onset_after_turn_started_ms": [round(o) for o in onsets],
            "captions_before_their_turn": early,
            "turns": len(begun),
            "turns_without_caption": sorted(begun - told_of),
        }
        return json.dumps(figures)


async def one(browser: Browser, url: str, out: Path, size: str, scheme: str) -> None:
    width, height, dpr = SIZES[size]
    phone = size != "desk"
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=dpr,
        is_mobile=phone,
        has_touch=phone,
        color_scheme="dark" if scheme == "dark" else "light",
        permissions=["microphone"],
    )
    page = await context.new_page()
    page.on("console", lambda m: print(size, scheme, m.type, m.text, m.location, flush=True))
    page.on("pageerror", lambda error: print(size, scheme, "ERROR", error, flush=True))
    await page.add_init_script(WATCH)
    tour = Tour(page, out, f"{size}-{scheme}")
    await tour.hold(url)
    print(size, scheme, await tour.captions(), flush=True)
    await context.close()


async def main(out: Path, wanted: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        async with running(data) as product, async_playwright() as playwright:
            browser = await launch(playwright)
            for name in wanted:
                size, scheme = name.split("-")
                await one(browser, product.url, out, size, scheme)
            await browser.close()


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:] or [f"{size}-light" for size in SIZES]))
