"""The whole instrument for a few seconds: Chromium, the link and both servers, no figures."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from tests.bench import reception
from tests.bench.chromium import laboratory
from tests.bench.path import Conditions
from tests.bench.sounds import SENTENCES, spoken

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


async def test_sound_goes_both_ways_through_the_link_and_is_judged() -> None:
    # The same words both ways would be an echo.
    theirs, ours = spoken(SENTENCES[0]), spoken(SENTENCES[1])
    async with laboratory("harness_server", "textbook") as lab:
        peers = [await lab.connect(name, speaks=True) for name in ("harness_server", "textbook")]
        await asyncio.gather(lab.say(theirs), *(peer.say(ours) for peer in peers))
        for peer in peers:
            await peer.link.set(up=Conditions(loss=1.0), down=Conditions(loss=1.0))
            assert np.abs((await peer.recording()).samples).max() > 0.1
            assert (await peer.inbound())["packetsReceived"] > 50
            could = reception.ideal(await peer.sent(), await peer.link.passed("up"))
            got = reception.judge(could, await peer.microphone())
            assert got.speech_frames > 50
            assert got.missing < 0.5
            assert got.delay_ms() < 500
            await lab.hang_up(peer)
