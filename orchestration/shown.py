"""Which results have a place of their own on the page, and the notices that put them there."""

from __future__ import annotations

from orchestration import notices

POST = ("text", "image", "alt", "text_by", "picture_by", "text_because", "because")


def with_addresses(research: dict[str, object], folder: str) -> dict[str, object]:
    """The research with its sites' pictures as addresses: `folder` and their names."""
    sites = research.get("sites")
    if not isinstance(sites, (list, tuple)):
        return research
    return {**research, "sites": [_with_address(site, folder) for site in sites]}


def _with_address(site: object, folder: str) -> object:
    if isinstance(site, dict) and isinstance(site.get("picture"), str) and site["picture"]:
        return {**site, "picture": f"{folder}{site['picture']}"}
    return site


def shown(kind: str, result: dict[str, object]) -> notices.Notice | None:
    """The notice that shows a result of this kind; None where it is only spoken of."""
    text = {name: value for name, value in result.items() if isinstance(value, str)}
    match kind:
        case "research":
            return notices.ResearchReady(result)
        case "website":
            return notices.SiteReady(text.get("url", ""), result)
        case "post":
            told = {part: text.get(part, "") for part in POST}
            return notices.PostDrafted(**told)
        case "publish":
            status, url = text.get("status", "unknown"), text.get("url", "")
            return notices.PostPublished(status, url, text.get("reason", ""), text.get("code", ""))
        case _:
            return None
