"""What the page may say over the data channel."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.pagemessages import (
    MAX_BYTES,
    MessageError,
    Ping,
    Playout,
    Resume,
    TalkKey,
    TypedMessage,
    Typing,
    parse,
)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ('{"type": "resume", "after": 17}', Resume(17)),
        (
            '{"type": "human.message", "text": "  Rosa & Sons <b>bakery</b> "}',
            TypedMessage("Rosa & Sons <b>bakery</b>"),
        ),
        ('{"type": "human.push_to_talk", "down": true}', TalkKey(True)),
        ('{"type": "human.typing", "typing": true}', Typing(True)),
        ('{"type": "human.typing", "typing": false}', Typing(False)),
        ('{"type": "ping", "newer": "field"}', Ping()),
        (
            '{"type":"playout","rtp_timestamp":4294967295,"at_ms":12.5,"jitter_buffer_ms":40,"rtt_ms":null}',
            Playout(4294967295, 12.5, 40.0, None),
        ),
        (b'{"type":"playout","rtp_timestamp":null}', Playout(None, None, None, None)),
    ],
)
def test_a_message_of_the_contract_is_understood(raw: str | bytes, message: object) -> None:
    assert parse(raw) == message


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "not JSON",
        b"\xff\xfe",
        "[]",
        "[" * 10_000,
        "null",
        "{}",
        '{"type": ["ping"]}',
        '{"type": "resume"}',
        '{"type": "resume", "after": -1}',
        '{"type": "resume", "after": true}',
        '{"type": "resume", "after": 1.5}',
        '{"type": "human.message", "text": 3}',
        '{"type": "human.message", "text": "   "}',
        '{"type": "human.message", "text": "\\u0000"}',
        '{"type": "human.message", "text": "\\ud800"}',
        json.dumps({"type": "human.message", "text": "x" * 2001}),
        '{"type": "human.push_to_talk", "down": 1}',
        '{"type": "human.typing"}',
        '{"type": "human.typing", "typing": "yes"}',
        '{"type": "playout", "rtp_timestamp": 4294967296}',
        '{"type": "playout", "rtp_timestamp": 1, "rtt_ms": "fast"}',
        '{"type": "playout", "rtp_timestamp": 1, "rtt_ms": NaN}',
        '{"type": "playout", "rtp_timestamp": 1, "rtt_ms": 1e999}',
        '{"type": "shutdown"}',
    ],
)
def test_anything_else_is_a_bad_message(raw: str | bytes) -> None:
    with pytest.raises(MessageError) as caught:
        parse(raw)
    assert caught.value.code == "bad_message"


def test_an_oversized_message_is_refused_unread() -> None:
    with pytest.raises(MessageError) as caught:
        parse("é" * (MAX_BYTES // 2 + 1))
    assert caught.value.code == "too_large"


@given(st.one_of(st.text(), st.binary(), st.recursive(st.none() | st.text(), st.lists).map(json.dumps)))
def test_no_message_breaks_the_parser(raw: str | bytes) -> None:
    with contextlib.suppress(MessageError):
        parse(raw)
