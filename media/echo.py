"""Our own voice, coming back out of a loudspeaker into the microphone, is not the human's.

Browsers cancel echoes; speakerphones and other clients often do not. Who hears itself would be interrupted
by itself, so that what is nothing but an echo is passed on as silence: to our own gate, to any service's turn
detection and to any recogniser. Where the human speaks, over an echo or without any, every sample passes.

It costs nearly nothing while no voice sounds or the microphone is quiet. While both sound it is looked, now
and then, whether the one is in the other (media.echopath); only when it is, every frame is judged
(media.echobands).
"""

from __future__ import annotations

from dataclasses import dataclass

from numpy.lib.stride_tricks import sliding_window_view

from media.echobands import HOP_SAMPLES, SPAN_SAMPLES, EchoShape, heard_and_sent
from media.echopath import REACH_SAMPLES, WINDOW_SAMPLES, Likeness, Sent, likeness
from media.pcm import BYTES_PER_SAMPLE, FRAME_SAMPLES, as_array, level_dbfs, ms_to_samples, silence

RINGING_SAMPLES = ms_to_samples(300)
"""A room goes on for so long after the last of the echo."""
HOLD_FRAMES = 10
"""Whoever was recognised as a human is heard for 200 ms without being recognised again."""
_HUMAN_FRAMES = 2
"""One frame alone that is no echo passes, and holds nothing open."""
_HUMAN_SHARE, _STILL_HUMAN_SHARE = 0.4, 0.25
"""A frame of which more is unexplained is the human's; less is enough for one who speaks already."""
_CHANCE, _PROOF = 0.3, 0.6
"""Two voices are as alike as that by chance. What is found above it, at one delay, adds up to a proof."""
_PERHAPS_ALIKE = 0.36
"""Worth another look soon."""
_DOUBT = 0.15
"""What a look takes from the proof that finds something else."""
_AS_ALIKE = 0.85
"""Of the likeness known of this echo: with so much, nothing but the echo is heard, only louder."""
_SAME_SAMPLES = ms_to_samples(3)
_LEVEL_MIN_DBFS, _ABOVE_NOISE_DB, _NOISE_RISE_DB = -66.0, 6.0, 0.02
"""What is looked at: an echo of a voice at -18 dBFS that comes back 40 dB weaker just is."""
_WATCH_FRAMES = 100
"""Every other second of echo it is looked whether its delay has changed."""
_DOUBTS_MAX = 6
"""An echo that was not found again so often in a row is none."""
_WINDOW_FRAMES = WINDOW_SAMPLES // FRAME_SAMPLES
_WINDOW_BYTES = WINDOW_SAMPLES * BYTES_PER_SAMPLE
_FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
_NOTHING = Likeness(0, 0.0)


class _Looks:
    """When to look for an echo: soon and often after a sound began, then less and less."""

    FIRST, LEAST, MOST = ms_to_samples(120), ms_to_samples(60), ms_to_samples(1000)
    QUIET = ms_to_samples(300)
    """After so much quiet the next sound is another one."""
    UNDECIDED, STOP = ms_to_samples(240), ms_to_samples(60)
    """For so long a sound is fresh, unless it has stopped."""

    def __init__(self) -> None:
        self._sounded = self._quiet = 0
        self._next = self.FIRST
        self.candidate = _NOTHING
        """The delay of what may be an echo, and how far that is proven."""

    def proves(self, found: Likeness) -> bool:
        """Take in what was found; whether it is certain now that it is an echo."""
        delay, proof = self.candidate
        if abs(found.delay - delay) <= _SAME_SAMPLES and proof > 0:
            proof += found.degree - _CHANCE
        elif found.degree - _CHANCE > proof - _DOUBT:
            delay, proof = found.delay, found.degree - _CHANCE
        else:
            proof -= _DOUBT
        self.candidate = Likeness(delay, proof)
        if proof > _PERHAPS_ALIKE - _CHANCE:
            self._next = min(self._next, self._sounded + self.LEAST)
        return proof >= _PROOF and abs(delay - found.delay) <= _SAME_SAMPLES

    @property
    def fresh(self) -> bool:
        """A sound began and goes on, and has not been looked at for long."""
        return 0 < self._sounded < self.UNDECIDED and self._quiet < self.STOP

    def due(self, samples: int, sounds: bool) -> bool:
        if not sounds:
            self._quiet += samples
            if self._quiet >= self.QUIET and self._sounded:
                self._sounded, self._next, self.candidate = 0, self.FIRST, _NOTHING
            return False
        self._quiet = 0
        self._sounded += samples
        if self._sounded < self._next:
            return False
        wait = self.LEAST if self._sounded < self.UNDECIDED else self._sounded
        self._next = self._sounded + min(wait, self.MOST)
        return True


@dataclass(slots=True)
class _Echo:
    """A way from the loudspeaker to the microphone that was found."""

    delay: int
    degree: float
    """How alike what is heard and what was sent are, when it is nothing but the echo."""
    shape: EchoShape
    doubts: int = 0
    """So often in a row it was not found again."""


class EchoGuard:
    """One per session. Pure: positions are samples on the session clock."""

    def __init__(self) -> None:
        self._sent = Sent()
        self._heard = bytearray()
        """The last 160 ms."""
        self._next = 0
        self._noise_dbfs = _LEVEL_MIN_DBFS
        self._looks = _Looks()
        self._echo: _Echo | None = None
        self._human = 0
        """So many frames in a row were the human's."""
        self._hold = 0
        self._echoed = 0
        """So many frames in a row were nothing but echo."""
        self._unwatched = 0
        self._undecided = False

    @property
    def undecided(self) -> bool:
        """A sound that began over the voice may prove to be an echo, within 240 ms (media.echowait)."""
        return self._undecided

    @property
    def delay(self) -> int | None:
        """After how many samples the voice comes back; None while it does not."""
        return None if self._echo is None else self._echo.delay

    def sent(self, position: int, pcm: bytes) -> None:
        """What left for the loudspeaker: PCM16 24 kHz mono, its first sample at `position`."""
        if self._sent.end is None or position - self._sent.end > _Looks.QUIET:
            self._looks = _Looks()
        self._sent.add(position, pcm)

    def hear(self, pcm: bytes, position: int) -> bytes:
        """What is to be passed on of `pcm` from the microphone: as many samples, the echo's silent."""
        end = self._sent.end
        if end is None or position > end + REACH_SAMPLES + RINGING_SAMPLES:
            self._undecided = False
            return pcm
        if abs(position - self._next) > HOP_SAMPLES:
            self._heard.clear()
        self._next = position + len(pcm) // BYTES_PER_SAMPLE
        if len(pcm) <= _FRAME_BYTES:
            return self._take(pcm, self._next)
        kept = [
            self._take(
                pcm[at : at + _FRAME_BYTES],
                min(position + (at + _FRAME_BYTES) // BYTES_PER_SAMPLE, self._next),
            )
            for at in range(0, len(pcm), _FRAME_BYTES)
        ]
        whole = b"".join(kept)
        return pcm if whole == pcm else whole

    # ------------------------------------------------------------------ inside

    def _take(self, pcm: bytes, end: int) -> bytes:
        """A frame, or less, that ends at `end`."""
        heard = self._heard
        heard += pcm
        if len(heard) > _WINDOW_BYTES:
            del heard[: len(heard) - _WINDOW_BYTES]
        samples = len(pcm) // BYTES_PER_SAMPLE
        if self._echo is None:
            if self._looks.due(samples, self._sounds(pcm)):
                self._look(end)
            self._undecided = self._echo is None and self._looks.fresh
            return pcm if self._echo is None else silence(samples)
        return self._judge(self._echo, pcm, samples, end)

    def _sounds(self, pcm: bytes) -> bool:
        level = level_dbfs(pcm)
        self._noise_dbfs = max(_LEVEL_MIN_DBFS, min(level, self._noise_dbfs + _NOISE_RISE_DB))
        return level > self._noise_dbfs + _ABOVE_NOISE_DB

    def _judge(self, echo: _Echo, pcm: bytes, samples: int, end: int) -> bytes:
        """The frame, or silence. Judged are always the last 20 ms."""
        if len(self._heard) < _FRAME_BYTES:
            return pcm
        start = end - echo.delay - FRAME_SAMPLES - HOP_SAMPLES
        sent = self._sent.between(start, start + SPAN_SAMPLES)
        judgement = echo.shape.judge(*heard_and_sent(as_array(self._heard[-_FRAME_BYTES:]), sent))
        self._human += 1
        if judgement.unexplained <= (_STILL_HUMAN_SHARE if self._hold else _HUMAN_SHARE):
            self._human = 0
        if self._human >= _HUMAN_FRAMES:
            self._hold = HOLD_FRAMES
        elif self._hold:
            self._hold -= 1
        passes = bool(self._human or self._hold)
        self._echoed = self._echoed + 1 if judgement.expected and not passes else 0
        if self._looks.due(samples, passes):
            self._look(end)
        else:
            self._watch(echo, end)
        return silence(samples) if self._echoed else pcm

    def _watch(self, echo: _Echo, end: int) -> None:
        """Follow a delay that changes; forget an echo that has gone or was none."""
        self._unwatched += 1
        if self._unwatched < _WATCH_FRAMES:
            return
        if self._echoed >= _WINDOW_FRAMES:
            self._unwatched = 0
            self._confirm(echo, self._likeness(end), end)
        if self._echo is echo and (echo.shape.gone or echo.doubts >= _DOUBTS_MAX):
            self._echo = None
            self._looks = _Looks()

    def _confirm(self, echo: _Echo, found: Likeness | None, end: int) -> None:
        if found is None or found.degree < _PERHAPS_ALIKE or abs(found.delay - echo.delay) > FRAME_SAMPLES:
            echo.doubts += 1
            self._unwatched = _WATCH_FRAMES // 2
            if found is not None and self._proves(found):
                self._adopt(found, end)
            return
        echo.doubts = 0
        echo.delay = found.delay
        echo.degree += (found.degree - echo.degree) / 4

    def _look(self, end: int) -> None:
        """Is what is heard now nothing but an echo, one that is not known yet or has changed?"""
        found = self._likeness(end)
        if found is not None and self._proves(found):
            self._adopt(found, end)

    def _adopt(self, found: Likeness, end: int) -> None:
        """Take it for the echo, unless its spectrum contradicts."""
        start = end - WINDOW_SAMPLES - found.delay - HOP_SAMPLES
        sent = self._sent.between(start, start + WINDOW_SAMPLES + 2 * HOP_SAMPLES)
        spans = sliding_window_view(sent, SPAN_SAMPLES)[::FRAME_SAMPLES]
        shape = EchoShape.learned(*heard_and_sent(as_array(self._heard).reshape(-1, FRAME_SAMPLES), spans))
        if shape is not None:
            self._echo = _Echo(found.delay, found.degree, shape)
            self._human = self._hold = 0
            self._unwatched, self._echoed = _WATCH_FRAMES, 1

    def _proves(self, found: Likeness) -> bool:
        echo = self._echo
        if echo is not None and abs(found.delay - echo.delay) <= _SAME_SAMPLES:
            return found.degree >= max(_PERHAPS_ALIKE, _AS_ALIKE * echo.degree)
        return self._looks.proves(found)

    def _likeness(self, end: int) -> Likeness | None:
        if len(self._heard) < _WINDOW_BYTES:
            return None
        sent = self._sent.between(end - WINDOW_SAMPLES - REACH_SAMPLES, end)
        return likeness(as_array(self._heard), sent) if sent.any() else None
