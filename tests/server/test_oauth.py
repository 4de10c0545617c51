"""A sign-in with LinkedIn: bound to its browser and its session, once, kept encrypted, and easily undone."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from signalling_fakes import Client, Opened, fake_app, opened

from orchestration import notices
from orchestration.adapters.linkedin.outcomes import Code, outcome
from server import oauth
from server.accounts import Account, Accounts
from server.jobs import means
from server.settings import Settings
from server.vault import Vault
from tests.fakes.linkedin import CLIENT_ID, CLIENT_SECRET, MEMBER, NAME, PERSON, FakeLinkedIn

CALLBACK = "/oauth/linkedin/callback"


@dataclass
class Room:
    """A session, LinkedIn, and a browser that keeps cookies."""

    room: Opened
    linkedin: FakeLinkedIn
    settings: Settings

    @property
    def client(self) -> Client:
        return self.room.client

    @property
    def url(self) -> str:
        return str(self.client.make_url("")).rstrip("/")

    async def start(self, **headers: str) -> aiohttp.ClientResponse:
        address = f"/oauth/linkedin/start?token={self.room.session.keys.human}"
        return await self.client.get(address, allow_redirects=False, headers=headers)

    async def consent(self) -> str:
        """Begin, agree at LinkedIn; returns where it sends the browser back to."""
        begun = await self.start()
        assert begun.status == 303, await begun.text()
        async with (
            aiohttp.ClientSession() as http,
            http.get(begun.headers["Location"], allow_redirects=False) as answer,
        ):
            assert answer.status == 302, await answer.text()
            return answer.headers["Location"]

    async def back(self, address: str) -> aiohttp.ClientResponse:
        return await self.client.get(address.removeprefix(self.url), allow_redirects=False)

    async def sign_in(self) -> aiohttp.ClientResponse:
        return await self.back(await self.consent())

    def account(self) -> Account | None:
        return Accounts(self.settings).of(self.room.session.id)

    async def look(self) -> dict[str, object]:
        async with self.client.get(self.room.path, headers=self.room.auth) as answer:
            body: dict[str, object] = (await answer.json())["account"]
            return body

    def told(self) -> list[dict[str, object]]:
        entries = self.room.session.events.after(0)
        return [json.loads(one.text)["data"] for one in entries if one.type == "account.changed"]


@pytest.fixture
async def linkedin() -> AsyncIterator[FakeLinkedIn]:
    fake = await FakeLinkedIn().start()
    yield fake
    await fake.stop()


@pytest.fixture
async def room(linkedin: FakeLinkedIn, tmp_path: Path) -> AsyncIterator[Room]:
    settings = Settings(
        data=tmp_path,
        linkedin_client_id=CLIENT_ID,
        linkedin_client_secret=CLIENT_SECRET,
        linkedin_url=linkedin.url,
    )
    async with Client(TestServer(fake_app(settings)), cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        room = Room(await opened(client), linkedin, settings)
        linkedin.redirects.add(room.url + CALLBACK)
        yield room


async def page(answer: aiohttp.ClientResponse) -> str:
    """The text of a page that says something to a human, and leads nowhere."""
    text = await answer.text()
    assert answer.content_type == "text/html"
    assert "Location" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    return text


async def test_a_human_connects_and_the_session_knows_as_whom(room: Room) -> None:
    assert await room.look() == {"connected": False, "name": "", "expires_ms": 0, "author": ""}
    answer = await room.sign_in()
    assert answer.status == 200
    assert f"connected as {NAME}" in await page(answer)
    account = room.account()
    assert account is not None
    assert (account.author, account.name) == (f"urn:li:person:{PERSON}", NAME)
    assert account.token in room.linkedin.tokens
    known = await room.look()
    assert (known["connected"], known["name"], known["author"]) == (True, NAME, "person")
    assert room.told() == [{"connected": False, "name": "", "expires_ms": 0, "author": ""}, known]
    assert 59 < (account.expires_at - time.time()) / 86400 < 61


async def test_what_is_asked_for_is_what_a_member_needs(room: Room) -> None:
    begun = await room.start()
    query = parse_qs(urlsplit(begun.headers["Location"]).query)
    assert query["scope"] == [MEMBER]
    assert query["redirect_uri"] == [room.url + CALLBACK]
    assert len(query["state"][0]) >= 43
    assert room.room.session.keys.human not in begun.headers["Location"]
    cookie = begun.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age=600" in cookie


async def test_an_organisation_is_asked_for_its_own_permission(
    linkedin: FakeLinkedIn, tmp_path: Path
) -> None:
    settings = Settings(
        data=tmp_path,
        linkedin_client_id=CLIENT_ID,
        linkedin_client_secret=CLIENT_SECRET,
        linkedin_url=linkedin.url,
        linkedin_organisation="2414183",
        public_url="https://mo.example",
    )
    async with Client(TestServer(fake_app(settings)), cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        room = Room(await opened(client), linkedin, settings)
        linkedin.redirects.add(f"https://mo.example{CALLBACK}")
        begun = await room.start()
        assert "Secure" in begun.headers["Set-Cookie"]
        client.session.cookie_jar.clear()
        name, value = begun.headers["Set-Cookie"].split(";")[0].split("=", 1)
        async with (
            aiohttp.ClientSession() as http,
            http.get(begun.headers["Location"], allow_redirects=False) as answer,
        ):
            back = answer.headers["Location"].removeprefix("https://mo.example")
        cookies = {"Cookie": f"{name}={value}"}
        answer = await client.get(back, headers=cookies)
        assert answer.status == 200
        account = room.account()
        assert account is not None
        assert account.author == "urn:li:organization:2414183"
        assert room.told()[-1]["author"] == "organisation"


async def test_a_state_works_once(room: Room) -> None:
    address = await room.consent()
    assert (await room.back(address)).status == 200
    again = await room.back(address)
    assert again.status == 400
    assert "run out" in await page(again)


async def test_a_state_works_for_ten_minutes(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    address = await room.consent()
    now = oauth.time.monotonic()
    monkeypatch.setattr(oauth.time, "monotonic", lambda: now + oauth.LIFE_S + 1)
    answer = await room.back(address)
    assert answer.status == 400
    assert room.account() is None


async def test_a_state_works_in_its_own_browser_alone(room: Room) -> None:
    address = await room.consent()
    room.client.session.cookie_jar.clear()
    answer = await room.back(address)
    assert answer.status == 403
    assert "another browser" in await page(answer)
    assert room.account() is None


async def test_two_sign_ins_in_one_browser_do_not_undo_each_other(room: Room) -> None:
    first, second = await room.consent(), await room.consent()
    assert (await room.back(first)).status == 200
    assert (await room.back(second)).status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
async def test_no_foreign_page_can_begin_a_sign_in(room: Room, site: str) -> None:
    answer = await room.start(**{"Sec-Fetch-Site": site})
    assert answer.status == 403
    assert "Set-Cookie" not in answer.headers
    assert "begins in your session" in await page(answer)


async def test_only_the_session_s_human_can_begin_one(room: Room) -> None:
    for token in ("", "wrong", room.room.session.keys.spectator):
        answer = await room.client.get(f"/oauth/linkedin/start?token={token}", allow_redirects=False)
        assert answer.status == 404
        await page(answer)


async def test_a_name_that_is_not_ours_begins_none(room: Room) -> None:
    answer = await room.start(Host="evil.example")
    assert answer.status == 403
    await page(answer)


REFUSALS = [
    ("user_cancelled_authorize", 200, "did not connect"),
    ("user_cancelled_login", 200, "did not connect"),
    ("unauthorized_scope_error", 403, "did not allow posting"),
    ("<script>alert(1)</script>", 403, "did not allow posting"),
]


@pytest.mark.parametrize(("error", "status", "words"), REFUSALS)
async def test_an_error_from_linkedin_is_a_plain_page(
    room: Room, error: str, status: int, words: str
) -> None:
    state = parse_qs(urlsplit((await room.start()).headers["Location"]).query)["state"][0]
    query = {"error": error, "error_description": "<b>https://evil.example</b>", "state": state}
    answer = await room.client.get(CALLBACK, params=query, allow_redirects=False)
    assert answer.status == status
    text = await page(answer)
    assert words in text
    assert "evil" not in text
    assert "alert" not in text
    assert room.account() is None


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"code": "made-up"}, 400, "did not accept"),
        ({"code": ""}, 400, "did not accept"),
        ({"trouble": "503"}, 502, "had a fault"),
        ({"trouble": "401"}, 500, "not set up"),
        ({"granted": "openid profile"}, 403, "did not allow posting"),
        ({"granted": "w_member_social"}, 403, "did not allow posting"),
        ({"gone": "1"}, 502, "could not be reached"),
        ({"ended": "1"}, 410, "session is over"),
    ],
)
async def test_whatever_fails_in_between_connects_nothing_and_says_what_to_do(
    room: Room, change: dict[str, str], status: int, words: str
) -> None:
    room.linkedin.granted = change.get("granted", "")
    address = await room.consent()
    if "code" in change:
        code = parse_qs(urlsplit(address).query)["code"][0]
        address = address.replace(code, change["code"])
    if "trouble" in change:
        room.linkedin.token_troubles.append(int(change["trouble"]))
    if "gone" in change:
        await room.linkedin.stop()
    if "ended" in change:
        await room.room.session.stop()
    answer = await room.back(address)
    assert answer.status == status
    assert words in await page(answer)
    assert room.account() is None


async def test_a_wrong_secret_is_the_operators_to_correct(linkedin: FakeLinkedIn, tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path,
        linkedin_client_id=CLIENT_ID,
        linkedin_client_secret="other",
        linkedin_url=linkedin.url,
    )
    async with Client(TestServer(fake_app(settings)), cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        room = Room(await opened(client), linkedin, settings)
        linkedin.redirects.add(room.url + CALLBACK)
        answer = await room.sign_in()
        assert answer.status == 500
        assert "Whoever runs this server" in await page(answer)


async def test_without_an_application_nothing_is_offered(tmp_path: Path) -> None:
    async with Client(TestServer(fake_app(Settings(data=tmp_path)))) as client:
        room = Room(await opened(client), FakeLinkedIn(), Settings(data=tmp_path))
        assert room.told() == []
        assert await room.look() is None
        assert (await room.start()).status == 409


# ---------------------------------------------------------------------- kept, and forgotten


async def test_the_token_lies_encrypted_and_its_key_is_this_users_alone(room: Room) -> None:
    await room.sign_in()
    (token,) = room.linkedin.tokens
    kept = [path for path in room.settings.data.rglob("*") if path.is_file()]
    assert {"account.sealed", "secret.key"} <= {path.name for path in kept}
    for path in kept:
        content = path.read_bytes()
        assert token.encode() not in content
        assert NAME.encode() not in content
        if path.name in ("account.sealed", "secret.key"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token not in "".join(one.text for one in room.room.session.events.after(0))
    account = room.account()
    assert token not in repr(account)


async def test_the_operators_key_wins_and_another_opens_nothing(tmp_path: Path) -> None:
    sealed = Vault(tmp_path, "k" * 32).seal("secret")
    assert not (tmp_path / "secret.key").exists()
    assert Vault(tmp_path / "elsewhere", "k" * 32).open(sealed) == "secret"
    accounts = Accounts(Settings(data=tmp_path, secret_key="k" * 32))
    accounts.keep("0" * 24, Account("t", "n", "urn:li:person:1", 2e9))
    assert accounts.of("0" * 24) is not None
    assert not (tmp_path / "secret.key").exists()
    for vault in (Vault(tmp_path, "j" * 32), Vault(tmp_path)):
        with pytest.raises(ValueError, match="another key"):
            vault.open(sealed)
    other = Vault(tmp_path)
    assert other.open(other.seal("mine")) == "mine"
    assert Vault(tmp_path).open(other.seal("mine")) == "mine"


async def test_the_account_goes_to_the_publishing_job_and_to_no_other(room: Room) -> None:
    await room.sign_in()
    session = room.room.session.id
    given = means.of_settings(room.settings, Accounts(room.settings).means)
    (token,) = room.linkedin.tokens
    assert given(session, "publish") == {
        "LINKEDIN_ACCESS_TOKEN": token,
        "LINKEDIN_AUTHOR": f"urn:li:person:{PERSON}",
        "MOENTREPRISE_LINKEDIN_VERSION": room.settings.linkedin_version,
        "MOENTREPRISE_LINKEDIN_URL": room.linkedin.url,
    }
    for kind in ("research", "website", "post"):
        assert token not in given(session, kind).values()
        assert CLIENT_SECRET not in given(session, kind).values()
    other = await opened(room.client)
    assert token not in given(other.session.id, "publish").values()


async def test_disconnecting_forgets_it_and_may_be_repeated(room: Room) -> None:
    await room.sign_in()
    for _ in range(2):
        answer = await room.client.delete(f"{room.room.path}/linkedin", headers=room.room.auth)
        assert (answer.status, await answer.json()) == (200, {"connected": False})
    assert room.account() is None
    assert [one["connected"] for one in room.told()] == [False, True, False]
    assert (await room.client.delete(f"{room.room.path}/linkedin")).status == 401
    refused = await room.client.delete(f"{room.room.path}/linkedin", headers=room.room.spectator_auth)
    assert refused.status == 403


async def test_a_sign_in_that_linkedin_takes_no_more_is_forgotten(room: Room) -> None:
    await room.sign_in()
    for code, connected in ((Code.RATE_LIMITED, True), (Code.TOKEN_EXPIRED, False)):
        ended = outcome(code)
        room.room.session.publish(notices.PostPublished(ended.status, "", ended.reason, ended.code))
        assert (await room.look())["connected"] is connected
    assert room.account() is None


async def test_the_end_of_the_session_forgets_it(room: Room) -> None:
    await room.sign_in()
    assert room.account() is not None
    await room.room.session.stop()
    assert room.account() is None


async def test_delete_my_data_forgets_it(room: Room) -> None:
    await room.sign_in()
    answer = await room.client.delete(f"{room.room.path}/data", headers=room.room.auth)
    assert answer.status == 204
    assert room.account() is None
    assert not room.room.session.folder.exists()


async def test_settings_change_where_and_as_what_it_signs_in(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, linkedin_client_id="one", linkedin_client_secret="x" * 5)
    for change in (settings, replace(settings, linkedin_url="http://127.0.0.1:3")):
        async with Client(TestServer(fake_app(change))) as client:
            begun = await Room(await opened(client), FakeLinkedIn(), change).start()
            expected = change.linkedin_url or "https://www.linkedin.com"
            assert begun.headers["Location"].startswith(f"{expected}/oauth/v2/authorization?")
            assert "client_id=one" in begun.headers["Location"]
