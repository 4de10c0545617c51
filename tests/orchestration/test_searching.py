"""The two search providers against strict fakes: what is asked, what is read, and each way to fail."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from orchestration.adapters.searching import Found, NoSearch, Question, SearchError, SearchResult, choose
from orchestration.adapters.searching import json_search as json_module
from orchestration.adapters.searching import openai_search as openai_module
from orchestration.adapters.work import Means
from tests.fakes.search_services import CITED, KEY, FakeSearch, answered, fake_search

FORM = "results=web.results text=description header=X-Subscription-Token name=Brave_Search"
QUESTION = Question("bakery sourdough & cakes", "bakery", "we bake sourdough bread", "families")
PATH = "/res/v1/web/search?q={query}&count={count}"


@pytest.fixture
async def fake() -> AsyncIterator[FakeSearch]:
    async with fake_search() as started:
        yield started


def means(**values: str) -> Means:
    return Means(
        {name if name.isupper() else f"MOENTREPRISE_{name.upper()}": v for name, v in values.items()}
    )


def engine(fake: FakeSearch, key: str = KEY, path: str = PATH, form: str = FORM) -> Means:
    return means(search="json", search_url=fake.url + path, search_key=key, search_form=form)


def openai(fake: FakeSearch, key: str = KEY) -> Means:
    return means(search="openai", OPENAI_API_KEY=key, OPENAI_BASE_URL=f"{fake.url}/v1", search_model="m-1")


async def search(given: Means) -> SearchResult:
    provider = choose(given)
    assert not isinstance(provider, NoSearch)
    return await provider.search(QUESTION)


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        (means(), "Searching the web is switched off here."),
        (
            means(search="offline", OPENAI_API_KEY="k", search_url="http://x/{query}"),
            "Searching the web is switched off here.",
        ),
        (means(search="auto"), "No search provider is connected."),
        (means(search="auto", OPENAI_API_KEY="k"), "OpenAI web search"),
        (
            means(search="auto", OPENAI_API_KEY="k", search_url="https://api.search.example/{query}"),
            "search.example",
        ),
        (
            means(search="openai", OPENAI_API_KEY="k", search_url="https://x.example/{query}"),
            "OpenAI web search",
        ),
        (means(search="openai", search_key="k"), "OpenAI web search"),
        (means(search="openai"), "The search provider has no key yet."),
        (means(search="json"), "The search provider has no address yet."),
        (
            means(search="json", search_url="https://x.example/{query}", search_form="name=Our_Search"),
            "Our Search",
        ),
    ],
)
def test_the_settings_choose_the_provider(given: Means, chosen: str) -> None:
    provider = choose(given)
    assert (provider.reason if isinstance(provider, NoSearch) else provider.name) == chosen
    assert "'k'" not in repr(provider)


async def test_a_search_engine_is_asked_as_it_wants_it(fake: FakeSearch) -> None:
    fake.results = [
        {"title": "Crust\u202e & Co", "url": "https://crust.example/", "description": "Bread <b>daily</b>"},
        {"title": "no address"},
        {"title": "bad", "url": "javascript:alert(1)"},
        {"title": 7, "url": "http://loaf.example/", "description": None},
        "nothing",  # type: ignore[list-item]
    ]
    result = await search(engine(fake))
    assert fake.asked == [{"q": "bakery sourdough & cakes", "count": "6"}]
    assert result.found == (
        Found("https://crust.example/", "Crust & Co", "Bread <b>daily</b>"),
        Found("http://loaf.example/"),
    )


ODD_ADDRESSES = (
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///x",
    "https:crust.example",
    "https://",
    "https:///path",
    "https://[::1",
    "https://crust.example@evil.example/",
    "https://crust.example:99999999/",
    "https://crust.example/\u202efdp",
    "https://crust.example/\r\nx",
    "https://crust\t.example/",
    f"https://crust.example/{'x' * 3000}",
)


@pytest.mark.parametrize("address", ODD_ADDRESSES)
async def test_a_result_that_is_no_plain_page_is_left_out(fake: FakeSearch, address: str) -> None:
    fake.results = [{"url": address}, {"url": "https://loaf.example/"}]
    assert (await search(engine(fake))).found == (Found("https://loaf.example/"),)


async def test_at_most_six_results_are_taken(fake: FakeSearch) -> None:
    fake.results = [{"url": f"https://s{n}.example/"} for n in range(20)]
    assert len((await search(engine(fake))).found) == 6


@pytest.mark.parametrize("header", ["", "header=Authorization", "header=X-Api-Key"])
async def test_the_key_goes_into_the_header_that_is_named(fake: FakeSearch, header: str) -> None:
    """Into another one, and this engine refuses it."""
    with pytest.raises(SearchError, match="key"):
        await search(engine(fake, form=f"results=web.results {header}"))


async def test_a_key_in_the_address_goes_into_no_header(fake: FakeSearch) -> None:
    provider = choose(engine(fake, path="/x?q={query}&key={key}"))
    assert isinstance(provider, json_module.JsonSearch)
    assert provider._headers() == {"Accept": "application/json"}


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "key"),
        (403, "key"),
        (429, "no more questions"),
        (500, "out of order"),
        (503, "out of order"),
        (400, "did not take"),
    ],
)
@pytest.mark.parametrize("which", [engine, openai])
async def test_each_refusal_has_its_own_words(
    fake: FakeSearch, which: object, status: int, told: str
) -> None:
    fake.trouble = status
    with pytest.raises(SearchError, match=told) as failed:
        await search(which(fake))  # type: ignore[operator]
    assert KEY not in failed.value.reason


@pytest.mark.parametrize("which", [engine, openai])
async def test_a_wrong_key_is_told_so(fake: FakeSearch, which: object) -> None:
    with pytest.raises(SearchError, match="does not accept the key"):
        await search(which(fake, "sk-wrong"))  # type: ignore[operator]
    assert fake.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'{"web": {"results": 3}}',
        b'{"output": "x"}',
        b"[" * 100_000,
        b"\xff",
        b'{"output": []}',
    ],
)
@pytest.mark.parametrize("which", [engine, openai])
async def test_an_answer_of_another_shape_is_told_so(fake: FakeSearch, which: object, body: bytes) -> None:
    fake.body = body
    with pytest.raises(SearchError, match="could not be understood"):
        await search(which(fake))  # type: ignore[operator]


async def test_a_page_instead_of_json_is_told_so(fake: FakeSearch) -> None:
    fake.body, fake.type = b"<h1>Sign in</h1>", "text/html"
    with pytest.raises(SearchError, match="could not be understood"):
        await search(engine(fake))
    with pytest.raises(SearchError, match="could not be understood"):
        await search(openai(fake))


@pytest.mark.parametrize("which", [engine, openai])
async def test_a_service_that_is_not_there_is_told_so(which: object) -> None:
    gone = FakeSearch(url="http://127.0.0.1:9")
    with pytest.raises(SearchError, match="could not be reached"):
        await search(which(gone))  # type: ignore[operator]


async def test_a_search_engine_may_not_send_us_on(fake: FakeSearch) -> None:
    fake.trouble = 302
    with pytest.raises(SearchError):
        await search(engine(fake))


async def test_openai_is_asked_to_search_and_cites_its_pages(fake: FakeSearch) -> None:
    result = await search(openai(fake))
    asked = fake.asked[0]
    assert asked["model"] == "m-1"
    assert asked["store"] is False
    assert json.loads(str(asked["input"])) == {
        "trade": "bakery",
        "offer": "we bake sourdough bread",
        "audience": "families",
    }
    assert [(one.title, one.url) for one in result.found] == CITED
    assert [(one.text, one.url) for one in result.statements] == [
        ("Visitors of bakeries look for opening hours first.", CITED[0][1]),
        ("Bread is named plainly there.", CITED[1][1]),
    ]


async def test_an_answer_without_citations_found_nothing(fake: FakeSearch) -> None:
    fake.body = json.dumps(answered("m-1", "I could not find anything.")).encode()
    assert await search(openai(fake)) == SearchResult(())


@pytest.mark.parametrize(
    "annotation",
    [{"type": "url_citation"}, None, 3, *({"type": "url_citation", "url": odd} for odd in ODD_ADDRESSES)],
)
async def test_odd_citations_are_left_out(fake: FakeSearch, annotation: object) -> None:
    if isinstance(annotation, dict):
        annotation = {**annotation, "start_index": 23}
    part = {"type": "output_text", "text": "Bread is good every day.", "annotations": [annotation]}
    fake.body = json.dumps({"output": [{"type": "message", "content": [part]}]}).encode()
    assert await search(openai(fake)) == SearchResult(())


@pytest.mark.parametrize("start", [-5, 10**9, "3", None, True])
async def test_a_citation_at_no_place_gives_no_sentence_that_is_not_there(
    fake: FakeSearch, start: object
) -> None:
    cited = {"type": "url_citation", "url": "https://a.example/", "title": "A", "start_index": start}
    part = {"type": "output_text", "text": "Bread is very good today.", "annotations": [cited]}
    fake.body = json.dumps({"output": [{"type": "message", "content": [part]}]}).encode()
    result = await search(openai(fake))
    assert [one.url for one in result.found] == ["https://a.example/"]
    assert all(one.text == "Bread is very good today." for one in result.statements)


async def test_a_service_that_is_silent_is_not_waited_for(
    fake: FakeSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.silent_s = 5
    monkeypatch.setattr(openai_module, "SECONDS", 0.3)
    with pytest.raises(SearchError, match="in time"):
        await search(openai(fake))
    provider = choose(engine(fake))
    assert isinstance(provider, json_module.JsonSearch)
    hasty = replace(provider, rules=replace(provider.rules, seconds=0.3))
    with pytest.raises(SearchError, match="in time"):
        await hasty.search(QUESTION)
