"""Writes TypeScript with other people's words in it: every text stays a text, whatever is in it."""

from __future__ import annotations

import html
import json
import re
import textwrap
from collections.abc import Sequence

LINE = 100
SAFE = re.compile(r"[^\s{}<>&\\\"`]+(?: [^\s{}<>&\\\"`]+)*")
"""What is the same text in JSX, in an attribute and in a string: no character that means something there."""
ATTRIBUTES = re.compile(r"\b(class|stroke-width|stroke-linecap|stroke-linejoin)=")
CAMEL = {
    "class": "className",
    "stroke-width": "strokeWidth",
    "stroke-linecap": "strokeLinecap",
    "stroke-linejoin": "strokeLinejoin",
}


def literal(text: str) -> str:
    """The text as a JavaScript string: JSON is one since ES2019."""
    return json.dumps(text, ensure_ascii=False)


def literals(texts: Sequence[str]) -> str:
    """An array of strings."""
    return f"[{', '.join(map(literal, texts))}]"


def inner(text: str, indent: int) -> str:
    """The text as what stands between two tags, on lines of its own, `indent` spaces from the left."""
    if not SAFE.fullmatch(text):
        return " " * indent + "{" + literal(text) + "}"
    space = " " * indent
    return "\n".join(
        textwrap.wrap(
            text,
            max(40, LINE - indent),
            initial_indent=space,
            subsequent_indent=space,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def attribute(name: str, text: str) -> str:
    """`name="text"`."""
    return f'{name}="{text}"' if SAFE.fullmatch(text) else f"{name}={{{literal(text)}}}"


def drawing(name: str, svg: str) -> str:
    """A component out of a drawing of ours."""
    markup = ATTRIBUTES.sub(lambda match: f"{CAMEL[match[1]]}=", svg)
    parts = re.split(r"(?<=>)(?=<)", markup)
    depth, lines = 2, []
    for part in parts:
        closes, stands_alone = part.startswith("</"), part.endswith("/>") or "</" in part[1:]
        depth -= closes
        lines.append("  " * depth + part)
        depth += not (closes or stands_alone)
    body = "\n".join(lines)
    return f"export function {name}() {{\n  return (\n{body}\n  );\n}}\n"


def in_html(text: str) -> str:
    """The text for an HTML file that Vite reads: it would put its own values between percent signs."""
    return html.escape(text).replace("%", "&#37;")
