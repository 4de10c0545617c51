"""The way out: what is refused before anything is asked, and what is cut while it comes."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator

import ifaddr
import pytest
from aiohttp import web

from orchestration.adapters.web import FetchCode, FetchError, Rules, Web, is_public
from orchestration.adapters.web.rules import resolve_by_system
from tests.fakes.hostile_web import INSIDE, PUBLIC, HostileWeb, hostile_web, html, redirect

NOT_PUBLIC = """
127.0.0.1 127.8.8.8 0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254 192.168.1.1 100.64.0.1
100.100.100.200 169.254.169.254 169.254.0.1 192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1
203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 168.63.129.16
[::] [::1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:8.8.8.8] [::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::1]
[2002:7f00:1::1] [2001::7f00:1] [2001:db8::1] [fc00::1] [fd00:ec2::254] [fe80::1] [fec0::1] [ff02::1] [100::1]
[3fff::1] [5f00::1]
""".split()
SPELLED = """
2130706433 0x7f000001 017700000001 0177.0.0.1 0x7f.0.0.1 127.1 127.0.1 0 0xa9fea9fe
""".split()
REFUSED = {FetchCode.NOT_PUBLIC, FetchCode.NOT_AN_ADDRESS}
NO_ADDRESS = [
    "file:///etc/passwd",
    "ftp://example.org/",
    "data:text/html,hello",
    "gopher://example.org/",
    "javascript:alert(1)",
    "http://",
    "http:///path",
    "//example.org/",
    "http://user@example.org/",
    "http://user:secret@example.org/",
    "http://:secret@example.org/",
    "http://example.org:22/",
    "http://example.org:8080/",
    "https://example.org:6379/",
    "http://[fe80::1%25eth0]/",
    "http://[::1/",
    "http://example.org/\r\nHost: inside",
    "http://exa mple.org/",
    "http://example.org:99999/",
    f"http://example.org/{'x' * 3000}",
]


@pytest.fixture
async def fake() -> AsyncIterator[HostileWeb]:
    async with hostile_web() as started:
        yield started


async def refusal(url: str, rules: Rules) -> FetchError:
    async with Web(rules) as way_out:
        with pytest.raises(FetchError) as refused:
            await way_out.get(url)
    assert refused.value.reason
    return refused.value


async def nobody(host: str, port: int) -> list[str]:
    raise AssertionError("no name is asked for")


@pytest.mark.parametrize("host", NOT_PUBLIC)
async def test_an_address_that_is_not_public_is_refused(host: str) -> None:
    assert not is_public(ipaddress.ip_address(host.strip("[]")))
    assert (await refusal(f"http://{host}/", Rules(resolve=nobody))).code is FetchCode.NOT_PUBLIC


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"])
def test_other_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_this_machine_is_not_the_public_web() -> None:
    mine = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    assert mine
    for ip in mine:
        assert not is_public(ipaddress.ip_address(ip if isinstance(ip, str) else ip[0]))


@pytest.mark.parametrize("host", SPELLED)
async def test_an_address_in_another_spelling_is_refused_by_what_it_means(host: str) -> None:
    assert await resolve_by_system(host, 80)  # the system takes it for an address: no name is asked for
    assert (await refusal(f"http://{host}/", Rules())).code in REFUSED


@pytest.mark.parametrize("url", NO_ADDRESS)
async def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    assert (await refusal(url, Rules(resolve=nobody))).code is FetchCode.NOT_AN_ADDRESS


@pytest.mark.parametrize(
    "ips", [["10.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["2606:4700::1111", "::1"], ["fe80::1%lo"]]
)
async def test_a_name_with_one_address_inside_is_refused_whole(ips: list[str]) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ips

    assert (await refusal("http://inside.example/", Rules(resolve=resolve))).code is FetchCode.NOT_PUBLIC


async def test_a_name_that_nobody_knows_is_told_so(fake: HostileWeb) -> None:
    assert (await refusal(fake.url(host="nowhere.example"), fake.rules())).code is FetchCode.NO_SUCH_NAME


async def test_a_page_comes_with_its_type_and_from_where_it_came(fake: HostileWeb) -> None:
    fake.names["site.example"] = [[PUBLIC]]
    fake.pages["/"] = redirect("/home", 301)
    fake.pages["/home"] = html("<title>Zoë</title>")
    async with Web(fake.rules()) as way_out:
        page = await way_out.get(fake.url(host="site.example") + "#part")
    assert (page.url, page.type, page.charset) == (fake.url("/home", "site.example"), "text/html", "utf-8")
    assert "Zoë" in page.body.decode()


async def test_a_request_tells_who_we_are_and_nothing_else(fake: HostileWeb) -> None:
    cookie = {"Set-Cookie": "id=1; Path=/"}
    fake.pages["/"] = web.Response(status=302, headers={"Location": "/next", **cookie})
    fake.pages["/next"] = html("here", headers=cookie)
    async with Web(fake.rules()) as way_out:
        await way_out.get(fake.url(), headers={"X-Key": "only for the first"})
        await way_out.get(fake.url("/next"))
    first, *others = fake.asked
    assert first.headers["X-Key"]
    for request in others:
        assert set(request.headers) == {"Host", "User-Agent", "Accept", "Accept-Encoding"}
        assert request.headers["User-Agent"].startswith("Moentreprise/")
        assert request.method == "GET"


@pytest.mark.parametrize(
    "place",
    [
        "http://{inside}:{port}/secret",
        "//{inside}:{port}/secret",
        "http://localhost:{port}/secret",
        "http://[::ffff:127.0.0.1]:{port}/secret",
        "http://2130706433:{port}/secret",
    ],
)
async def test_a_redirect_to_the_inside_is_refused(fake: HostileWeb, place: str) -> None:
    fake.names["localhost"] = fake.names["2130706433"] = [[INSIDE]]
    fake.pages["/"] = redirect(place.format(inside=INSIDE, port=fake.port))
    assert (await refusal(fake.url(), fake.rules())).code in REFUSED
    assert fake.inside == []


@pytest.mark.parametrize(
    "place", ["file:///etc/passwd", "ftp://site.example/", "data:text/html,x", "http://a@b/"]
)
async def test_a_redirect_to_what_is_no_web_address_is_refused(fake: HostileWeb, place: str) -> None:
    fake.pages["/"] = redirect(place)
    assert (await refusal(fake.url(), fake.rules())).code is FetchCode.NOT_AN_ADDRESS


async def test_a_name_that_changes_its_mind_leads_nowhere(fake: HostileWeb) -> None:
    fake.names["rebind.example"] = [[PUBLIC], [INSIDE]]
    fake.pages["/"] = html("fine")
    async with Web(fake.rules()) as way_out:
        await way_out.get(fake.url(host="rebind.example"))
        assert len(fake.asked) == 1
    assert (await refusal(fake.url("/secret", "rebind.example"), fake.rules())).code is FetchCode.NOT_PUBLIC
    assert fake.inside == []


async def test_a_name_that_changes_its_mind_between_redirects_leads_nowhere(fake: HostileWeb) -> None:
    fake.names["rebind.example"] = [[PUBLIC], [INSIDE]]
    fake.pages["/"] = web.Response(
        status=302, headers={"Location": fake.url("/secret", "rebind.example"), "Connection": "close"}
    )
    assert (await refusal(fake.url(host="rebind.example"), fake.rules())).code is FetchCode.NOT_PUBLIC
    assert fake.inside == []


async def test_each_socket_is_checked_once_more_when_it_is_made(fake: HostileWeb) -> None:
    """Also if what resolves names were to let an address through."""
    async with Web(fake.rules()) as way_out:
        assert way_out._session is not None
        connector = way_out._session.connector

        async def anywhere(host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
            place = {"hostname": host, "host": INSIDE, "port": port, "proto": 0, "flags": 0}
            return [{**place, "family": socket.AF_INET}]

        connector._resolver.resolve = anywhere  # type: ignore[union-attr]
        with pytest.raises(FetchError) as refused:
            await way_out.get(fake.url("/secret", "site.example"))
    assert refused.value.code is FetchCode.NOT_PUBLIC
    assert fake.inside == []


@pytest.mark.parametrize(("hops", "fine"), [(5, True), (6, False)])
async def test_five_redirects_are_followed_and_not_one_more(fake: HostileWeb, hops: int, fine: bool) -> None:
    for hop in range(hops):
        fake.pages[f"/{hop}"] = redirect(f"/{hop + 1}")
    fake.pages[f"/{hops}"] = html("there")
    async with Web(fake.rules()) as way_out:
        if fine:
            assert (await way_out.get(fake.url("/0"))).body == b"there"
            return
    assert (await refusal(fake.url("/0"), fake.rules())).code is FetchCode.TOO_MANY_REDIRECTS


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/huge", FetchCode.TOO_LARGE),
        ("/huge-told", FetchCode.TOO_LARGE),
        ("/bomb", FetchCode.TOO_LARGE),
        ("/slow", FetchCode.TIMED_OUT),
        ("/mute", FetchCode.TIMED_OUT),
        ("/nothing", FetchCode.BAD_STATUS),
        ("/endless", FetchCode.TOO_MANY_REDIRECTS),
        ("/picture", FetchCode.WRONG_TYPE),
        ("/typeless", FetchCode.WRONG_TYPE),
        ("/brotli", FetchCode.BROKEN),
        ("/torn", FetchCode.BROKEN),
        ("/header", FetchCode.BROKEN),
    ],
)
async def test_what_has_bad_manners_is_cut(fake: HostileWeb, path: str, code: FetchCode) -> None:
    fake.pages |= {
        "/endless": redirect("/endless"),
        "/picture": web.Response(body=b"\x89PNG", content_type="image/png"),
        "/typeless": web.Response(body=b"x", headers={"Content-Type": ""}),
        "/brotli": html("x", headers={"Content-Encoding": "br"}),
        "/torn": html("no gzip at all", headers={"Content-Encoding": "gzip"}),
        "/header": html("x", headers={"X-Long": "x" * 100_000}),
    }
    begun = asyncio.get_running_loop().time()
    assert (await refusal(fake.url(path), fake.rules(seconds=1.0))).code is code
    assert asyncio.get_running_loop().time() - begun < 3


async def test_nobody_listening_is_told_so(fake: HostileWeb) -> None:
    with socket.socket() as unused:
        unused.bind((PUBLIC, 0))
        url = f"http://{PUBLIC}:{unused.getsockname()[1]}/"
        assert (await refusal(url, fake.rules())).code is FetchCode.UNREACHABLE


async def test_a_site_without_a_valid_certificate_is_told_so(fake: HostileWeb) -> None:
    url = fake.url().replace("http:", "https:")
    assert (await refusal(url, fake.rules())).code is FetchCode.BAD_CERTIFICATE


@pytest.mark.parametrize("name", ["bücher.example", "xn--bcher-kva.example", "BÜCHER.example"])
async def test_a_name_in_any_script_is_asked_for_as_dns_has_it(fake: HostileWeb, name: str) -> None:
    fake.names["xn--bcher-kva.example"] = [[PUBLIC]]
    fake.pages["/"] = html("books")
    async with Web(fake.rules()) as way_out:
        assert (await way_out.get(fake.url(host=name))).body == b"books"


@pytest.mark.parametrize("name", ["１２７.０.０.１", "①②⑦.⓪.⓪.①", "127。0。0。1"])
async def test_an_address_in_other_digits_is_still_that_address(fake: HostileWeb, name: str) -> None:
    assert (await refusal(f"http://{name}/", Rules())).code in REFUSED
