"""What orchestration needs from the others. Satisfied structurally: nobody inherits from these.

Times in milliseconds are `int`; `now` is the event loop's clock in seconds. PCM is 16-bit
little-endian mono at 24 kHz, in `bytes` of any even length.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from orchestration.brief import Expects
from orchestration.events import ToolCall
from orchestration.notices import Notice
from orchestration.usage import Usage


class Lane(Protocol):
    """One turn's audio: waiting, heard, or gone."""

    def put(self, pcm: bytes) -> None:
        """Append received audio. Dropped silently once the lane was cut or discarded."""

    def finish(self) -> None:
        """The turn is whole: what is in the lane is all there will be."""

    def break_off(self, received_ms: int) -> None:
        """The turn ends at this place of the received audio, or at once where more of it was sent."""

    @property
    def trimmed_ms(self) -> int:
        """Lead silence removed so far: received time minus this is audible time."""

    @property
    def source_ms(self) -> int:
        """How far into the received audio the listener has got."""


class SentSample(Protocol):
    """A sample that was sent: whose it is, and its place in that turn's audible time."""

    @property
    def turn(self) -> str: ...

    @property
    def source(self) -> int: ...


class Floor(Protocol):
    """What is heard now."""

    def sent_at(self, rtp_timestamp: int) -> SentSample | None:
        """The sample that carries this RTP time; None between the turns."""

    def time_of(self, rtp_timestamp: int) -> float:
        """When the sample with this RTP time is due on the wire, on the clock of `now`."""

    def lane(self, turn: str) -> Lane:
        """Open a lane, unheard until given."""

    def give(self, turn: str, pause_ms: int) -> None:
        """Let the lane be heard `pause_ms` after the last audible sample, at once when that is past."""

    def duck(self) -> None: ...

    def restore(self) -> None: ...

    def cut(self) -> None:
        """Fade out what is heard and flush it. The interruption is reported as an event."""

    def discard(self, turn: str) -> None:
        """Forget a lane that was never heard."""

    def hold(self) -> None:
        """Freeze: nobody hears. A turn under way stops at its next sample."""

    def resume(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a model may call. `parameters` is its JSON Schema (an object)."""

    name: str
    description: str
    parameters: dict[str, object]


@dataclass(frozen=True, slots=True)
class LineConfig:
    """A persona's side of a Realtime session. `voice` is None for the listening Line."""

    name: str
    instructions: str
    voice: str | None
    speed: float = 1.0
    silence_ms: int = 900
    """The listening Line only: how long the human may pause inside a turn."""
    expects: Expects = Expects.ANYTHING
    """The listening Line only: what the human's next words are likely to be."""


@dataclass(frozen=True, slots=True)
class ResponseRequest:
    """One turn to generate: `response.create` with its metadata."""

    turn: str
    act: str
    instructions: str
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    max_output_tokens: int = 1024
    after: str = ""
    """The turn that broke off and that this one goes on with; it need not have anything left to say."""


class LineListener(Protocol):
    """Who is told what comes of a Line. Called on the event loop, in order, never re-entrantly."""

    def audio_received(self, turn: str, pcm: bytes) -> None: ...

    def word_received(self, turn: str, text: str, audio_ms: int | None) -> None:
        """A piece of transcript; `audio_ms` is where it starts in the received audio, None if unknown."""

    def response_finished(self, turn: str, text: str, calls: tuple[ToolCall, ...]) -> None: ...

    def response_failed(self, turn: str, code: str, retryable: bool) -> None: ...

    def speech_started(self, item: str) -> None: ...

    def speech_stopped(self, item: str) -> None: ...

    def words_heard(self, item: str, text: str) -> None:
        """What was understood so far of a turn that goes on; not every service tells."""

    def human_said(self, item: str, text: str, confidence: float) -> None: ...

    def transcription_failed(self, item: str) -> None: ...

    def line_lost(self, name: str, code: str) -> None:
        """The Line cannot be reached, for long enough that it is noticed; it goes on trying."""

    def line_restored(self, name: str) -> None:
        """It is back, after `line_lost` or after an `open` that failed; it remembers what was said."""

    def usage_reported(self, name: str, usage: Usage) -> None:
        """One response's tokens, as they are billed."""


class Line(Protocol):
    """One Realtime session, kept warm. All methods but `open` and `close` return at once and never raise."""

    async def open(self) -> None:
        """Connect and configure; raises LineError when that fails."""

    def respond(self, request: ResponseRequest) -> None:
        """Queue a response; at most one runs at a time on a Line."""

    def cancel(self, turn: str) -> None:
        """Cancel the turn if it runs or waits; late deltas are dropped."""

    def truncate(self, turn: str, audio_ms: int) -> None:
        """Cut the model's memory of the turn to its first `audio_ms` of received audio."""

    def forget(self, turn: str) -> None:
        """Remove the turn's items from the model's memory: it was never heard."""

    def add_context(self, role: str, text: str) -> None:
        """Add a text item (`system` or `user`) to the conversation."""

    def answer_tool(self, call: str, output: dict[str, object]) -> None:
        """Send a function call's result; no response is asked for."""

    def hear(self, pcm: bytes) -> None:
        """Append microphone audio (the listening Line only)."""

    def commit(self) -> None:
        """End the human's turn now (push-to-talk)."""

    def set_patience(self, silence_ms: int) -> None:
        """How long the human may be silent before the turn is over (the listening Line only)."""

    def expect(self, what: Expects) -> None:
        """What the human's next words are likely to be (the listening Line only)."""

    async def close(self) -> None: ...


LineFactory = Callable[[LineConfig, LineListener], Line]


@dataclass(frozen=True, slots=True)
class Jobs:
    """How the Director starts and cancels work; results come back through its inbox."""

    start: Callable[[str, str, dict[str, object]], None]
    """start(job, kind, payload): kinds are research, website, post and publish."""
    cancel: Callable[[str], None]


Publish = Callable[[Notice], None]


@dataclass(frozen=True, slots=True)
class Persona:
    """One colleague, as data (personas.toml). `id` is lower case and goes on the wire as `speaker`."""

    id: str
    name: str
    title: str
    role: str
    voice: str
    manner: str
    accent: str
    tools: tuple[str, ...] = ()
    speed: float = 1.0
    limits: dict[str, float] = field(default_factory=dict)
    instructions: str = ""
    """What a model is told about this person, in place of `role` and `manner`."""
