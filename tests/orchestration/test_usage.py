"""What responses used: read from the wire, summed, each token once."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import cast

import pytest
from realtime_pair import Pair, request

from orchestration.realtime_outcomes import TurnFinished, UsageReported
from orchestration.realtime_usage import usage_of
from orchestration.usage import Usage
from tests.fakes.openai_service import Json, Reply, Speech


def reported(pair: Pair) -> Usage:
    return reduce(add, (o.usage for o in cast("list[UsageReported]", pair.of(UsageReported))), Usage())


def test_every_response_is_counted_also_what_was_cancelled_or_never_asked_for() -> None:
    pair = Pair()
    pair.client.respond(request("t1"))
    pair.sync()
    pair.generate()
    pair.client.respond(request("t2"))
    pair.sync()
    pair.generate(3)
    pair.client.cancel("t2")
    pair.sync()
    pair.deliver(pair.service.intrude(Reply([Speech("who asked")])))
    pair.generate()
    assert len(pair.of(TurnFinished)) == 1
    assert len(pair.service.billed) == 3
    used = reported(pair).counts()
    assert sum(used.values()) == sum(cast(int, bill["total_tokens"]) for bill in pair.service.billed)
    details = [cast(Json, bill["input_token_details"]) for bill in pair.service.billed]
    cached = sum(cast(int, given["cached_tokens"]) for given in details)
    assert used["cached", "text"] + used["cached", "audio"] == cached
    assert used["output", "audio"] > 0


@pytest.mark.parametrize(
    ("usage", "found"),
    [
        ({"input_tokens": 9, "output_tokens": 4}, Usage(input_text=9, output_text=4)),
        (
            {"input_token_details": {"text_tokens": 5, "audio_tokens": 4, "cached_tokens": 3}},
            Usage(input_text=2, input_audio=4, cached_text=3),
        ),
        (
            {"input_token_details": {"text_tokens": 1, "cached_tokens_details": {"text_tokens": 5}}},
            Usage(cached_text=1),
        ),
        ({"output_token_details": {"audio_tokens": 7, "text_tokens": "many"}}, Usage(output_audio=7)),
        ({"input_tokens": -3}, None),
        ({}, None),
    ],
)
def test_services_that_tell_less_are_read_as_far_as_they_go(usage: Json, found: Usage | None) -> None:
    assert usage_of({"usage": usage}) == found
    assert usage_of({"usage": None}) is None
