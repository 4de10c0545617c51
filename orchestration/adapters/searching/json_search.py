"""Any search engine that answers a GET with JSON: its address, its key and its shape are settings.

The address holds `{query}` and, where wanted, `{count}` and `{key}`. The shape is words such as
`results=web.results title=title url=url text=description header=X-Subscription-Token name=Brave`:
where the list of results lies, where in each of them its parts lie, which header carries the key
(`Authorization` carries it as a bearer), and what the provider is called.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote

from orchestration.adapters.searching.terms import (
    RESULTS_MAX,
    SILENT,
    UNCLEAR,
    UNREACHABLE,
    Found,
    Question,
    SearchError,
    SearchResult,
    at,
    is_page,
    list_at,
    refusal,
    text_at,
)
from orchestration.adapters.web import FetchCode, FetchError, Rules, Web, inert

SHAPE = {"results": "results", "title": "title", "url": "url", "text": "content", "header": "Authorization"}
"""As SearXNG answers."""
SECONDS = 15.0
RULES = Rules(lambda address: True, None, seconds=SECONDS, redirects_max=0)
"""The operator chose the address: it may be their own machine. It may not send us on."""
_REASONS = {
    FetchCode.TIMED_OUT: SILENT,
    FetchCode.UNREACHABLE: UNREACHABLE,
    FetchCode.NO_SUCH_NAME: UNREACHABLE,
}


@dataclass(frozen=True, slots=True)
class JsonSearch:
    """See the module."""

    address: str
    key: str = field(repr=False)
    shape: Mapping[str, str]
    rules: Rules = RULES

    @classmethod
    def of(cls, address: str, key: str, form: str) -> Self:
        """`form` as in the settings; what it leaves out is as in SHAPE."""
        given = dict(word.split("=", 1) for word in form.split() if "=" in word)
        return cls(address, key, {**SHAPE, **given})

    @property
    def name(self) -> str:
        """As the operator calls it, else its host."""
        host = self.address.split("/")[2].partition(":")[0].removeprefix("api.")
        return self.shape.get("name", host).replace("_", " ")

    async def search(self, question: Question) -> SearchResult:
        parts = {"query": question.query, "count": str(RESULTS_MAX), "key": self.key}
        address = self.address
        for name, part in parts.items():
            address = address.replace(f"{{{name}}}", quote(part, safe=""))
        async with Web(self.rules) as web:
            try:
                answer = await web.get(address, ("application/json",), headers=self._headers())
            except FetchError as error:
                if error.status:
                    raise refusal(error.status) from None
                raise SearchError(_REASONS.get(error.code, UNCLEAR)) from None
        try:
            value: object = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise SearchError(UNCLEAR) from None
        return SearchResult(self._found(value))

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if self.key and "{key}" not in self.address:
            header = self.shape["header"]
            headers[header] = f"Bearer {self.key}" if header.lower() == "authorization" else self.key
        return headers

    def _found(self, value: object) -> tuple[Found, ...]:
        place = [key for key in self.shape["results"].split(".") if key]
        if not isinstance(at(value, place), list):
            raise SearchError(UNCLEAR)
        found = []
        for entry in list_at(value, place):
            url, title, text = (
                text_at(entry, self.shape[part].split(".")) for part in ("url", "title", "text")
            )
            if is_page(url):
                found.append(Found(url, inert(title, 120), inert(text, 300)))
        return tuple(found[:RESULTS_MAX])
