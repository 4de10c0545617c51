"""Speech that was transcribed by a machine, made fit to be read; the human's own words stay.

Nothing is added but capitals, full stops, apostrophes and the "n" of "an"; what is left out are fillers
("um, I think").
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from orchestration.adapters import names
from orchestration.adapters.articles import right_articles
from orchestration.adapters.tables import Table

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?", re.UNICODE)
SENTENCE_WORDS_MAX = 14
"""A transcribed sentence longer than this is divided where a new clause begins."""

_TABLE = Table.load("orchestration.adapters", "words.toml")
STOP_WORDS = frozenset(_TABLE.words("stop"))
OPENERS = frozenset(_TABLE.words("openers"))
TIMES = frozenset(_TABLE.words("times"))
NUMBERS = frozenset(_TABLE.words("numbers"))
VERBS = frozenset(_TABLE.words("verbs"))
SMALL_WORDS = frozenset(_TABLE.words("small"))
FILLERS = (*_TABLE.texts("filler_phrases"), *_TABLE.words("fillers"))
_SPELT = _TABLE.table("contractions")
CONTRACTIONS = {word: _SPELT.text(word) for word in _SPELT.keys()}

NEW_CLAUSE = re.compile(
    r" (?:and|but|because|so) (?=(?:we|i|our|they|it|everything|everyone|you)\b)"
    r"| (?=(?:we|i) (?:just|also|never|always|only)\b)",
    re.IGNORECASE,
)
SCRIPT = re.compile(r"<(script|style)\b[^<>]*>.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
TAG = re.compile(r"</?[a-z!][^<>]*(?:>|$)", re.IGNORECASE)
ATTRIBUTE = re.compile(r"\b(?:on\w+|href|src|style|class)\s*=\s*\S*|\bjavascript:\S*", re.IGNORECASE)
CLAUSE_STARTS = frozenset({"and", "but", "because", "with", "which", "that"})
PLURALS = re.compile(r"\b([^\W\d_]{3,}[^\W\d_s]s) ([^\W\d_]{3,}[^\W\d_s]s)(?= (?:and|or) )")


def without_markup(text: str) -> str:
    """The text without tags, scripts and attributes, for what looks for words: nobody says `onerror`."""
    return ATTRIBUTE.sub(" ", TAG.sub(" ", SCRIPT.sub(" ", text)))


def content_words(text: str, letters_min: int = 4) -> list[str]:
    """The words that carry meaning, lower case, each once, in the order in which they were said."""
    found = (match.group().lower() for match in WORD.finditer(text))
    return list(dict.fromkeys(w for w in found if len(w) >= letters_min and w not in STOP_WORDS))


def spoken_name(text: str) -> str:
    """A business's name out of an answer: "it's called golden crust" is "Golden Crust"; "" without one."""
    name = names.spoken(text)
    return title_case(name) if name and name == name.lower() and re.fullmatch(r"[a-zà-ÿ' ]+", name) else name


def title_case(text: str) -> str:
    """Headline capitals, small words small: "house of bread" is "House of Bread"."""
    words = text.split()
    return " ".join(w if i and w in SMALL_WORDS else capital(w) for i, w in enumerate(words))


def capital(text: str) -> str:
    """The text with its first letter large and all others as they were."""
    return text[:1].upper() + text[1:]


def without_fillers(text: str) -> str:
    """The answer without the noises of thinking at its start and "um" anywhere."""
    text = re.sub(r"\b(?:um+|uh+|uhm|erm|hmm+)\b[ ,.]*", "", text, flags=re.IGNORECASE).strip()
    while True:
        lowered = text.lower()
        start = next((p for p in FILLERS if _starts(lowered, p)), None)
        if start is None:
            return text
        text = text[len(start) :].lstrip(" ,.")


def _starts(text: str, prefix: str) -> bool:
    return text.startswith((prefix + " ", prefix + ", "))


def with_commas(text: str) -> str:
    """Commas that recognition left out: "painters writers and cooks" is "painters, writers and cooks"."""
    return PLURALS.sub(
        lambda match: match[0] if match[1][:-1].lower() in VERBS else f"{match[1]}, {match[2]}", text
    )


def tidy(text: str) -> str:
    """Whole sentences: capitals, apostrophes, articles, full stops; long ones divided at their clauses."""
    text = with_commas(without_fillers(text) or text)
    if not text:
        return ""
    pieces = [piece for sentence in re.split(r"(?<=[.!?])\s+", text) for piece in _clauses(sentence)]
    return " ".join(_sentence(piece) for piece in pieces if piece.strip(" ,.;"))


def phrase(text: str) -> str:
    """The answer to stand inside a sentence: no capital at its start, no full stop at its end."""
    text = with_commas(without_fillers(text) or text)
    text = respelt(text).rstrip(" .,;!")
    first, _, rest = text.partition(" ")
    if first[1:] == first[1:].lower() and first.lower() not in {"i", "i'm", "i've", "i'd", "i'll"}:
        first = first.lower()
    return f"{first} {rest}".strip()


def offer(text: str) -> str:
    """The offer as sentences: "bake bread" gets its "We"."""
    text = without_fillers(text) or text
    first = text.split(" ", 1)[0].lower() if text else ""
    return tidy(f"we {phrase(text)}" if first in VERBS else text)


_WHOM = (
    r"(?:(?:our|my|the|most of our|most|main) )*"
    r"(?:customers?|clients?|guests?|audience|visitors?|students?|people)"
    r"(?: are| is| will be| would be)(?: mainly| mostly| usually)?|"
    r"(?:it's|its|it is|they are|they're|this is|we are|we're)(?: mainly| mostly)?(?: for)?|"
    r"(?:mainly |mostly )?for|mainly|mostly|"
    r"(?:we|i) (?:mainly |mostly )?(?:serve|work with|help|target)"
)
_REASON = r"(?:it's |its |it is |that's |thats )?because(?: of)?|what makes us different is(?: that)?"
_WISH = (
    r"(?:i|we)(?:'d| would)? (?:want|like|love|prefer|need|imagine)(?: it| the site| the website)?"
    r"(?: to (?:be|look|feel)(?: like)?)?(?: something)?|something|"
    r"(?:it|the site|the website) (?:should|could|must) (?:be|look|feel)(?: like)?|make it|please"
)


def audience(text: str) -> str:
    """Whom it is for, to stand after "for": "our customers are young families" is "young families"."""
    return phrase(_strip_start(text, _WHOM))


def difference(text: str) -> str:
    """What is different, as sentences."""
    return tidy(_strip_start(text, _REASON))


def style(text: str) -> str:
    """How it should look, to stand after "the look:"."""
    return phrase(_strip_start(text, _WISH))


def shorten(text: str, words_max: int) -> str:
    """At most so many words; cut at the end of a sentence or clause where there is one, else marked "…"."""
    words = text.split()
    if len(words) <= words_max:
        return text
    for end in range(words_max, words_max // 2, -1):
        if words[end - 1][-1] in ".!?":
            return " ".join(words[:end])
    ends = range(words_max, words_max // 2, -1)
    clause = (at for at in ends if words[at - 1][-1] in ",;:" or words[at].lower() in CLAUSE_STARTS)
    kept = words[: next(clause, words_max)]
    while len(kept) > 2 and kept[-1].lower() in STOP_WORDS:
        kept.pop()
    return " ".join(kept).rstrip(",;:") + "…"


def sentences(text: str) -> list[str]:
    """The sentences of a text that has full stops."""
    return [sentence for sentence in re.split(r"(?<=[.!?]) ", text) if sentence]


def whole(text: str, words_max: int) -> str:
    """Its first sentence, else that sentence's first clause; "" where both have more words than that."""
    first = (sentences(text) or [""])[0]
    clause = NEW_CLAUSE.split(first)[0].rstrip(" ,;:.")
    fitting = (part for part in (first, f"{clause}.") if len(part.split()) <= words_max)
    return next(fitting, "")


def listing(items: Iterable[str]) -> str:
    """ "a, b and c"; "a, and b and c" where an item has an "and" of its own."""
    *most, last = list(items) or [""]
    comma = "," if any(" and " in item for item in (*most, last)) else ""
    return f"{', '.join(most)}{comma} and {last}" if most else last


def _strip_start(text: str, pattern: str) -> str:
    text = without_fillers(text) or text
    return re.sub(rf"^(?:{pattern})\b[ ,]*(?=\S)", "", text, count=1, flags=re.IGNORECASE)


def _clauses(sentence: str) -> list[str]:
    """A long transcribed sentence, divided before "and we", "because it", …"""
    if len(sentence.split()) <= SENTENCE_WORDS_MAX:
        return [sentence]
    return NEW_CLAUSE.split(sentence)


def _sentence(text: str) -> str:
    text = respelt(text).rstrip(" ,;")
    return capital(text) if text[-1] in ".!?…)\"'" else capital(text) + "."


def respelt(text: str) -> str:
    """The same words with their apostrophes, capitals and articles."""
    return right_articles(" ".join(_respell(word) for word in text.split()))


def _respell(word: str) -> str:
    bare = word.strip(".,;!?")
    respelt = CONTRACTIONS.get(bare)
    return word.replace(bare, respelt) if respelt else word
