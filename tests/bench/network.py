"""The product and the textbook server over the same bad network, with Chromium at the other end.

Each function holds one run and returns what each peer got, by the peer's name.
`python -m tests.bench.network [run ...]` prints them as JSON. Run it alone: on a busy machine the figures
are those of the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from media.pcm import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ, ms_to_samples
from tests.bench import playback, reception, words
from tests.bench.chromium import Laboratory, Microphone, Peer, Sent, laboratory
from tests.bench.path import Conditions
from tests.bench.reception import Reception
from tests.bench.relay import Passed
from tests.bench.sounds import SENTENCES, lecture, spoken

PRODUCT, TEXTBOOK = "harness_server", "textbook"
CLEAN = "product without loss"
LOSSY = Conditions(loss=0.05)
NARROW = Conditions(rate_bps=100_000)
SEED = 3
SEEDS = {CLEAN: (0, 0), PRODUCT: (SEED, 4, 5, 6), TEXTBOOK: (SEED,)}
"""The uplink's peers, each losing other packets: of one alone the recogniser's errors say too little."""

SETTLE_S = 10.0
"""Until the sender knows of the losses (RFC 3550 reports) and the browser's buffer has found its depth."""
TALK_S = 20.0
UTTERANCES = 6
GAP_S = 0.3
LAST_PACKETS_S = 1.0
BURST_PACKETS = 10
BEFORE_S, AFTER_S, SECONDS_AFTER = 10.0, 2.0, 12

Counts = dict[str, float]


@dataclass(frozen=True, slots=True)
class Talk:
    """A downlink, from within one long talk spurt."""

    concealed: float
    """(concealedSamples - silentConcealedSamples) / totalSamplesReceived."""
    packets_lost: float
    """Share of the packets sent."""
    jitter_buffer_ms: float
    """Mean time in the browser's buffer."""


@dataclass(frozen=True, slots=True)
class Played:
    """Utterances as they were played; the worst of them counts."""

    utterances: int
    onset_correlation: float
    onset_shift_ms: float
    tail_level: float
    skipped_samples: int
    """What the recorder itself missed: 0, or the run is worth nothing."""


@dataclass(frozen=True, slots=True)
class Uplink:
    """What came of a long spoken text."""

    speech_frames: int
    missing: float
    unavoidable: float
    delay_ms: float
    words: int
    word_errors: int
    figures: Counts
    """The server's own."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """How long the microphone path keeps a sound, from the packet's arrival on."""

    clean_ms: float
    clean_p95_ms: float
    after_burst_ms: float
    """The worst second's median, from 2 s after a burst of lost packets on."""

    @property
    def added_ms(self) -> float:
        return self.after_burst_ms - self.clean_ms


# ---------------------------------------------------------------------- downlink


async def talk(down: Conditions) -> dict[str, Talk]:
    """Both servers talk without end over a downlink in these conditions."""
    pcm = lecture(pause_ms=200)[: round((SETTLE_S + TALK_S + 5) * SAMPLE_RATE_HZ) * BYTES_PER_SAMPLE]
    async with laboratory(PRODUCT, TEXTBOOK) as lab:
        peers = {name: await lab.connect(name, SEED) for name in (PRODUCT, TEXTBOOK)}
        await asyncio.gather(*(peer.link.set(down=down) for peer in peers.values()))
        async with asyncio.TaskGroup() as talking:
            for peer in peers.values():
                talking.create_task(peer.say(pcm))
            await asyncio.sleep(SETTLE_S)
            before = {name: await peer.inbound() for name, peer in peers.items()}
            await asyncio.sleep(TALK_S)
            after = {name: await peer.inbound() for name, peer in peers.items()}
    return {name: _talk(before[name], after[name]) for name in peers}


def _talk(before: Counts, after: Counts) -> Talk:
    def grown(counter: str) -> float:
        return after[counter] - before[counter]

    concealed = grown("concealedSamples") - grown("silentConcealedSamples")
    lost = grown("packetsLost")
    return Talk(
        concealed / max(1, grown("totalSamplesReceived")),
        lost / max(1, lost + grown("packetsReceived")),
        1000 * grown("jitterBufferDelay") / max(1, grown("jitterBufferEmittedCount")),
    )


async def played() -> dict[str, Played]:
    """Both servers speak a few sentences with pauses over a perfect network."""
    said = [spoken(sentence) for sentence in SENTENCES[:UTTERANCES]]
    async with laboratory(PRODUCT, TEXTBOOK) as lab:
        peers = {name: await lab.connect(name) for name in (PRODUCT, TEXTBOOK)}
        await asyncio.sleep(LAST_PACKETS_S)
        for pcm in said:
            await asyncio.gather(
                asyncio.sleep(_seconds(pcm) + GAP_S), *(peer.say(pcm) for peer in peers.values())
            )
        await asyncio.sleep(LAST_PACKETS_S)
        recordings = {name: await peer.recording() for name, peer in peers.items()}
    return {
        name: _played(said, playback.at_24_khz(recording.samples), recording.skipped)
        for name, recording in recordings.items()
    }


def _played(said: Iterable[bytes], sound: playback.Wave, skipped: int) -> Played:
    judged: list[playback.Utterance] = []
    after = 0
    for pcm in said:
        judged.append(playback.judge(pcm, sound, after))
        after = max(after, judged[-1].position + len(pcm) // BYTES_PER_SAMPLE)
    return Played(
        len(judged),
        min(one.onset_correlation for one in judged),
        max((one.onset_shift_ms for one in judged), key=abs),
        max(one.tail_level for one in judged),
        skipped,
    )


# ---------------------------------------------------------------------- uplink


@dataclass(frozen=True, slots=True)
class _Taken:
    sent: list[Sent]
    passed: list[Passed]
    heard: Microphone

    def judged(self) -> Reception:
        return reception.judge(reception.ideal(self.sent, self.passed), self.heard)


async def _take(peer: Peer) -> _Taken:
    return _Taken(await peer.sent(), await peer.link.passed("up"), await peer.microphone())


async def uplink() -> dict[str, Uplink]:
    """The human speaks a long text to several peers at once: some without loss, the others with 5 %."""
    async with laboratory(PRODUCT, TEXTBOOK) as lab:
        peers = {name: await _speakers(lab, name) for name in SEEDS}
        await lab.say(lecture())
        await asyncio.sleep(LAST_PACKETS_S)
        taken = {name: [await _take(peer) for peer in ears] for name, ears in peers.items()}
    return {name: _uplink(ears) for name, ears in taken.items()}


async def _speakers(lab: Laboratory, name: str) -> list[Peer]:
    server = PRODUCT if name == CLEAN else name
    peers = [await lab.connect(server, seed, speaks=True) for seed in SEEDS[name]]
    if name != CLEAN:
        await asyncio.gather(*(peer.link.set(up=LOSSY) for peer in peers))
    return peers


def _uplink(ears: list[_Taken]) -> Uplink:
    """The words of all, the rest of the first."""
    said = words.plain(" ".join(SENTENCES))
    judged = ears[0].judged()
    return Uplink(
        judged.speech_frames,
        judged.missing,
        judged.unavoidable,
        judged.delay_ms(),
        len(said) * len(ears),
        sum(words.errors(said, words.recognised(ear.heard.pcm)) for ear in ears),
        ears[0].heard.figures,
    )


async def buffer(packets: int = BURST_PACKETS) -> dict[str, Buffer]:
    """The human speaks over a perfect uplink on which, once, some packets in a row are lost."""
    async with laboratory(PRODUCT, TEXTBOOK) as lab:
        peers = {name: await lab.connect(name, speaks=True) for name in (PRODUCT, TEXTBOOK)}
        pcm = lecture(pause_ms=200)[: round((BEFORE_S + AFTER_S + SECONDS_AFTER) * SAMPLE_RATE_HZ) * 2]
        saying = asyncio.create_task(_say_and_wait(lab, pcm))
        await asyncio.sleep(BEFORE_S)
        bursts = {name: await peer.link.lose_packets("up", packets) for name, peer in peers.items()}
        await saying
        taken = {name: await _take(peer) for name, peer in peers.items()}
    return {name: _buffer(one.judged(), bursts[name]) for name, one in taken.items()}


async def _say_and_wait(lab: Laboratory, pcm: bytes) -> None:
    await lab.say(pcm)
    await asyncio.sleep(LAST_PACKETS_S)


def _buffer(judged: Reception, burst_s: float) -> Buffer:
    clean = judged.delays_ms[judged.arrivals_s < burst_s]
    seconds = [
        judged.delay_ms(burst_s + AFTER_S + second, burst_s + AFTER_S + second + 1)
        for second in range(SECONDS_AFTER)
    ]
    return Buffer(float(np.median(clean)), float(np.percentile(clean, 95)), float(np.nanmax(seconds)))


def _seconds(pcm: bytes) -> float:
    return len(pcm) / BYTES_PER_SAMPLE / ms_to_samples(1000)


# ---------------------------------------------------------------------- by hand

Run = Callable[[], Coroutine[None, None, Mapping[str, Talk | Played | Uplink | Buffer]]]
RUNS: dict[str, Run] = {
    "loss": lambda: talk(LOSSY),
    "narrow": lambda: talk(NARROW),
    "played": played,
    "uplink": uplink,
    "buffer": buffer,
    "single": lambda: buffer(packets=1),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="*", metavar="run", help=", ".join(RUNS))
    runs = parser.parse_args().runs or list(RUNS)
    if unknown := set(runs) - set(RUNS):
        parser.error(f"there is no run {', '.join(sorted(unknown))}")
    for name in runs:
        figures = asyncio.run(RUNS[name]())
        print(json.dumps({name: {peer: asdict(one) for peer, one in figures.items()}}, indent=1), flush=True)


if __name__ == "__main__":
    main()
