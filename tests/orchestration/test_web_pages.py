"""robots.txt as RFC 9309 has it, and what is read of a stranger's page."""

from __future__ import annotations

import time

import pytest
from aiohttp import web

from orchestration.adapters.web import Fetched, FetchError, Robots, Web, inert, read
from orchestration.adapters.web.robots import allowed, rules_in
from tests.fakes.hostile_web import hostile_web, html

ROBOTS = """
User-agent: Googlebot
Disallow: /

user-agent: Other
User-Agent: *   # everybody else
Disallow: /private
Allow: /private/open
Disallow: /*.pdf$
Disallow: /a*b*c
Disallow:
Crawl-delay: 5
"""
DEEP = [b"<div>", b"<a ", b"<!--", b"<table><a>", b"<b><i>", b"&", b"<", b"<p>x</p>", b"<a><table>", b"<h1>"]


def page(body: bytes, charset: str = "") -> Fetched:
    return Fetched("https://site.example/", 200, "text/html", charset, body)


@pytest.mark.parametrize(
    ("path", "fine"),
    [
        ("/", True),
        ("/private", False),
        ("/private/more", False),
        ("/private/open/x", True),
        ("/a.pdf", False),
        ("/a.pdf?x", True),
        ("/a1b2c3", False),
        ("/acb", True),
    ],
)
def test_the_longest_rule_for_us_decides(path: str, fine: bool) -> None:
    assert allowed(rules_in(ROBOTS), path) is fine


def test_a_group_of_our_own_counts_alone() -> None:
    rules = rules_in(ROBOTS + "\nUser-agent: Moentreprise/0.1\nAllow: /private\nDisallow: /mine\n")
    assert allowed(rules, "/private")
    assert not allowed(rules, "/mine")


def test_no_pattern_is_slow() -> None:
    rules = rules_in("User-agent: *\n" + f"Disallow: /{'*a' * 2000}b$\n" * 100)
    begun = time.perf_counter()
    assert allowed(rules, "/" + "a" * 2000)
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize(
    ("answer", "fine"),
    [
        (web.Response(status=404), True),
        (web.Response(status=403), True),
        (web.Response(status=503), False),
        (web.Response(text="User-agent: *\nDisallow: /"), False),
        (web.Response(body=b"\xff\xfe\x00", content_type="application/octet-stream"), True),
    ],
)
async def test_robots_txt_is_asked_for_once_for_a_site(answer: web.Response, fine: bool) -> None:
    async with hostile_web() as fake:
        fake.pages["/robots.txt"] = answer
        async with Web(fake.rules()) as way_out:
            robots = Robots(way_out)
            for path in ("/", "/other?x=1"):
                assert await robots.allow(fake.url(path)) is fine
        assert [request.path for request in fake.asked] == ["/robots.txt"]


async def test_a_robots_txt_that_cannot_be_had_fails_as_the_page_would() -> None:
    async with hostile_web() as fake:
        fake.pages["/robots.txt"] = html("x" * 100)
        async with Web(fake.rules(bytes_max=10)) as way_out:
            with pytest.raises(FetchError):
                await Robots(way_out).allow(fake.url())


def test_a_page_tells_its_title_description_and_headings() -> None:
    found = read(
        page(
            b"<!doctype html><svg><title>logo</title></svg><title> Crust\n &amp; Co </title>"
            b"<meta name=Description content='Bread, <b>baked</b> at night'>"
            b"<h1>Our <em>bread</em></h1><script>prices()</script><h2></h2><h2>Find us</h2><p>Opening Hours"
        )
    )
    assert found.title == "Crust & Co"
    assert found.description == "Bread, <b>baked</b> at night"
    assert found.headings == ("Our bread", "Find us")
    assert "opening hours" in found.text
    assert "prices" not in found.text


def test_without_a_title_the_one_for_sharing_serves() -> None:
    assert read(page(b"<meta property='og:title' content='Shared'><p>x")).title == "Shared"


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("<title>Zoë</title>".encode("latin-1"), "iso-8859-1"),
        ("<meta charset=windows-1252><title>Zoë</title>".encode("cp1252"), ""),
        ("<title>Zoë</title>".encode(), "punycode"),
        ("<title>Zoë</title>".encode(), "zip"),
        ("<title>Zoë</title>".encode("utf-8-sig"), "latin-1"),
        ("<title>Zoë</title>".encode("utf-16"), ""),
    ],
)
def test_letters_are_read_as_they_were_meant(body: bytes, charset: str) -> None:
    assert read(page(body, charset)).title == "Zoë"


@pytest.mark.parametrize(
    "body", [b"", b"\0", b"<", b"<!--", b"\xff" * 50, b"<?xml version='1.0'?><!DOCTYPE a [<!"]
)
def test_what_is_no_page_reads_as_an_empty_one(body: bytes) -> None:
    assert read(page(body)).title == ""


@pytest.mark.parametrize("piece", DEEP)
def test_no_page_takes_long_to_read(piece: bytes) -> None:
    begun = time.perf_counter()
    read(page(piece * (2_000_000 // len(piece))))
    assert time.perf_counter() - begun < 3


def test_texts_are_one_inert_line_that_ends() -> None:
    assert inert("a\u202eb\x1b[31m\tc\u200b\n d", 50) == "ab[31m c d"
    cut = inert("word " * 1000, 30)
    assert len(cut) <= 30
    assert cut.endswith("word…")
