"""How long an answer takes to the ear, measured in Chromium, beside what the server tells of it.

`PYTHONPATH=. python tests/browser/answering.py` holds an interview's first questions by voice and prints, for
each answered turn, the server's `metrics.turn` and the time from the end of the mouth's sound to the first
loud packet of the turn that is handed to the loudspeaker.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import tempfile
import wave
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from page_browser import launch
from playwright.async_api import Page, async_playwright
from product import Product, events, running, speech

from media.pcm import SAMPLE_RATE_HZ, audible_end

ANSWERS = ("Golden Harvest Bakery", "We bake fresh bread and cakes", "Families near the river", "Local flour")
SESSION_S = 120.0
LOUD = 0.005
MOUTH = """
(() => {
  const context = new AudioContext();
  const mouth = context.createMediaStreamDestination();
  navigator.mediaDevices.getUserMedia = async () => mouth.stream;
  window.ends = []; window.heard = [];
  window.say = async (wav, lengthS) => {
    const bytes = Uint8Array.from(atob(wav), (c) => c.charCodeAt(0));
    const source = context.createBufferSource();
    source.buffer = await context.decodeAudioData(bytes.buffer);
    source.connect(mouth);
    window.ends.push(performance.now() + 50 + lengthS * 1000);
    source.start(context.currentTime + 0.05);
  };
  const receivers = [];
  const add = RTCPeerConnection.prototype.addTransceiver;
  RTCPeerConnection.prototype.addTransceiver = function (...all) {
    const made = add.apply(this, all); receivers.push(made.receiver); return made;
  };
  setInterval(() => {
    const source = receivers.at(-1)?.getSynchronizationSources()[0];
    if (!source) return;
    const atMs = source.timestamp - performance.timeOrigin;
    if (performance.now() - atMs < 50) window.heard.push([atMs, source.rtpTimestamp, source.audioLevel ?? 0]);
  }, 5);
})();
"""


@dataclass
class Human:
    """Answers each question as soon as it may."""

    page: Page
    spoken: list[tuple[bytes, float]]
    """WAV files, and where their sound ends in seconds."""
    told: list[dict[str, object]] = field(default_factory=list)
    started: dict[str, int] = field(default_factory=dict)

    async def live(self, product: Product) -> None:
        ticket = json.loads(await self.page.evaluate("Object.values(sessionStorage)[0]"))
        async with aiohttp.ClientSession() as http:
            async for event in events(http, product.url, ticket["id"], ticket["token"]):
                data = event["data"]
                assert isinstance(data, dict)
                if event["type"] == "turn.started":
                    self.started[data["turn"]] = data["rtp_timestamp"]
                elif event["type"] == "metrics.turn" and data["after"] == "human":
                    self.told.append(data)
                elif event["type"] == "human.listening" and data["listening"]:
                    if not self.spoken:
                        return
                    await self.say(*self.spoken.pop(0))

    async def say(self, wav: bytes, length_s: float) -> None:
        await asyncio.sleep(0.4)
        sound = base64.b64encode(wav).decode()
        await self.page.evaluate("([wav, lengthS]) => window.say(wav, lengthS)", [sound, length_s])

    async def measured(self) -> list[dict[str, object]]:
        """For each answered turn what was `told`, and `heard_ms`: from the mouth's end to the ear."""
        ends, heard = await self.page.evaluate("[window.ends, window.heard]")
        found = []
        for told, end_ms in zip(self.told, ends, strict=True):
            rtp = self.started[str(told["turn"])]
            at_ms = next(at for at, now, level in heard if at > end_ms and level > LOUD and now + 960 > rtp)
            found.append({"told": told, "heard_ms": round(at_ms - end_ms)})
        return found


async def spoken(folder: Path, text: str) -> tuple[bytes, float]:
    wav = await speech(text, folder / "answer.wav")
    with wave.open(io.BytesIO(wav)) as file:
        return wav, audible_end(file.readframes(file.getnframes())) / SAMPLE_RATE_HZ


async def answer() -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        mouth = [await spoken(folder, text) for text in ANSWERS]
        async with running(folder / "data") as product, async_playwright() as playwright:
            browser = await launch(playwright)
            page = await browser.new_page()
            await page.add_init_script(MOUTH)
            await page.goto(product.url)
            await page.get_by_test_id("start").click()
            async with asyncio.timeout(SESSION_S):
                while not await page.evaluate("Object.values(sessionStorage).length"):
                    await asyncio.sleep(0.1)
                human = Human(page, mouth)
                await human.live(product)
            measured = await human.measured()
            await browser.close()
            return measured


if __name__ == "__main__":
    print(json.dumps(asyncio.run(answer())))
