"""Whether a site wants to be read by us: robots.txt (RFC 9309)."""

from __future__ import annotations

from dataclasses import dataclass

from yarl import URL

from orchestration.adapters.web.fetch import Web
from orchestration.adapters.web.rules import FetchCode, FetchError, parsed

NAME = "moentreprise"
BYTES_READ = 512_000
LINES_READ = 5_000
OTHERS = "*"


@dataclass(frozen=True, slots=True)
class Rule:
    """A path's pattern, with `*` for anything and `$` for its end."""

    pattern: str
    allow: bool

    def matches(self, path: str) -> bool:
        """Each part is looked for behind the one before: no pattern makes this slow."""
        to_end = self.pattern.endswith("$")
        first, *rest = self.pattern.removesuffix("$").split("*")
        if not path.startswith(first):
            return False
        if not rest:
            return not to_end or path == first
        at = len(first)
        for part in rest[:-1]:
            found = path.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        last = rest[-1]
        if to_end:
            return path.endswith(last) and len(path) - len(last) >= at
        return path.find(last, at) >= 0


class Robots:
    """Asks each site once."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._known: dict[str, tuple[Rule, ...]] = {}

    async def allow(self, address: str) -> bool:
        """Whether the page may be read. Without the file it may; while the site has trouble it may not.

        Raises FetchError where the file cannot be had at all: then the page cannot either.
        """
        url = parsed(address)
        self._web.rules.check_url(url)
        origin = str(url.origin())
        if origin not in self._known:
            self._known[origin] = await self._ask(url)
        return allowed(self._known[origin], url.raw_path_qs)

    async def require(self, address: str) -> None:
        """`allow`, as a question before a request: raises FetchError for what may not be read."""
        if not await self.allow(address):
            raise FetchError(FetchCode.ROBOTS)

    async def _ask(self, url: URL) -> tuple[Rule, ...]:
        place = str(url.origin() / "robots.txt")
        answer = await self._web.get(place, ("",), any_status=True)
        if answer.status >= 500:
            return (Rule("/", False),)
        if answer.status >= 400:
            return ()
        return rules_in(answer.body[:BYTES_READ].decode("utf-8", "replace"))


def allowed(rules: tuple[Rule, ...], path: str) -> bool:
    """The longest pattern that matches decides; between equals the one that allows."""
    fitting = [(len(rule.pattern), rule.allow) for rule in rules if rule.matches(path)]
    return max(fitting)[1] if fitting else True


def rules_in(text: str) -> tuple[Rule, ...]:
    """The rules for us: of the groups that name us, else of those for all others."""
    groups: dict[str, list[Rule]] = {}
    named: set[str] = set()
    naming = False
    for line in text.lstrip("\ufeff").splitlines()[:LINES_READ]:
        field, colon, value = line.partition("#")[0].partition(":")
        field, value = field.strip().lower(), value.strip()
        if not colon:
            continue
        if field == "user-agent":
            name = value.lower().partition("/")[0]
            named = {*named, name} if naming else {name}
            groups.setdefault(name, [])
            naming = True
        elif field in ("allow", "disallow"):
            naming = False
            for name in {NAME, OTHERS}.intersection(named) if value else ():
                groups[name].append(Rule(value, field == "allow"))
    return tuple(groups[NAME] if NAME in groups else groups.get(OTHERS, []))
