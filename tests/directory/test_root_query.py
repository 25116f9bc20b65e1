"""Lists of several resource types: their order, their pages and their totals (RFC 7644 §3.4.2.1)."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from musterbook.directory import ResourceId, root_query
from musterbook.directory.break_glass import break_glass_type
from musterbook.scim import Json, Tolerance, read_document
from musterbook.scim.cursor import Cursor
from musterbook.scim.errors import ForbiddenError, TooManyError
from musterbook.scim.members import MembersEdit
from musterbook.scim.operation import CreateResource, DeleteResource, Query, RootPage, SearchResources, SearchRoot
from musterbook.scim.parse import parse_resource
from musterbook.scim.query import parse_parameters
from musterbook.scim.root import parse_root
from musterbook.scim.service import describe_service
from musterbook.scim.sorting import NO_VALUE, Position, position_of
from tests.directory.world import GROUP, USER, World

SERVICE = describe_service("https://example.com/scim/v2", [USER, GROUP])
PEOPLE: Sequence[dict[str, Json]] = [
    {"userName": "dora", "displayName": "Zoe"},
    {"userName": "ada", "displayName": "board"},
    {"userName": "cleo"},
    {"userName": "bea", "displayName": "Crew", "title": "x"},
    {"userName": "eve", "displayName": "crew"},
]
GROUPS = ["Crew", "Board", "Anchor", "Zoo"]
QUERIES = [
    "",
    "sortBy=userName",
    "sortBy=userName&sortOrder=descending",
    "sortBy=displayName",
    "sortBy=displayName&sortOrder=descending",
    "sortBy=title",
    "sortBy=title&sortOrder=descending",
    "sortBy=id&sortOrder=descending",
    "sortBy=meta.created",
    "sortBy=members",
    "sortBy=groups.display&sortOrder=descending",
    'filter=displayName sw "c" or userName sw "a"',
    "filter=displayName pr&sortBy=displayName",
    'filter=meta.resourceType eq "Group"',
    'filter=meta.resourceType eq "Device"',
    'filter=meta.resourceType eq "User" or displayName sw "z"&sortBy=displayName&sortOrder=descending',
]  # fmt: skip


def parse(query: str) -> SearchRoot:
    """Return the operation that a query string asks for."""
    return parse_root(parse_parameters(query), SERVICE, Tolerance())[0]


@pytest.fixture
async def crew(world: World) -> World:
    """Return a world with people and groups, made in turn."""
    ids: list[str] = []
    for number, document in enumerate(PEOPLE):
        world.clock.move(seconds=1)
        ids.append(await world.create(document))
        if number < len(GROUPS):
            world.clock.move(seconds=1)
            sent = parse_resource({"schemas": [GROUP.schema.id], "displayName": GROUPS[number]}, GROUP, Tolerance())
            members = MembersEdit(dict.fromkeys(ids[number::2])) if number % 2 else None
            await world.directory.perform(world.client, CreateResource(sent, members))
    return world


def names(page: RootPage) -> list[str]:
    """Return what the resources of a page are called."""
    found = (read_document(resource_type, stored).attributes for resource_type, stored in page.resources)
    return [item.get("userName") or item["displayName"] for item in found]


async def read(world: World, operation: SearchRoot, page: Query) -> RootPage:
    """Return a page of a list."""
    return await world.directory.perform(world.client, replace(operation, page=page))


def place(operation: SearchRoot, page: RootPage, end: int) -> Position:
    """Return where the resource at one end of a page stands."""
    resource_type, stored = page.resources[end]
    (sort,) = (item.query.sort for item in operation.searches if item.resource_type is resource_type)
    return position_of(sort, resource_type, stored)


@pytest.mark.parametrize(
    "query, expected",
    [
        ("", ["dora", "ada", "cleo", "bea", "eve", "Crew", "Board", "Anchor", "Zoo"]),
        ("sortBy=userName", ["ada", "bea", "cleo", "dora", "eve", "Crew", "Board", "Anchor", "Zoo"]),
        (
            "sortBy=userName&sortOrder=descending",
            ["Crew", "Board", "Anchor", "Zoo", "eve", "dora", "cleo", "bea", "ada"],
        ),
        ("sortBy=displayName", ["Anchor", "ada", "Board", "bea", "eve", "Crew", "dora", "Zoo", "cleo"]),
        (
            "sortBy=displayName&sortOrder=descending",
            ["cleo", "Zoo", "dora", "bea", "eve", "Crew", "ada", "Board", "Anchor"],
        ),
        ("sortBy=id", ["dora", "Crew", "ada", "Board", "cleo", "Anchor", "bea", "Zoo", "eve"]),
        ('filter=displayName sw "c" or userName sw "a"', ["ada", "bea", "eve", "Crew"]),
        ('filter=meta.resourceType eq "Group"', ["Crew", "Board", "Anchor", "Zoo"]),
        ('filter=meta.resourceType eq "Device"', []),
    ],
)
async def test_the_order_of_types(crew: World, query: str, expected: list[str]) -> None:
    """Types follow each other in their order; sorted, they are merged by the keys, with equal keys in that order again,
    and what has no value is last, or first where the order descends.
    """
    page = await read(crew, parse(query), Query(count=100))
    assert (names(page), page.total_results, page.start_index) == (expected, len(expected), 1)


@pytest.mark.parametrize("query", QUERIES)
async def test_pages_joined_are_the_whole(crew: World, query: str) -> None:
    """By index, by cursors, and back again, pages of any size joined are the list, each with the total of all types."""
    operation = parse(query)
    whole = names(await read(crew, operation, Query(count=100)))
    for count in (1, 2, 4, 8, 9, 10):
        by_index = [await read(crew, operation, Query(start_index=at, count=count)) for at in range(1, 12, count)]
        assert [name for page in by_index for name in names(page)] == whole
        assert {(page.total_results, page.continues) for page in by_index} == {(len(whole), False)}
        pages = [await read(crew, operation, Query(count=count, cursor=Cursor()))]
        while pages[-1].continues:
            at = Cursor(place(operation, pages[-1], -1), total=len(whole))
            pages.append(await read(crew, operation, Query(count=count, cursor=at)))
        assert [name for page in pages for name in names(page)] == whole
        assert {page.total_results for page in pages} == {len(whole)}
        assert all(len(page.resources) == count for page in pages[:-1])
        for page, before in zip(pages[:0:-1], pages[-2::-1], strict=True):
            at = Cursor(place(operation, page, 0), backward=True, total=len(whole))
            back = await read(crew, operation, Query(count=count, cursor=at))
            assert (names(back), back.continues) == (names(before), before is not pages[0])


@pytest.mark.parametrize("query", QUERIES)
async def test_count_0_asks_for_the_total_alone(crew: World, query: str) -> None:
    """A count of 0 gives the total and nothing else, by index and by cursor."""
    total = (await read(crew, parse(query), Query(count=100))).total_results
    for cursor in (None, Cursor()):
        assert await read(crew, parse(query), Query(count=0, cursor=cursor)) == RootPage(total, 1, [])


@pytest.mark.parametrize("seed", range(2))
async def test_nobody_who_stays_is_skipped_or_shown_twice(crew: World, seed: int) -> None:
    """While resources of every type come and go between pages, whatever stays is shown exactly once."""
    chance = random.Random(seed)
    for query in QUERIES[:9]:
        operation = parse(query)
        before = {stored.id for _, stored in (await read(crew, operation, Query(count=100))).resources}
        shown: list[str] = []
        gone: set[str] = set()
        cursor: Cursor | None = Cursor()
        while cursor is not None:
            page = await read(crew, operation, Query(count=2, cursor=cursor))
            shown += [stored.id for _, stored in page.resources]
            cursor = Cursor(place(operation, page, -1), total=page.total_results) if page.continues else None
            await crew.create({"userName": f"u{chance.randrange(10**9)}", "displayName": chance.choice("acz")})
            if chance.random() < 0.3 and shown:
                gone.add(victim := chance.choice(shown))
                for resource_type in (USER, GROUP):
                    page_of_one = await crew.database.resources.get(crew.acme, resource_type.name, ResourceId(victim))
                    if page_of_one is not None:
                        await crew.directory.perform(crew.client, DeleteResource(resource_type, victim))
        assert before - gone <= set(shown), query
        assert len(set(shown)) == len(shown), query


async def test_an_index_deep_in_a_sorted_list(crew: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sorted list of several types is read by ``startIndex`` as far as it can be merged, in steps, and by cursors
    beyond that.
    """
    monkeypatch.setattr(root_query, "MAX_MERGED", 8)
    monkeypatch.setattr(root_query, "_STEP", 2)
    for query in ("sortBy=displayName", "sortBy=members", "sortBy=groups&sortOrder=descending"):
        operation = parse(query)
        whole = names(await read(crew, operation, Query(count=8)))
        assert names(await read(crew, operation, Query(start_index=4, count=5))) == whole[3:]
    operation = parse("sortBy=displayName")
    with pytest.raises(TooManyError, match="8 resources of a sorted list of several types can be read"):
        await read(crew, operation, Query(start_index=5, count=5))
    assert (await read(crew, operation, Query(start_index=5, count=0))).total_results == 9


async def test_break_glass_accounts_are_out_of_reach(crew: World) -> None:
    """A SCIM client cannot list what is no SCIM resource by asking for it among others."""
    hidden = SearchResources(break_glass_type(), Query())
    with pytest.raises(ForbiddenError):
        await crew.directory.perform(crew.client, SearchRoot((SearchResources(USER, Query()), hidden), Query()))


async def test_the_other_tenant_has_a_list_of_its_own(crew: World) -> None:
    """A query of all types shows one tenant, also from a place that another tenant's cursor says."""
    for cursor in (None, Cursor(), Cursor(Position(NO_VALUE, "User", ""))):
        page = replace(parse(""), page=Query(count=9, cursor=cursor))
        assert await crew.directory.perform(crew.stranger, page) == RootPage(0, 1, [])
