"""A human's leave for one exact payload."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum

APPROVAL_LIFE_S = 15 * 60


class ApprovalState(StrEnum):
    OPEN = "open"
    APPROVE = "approve"
    REJECT = "reject"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Approval:
    """A human's decision on exactly `payload`; `hash` is the SHA-256 of its canonical JSON."""

    approval: str
    payload: dict[str, object]
    hash: str
    speaker: str
    call: str
    expires_at: float
    state: ApprovalState = ApprovalState.OPEN


def payload_hash(payload: dict[str, object]) -> str:
    """SHA-256 of the payload as JSON with sorted keys and no spaces."""
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
