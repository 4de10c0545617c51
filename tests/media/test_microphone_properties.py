"""Whatever comes, the microphone holds its promises."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from virtual_network import Call, coded

from media.jitter import WAITING_MAX
from media.pcm import ms_to_samples

ACTIONS = st.one_of(
    st.tuples(st.just("next"), st.integers(0, 40), st.integers(0, 400)),
    st.tuples(st.just("number"), st.integers(-1200, 1200), st.integers(0, 400)),
    st.tuples(st.just("timestamp"), st.integers(-(2**31), 2**31), st.integers(0, 400)),
    st.tuples(st.just("lost"), st.integers(1, 30), st.integers(0, 400)),
    st.tuples(st.just("double"), st.integers(1, 20), st.integers(0, 400)),
    st.tuples(st.just("ssrc"), st.integers(1, 3), st.integers(0, 400)),
    st.tuples(st.just("wait"), st.integers(0, 15_000), st.integers(0, 400)),
    st.tuples(st.just("mute"), st.integers(0, 1), st.integers(0, 400)),
    st.tuples(st.just("garbage"), st.binary(max_size=30), st.integers(0, 400)),
    st.tuples(st.just("track"), st.integers(0, 3000), st.integers(0, 400)),
)


class Chaos:
    """A sender gone mad, and the books that are kept of what was passed on."""

    def __init__(self) -> None:
        self.call = Call()
        self.payloads = coded(8000)
        self.number, self.timestamp, self.ssrc = 65_000, 2**32 - 3000, 7
        self.leaps: list[int] = []
        """Samples by which the position moved on without any being passed on."""
        self.end: int | None = None
        self.call.microphone.on_pcm = self.take

    def take(self, pcm: bytes) -> None:
        samples = len(pcm) // 2
        end = self.call.microphone.position
        if self.end is not None and end - samples != self.end:
            self.leaps.append(end - samples - self.end)
        self.end = end

    def send(self, payload: bytes, number: int) -> None:
        now = self.call.loop.now
        self.call.microphone.receive(payload, number & 0xFFFF, self.timestamp, self.ssrc, now)

    def act(self, kind: str, value: int | bytes, which: int) -> None:
        payload = self.payloads[which % len(self.payloads)]
        if isinstance(value, bytes):
            payload = value
        elif kind == "number":
            self.number += value
        elif kind == "timestamp":
            self.timestamp = (self.timestamp + value) & 0xFFFFFFFF
        elif kind == "lost":
            self.number += value
            self.timestamp = (self.timestamp + 960 * value) & 0xFFFFFFFF
        elif kind == "double":
            return self.send(payload, self.number - value)
        elif kind == "ssrc":
            self.ssrc = value
        elif kind == "wait":
            return self.call.loop.run_ms(value)
        elif kind == "mute":
            self.call.microphone.muted = bool(value)
        elif kind == "track":
            return self.call.microphone.hear(bytes(value), self.call.loop.now)
        self.send(payload, self.number)
        self.number += 1
        self.timestamp = (self.timestamp + 960) & 0xFFFFFFFF
        self.call.loop.run_ms(value if kind == "next" and isinstance(value, int) else 20)
        return None


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTIONS, max_size=80))
@example([("garbage", b"", 0), ("wait", 131, 0), ("next", 0, 0)])
@example([("garbage", b"", 0), ("track", 2, 0), ("next", 0, 0)])
def test_nothing_raises_positions_only_grow_and_memory_is_bounded(
    actions: list[tuple[str, int | bytes, int]],
) -> None:
    chaos = Chaos()
    microphone = chaos.call.microphone
    for action in actions:
        before = microphone.position
        chaos.act(*action)
        assert microphone.position >= before or not before
        assert len(microphone._jitter._waiting) <= WAITING_MAX
        assert chaos.call.loop.waiting <= 1
        figures = microphone.figures
        assert min(figures.lost, figures.late, figures.recovered) >= 0
    assert all(leap > ms_to_samples(1000) for leap in chaos.leaps)
    chaos.call.loop.run_ms(20_000)
    assert chaos.call.loop.waiting == 0
    microphone.close()
