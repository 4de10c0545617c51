"""What can become of a post: a closed list, each with its words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    PUBLISHED = "published"
    DRAFT = "draft"
    FAILED = "failed"
    """Nothing was published, and that is certain."""
    UNKNOWN = "unknown"
    """It may have been published: nobody but the human can tell, and it is never tried again."""


class Code(StrEnum):
    """Why it was not (surely) published."""

    NO_ACCOUNT = "no_account"
    TOKEN_EXPIRED = "token_expired"
    VERSION_EXPIRED = "version_expired"
    SCOPE = "scope"
    DUPLICATE = "duplicate"
    RATE_LIMITED = "rate_limited"
    FAULT = "linkedin_fault"
    UNREACHABLE = "unreachable"
    TOO_LONG = "too_long"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    FAULT_MIDWAY = "fault_midway"
    INTERRUPTED = "interrupted"


REASONS = {
    Code.NO_ACCOUNT: "no LinkedIn account is connected",
    Code.TOKEN_EXPIRED: "the LinkedIn sign-in has expired, so connect again and then approve once more",
    Code.VERSION_EXPIRED: "LinkedIn has retired the API version that this server uses, and its operator must"
    " set a newer one",
    Code.SCOPE: "LinkedIn was not allowed to let us post, so connect again, allow it, and approve once more",
    Code.DUPLICATE: "LinkedIn says that this very post is on your page already",
    Code.RATE_LIMITED: "LinkedIn takes no more posts for now, so wait some minutes and approve once more",
    Code.FAULT: "LinkedIn had a fault before it took the post, so approve once more to try again",
    Code.UNREACHABLE: "LinkedIn could not be reached, so approve once more to try again",
    Code.TOO_LONG: "the post is too long for LinkedIn once its special characters are written out",
    Code.REFUSED: "LinkedIn refused the post",
    Code.NO_ANSWER: "LinkedIn did not answer after the post was sent",
    Code.FAULT_MIDWAY: "LinkedIn had a fault while it took the post",
    Code.INTERRUPTED: "our work broke off while the post was on its way",
}
UNSURE = frozenset({Code.NO_ANSWER, Code.FAULT_MIDWAY, Code.INTERRUPTED})
AGAIN = frozenset({Code.TOKEN_EXPIRED, Code.SCOPE, Code.RATE_LIMITED, Code.FAULT, Code.UNREACHABLE})
"""After these the human may approve the same post once more."""


@dataclass(frozen=True, slots=True)
class Published:
    """`retry`: nothing was published, and the same post may be approved once more."""

    status: str
    url: str = ""
    reason: str = ""
    code: str = ""
    retry: bool = False

    def as_json(self) -> dict[str, object]:
        known: dict[str, object] = {"status": self.status, "url": self.url, "reason": self.reason}
        more = {"code": self.code, "retry": self.retry}
        return {**known, **{name: value for name, value in more.items() if value}}


def outcome(code: Code, detail: str = "") -> Published:
    """The outcome for a reason; `detail` is added to its words."""
    status = Status.DRAFT if code is Code.NO_ACCOUNT else Status.UNKNOWN if code in UNSURE else Status.FAILED
    reason = f"{REASONS[code]} ({detail})" if detail else REASONS[code]
    return Published(status.value, "", reason, code.value, code in AGAIN)
