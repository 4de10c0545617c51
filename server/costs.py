"""What a session's tokens cost, at the operator's own prices: none are invented here."""

from __future__ import annotations

import math
from dataclasses import dataclass

from orchestration.usage import Usage

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """Of a million tokens of one kind, in whatever currency the operator counts."""

    direction: str
    modality: str
    per_million: float

    def __str__(self) -> str:
        return f"{self.direction}.{self.modality}={self.per_million:g}"


def token_prices(value: str) -> tuple[TokenPrice, ...]:
    """`input.text=4, output.audio=64`. Raises ValueError for a kind that is not counted or is named twice."""
    found: dict[tuple[str, str], TokenPrice] = {}
    for entry in filter(None, (part.strip() for part in value.split(","))):
        kind, _, number = entry.partition("=")
        direction, _, modality = kind.strip().partition(".")
        price = TokenPrice(direction, modality, float(number))
        usable = math.isfinite(price.per_million) and price.per_million >= 0
        if (direction, modality) not in Usage().counts() or (direction, modality) in found or not usable:
            raise ValueError
        found[direction, modality] = price
    return tuple(found.values())


def cost(usage: Usage, prices: tuple[TokenPrice, ...]) -> float | None:
    """What `usage` cost; None when the prices say nothing of a kind that was used.

    Input from the cache costs what other input costs, unless it has a price of its own.
    """
    known = {("cached", price.modality): price.per_million for price in prices if price.direction == "input"}
    known |= {(price.direction, price.modality): price.per_million for price in prices}
    used = {kind: tokens for kind, tokens in usage.counts().items() if tokens}
    if not known or not used.keys() <= known.keys():
        return None
    return sum(tokens * known[kind] for kind, tokens in used.items()) / MILLION
