"""Publishing on LinkedIn. Without an account there is one honest outcome: the post is kept as a draft."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration.adapters.picture_files import is_intact
from orchestration.adapters.work import Report, WorkError, WorkErrorCode
from orchestration.work import payload_hash

TEXT_CHARACTERS_MAX = 3000
DRAFT_FILE = "post.json"
NO_ACCOUNT = "no LinkedIn account is connected"


@dataclass(frozen=True, slots=True)
class Publication:
    """Exactly what the human approved: `hash` is that of the approved payload, `approval` its id."""

    text: str
    image: str
    alt: str
    approval: str
    hash: str

    @classmethod
    def of(cls, payload: dict[str, object]) -> Publication:
        """Raises WorkError: `invalid_payload` for what is no whole post, `not_approved` without an
        approval whose hash is that of this very text, picture name and description.
        """
        texts = {key: payload.get(key, "") for key in ("text", "image", "alt", "approval", "hash")}
        if not all(isinstance(value, str) for value in texts.values()):
            raise WorkError(WorkErrorCode.INVALID_PAYLOAD, "The post is not complete.")
        publication = cls(**{key: str(value) for key, value in texts.items()})
        if not publication.text.strip() or len(publication.text) > TEXT_CHARACTERS_MAX:
            raise WorkError(WorkErrorCode.INVALID_PAYLOAD, "The post is empty or too long for LinkedIn.")
        if not publication.approval or not publication.hash:
            raise WorkError(WorkErrorCode.NOT_APPROVED, "The post has not been approved.")
        if publication.hash != payload_hash({name: texts[name] for name in ("text", "image", "alt")}):
            raise WorkError(WorkErrorCode.NOT_APPROVED, "The post is not the one that was approved.")
        return publication


@dataclass(frozen=True, slots=True)
class Published:
    """`status`: draft, published or unknown."""

    status: str
    url: str
    reason: str

    def as_json(self) -> dict[str, object]:
        return dict(asdict(self))


def publish(publication: Publication, folder: Path, assets: Path, report: Report) -> Published:
    """Keep the approved post as a draft in the session's folder; its picture is in `assets`.

    Raises WorkError `not_approved` when the picture is not the approved one, OSError when nothing can be
    written.
    """
    if publication.image and not is_intact(publication.image, assets):
        raise WorkError(WorkErrorCode.NOT_APPROVED, "The post's picture is not the one that was approved.")
    report.log(NO_ACCOUNT)
    outcome = Published("draft", "", NO_ACCOUNT)
    text = json.dumps({**asdict(publication), **asdict(outcome)}, ensure_ascii=False, indent=2)
    fresh = folder / f".{DRAFT_FILE}.new"
    fresh.write_text(text + "\n", "utf-8")
    os.replace(fresh, folder / DRAFT_FILE)
    report.log(f"saved the draft as {DRAFT_FILE} ({len(text.encode())} bytes)")
    report.progress(100, "saved as a draft")
    return outcome
