"""Who does the team's work: the research, the site, the post and its picture."""

from __future__ import annotations

from dataclasses import dataclass

from server.settings import values
from server.settings.descriptor import setting


@dataclass(frozen=True)
class Work:
    """See the module; part of `server.settings.Settings`."""

    search: str = setting(
        "auto",
        "MOENTREPRISE_SEARCH",
        values.choice("auto", "offline", "openai", "json"),
        "auto, offline, openai or json",
        "How the market is researched: auto searches with MOENTREPRISE_SEARCH_URL, else with OPENAI_API_KEY, "
        "and opens the sites that you name; offline opens nothing.",
    )
    search_url: str = setting(
        "",
        "MOENTREPRISE_SEARCH_URL",
        values.matching(r"https?://[^\s@/?#]+[^\s@]*\{query\}[^\s@]*"),
        "an http or https address with {query} in it",
        "A search engine that answers with JSON, such as http://localhost:8888/search?format=json&q={query}; "
        "{count} and {key} are filled in as well.",
    )
    search_key: str = setting(
        "",
        "MOENTREPRISE_SEARCH_KEY",
        values.text,
        "a key",
        "The search engine's key; for openai, a key of its own.",
        secret=True,
    )
    search_model: str = setting(
        "gpt-5.4-mini",
        "MOENTREPRISE_SEARCH_MODEL",
        values.text,
        "a model's name",
        "The model that searches with OpenAI.",
    )
    search_form: str = setting(
        "",
        "MOENTREPRISE_SEARCH_FORM",
        values.matching(r"((results|title|url|text|header|name)=\S+\s*)+"),
        "words such as results=web.results text=description header=X-Subscription-Token name=Brave",
        "Where the JSON of the search engine has its results, and their title, url and text; which header "
        "carries the key, and its name. Without it: results, title, url, content, Authorization, its host.",
    )
    builder: str = setting(
        "auto",
        "MOENTREPRISE_BUILDER",
        values.choice("auto", "vite", "static", "model", "codex", "openmanus", "opencode"),
        "auto, vite, static, model, codex, openmanus or opencode",
        "Who builds websites: our own project with Vite, or static pages; a model, through four tools; or an "
        "agent installed here, which runs outside of the sandbox with network: only on your own machine. "
        "Auto is the model where one is named, else Vite.",
    )
    builder_model: str = setting(
        "",
        "MOENTREPRISE_BUILDER_MODEL",
        values.text,
        "a model's name",
        "The model that builds websites, at OPENAI_BASE_URL with OPENAI_API_KEY; also told to an agent.",
    )
    builder_command: str = setting(
        "",
        "MOENTREPRISE_BUILDER_COMMAND",
        values.command,
        "a command line",
        "How the agent that builds websites is started, where its usual name does not do: "
        "/opt/openmanus/.venv/bin/python /opt/openmanus/main.py.",
    )
    text_model: str = setting(
        "gpt-5.4-mini",
        "MOENTREPRISE_TEXT_MODEL",
        values.text,
        "a model's name",
        "The model that drafts the post, with the key; empty for our own sentences.",
    )
    image_model: str = setting(
        "gpt-image-2.6-flare",
        "MOENTREPRISE_IMAGE_MODEL",
        values.text,
        "a model's name",
        "The model that makes the post's picture, with the key; empty for the card that is drawn here.",
    )
