"""One turn on a Line: the states of its response, its items, and how much audio of it was received."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from orchestration.ports import ResponseRequest
from orchestration.realtime_outcomes import LineCode
from orchestration.realtime_wire import BYTES_PER_SAMPLE, RATE_HZ, JsonObject, object_of, text_of


class TurnState(Enum):
    WAITING = auto()
    """Queued behind the active response: nothing was sent."""
    REQUESTED = auto()
    """`response.create` was sent."""
    RUNNING = auto()
    """`response.created` came."""
    ABANDONED = auto()
    """Cancelled before its id was known; `response.cancel` follows with `response.created`."""
    CANCELLING = auto()
    """`response.cancel` was sent; what still arrives is counted, not delivered."""
    DONE = auto()
    CANCELLED = auto()
    FAILED = auto()


class TurnInput(Enum):
    SEND = auto()
    CREATED = auto()
    CANCEL = auto()
    COMPLETED = auto()
    BROKEN = auto()
    """`response.done` with a status of failure, or an error event for the create."""
    BUSY = auto()
    """The create was refused because a response that is not ours was under way."""
    LOST = auto()


_S, _I = TurnState, TurnInput
TRANSITIONS: dict[tuple[TurnState, TurnInput], TurnState] = {
    (_S.WAITING, _I.SEND): _S.REQUESTED,
    (_S.WAITING, _I.CANCEL): _S.CANCELLED,
    (_S.WAITING, _I.LOST): _S.FAILED,
    (_S.REQUESTED, _I.CREATED): _S.RUNNING,
    (_S.REQUESTED, _I.CANCEL): _S.ABANDONED,
    (_S.REQUESTED, _I.BROKEN): _S.FAILED,
    (_S.REQUESTED, _I.BUSY): _S.WAITING,
    (_S.REQUESTED, _I.LOST): _S.FAILED,
    (_S.RUNNING, _I.CANCEL): _S.CANCELLING,
    (_S.RUNNING, _I.COMPLETED): _S.DONE,
    (_S.RUNNING, _I.BROKEN): _S.FAILED,
    (_S.RUNNING, _I.LOST): _S.FAILED,
    (_S.ABANDONED, _I.CREATED): _S.CANCELLING,
    (_S.ABANDONED, _I.BROKEN): _S.CANCELLED,
    (_S.ABANDONED, _I.LOST): _S.CANCELLED,
    (_S.CANCELLING, _I.COMPLETED): _S.CANCELLED,
    (_S.CANCELLING, _I.BROKEN): _S.CANCELLED,
    (_S.CANCELLING, _I.LOST): _S.CANCELLED,
}
"""A pair that is not here changes nothing: a second cancel, a late event of a turn that ended."""

OVER = frozenset({TurnState.DONE, TurnState.CANCELLED, TurnState.FAILED})


@dataclass(slots=True)
class Item:
    """One output item of the turn: a spoken message or a function call."""

    id: str
    kind: str = "message"
    samples: int = 0
    """Audio that the session holds of it, whole samples at 24 kHz: what was received, or less after a cut."""
    received: int = 0
    """Audio received, in samples."""
    content_index: int = 0
    carry: bytes = b""
    pieces: list[str] = field(default_factory=list)
    transcript: str = ""
    call: str = ""
    name: str = ""
    arguments: str = ""
    complete: bool = False
    deleted: bool = False

    @property
    def text(self) -> str:
        return self.transcript or "".join(self.pieces)

    @property
    def audio_ms(self) -> int:
        return self.samples * 1000 // RATE_HZ

    def take_audio(self, pcm: bytes) -> bytes:
        """Whole samples of what arrived; a split sample waits for its other byte."""
        pcm = self.carry + pcm
        even = len(pcm) - len(pcm) % BYTES_PER_SAMPLE
        self.carry = pcm[even:]
        self.samples += even // BYTES_PER_SAMPLE
        self.received += even // BYTES_PER_SAMPLE
        return pcm[:even]


@dataclass(slots=True)
class Turn:
    request: ResponseRequest
    state: TurnState = TurnState.WAITING
    response: str = ""
    items: dict[str, Item] = field(default_factory=dict)
    starts: list[tuple[int | None, str]] = field(default_factory=list)
    """Each piece of transcript with where it starts in the turn's audio, for what was heard of it."""
    cut_ms: int | None = None
    """A truncation that waits for the response to end."""
    forgotten: bool = False

    @property
    def name(self) -> str:
        return self.request.turn

    @property
    def over(self) -> bool:
        return self.state in OVER

    @property
    def delivered(self) -> bool:
        """Whether all of it came."""
        return self.state is TurnState.DONE

    @property
    def wanted(self) -> bool:
        """Whether what arrives of it is delivered."""
        return self.state in (TurnState.REQUESTED, TurnState.RUNNING)

    @property
    def text(self) -> str:
        return " ".join(part for item in self.items.values() if (part := item.text.strip()))

    @property
    def audio_ms(self) -> int:
        return sum(item.samples for item in self.items.values()) * 1000 // RATE_HZ

    def step(self, given: TurnInput) -> bool:
        """Take the table's row; False where there is none."""
        following = TRANSITIONS.get((self.state, given))
        if following is None:
            return False
        self.state = following
        return True

    def item(self, item_id: str) -> Item:
        return self.items.setdefault(item_id, Item(item_id))

    def offset_ms(self, item_id: str) -> int:
        """Where the item's audio begins in the turn's."""
        samples = 0
        for known in self.items.values():
            if known.id == item_id:
                break
            samples += known.samples
        return samples * 1000 // RATE_HZ

    def heard_text(self, audio_ms: int) -> str:
        """The words that began before `audio_ms`; by proportion where their times are unknown.

        A word is told before its sound: of a turn that broke off the last one may never have sounded.
        """
        if self.delivered and audio_ms >= self.audio_ms:
            return self.text
        if self.starts and all(start is not None for start, _ in self.starts):
            heard = [text for start, text in self.starts if start is not None and start < audio_ms]
            return "".join(heard).strip()
        whole = self.text
        received_ms = sum(item.received for item in self.items.values()) * 1000 // RATE_HZ
        if audio_ms >= received_ms:
            return whole
        return whole[: len(whole) * audio_ms // max(1, received_ms)].rsplit(" ", 1)[0]

    def take_item(self, part: JsonObject) -> None:
        """What the server says of an output item: its kind, and a function call's parts once there."""
        item_id = text_of(part, "id")
        if not item_id:
            return
        item = self.item(item_id)
        item.kind = text_of(part, "type") or item.kind
        if item.kind == "function_call":
            item.call = text_of(part, "call_id") or item.call
            item.name = text_of(part, "name") or item.name
            item.arguments = text_of(part, "arguments") or item.arguments
            item.complete = item.complete or text_of(part, "status") == "completed"

    def shorten(self, audio_ms: int) -> None:
        """The session now holds the turn's first `audio_ms` only: later cuts measure against that."""
        left = audio_ms * RATE_HZ // 1000
        for item in self.items.values():
            item.samples = min(item.samples, left)
            left -= item.samples

    def failure(self, response: JsonObject) -> LineCode | None:
        """Why the finished response did not deliver. One that was cut short is delivered as it is."""
        status = text_of(response, "status")
        details = object_of(response, "status_details")
        if status == "failed":
            error = object_of(details, "error")
            return LineCode.of(text_of(error, "code"), text_of(error, "type"))
        if status == "cancelled":
            return LineCode.CANCELLED
        if status == "incomplete" and not self.audio_ms:
            return LineCode.of(text_of(details, "reason"))
        return None
