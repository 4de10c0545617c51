"""What comes back of the session's voice is silent, and no human is."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from echoes import Passed, Sound, coded, echo, guarded, joined, levels, mixed, room
from speech import spoken
from virtual_media import START, Stage, VirtualLoop, steady, tone

from media.clock import SessionClock
from media.echo import EchoGuard
from media.echowait import EchoWait
from media.floor import DUCK_GAIN
from media.microphone import Microphone
from media.opus import Encoder
from media.pcm import FRAME_SAMPLES, Samples, as_array, ms_to_samples, silence

AUDIBLE = 33.0
"""-60 dBFS."""
LEARNING_MS = 440
"""After the first sound of an echo; before the half second is over after which a voice is cut."""
OPUS_TWICE_MS = 13


@cache
def voice() -> Samples:
    """Two personas, one after the other, then silence for what still comes back."""
    return joined(300, spoken("cedar"), 400, spoken("marin", 1), 900)


def leaked(passed: Passed) -> int:
    """Audible frames once the echo was known."""
    return int((levels(passed.sound)[passed.found_ms // 20 :] > AUDIBLE).sum())


def first_ms(sound: Samples | Sound) -> int:
    return 20 * int((levels(sound) > AUDIBLE).argmax())


# ---------------------------------------------------------------------- the echo


@pytest.mark.parametrize("delay_ms", [50, 100, 200, 300, 600])
@pytest.mark.parametrize("gain_db", [-6, -20, -40])
def test_an_echo_is_found_before_it_could_interrupt_and_is_silent_from_then_on(
    delay_ms: int, gain_db: int
) -> None:
    heard = mixed(echo(voice(), delay_ms, gain_db))
    passed = guarded(voice(), heard)
    gate_hears_it = gain_db > -40
    assert passed.found_ms - first_ms(heard) <= (LEARNING_MS if gate_hears_it else 3 * LEARNING_MS)
    assert passed.delays[-1] == pytest.approx(ms_to_samples(delay_ms + OPUS_TWICE_MS), abs=ms_to_samples(12))
    assert leaked(passed) <= 1


@pytest.mark.parametrize("direct_db", [6, 0, -3])
def test_an_echo_through_a_room_is_silent(direct_db: int) -> None:
    heard = mixed(echo(voice(), 250, -20, room(direct_db)))
    passed = guarded(voice(), heard)
    assert passed.found_ms - first_ms(heard) <= LEARNING_MS
    assert leaked(passed) <= 15


def test_an_echo_stays_silent_when_the_loudspeakers_clock_drifts() -> None:
    assert leaked(guarded(voice(), mixed(echo(voice(), 250, -20, room(6), ppm=100)))) == 0


@pytest.mark.parametrize(("delay_ms", "gain_db"), [(310, -20), (200, -20), (250, -8)])
def test_an_echo_that_changes_on_the_way_is_found_again(delay_ms: int, gain_db: int) -> None:
    half = voice().size // 2 // FRAME_SAMPLES * FRAME_SAMPLES
    before, after = echo(voice(), 250, -20), echo(voice(), delay_ms, gain_db)
    passed = guarded(voice(), mixed(np.concatenate([before[:half], after[half:]])))
    assert leaked(passed) * 20 <= LEARNING_MS
    assert passed.delays[-1] == pytest.approx(ms_to_samples(delay_ms + OPUS_TWICE_MS), abs=ms_to_samples(12))


def test_an_echo_in_noise_is_silent_where_it_is_louder_than_the_noise() -> None:
    noise = np.random.default_rng(1).standard_normal(voice().size) * 30
    back = echo(voice(), 250, -20)
    passed = guarded(voice(), mixed(back, noise))
    known = np.arange(levels(back).size) * 20 > passed.found_ms
    assert (levels(passed.sound)[known & (levels(back) > 200)] > AUDIBLE).sum() <= 10


@pytest.mark.parametrize("chunk", [2, 3, 6])
def test_packets_of_any_length_are_judged(chunk: int) -> None:
    size = voice().size // (6 * FRAME_SAMPLES) * 6 * FRAME_SAMPLES
    heard = mixed(echo(voice(), 200, -20))[:size]
    passed = guarded(voice()[:size], heard, chunk=chunk)
    assert passed.sound.size == size
    assert leaked(passed) <= chunk


def test_an_echo_is_known_in_the_next_turn() -> None:
    guard = EchoGuard()
    heard = mixed(echo(voice(), 200, -20))
    guarded(voice(), heard, guard)
    assert guard.delay is not None
    later = joined(voice(), 5000, spoken("coral"), 900)
    passed = guarded(later, mixed(echo(later, 200, -20)), guard)
    assert not (levels(passed.sound)[voice().size // FRAME_SAMPLES :] > AUDIBLE).any()


def test_an_echo_that_has_gone_is_forgotten() -> None:
    guard = EchoGuard()
    guarded(voice(), mixed(echo(voice(), 200, -20)), guard)
    assert guard.delay is not None
    for _ in range(2):
        passed = guarded(voice(), np.zeros_like(voice()), guard)
    assert passed.delays[-1] is None


# ---------------------------------------------------------------------- the human


@pytest.mark.parametrize("human", ["coral", "ash", "shimmer", "marin", "cedar"])
def test_a_human_with_headphones_is_passed_on_to_the_bit(human: str) -> None:
    """Also one who has the voice of a persona, as long as they do not say the same."""
    heard = coded(joined(700, spoken(human, 1), 300, spoken(human)))
    team = joined(300, spoken("cedar"), 300, spoken("marin"), 300, spoken("cedar"))
    size = min(team.size, heard.size)
    passed = guarded(team[:size], heard[:size])
    assert np.array_equal(passed.sound, heard[:size])


def test_noise_and_silence_are_passed_on_to_the_bit() -> None:
    noise = coded(np.rint(np.random.default_rng(2).standard_normal(voice().size) * 300).astype(np.int16))
    assert np.array_equal(guarded(voice(), noise).sound, noise)
    quiet = np.zeros_like(voice())
    assert np.array_equal(guarded(voice(), quiet).sound, quiet)


@pytest.mark.parametrize(
    ("gain_db", "whole", "lost_ms"), [(-40, 0.98, 20), (-20, 0.95, 100), (-12, 0.9, 140)]
)
@pytest.mark.parametrize("human", ["coral", "ash", "marin"])
def test_a_human_over_an_echo_is_heard_from_the_beginning(
    human: str, gain_db: int, whole: float, lost_ms: int
) -> None:
    """The voice is not even ducked here; `marin` is the voice that is heard, too. It begins softly: "The"."""
    team = joined(voice(), spoken("marin"), 900)
    speech = joined(voice().size * 1000 // 24_000 + 800, spoken(human, 1))[: team.size]
    speech = np.pad(speech, (0, team.size - speech.size))
    passed = guarded(team, mixed(echo(team, 200, gain_db, room(3)), speech))
    speaks = levels(speech) > AUDIBLE * 3
    kept = (levels(passed.sound) > 0)[speaks]
    assert kept.mean() >= whole
    assert (~kept[:8]).sum() * 20 <= lost_ms
    assert leaked(guarded(team, mixed(echo(team, 200, gain_db, room(3))))) == 0


def test_after_the_voice_nothing_is_looked_at() -> None:
    guard = EchoGuard()
    guard.sent(0, silence(FRAME_SAMPLES))
    pcm = spoken("ash")[: FRAME_SAMPLES * 4].tobytes()
    assert guard.hear(pcm, 3 * 24_000) is pcm


# ---------------------------------------------------------------------- in its place


def test_what_is_sent_is_told_with_its_position_as_it_is_heard() -> None:
    stage = Stage()
    told: list[tuple[int, bytes]] = []
    stage.outbound.on_sound = lambda position, pcm: told.append((position, pcm))
    stage.say("t", steady(200))
    stage.loop.run_ms(100)
    stage.floor.duck()
    stage.loop.run_ms(900)
    sounding = [packet.position for _, packet in stage.packets if packet.level_dbov > -127]
    assert [position for position, _ in told] == sounding
    whole = as_array(b"".join(pcm for _, pcm in told))
    assert whole[0] == 8000
    assert whole[ms_to_samples(190)] == pytest.approx(8000 * DUCK_GAIN, abs=1)


def test_the_microphone_hears_no_echo_and_its_packets_stay_whole() -> None:
    loop, guard = VirtualLoop(), EchoGuard()
    sounds: list[bool] = []
    pcm = bytearray()
    packets: list[bytes] = []
    microphone = Microphone(pcm.extend, sounds.append, loop, SessionClock(START), guard)
    microphone.on_packet = lambda payload, position: packets.append(payload)
    encoder = Encoder()
    heard = mixed(echo(voice(), 200, -20))
    frames = zip(voice().reshape(-1, FRAME_SAMPLES), heard.reshape(-1, FRAME_SAMPLES), strict=True)
    sent = []
    for at, (out, back) in enumerate(frames):
        if out.any():
            guard.sent(at * FRAME_SAMPLES, out.tobytes())
        loop.run_ms(20)
        sent.append(encoder.encode(back.tobytes()))
        microphone.receive(sent[-1], at, at * 960, 7, loop.now)
    assert sounds in ([], [True, False])
    assert packets == sent
    assert (levels(as_array(bytes(pcm))) > AUDIBLE).sum() * 20 <= LEARNING_MS


# ---------------------------------------------------------------------- until it is decided


def waited(team: Samples, heard: Samples) -> tuple[list[bytes], EchoGuard]:
    guard = EchoGuard()
    chunks: list[bytes] = []
    wait = EchoWait(chunks.append, guard)
    for at in range(0, heard.size, FRAME_SAMPLES):
        if (sent := team[at : at + FRAME_SAMPLES]).any():
            guard.sent(at, sent.tobytes())
        wait.hear(guard.hear(heard[at : at + FRAME_SAMPLES].tobytes(), at))
    return chunks, guard


def test_the_very_first_echo_is_not_understood_either() -> None:
    heard = mixed(echo(voice(), 200, -20, room(3)))
    chunks, guard = waited(voice(), heard)
    assert guard.delay is not None
    passed = as_array(b"".join(chunks))
    assert passed.size == heard.size
    assert (levels(passed) > AUDIBLE).sum() <= 3


def test_a_human_waits_for_a_quarter_of_a_second_at_most_and_loses_nothing() -> None:
    heard = coded(joined(1200, spoken("ash", 1)))[: voice().size]
    chunks, guard = waited(voice()[: heard.size], heard)
    assert guard.delay is None
    assert b"".join(chunks) == heard.tobytes()
    longest = max(len(chunk) for chunk in chunks) // (2 * FRAME_SAMPLES) * 20
    assert 200 <= longest <= 300


def test_a_click_waits_no_longer_than_it_takes_to_be_over() -> None:
    heard = joined(1200, as_array(tone(40)), 2000)
    chunks, _ = waited(voice()[: heard.size], heard)
    assert b"".join(chunks) == heard.tobytes()
    assert max(len(chunk) for chunk in chunks) // (2 * FRAME_SAMPLES) * 20 <= 140
