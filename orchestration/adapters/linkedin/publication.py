"""What may be published: a payload, whole, with the approval of exactly that payload."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.adapters.work import WorkError, WorkErrorCode
from orchestration.approval import payload_hash

TEXT_CHARACTERS_MAX = 3000


@dataclass(frozen=True, slots=True)
class Publication:
    """Exactly what the human approved: `hash` is that of the approved payload, `approval` its id.

    There is none without an approval: raises WorkError `invalid_payload` for what is no whole post, and
    `not_approved` without an approval whose hash is that of this very text, picture name and description.
    """

    text: str
    image: str
    alt: str
    approval: str
    hash: str

    def __post_init__(self) -> None:
        if not self.text.strip() or len(self.text) > TEXT_CHARACTERS_MAX:
            raise WorkError(WorkErrorCode.INVALID_PAYLOAD, "The post is empty or too long for LinkedIn.")
        if not self.approval or not self.hash:
            raise WorkError(WorkErrorCode.NOT_APPROVED, "The post has not been approved.")
        if self.hash != payload_hash({"text": self.text, "image": self.image, "alt": self.alt}):
            raise WorkError(WorkErrorCode.NOT_APPROVED, "The post is not the one that was approved.")

    @classmethod
    def of(cls, payload: dict[str, object]) -> Publication:
        """What a job was given. Raises WorkError, as above."""
        texts = {key: payload.get(key, "") for key in ("text", "image", "alt", "approval", "hash")}
        if not all(isinstance(value, str) for value in texts.values()):
            raise WorkError(WorkErrorCode.INVALID_PAYLOAD, "The post is not complete.")
        return cls(**{key: str(value) for key, value in texts.items()})
