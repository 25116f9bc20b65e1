"""Queries by POST over HTTP (RFC 7644 §3.4.3)."""

import httpx
import pytest

from tests.web.site import USER, Site

SEARCH: dict[str, object] = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}


@pytest.mark.parametrize(
    "members, parameters",
    [
        ({}, {}),
        ({"filter": 'userName sw "b" or userName sw "c"'}, {"filter": 'userName sw "b" or userName sw "c"'}),
        ({"startIndex": 2, "count": 1, "attributes": ["userName"]}, "startIndex=2&count=1&attributes=userName"),
        ({"excludedAttributes": ["name", "meta"], "count": 0}, "excludedAttributes=name,meta&count=0"),
        ({"startIndex": 9}, "startIndex=9"),
    ],
)
async def test_the_answer_is_that_of_a_get(
    client: httpx.AsyncClient, members: dict[str, object], parameters: dict[str, str] | str
) -> None:
    """POST of a SearchRequest is 200 with what a GET with the same parameters answers, byte for byte."""
    for name in ("ada", "bea", "cleo"):
        await client.post("/Users", json={**USER, "userName": name})
    posted = await client.post("/Users/.search", json={**SEARCH, **members})
    got = await client.get("/Users", params=parameters)
    assert (posted.status_code, posted.content) == (200, got.content)
    assert posted.headers["Content-Type"] == got.headers["Content-Type"]
    assert "Location" not in posted.headers


async def test_a_person_who_is_sent_here_is_not_created(client: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    """Nothing is created by a query: what is no SearchRequest is 400 ``invalidSyntax``, and needs a key before that."""
    refused = await client.post("/Users/.search", json=USER)
    assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidSyntax")
    assert (await stranger.post("/Users/.search", json=SEARCH)).status_code == 401
    assert (await client.get("/Users")).json()["totalResults"] == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_a_query_is_posted(client: httpx.AsyncClient, method: str) -> None:
    """No other method is taken, and ``.search`` is never looked up as an id."""
    answer = await client.request(method, "/Users/.search")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


async def test_a_query_is_bounded_like_any_body(client: httpx.AsyncClient) -> None:
    """A body of more than a mebibyte is 413, one in another media type 415."""
    assert (await client.post("/Users/.search", content=b" " * (1024 * 1024 + 1))).status_code == 413
    answer = await client.post("/Users/.search", content=b"{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


async def test_a_tenant_finds_its_own(site: Site, client: httpx.AsyncClient) -> None:
    """A query by POST sees one tenant, and its filter is not in the log."""
    await client.post("/Users", json=USER)
    headers = {"Authorization": f"Bearer {site.globex_key.secret}"}
    body = {**SEARCH, "filter": 'userName eq "ada@example.com"'}
    assert (await client.post("/Users/.search", json=body)).json()["totalResults"] == 1
    assert (await client.post("/Users/.search", json=body, headers=headers)).json()["totalResults"] == 0
    assert [(line["route"], line["operation"]) for line in site.log.requests[1:]] == [("/Users/.search", "search")] * 2
    assert b"ada@example.com" not in site.log.text
