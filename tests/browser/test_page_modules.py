"""The page's pure parts, run where they live: in the browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page
from wire_double import WireDouble

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """One page for all: what is pure leaves nothing behind."""
    double = await WireDouble().start()
    page = await chromium.new_page()
    await page.goto(double.url)
    yield page
    await page.close()
    await double.stop()


async def test_each_event_is_delivered_once_and_states_never_go_back(page: Page) -> None:
    got = await page.evaluate(
        """async () => {
          const { Inbox } = await import("/client/wire.js");
          const inbox = new Inbox();
          const got = [];
          inbox.on("phase.entered", ({ phase }) => got.push(phase));
          inbox.on("job.log", ({ first }) => got.push(first));
          const send = (seq, type, data, route) =>
            inbox.receive(JSON.stringify({ seq, type, at_ms: 0, data }), route);
          send(1, "phase.entered", { phase: "greeting" }, "channel");
          send(4, "phase.entered", { phase: "showcase" }, "channel");
          send(1, "phase.entered", { phase: "greeting" }, "stream");
          send(2, "job.log", { first: 0 }, "stream");
          send(3, "phase.entered", { phase: "interview" }, "stream");
          send(4, "phase.entered", { phase: "showcase" }, "stream");
          send(2, "job.log", { first: 0 }, "channel");
          inbox.receive("not json", "channel");
          inbox.receive("[]", "channel");
          return [...got, inbox.watermark];
        }"""
    )
    assert got == ["greeting", "showcase", 0, 4]


async def test_the_way_back_is_tried_at_once_then_ever_more_slowly(page: Page) -> None:
    delays = await page.evaluate(
        """async () => {
          const { delayMs } = await import("/client/reconnect.js");
          return [0, 1, 2, 3, 4, 5, 9].map((attempt) => [delayMs(attempt, 0), delayMs(attempt, 0.999)]);
        }"""
    )
    assert delays[0] == [0, 0]
    assert [low for low, _ in delays] == sorted(low for low, _ in delays)
    assert all(low <= high <= 8000 for low, high in delays)
    assert delays[-1][0] == 4000


async def test_an_event_stream_is_cut_into_events_whatever_the_chunks(page: Page) -> None:
    got = await page.evaluate(
        """async () => {
          const { Splitter } = await import("/client/stream.js");
          const got = [];
          const splitter = new Splitter((data) => got.push(data));
          const text = "retry: 1000\\n\\nid: 1\\ndata: {a}\\n\\n:\\n\\ndata: x\\r\\ndata: y\\r\\n\\r\\n";
          for (const char of text) splitter.push(char);
          return got;
        }"""
    )
    assert got == ["{a}", "x\ny"]


async def test_candidates_travel_as_a_fragment_of_the_offer(page: Page) -> None:
    text = await page.evaluate(
        """async () => {
          const { fragment } = await import("/client/whip.js");
          const media = "m=audio 9 UDP/TLS/RTP/SAVPF 111";
          const sdp = ["v=0", media, "a=mid:0", "a=ice-ufrag:abcd", "a=ice-pwd:pass"].join("\\r\\n");
          return fragment(sdp, [{ candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host" }], true);
        }"""
    )
    assert text.split("\r\n") == [
        "a=ice-ufrag:abcd",
        "a=ice-pwd:pass",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=mid:0",
        "a=candidate:1 1 udp 1 127.0.0.1 9 typ host",
        "a=end-of-candidates",
        "",
    ]


async def test_relays_are_read_from_the_link_header(page: Page) -> None:
    servers = await page.evaluate(
        """async () => {
          const { iceServers } = await import("/client/whip.js");
          return iceServers('<stun:s.example>; rel="ice-server", '
            + '<turn:t.example?transport=udp>; rel="ice-server"; username="1:u"; credential="c="; '
            + 'credential-type="password", </other>; rel="next"');
        }"""
    )
    assert servers == [
        {"urls": "stun:s.example"},
        {"urls": "turn:t.example?transport=udp", "username": "1:u", "credential": "c="},
    ]


async def test_captions_without_word_times_are_spread_over_the_sentence(page: Page) -> None:
    tokens = await page.evaluate(
        """async () => {
          const { tokensOf } = await import("/client/captions.js");
          return tokensOf({ text: "aaa bbb ccc", start_ms: 500, end_ms: 1700, words: [] });
        }"""
    )
    assert [token["text"] for token in tokens] == ["aaa", "bbb", "ccc"]
    assert [round(token["atMs"]) for token in tokens] == [0, 400, 800]


async def test_rtp_distances_survive_the_wrap(page: Page) -> None:
    distances = await page.evaluate(
        """async () => {
          const { rtpDistance } = await import("/client/speaker.js");
          return [rtpDistance(100, 4294967246), rtpDistance(4294967246, 100), rtpDistance(960, 0)];
        }"""
    )
    assert distances == [150, -150, 960]


async def test_any_accent_becomes_readable_in_the_light_and_in_the_dark(page: Page) -> None:
    worst = await page.evaluate(
        """async () => {
          const { contrast, parse, shadesOf } = await import("/client/colour.js");
          const values = ["00", "33", "66", "99", "cc", "ff"];
          let worst = 21;
          for (const r of values) for (const g of values) for (const b of values) {
            const { onLight, onDark } = shadesOf(`#${r}${g}${b}`);
            const light = contrast(parse(onLight), parse("#ece9e1"));
            worst = Math.min(worst, light, contrast(parse(onDark), parse("#22262c")));
          }
          return worst;
        }"""
    )
    assert worst >= 4.5


async def test_a_download_that_is_cut_on_the_way_is_no_fault_of_the_page(page: Page) -> None:
    said = await page.evaluate(
        """async () => {
          const { Session } = await import("/client/session.js");
          const { whatWentWrong } = await import("/client/explain.js");
          const real = window.fetch;
          const cut = new ReadableStream({ start: (half) => half.error(new TypeError("network error")) });
          window.fetch = async () => new Response(cut);
          try {
            return await new Session({ id: "s1", token: "t" }).download("/sessions/s1/recording.ogg");
          } catch (error) {
            return whatWentWrong(error);
          } finally {
            window.fetch = real;
          }
        }"""
    )
    assert said == "The server was not reached. Check your connection and try again."
