"""The default conversation: an ordered list of items, as the server keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from server.engine.brain_types import Item, ItemKind
from server.engine.protocol_validation import Invalid, Json, list_in, object_in, text_in

PCM_BYTES_PER_MS = 48
"""24 kHz mono PCM16."""


@dataclass(slots=True)
class ContentPart:
    """One part of a message. Audio itself is not kept, only how long it is."""

    type: str
    text: str | None = None
    transcript: str | None = None
    audio_bytes: int = 0

    @property
    def audio_ms(self) -> int:
        return self.audio_bytes // PCM_BYTES_PER_MS

    @property
    def is_audio(self) -> bool:
        return self.type.endswith("_audio")

    def to_wire(self) -> Json:
        if self.is_audio:
            return {"type": self.type, "transcript": self.transcript}
        return {"type": self.type, "text": self.text or ""}


@dataclass(slots=True)
class ConversationItem:
    """A message, a function call or a function call's output."""

    id: str
    type: ItemKind
    status: str = "completed"
    role: str = ""
    content: list[ContentPart] = field(default_factory=list)
    name: str = ""
    call_id: str = ""
    arguments: str = ""
    output: str = ""
    awaits_transcript: bool = False

    def to_wire(self) -> Json:
        wire: Json = {"id": self.id, "object": "realtime.item", "type": self.type, "status": self.status}
        if self.type == "message":
            return wire | {"role": self.role, "content": [part.to_wire() for part in self.content]}
        if self.type == "function_call":
            return wire | {"name": self.name, "call_id": self.call_id, "arguments": self.arguments}
        return wire | {"call_id": self.call_id, "output": self.output}

    def for_brain(self) -> Item:
        return Item(
            kind=self.type,
            role=self.role,
            text=" ".join(part.text or part.transcript or "" for part in self.content).strip(),
            name=self.name,
            call_id=self.call_id,
            arguments=self.arguments,
            output=self.output,
        )


def item_from_wire(wire: Json, new_id: Callable[[str], str]) -> ConversationItem:
    """Build an item that `protocol_schema` found valid; ids are made where the client gave none."""
    kinds: dict[str, ItemKind] = {
        "message": "message",
        "function_call": "function_call",
        "function_call_output": "function_call_output",
    }
    kind = kinds[text_in(wire, "type")]
    return ConversationItem(
        id=text_in(wire, "id") or new_id("item"),
        type=kind,
        role=text_in(wire, "role"),
        content=[_part_from_wire(object_in({"part": part}, "part")) for part in list_in(wire, "content")],
        name=text_in(wire, "name"),
        call_id=text_in(wire, "call_id") or (new_id("call") if kind == "function_call" else ""),
        arguments=text_in(wire, "arguments"),
        output=text_in(wire, "output"),
    )


def _part_from_wire(wire: Json) -> ContentPart:
    kind = text_in(wire, "type")
    if kind == "input_audio":
        transcript = text_in(wire, "transcript") or None
        return ContentPart(kind, transcript=transcript, audio_bytes=len(text_in(wire, "audio")) * 3 // 4)
    return ContentPart(kind, text=text_in(wire, "text"))


class Conversation:
    """Items in order, found by id."""

    def __init__(self, conversation_id: str) -> None:
        self.id = conversation_id
        self._items: list[ConversationItem] = []

    def __iter__(self) -> Iterator[ConversationItem]:
        return iter(tuple(self._items))

    def __len__(self) -> int:
        return len(self._items)

    def find(self, item_id: str) -> ConversationItem | None:
        return next((item for item in self._items if item.id == item_id), None)

    def get(self, item_id: str, action: str) -> ConversationItem:
        """The item, or `Invalid` with the code item_<action>_invalid_item_id."""
        item = self.find(item_id)
        if item is None:
            message = f"Cannot {action} the item: no item with id '{item_id}' exists."
            raise Invalid(message, f"item_{action}_invalid_item_id", "item_id")
        return item

    def previous_id(self, item: ConversationItem) -> str | None:
        index = self._items.index(item)
        return self._items[index - 1].id if index else None

    def append(self, item: ConversationItem) -> None:
        self._items.append(item)

    def insert(self, item: ConversationItem, previous_item_id: str | None) -> None:
        """After the named item, at the start for `root`, at the end for None."""
        if self.find(item.id) is not None:
            raise Invalid(
                f"An item with id '{item.id}' exists already.", "item_create_duplicate_item_id", "item.id"
            )
        if previous_item_id is None:
            self._items.append(item)
        elif previous_item_id == "root":
            self._items.insert(0, item)
        else:
            previous = self.find(previous_item_id)
            if previous is None:
                message = f"Cannot create the item: the previous item '{previous_item_id}' does not exist."
                raise Invalid(message, "item_create_invalid_previous_item_id", "previous_item_id")
            self._items.insert(self._items.index(previous) + 1, item)

    def delete(self, item_id: str) -> None:
        self._items.remove(self.get(item_id, "delete"))

    def truncate(self, item_id: str, content_index: int, audio_end_ms: int) -> None:
        """Keep the first `audio_end_ms` of an assistant's audio and forget its transcript."""
        item = self.get(item_id, "truncate")
        if (
            item.role != "assistant"
            or content_index >= len(item.content)
            or not item.content[content_index].is_audio
        ):
            message = "Only audio of assistant messages can be truncated."
            raise Invalid(message, "item_truncate_not_assistant_audio", "content_index")
        part = item.content[content_index]
        if audio_end_ms > part.audio_ms:
            message = f"Audio content of {part.audio_ms}ms is already shorter than {audio_end_ms}ms"
            raise Invalid(message, "invalid_value", "audio_end_ms")
        part.audio_bytes = audio_end_ms * PCM_BYTES_PER_MS
        part.transcript = None
