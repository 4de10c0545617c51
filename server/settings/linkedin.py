"""Where approved posts go."""

from __future__ import annotations

from dataclasses import dataclass

from server.settings import values
from server.settings.descriptor import setting


@dataclass(frozen=True)
class LinkedIn:
    """See the module; part of `server.settings.Settings`."""

    linkedin_client_id: str = setting(
        "",
        "LINKEDIN_CLIENT_ID",
        values.text,
        "a client id",
        "Your LinkedIn application: with its secret, approved posts are published on LinkedIn.",
    )
    linkedin_client_secret: str = setting(
        "",
        "LINKEDIN_CLIENT_SECRET",
        values.text,
        "a client secret",
        "The LinkedIn application's secret.",
        secret=True,
    )
    linkedin_organisation: str = setting(
        "",
        "MOENTREPRISE_LINKEDIN_ORGANISATION",
        values.matching(r"\d{1,20}"),
        "the number of an organisation's page",
        "Posts go to the page of this organisation; without it to the member's own.",
    )
    linkedin_version: str = setting(
        "202610",
        "MOENTREPRISE_LINKEDIN_VERSION",
        values.matching(r"20\d\d(0[1-9]|1[0-2])"),
        "a year and a month such as 202610",
        "The version of LinkedIn's API; each is retired about a year after its month.",
    )
    linkedin_url: str = setting(
        "",
        "MOENTREPRISE_LINKEDIN_URL",
        values.url,
        "an http or https address",
        "Another server in LinkedIn's place, for sign-in and API, to try things out.",
    )
