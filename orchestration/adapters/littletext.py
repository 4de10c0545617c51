"""LinkedIn's "little text": how plain text must be written so that all of it is shown.

Unescaped reserved characters are answered with success, and cut the text off where they stand
(Community Management, "little Text Format").
"""

from __future__ import annotations

import re

RESERVED = "\\|{}@[]()<>#*_~"
CHARACTERS_MAX = 3000
"""Of the escaped text."""

_HASHTAG = re.compile(r"(?<!\S)#([^\W_]+)(?![^\s.,;:!?])")
_RESERVED = re.compile(f"[{re.escape(RESERVED)}]")


def escape(text: str) -> str:
    r"""The text as little text. A hashtag that stands alone stays one: `#bread` is `{hashtag|\#|bread}`."""
    written, at = [], 0
    for tag in _HASHTAG.finditer(text):
        written += [_plain(text[at : tag.start()]), rf"{{hashtag|\#|{tag[1]}}}"]
        at = tag.end()
    return "".join([*written, _plain(text[at:])])


def fits(text: str) -> bool:
    """Whether LinkedIn takes a post of this text."""
    return len(escape(text)) <= CHARACTERS_MAX


def _plain(text: str) -> str:
    return _RESERVED.sub(r"\\\g<0>", text)
