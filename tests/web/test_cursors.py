"""Lists read by cursors over HTTP (RFC 9865), and lists of all resource types (RFC 7644 §3.4.2.1)."""

import re

import httpx
import pytest

from musterbook.identity import IssuedKey
from musterbook.scim import Json
from musterbook.scim.cursor import CURSOR_SECONDS
from tests.web.site import USER, Site

LIST_URN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
SEARCH = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}
NAMES = ["ada", "bea", "cleo", "dora", "eve"]
GROUP = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"]}


@pytest.fixture
async def crew(client: httpx.AsyncClient, site: Site) -> httpx.AsyncClient:
    """Return a client of a tenant with five people and two groups, each with some of them."""
    ids: list[str] = []
    for name in NAMES:
        site.clock.advance(seconds=1)  # Ids of one millisecond come in any order.
        ids.append((await client.post("/Users", json={**USER, "userName": name})).json()["id"])
    for name, members in (("Deck", ids[3:]), ("Mess", ids[1:4])):
        site.clock.advance(seconds=1)
        sent = {**GROUP, "displayName": name, "members": [{"value": id_} for id_ in members]}
        await client.post("/Groups", json=sent)
    return client


async def get(client: httpx.AsyncClient, path: str, status: int = 200) -> dict[str, Json]:
    """Return the body of an answer that must have this status."""
    answer = await client.get(path)
    assert answer.status_code == status, answer.text
    body: dict[str, Json] = answer.json()
    return body


def names(body: dict[str, Json]) -> list[str]:
    """Return what the resources of a list are called."""
    return [item.get("userName") or item["displayName"] for item in body["Resources"]]


async def test_a_list_is_walked_forth_and_back(crew: httpx.AsyncClient) -> None:
    """RFC 9865 §2: the first page has no ``previousCursor``, the last no ``nextCursor``, and no page a ``startIndex``;
    cursors are of unreserved characters.
    """
    first = await get(crew, "/Users?cursor&count=2")
    assert list(first) == ["schemas", "totalResults", "nextCursor", "itemsPerPage", "Resources"]
    assert (first["schemas"], first["totalResults"], first["itemsPerPage"]) == ([LIST_URN], 5, 2)
    assert re.fullmatch("[A-Za-z0-9._~-]+", first["nextCursor"])
    second = await get(crew, f"/Users?cursor={first['nextCursor']}&count=2")
    third = await get(crew, f"/Users?cursor={second['nextCursor']}&count=2")
    assert [names(page) for page in (first, second, third)] == [["ada", "bea"], ["cleo", "dora"], ["eve"]]
    assert [name in third for name in ("nextCursor", "previousCursor")] == [False, True]
    back = await get(crew, f"/Users?cursor={third['previousCursor']}&count=2")
    assert (names(back), back["nextCursor"] is not None) == (["cleo", "dora"], True)
    home = await get(crew, f"/Users?cursor={back['previousCursor']}&count=2")
    assert (names(home), "previousCursor" in home, home["totalResults"]) == (["ada", "bea"], False, 5)
    again = await get(crew, f"/Users?cursor={home['nextCursor']}&count=2")
    assert names(again) == ["cleo", "dora"]


async def test_index_stays_the_default(crew: httpx.AsyncClient) -> None:
    """RFC 9865 §2.4: whoever sends no ``cursor`` is answered as ever; with one, ``startIndex`` means nothing."""
    assert list(await get(crew, "/Users?count=2")) == [
        "schemas", "totalResults", "startIndex", "itemsPerPage", "Resources",
    ]  # fmt: skip
    assert names(await get(crew, "/Users?count=2&startIndex=4")) == ["dora", "eve"]
    assert names(await get(crew, "/Users?count=2&startIndex=4&cursor=")) == ["ada", "bea"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "&filter=userName%20gt%20%22b%22",
        "&filter=title%20pr%20or%20userName%20pr&sortBy=title",
        "&sortBy=userName&sortOrder=descending",
        "&attributes=userName",
        "&excludedAttributes=meta,userName&sortBy=id",
        "&excludedAttributes=groups,members&sortBy=groups",
        "&excludedAttributes=groups,members&sortBy=groups.type&sortOrder=descending",
    ],
)
async def test_a_walk_is_the_whole_list(crew: httpx.AsyncClient, query: str) -> None:
    """RFC 9865 §2.2: whatever is asked, the pages joined are the list as it is answered at once."""
    for path in ("/Users", "/"):
        whole = await get(crew, f"{path}?count=100{query}")
        found: list[Json] = []
        page = await get(crew, f"{path}?cursor&count=3{query}")
        while True:
            found += page["Resources"]
            assert page["totalResults"] == len(whole["Resources"])
            if "nextCursor" not in page:
                break
            page = await get(crew, f"{path}?cursor={page['nextCursor']}&count=3{query}")
        assert found == whole["Resources"]


async def test_a_cursor_in_a_body(crew: httpx.AsyncClient) -> None:
    """RFC 9865 §3: ``.search`` takes ``"cursor": ""`` for the first page and answers what GET answers."""
    for path in ("/Users", ""):
        first = (await crew.post(f"{path}/.search", json={**SEARCH, "cursor": "", "count": 2})).json()
        assert first == await get(crew, f"{path}/?cursor=&count=2")
        asked = {**SEARCH, "cursor": first["nextCursor"], "count": 2}
        second = (await crew.post(f"{path}/.search", json=asked)).json()
        assert second == await get(crew, f"{path}/?cursor={first['nextCursor']}&count=2")
        assert names(second) == ["cleo", "dora"]
    refused = await crew.post("/Users/.search", json={**SEARCH, "cursor": 1})
    assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidValue")


@pytest.mark.parametrize(
    "path, scim_type",
    [
        ("/Users?cursor={}&count=2&sortBy=userName", "invalidCursor"),
        ("/Users?cursor={}&count=2&filter=title%20pr", "invalidCursor"),
        ("/Users?cursor={}&count=2&attributes=userName", "invalidCursor"),
        ("/Groups?cursor={}&count=2", "invalidCursor"),
        ("/?cursor={}&count=2", "invalidCursor"),
        ("/Users?cursor={}A&count=2", "invalidCursor"),
        ("/Users?cursor=x&count=2", "invalidCursor"),
        ("/Users?cursor=%F0%9F%98%80&count=2", "invalidCursor"),
        ("/Users?cursor={}&count=3", "invalidCount"),
        ("/Users?cursor={}", "invalidCount"),
        ("/Users?cursor={}&count=x", "invalidCount"),
        ("/Users?cursor&count=1001", "invalidCount"),
    ],
)
async def test_what_is_refused(crew: httpx.AsyncClient, path: str, scim_type: str) -> None:
    """RFC 9865 §2.1: a cursor that was changed, or another query, is ``invalidCursor``; another count, or none that a
    page may have, is ``invalidCount``.
    """
    cursor = (await get(crew, "/Users?cursor&count=2"))["nextCursor"]
    refused = await get(crew, path.format(cursor), 400)
    assert (refused["scimType"], refused["status"]) == (scim_type, "400")


async def test_a_negative_count_is_0(crew: httpx.AsyncClient) -> None:
    """RFC 9865 §2: "A negative value SHALL be interpreted as 0", which asks for the total alone."""
    expected = {"schemas": [LIST_URN], "totalResults": 5, "itemsPerPage": 0, "Resources": []}
    assert await get(crew, "/Users?cursor&count=-1") == expected == await get(crew, "/Users?cursor&count=0")


async def test_another_tenants_cursor(crew: httpx.AsyncClient, site: Site) -> None:
    """A cursor of another tenant is answered as a forged one is, and shows nothing; another key of the tenant takes it
    up where it is.
    """
    cursor = (await get(crew, "/Users?cursor&count=2"))["nextCursor"]

    async def read(key: IssuedKey, text: str) -> httpx.Response:
        return await crew.get(f"/Users?cursor={text}&count=2", headers={"Authorization": f"Bearer {key.secret}"})

    foreign, forged = await read(site.globex_key, cursor), await read(site.globex_key, cursor[::-1])
    assert (foreign.status_code, foreign.content) == (400, forged.content)
    another = await site.services.keys.issue(site.acme.tenant.id)
    assert names((await read(another, cursor)).json()) == ["cleo", "dora"]


async def test_a_cursor_expires(crew: httpx.AsyncClient, site: Site) -> None:
    """RFC 9865 §2.1: after the ``cursorTimeout`` that is announced, a cursor is ``expiredCursor``."""
    announced = (await get(crew, "/ServiceProviderConfig"))["pagination"]
    assert announced == {
        "cursor": True,
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": 1000,
        "maxPageSize": 1000,
        "cursorTimeout": CURSOR_SECONDS,
    }
    cursor = (await get(crew, "/Users?cursor&count=2"))["nextCursor"]
    site.clock.advance(seconds=CURSOR_SECONDS)
    assert names(await get(crew, f"/Users?cursor={cursor}&count=2")) == ["cleo", "dora"]
    site.clock.advance(seconds=1)
    assert (await get(crew, f"/Users?cursor={cursor}&count=2", 400))["scimType"] == "expiredCursor"


async def test_a_cursor_gives_no_right(crew: httpx.AsyncClient, site: Site) -> None:
    """RFC 9865 §5.2: a cursor is no key: without one, and with a revoked one, it opens nothing."""
    cursor = (await get(crew, "/Users?cursor&count=2"))["nextCursor"]
    async with site.client(key=False) as stranger:
        assert (await stranger.get(f"/Users?cursor={cursor}&count=2")).status_code == 401


async def test_everybody_before_has_gone(crew: httpx.AsyncClient) -> None:
    """On the way back into a part of the list that has gone, the page is empty and the next one is the first."""
    first = await get(crew, "/Users?cursor&count=2")
    second = await get(crew, f"/Users?cursor={first['nextCursor']}&count=2")
    for gone in first["Resources"]:
        await crew.delete(f"/Users/{gone['id']}")
    back = await get(crew, f"/Users?cursor={second['previousCursor']}&count=2")
    assert (names(back), "previousCursor" in back) == ([], False)
    assert names(await get(crew, f"/Users?cursor={back['nextCursor']}&count=2")) == ["cleo", "dora"]


async def test_the_root_lists_all_types(crew: httpx.AsyncClient) -> None:
    """RFC 7644 §3.4.2.1: a query of the root is of all resource types, each shown as at its own endpoint."""
    everything = await get(crew, "/")
    users, groups = await get(crew, "/Users"), await get(crew, "/Groups")
    assert everything["Resources"] == [*users["Resources"], *groups["Resources"]]
    assert (everything["totalResults"], everything["startIndex"], everything["itemsPerPage"]) == (7, 1, 7)
    only = await get(crew, "/?filter=meta.resourceType%20eq%20%22Group%22&attributes=displayName,userName")
    assert [set(item) for item in only["Resources"]] == [{"schemas", "id", "displayName"}] * 2
    mixed = await get(crew, "/?filter=userName%20sw%20%22a%22%20or%20displayName%20sw%20%22d%22")
    assert names(mixed) == ["ada", "Deck"]
    sorted_ = await get(crew, "/?sortBy=meta.lastModified&sortOrder=descending&count=3&startIndex=2")
    assert (sorted_["totalResults"], sorted_["startIndex"], sorted_["itemsPerPage"]) == (7, 2, 3)


@pytest.mark.parametrize("query", ["filter=nothing%20pr", "filter=", "filter=meta.resourceType%20eq"])
async def test_a_filter_that_the_root_refuses(crew: httpx.AsyncClient, query: str) -> None:
    """What no type has, and what is no filter, is 400 ``invalidFilter``."""
    assert (await get(crew, f"/?{query}", 400))["scimType"] == "invalidFilter"


async def test_the_root_is_queried_alone(crew: httpx.AsyncClient, site: Site) -> None:
    """Nothing is created or changed at the root, and nothing is shown there without a key."""
    refused = [("POST", "/", "GET, HEAD"), ("DELETE", "/", "GET, HEAD"), ("GET", "/.search", "POST")]
    for method, path, allowed in refused:
        answer = await crew.request(method, path)
        assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    async with site.client(key=False) as stranger:
        assert (await stranger.get("/")).status_code == 401
        assert (await stranger.post("/.search", json=SEARCH)).status_code == 401
