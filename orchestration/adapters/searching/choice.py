"""Which provider a search goes to, by the operator's settings."""

from __future__ import annotations

from orchestration.adapters.searching.json_search import JsonSearch
from orchestration.adapters.searching.openai_search import OpenAiSearch
from orchestration.adapters.searching.terms import NoSearch, Provider
from orchestration.adapters.work import Means

WAY, ADDRESS, KEY = "MOENTREPRISE_SEARCH", "MOENTREPRISE_SEARCH_URL", "MOENTREPRISE_SEARCH_KEY"
MODEL, FORM = "MOENTREPRISE_SEARCH_MODEL", "MOENTREPRISE_SEARCH_FORM"
OPENAI_KEY, OPENAI_ADDRESS = "OPENAI_API_KEY", "OPENAI_BASE_URL"
OFFLINE, AUTO = "offline", "auto"
NOBODY = "No search provider is connected."


def is_offline(means: Means) -> bool:
    """Whether nothing at all may be looked up on the web; so it is where nobody said anything."""
    return means.text(WAY) in ("", OFFLINE)


def choose(means: Means) -> Provider | NoSearch:
    """`json` when it has an address, else `openai` when there is a key, or the one that was chosen."""
    way = means.text(WAY)
    if is_offline(means):
        return NoSearch("Searching the web is switched off here.")
    if way == "json" or (way == AUTO and means.text(ADDRESS)):
        if not means.text(ADDRESS):
            return NoSearch("The search provider has no address yet.")
        return JsonSearch.of(means.text(ADDRESS), means.text(KEY), means.text(FORM))
    key = means.text(KEY) or means.text(OPENAI_KEY) if way == "openai" else means.text(OPENAI_KEY)
    if not key:
        return NoSearch(NOBODY if way == AUTO else "The search provider has no key yet.")
    return OpenAiSearch(key, means.text(OPENAI_ADDRESS), means.text(MODEL))
