"""Wherever real speech is cut, held or runs dry, the listener hears no click: both Opus modes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from speech import rms, speech
from virtual_media import Stage

from media.floor import FADE_SAMPLES
from media.opus import Decoder, Encoder
from media.outbound import Outbound
from media.pcm import FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples, as_array, ms_to_samples

CELT, HYBRID = 0, 10
"""By what the encoder is told of the loss, in percent."""
CUTS = 120
DELAY = 156
"""The coder's 6.5 ms."""
WINDOW = ms_to_samples(60)
RESIDUAL_MAX = 0.1
INVENTED_MAX = 0.15
"""Where nothing is left to fade out on, and the last samples are said once more, backwards."""
HEARD_HZ = 60
"""What is slower is no click: after a cut the encoder's own 3 Hz high-pass drifts back for a while."""
WARM_UP = ms_to_samples(50)


class Talk(Stage):
    """Random pieces of the five personas' speech, and the places where they were broken off."""

    def __init__(self, expected_loss_percent: int, seed: int) -> None:
        super().__init__()
        self.rng = np.random.default_rng(seed)
        self.outbound.close()
        encoder = Encoder()
        encoder.expected_loss_percent = expected_loss_percent
        self.outbound = Outbound(self.floor, self.clock, self.loop, encoder)
        self.outbound.subscribe(lambda packet: self.packets.append((self.loop.now, packet)))
        self.broken: list[int] = []
        self.turns = 0

    def begin(self, length: int = SAMPLE_RATE_HZ) -> None:
        """Say a second of speech from anywhere, loud from its first sample; more may come."""
        voice = speech()[int(self.rng.integers(5))]
        pcm = voice[int(self.rng.integers(voice.size - 2 * SAMPLE_RATE_HZ)) :]
        pcm = pcm[int(np.argmax(np.abs(pcm) > 164)) :][:length]
        self.turns += 1
        self.floor.lane(str(self.turns)).put(pcm.tobytes())
        self.floor.give(str(self.turns), 0)

    def run(self, least_ms: float, most_ms: float) -> None:
        self.loop.run_ms(float(self.rng.uniform(least_ms, most_ms)))

    def breaks_off(self, at: int | None = None) -> None:
        """From the next packet on, or from `at`."""
        self.broken.append(self.positions[-1] + FRAME_SAMPLES if at is None else at)

    def heard(self) -> Samples:
        """What a listener plays who conceals for 60 ms what does not come."""
        decoder = Decoder()
        played = np.zeros(self.positions[-1] + 10 * FRAME_SAMPLES, np.int16)
        following = [*self.positions[1:], played.size]
        for (_, packet), end in zip(self.packets, following, strict=True):
            sound = [decoder.decode(packet.payload)]
            if end > packet.position + FRAME_SAMPLES:
                sound += [decoder.conceal(FRAME_SAMPLES) for _ in range(3)]
            pcm = as_array(b"".join(sound))[: end - packet.position]
            played[packet.position : packet.position + pcm.size] = pcm
        return played[DELAY:]


@dataclass(frozen=True, slots=True)
class Residual:
    """Over the 60 ms after the fade, as a share of the speech's RMS."""

    worst: float
    typical: float


def residual(talk: Talk) -> Residual:
    heard = talk.heard()
    level = rms(np.concatenate(speech()))
    shares = []
    for at in talk.broken:
        end = at + FADE_SAMPLES
        shares.append(rms(_audible(heard[end - WARM_UP : end + WINDOW])[WARM_UP:]) / level)
    return Residual(max(shares), float(np.median(shares)))


def _audible(samples: Samples) -> Samples:
    """Without what is slower than HEARD_HZ (two poles)."""
    keep = np.exp(-2 * np.pi * HEARD_HZ / SAMPLE_RATE_HZ)
    sound = samples.astype(float)
    for _ in range(2):
        level, passed = 0.0, []
        for step in np.diff(sound, prepend=sound[0]).tolist():
            level = keep * level + step
            passed.append(level)
        sound = np.array(passed)
    return sound


def cut(talk: Talk) -> None:
    talk.begin()
    talk.run(60, 900)
    talk.floor.cut()
    talk.breaks_off()


def cut_while_ducked(talk: Talk) -> None:
    talk.begin()
    talk.run(60, 800)
    talk.floor.duck()
    talk.run(0, 100)
    talk.floor.cut()
    talk.breaks_off()


def held(talk: Talk) -> None:
    talk.begin()
    talk.run(60, 900)
    talk.floor.hold()
    talk.breaks_off()
    talk.run(200, 200)
    talk.floor.cut()
    talk.floor.resume()


def cut_at_the_last_sample(talk: Talk) -> None:
    """All that had arrived was sent: nothing is left to fade out on."""
    talk.begin(length=5 * FRAME_SAMPLES)
    talk.run(81, 99)
    talk.floor.cut()
    talk.breaks_off()


def run_dry(talk: Talk) -> None:
    talk.begin(length=int(talk.rng.integers(4 * FRAME_SAMPLES, 5 * FRAME_SAMPLES + 1)))
    talk.run(150, 150)
    last = talk.floor.sent_segments(str(talk.turns))[-1]
    lacked = last.count % FRAME_SAMPLES in range(FADE_SAMPLES)
    talk.breaks_off(last.position + last.count - (0 if lacked else FADE_SAMPLES))
    talk.floor.cut()


@pytest.mark.parametrize("mode", [CELT, HYBRID])
@pytest.mark.parametrize("act", [cut, cut_while_ducked, held, cut_at_the_last_sample, run_dry])
def test_the_residual_after_the_fade_is_below_a_tenth_of_the_speech(
    act: Callable[[Talk], None], mode: int
) -> None:
    talk = Talk(mode, seed=mode)
    for _ in range(CUTS):
        act(talk)
        talk.run(250, 270)
    found = residual(talk)
    print(f"{act.__name__} {mode}: worst {found.worst:.1%}, typical {found.typical:.1%}")
    assert len(talk.broken) == CUTS
    assert found.worst <= (INVENTED_MAX if act in (cut_at_the_last_sample, run_dry) else RESIDUAL_MAX)
    talk.outbound.close()


@pytest.mark.parametrize("mode", [CELT, HYBRID])
def test_another_persona_right_after_a_cut_begins_out_of_silence(mode: int) -> None:
    talk = Talk(mode, seed=20 + mode)
    for _ in range(CUTS):
        talk.begin()
        talk.run(60, 900)
        talk.floor.cut()
        talk.breaks_off()
        talk.turns += 1
        talk.floor.lane(str(talk.turns)).put(speech()[talk.turns % 5].tobytes())
        talk.floor.give(str(talk.turns), 60)
        talk.run(300, 500)
        talk.floor.cut()
        talk.breaks_off()
        talk.run(300, 300)
    found = residual(talk)
    print(f"switch {mode}: worst {found.worst:.1%}, typical {found.typical:.1%}")
    assert found.worst <= RESIDUAL_MAX
    talk.outbound.close()
