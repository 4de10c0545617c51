"""LinkedIn's versioned API, as far as a post with a picture needs it (Posts and Images)."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from orchestration.adapters import littletext
from orchestration.adapters.linkedin.outcomes import Code
from orchestration.adapters.linkedin.publication import Publication
from orchestration.adapters.linkedin.wire import Answer, NoAnswerError, NotSentError, ask

API = "https://api.linkedin.com"
PAGE = "https://www.linkedin.com/feed/update/{urn}/"
ALT_CHARACTERS_MAX = 4086
PROCESSED_TRIES, PROCESSED_PAUSE_S = 8, 1.0
_URN = re.compile(r"urn:li:(share|ugcPost|activity):[A-Za-z0-9_-]+")
_BY_STATUS = {401: Code.TOKEN_EXPIRED, 403: Code.SCOPE, 426: Code.VERSION_EXPIRED, 429: Code.RATE_LIMITED}


class LinkedInError(Exception):
    """The post was not (surely) published: `code` says why, `detail` adds to its words."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(code.value)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Account:
    """Who publishes, and with what: the member's token, the author's urn, the API's version and address."""

    token: str = field(repr=False)
    author: str
    version: str
    base: str = API

    def headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.token}",
            "LinkedIn-Version": self.version,
            "X-Restli-Protocol-Version": "2.0.0",
        }


def upload(account: Account, picture: bytes) -> str:
    """Hand a picture over; returns its urn. Publishes nothing. Raises LinkedInError."""
    wanted: dict[str, object] = {"initializeUploadRequest": {"owner": account.author}}
    answer = _prepare(account, "POST", f"{account.base}/rest/images?action=initializeUpload", wanted)
    value = answer.json().get("value")
    found = value if isinstance(value, dict) else {}
    address, urn = found.get("uploadUrl"), found.get("image")
    if not isinstance(address, str) or not isinstance(urn, str) or not _is_theirs(address, account.base):
        raise LinkedInError(Code.FAULT)
    bearer = {"Authorization": f"Bearer {account.token}", "Content-Type": "application/octet-stream"}
    _checked(_certain("PUT", address, bearer, picture))
    _wait_until_processed(account, urn)
    return urn


def _wait_until_processed(account: Account, urn: str) -> None:
    """Members' tokens may not ask (403): then, and when it takes long, the post is sent all the same."""
    for _ in range(PROCESSED_TRIES):
        answer = _certain("GET", f"{account.base}/rest/images/{quote(urn, safe='')}", account.headers())
        status = answer.json().get("status")
        if status == "PROCESSING_FAILED":
            raise LinkedInError(Code.REFUSED, "it cannot use the picture")
        if answer.status != 200 or status == "AVAILABLE":
            return
        time.sleep(PROCESSED_PAUSE_S)


def create_post(account: Account, publication: Publication, image: str) -> str:
    """Publish. Returns the post's address, empty when LinkedIn does not tell it. The one call that publishes.

    Raises LinkedInError: with a code of UNSURE when it may have been published all the same.
    """
    media = {"media": {"id": image, "altText": publication.alt}}
    post = {
        "author": account.author,
        "commentary": littletext.escape(publication.text),
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        **({"content": media} if image else {}),
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    headers = {**account.headers(), "Content-Type": "application/json"}
    try:
        answer = ask("POST", f"{account.base}/rest/posts", headers, json.dumps(post).encode())
    except NotSentError:
        raise LinkedInError(Code.UNREACHABLE) from None
    except NoAnswerError:
        raise LinkedInError(Code.NO_ANSWER) from None
    if answer.status >= 500 and answer.status != 503:  # only 503 says that nothing was done
        raise LinkedInError(Code.FAULT_MIDWAY)
    _checked(answer)
    urn = answer.headers.get("x-restli-id", "")
    return PAGE.format(urn=urn) if _URN.fullmatch(urn) else ""


def _prepare(account: Account, method: str, url: str, body: dict[str, object]) -> Answer:
    headers = {**account.headers(), "Content-Type": "application/json"}
    answer = _certain(method, url, headers, json.dumps(body).encode())
    _checked(answer)
    return answer


def _certain(method: str, url: str, headers: dict[str, str], body: bytes = b"") -> Answer:
    """A call that publishes nothing, whatever becomes of it."""
    try:
        return ask(method, url, headers, body)
    except NotSentError:
        raise LinkedInError(Code.UNREACHABLE) from None
    except NoAnswerError:
        raise LinkedInError(Code.FAULT) from None


def _checked(answer: Answer) -> None:
    """Raises LinkedInError for all but success."""
    if answer.status < 300:
        return
    if answer.status >= 500:
        raise LinkedInError(Code.FAULT)
    if code := _BY_STATUS.get(answer.status):
        raise LinkedInError(code)
    if answer.status in (409, 422) and "duplicate" in str(answer.json().get("message", "")).lower():
        raise LinkedInError(Code.DUPLICATE)
    raise LinkedInError(Code.REFUSED, str(answer.status))


def _is_theirs(address: str, base: str) -> bool:
    """Whether the token may go there: LinkedIn's own hosts over https, or the host that was configured."""
    try:
        there, here = urlsplit(address), urlsplit(base)
        if (there.scheme, there.hostname, there.port) == (here.scheme, here.hostname, here.port):
            return True
        return there.scheme == "https" and f".{there.hostname}".endswith(".linkedin.com")
    except ValueError:
        return False
