"""How long `semantic_vad` waits for more, from the words before the pause. Pure.

There is no model of meaning here: a phrase that ends in a word which cannot end a sentence ("and", "the",
"um") is unfinished; a few words without such an end are finished; of all else it is unclear. What a pause is
worth in each case depends on the eagerness; the longest waits are the API's (8 s, 4 s and 2 s).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """The silence in ms that ends a turn after a finished, an unclear and an unfinished phrase."""

    finished_ms: int
    unclear_ms: int
    unfinished_ms: int


PATIENCE = {
    "high": Patience(350, 500, 2_000),
    "medium": Patience(500, 900, 4_000),
    "low": Patience(900, 1_600, 8_000),
}
"""By eagerness. The silences are longer than a stop inside a phrase, and than the 60 ms that recognition
needs after a pause of 320 ms."""

WORDS_DUE_MS = 1_500
"""After so much silence a turn ends although the recogniser is behind: unknown words are not unclear ones."""
WORDS_OF_A_SENTENCE = 3
_FILLERS = "ah eh er erm hm hmm mm uh um well"
_CONJUNCTIONS = "although and as because but if nor or since than that though unless until when which while"
_PREPOSITIONS = "against among at between during from into of onto through to toward towards via with without"
_DETERMINERS = "a an every my our some the their these your"
_VERBS = "am are be has have is was were called named i'm it's that's we're"
_SUBJECTS = "i they we"
_OPEN = frozenset(
    " ".join((_FILLERS, _CONJUNCTIONS, _PREPOSITIONS, _DETERMINERS, _VERBS, _SUBJECTS)).split()
)
_ANSWERS = frozenset(
    "absolutely bye correct exactly goodbye great hello hey hi never no nope nothing okay perfect please "
    "right sorry stop sure thanks wait yeah yep yes".split()
)


def patience_ms(words: Sequence[str], eagerness: str) -> int:
    """The silence that ends the turn after `words` (all that was understood of it so far, in order)."""
    patience = PATIENCE[eagerness]
    said = [word.lower() for word in words]
    if not said:
        return patience.unclear_ms
    if said[-1] in _OPEN:
        return patience.unfinished_ms
    if len(said) >= WORDS_OF_A_SENTENCE or said[-1] in _ANSWERS:
        return patience.finished_ms
    return patience.unclear_ms


def patience_unheard_ms(eagerness: str) -> int:
    """The silence that ends the turn while the recogniser has not told what was said before it."""
    return max(PATIENCE[eagerness].unclear_ms, WORDS_DUE_MS)
