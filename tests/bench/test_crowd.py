"""One listener before the product's own session path: the whole bench, for three seconds, without figures."""

from __future__ import annotations

import sys
from typing import cast

import pytest

from tests.bench.crowd import Plan
from tests.bench.servers import KNOWN, PAGE, measured


@pytest.mark.skipif(sys.platform != "linux", reason="the bench reads /proc and the kernel's time stamps")
async def test_packets_arrive_the_microphone_is_heard_and_all_ends_well() -> None:
    row = await measured(KNOWN[PAGE], Plan("", sessions=1, seconds=3.0, settle_s=0.5, spectators=1))
    assert (row["connected"], row["failed"], row["closed"]) == (2, 0, 0)
    assert row["spectators_same"] is True
    assert cast(float, row["microphone_heard"]) > 0
    figures = cast("dict[str, float]", row["figures"])
    assert figures["packets"] > 0
    assert figures["utterances"] == 1
