"""The port ``ResourceStore``: lists that are read by cursors, on each engine (RFC 9865)."""

import random
from collections.abc import Sequence

import pytest

from musterbook.scim import StoredResource, Tolerance
from musterbook.scim.cursor import Cursor
from musterbook.scim.filter_parser import parse_filter
from musterbook.scim.operation import Page, Query
from musterbook.scim.sorting import NO_VALUE, Position, Sort, parse_sort, position_of
from musterbook.storage import Database
from tests.contracts.looks import USER, find
from tests.contracts.sample import ACME, Person, created, id_of, person, removed
from tests.contracts.test_sorting import FILTERS, ORDERS, PEOPLE, people

__all__ = ["people"]


def query_of(filter_: str | None, sort: Sort | None, count: int) -> Query:
    """Return a query of people without a place in its list."""
    return Query(None if filter_ is None else parse_filter(filter_, USER, Tolerance()), 1, count, sort)


async def read(database: Database, query: Query, cursor: Cursor) -> Page:
    """Return the page at ``cursor``."""
    at = Query(query.filter, query.start_index, query.count, query.sort, cursor)
    return await database.resources.search(ACME, USER, at)


def place(query: Query, stored: StoredResource) -> Position:
    """Return where a resource stands in the list."""
    return position_of(query.sort, USER, stored)


async def walk(database: Database, query: Query) -> list[Page]:
    """Return all pages, each begun behind the last resource of the one before."""
    pages = [await read(database, query, Cursor())]
    while pages[-1].continues:
        last = pages[-1].resources[-1]
        total = None if query.filter is None else pages[0].total_results
        pages.append(await read(database, query, Cursor(place(query, last), total=total)))
    return pages


def ids(pages: Sequence[Page]) -> list[str]:
    """Return the ids on pages, in order."""
    return [stored.id for page in pages for stored in page.resources]


@pytest.mark.parametrize("direction", [None, "ascending", "descending"])
@pytest.mark.parametrize("filter_", FILTERS, ids=str)
async def test_pages_are_the_whole(people: Database, filter_: str | None, direction: str | None) -> None:
    """RFC 9865 §2: whatever finds and orders the rows, the pages one after the other are the list, each full but the
    last, with the true total, and the same pages come back on the way to the beginning.
    """
    for sort in [None] if direction is None else [parse_sort(name, direction, USER) for name in ORDERS]:
        whole = await people.resources.search(ACME, USER, query_of(filter_, sort, 100))
        expected = [stored.id for stored in whole.resources]
        for count in (1, 2, 3, 6, 7):
            query = query_of(filter_, sort, count)
            pages = await walk(people, query)
            assert ids(pages) == expected, (sort, count)
            assert {len(page.resources) for page in pages[:-1]} <= {count}
            assert {page.total_results for page in pages} == {len(expected)}
            for page, before in zip(pages[:0:-1], pages[-2::-1], strict=True):
                back = await read(people, query, Cursor(place(query, page.resources[0]), backward=True))
                assert back == Page(USER, len(expected), 1, before.resources, continues=before is not pages[0])


async def test_count_0_asks_for_the_total_alone(people: Database) -> None:
    """RFC 9865 §2: a count of 0 gives no resources but the total, and no further page."""
    for filter_ in FILTERS:
        total = (await find(people, filter_)).total_results
        for name in (None, *ORDERS):
            sort = None if name is None else parse_sort(name, None, USER)
            assert await read(people, query_of(filter_, sort, 0), Cursor()) == Page(USER, total, 1, [])


@pytest.mark.parametrize("filter_", FILTERS[1:], ids=str)
async def test_a_known_total_is_not_counted_again(people: Database, filter_: str) -> None:
    """The total that a cursor brings stands, so a page deep in a list that is filtered costs what the page costs."""
    query = query_of(filter_, None, 1)
    assert (await read(people, query, Cursor(total=1000))).total_results == 1000


@pytest.mark.parametrize("direction", ["ascending", "descending"])
async def test_a_place_between_resources(people: Database, direction: str) -> None:
    """A place is left where it was when its resource has gone, and before or after all ids among equal values."""
    everybody = [one.record.stored.id for one in PEOPLE]
    unordered = query_of(None, None, 100)
    for filter_ in (None, 'userName co "example" or id pr', "title pr or not (title pr)"):
        unordered = query_of(filter_, None, 100)
        for id_, after in ((id_of(3) + "x", everybody[3:]), ("", everybody), ("~", [])):
            position = Position(NO_VALUE, "User", id_)
            assert ids([await read(people, unordered, Cursor(position))]) == after
            before = [one for one in everybody if one not in after]
            assert ids([await read(people, unordered, Cursor(position, backward=True))]) == before
    for name in ("userName", "title", "externalId", "id"):
        query = query_of(None, parse_sort(name, direction, USER), 100)
        whole = ids([await read(people, query, Cursor())])
        for stored in (await find(people, None)).resources:
            here = place(query, stored)
            at = whole.index(stored.id)
            for backward, rest in ((False, whole[at + 1 :]), (True, whole[:at])):
                assert ids([await read(people, query, Cursor(here, backward))]) == rest, (name, stored.id, backward)


async def test_more_than_one_statement_looks_at(database: Database) -> None:
    """Lists of more people than are looked at in one statement are read whole, forward and backward."""
    for number in range(1, 2101):
        await database.resources.commit(created(person(number, f"user{number:04}", title=str(number % 2))))
    for filter_ in (None, 'userName ew "7"', 'title eq "1"', 'userName sw "user" and title eq "0"', 'userName sw "u"'):
        whole = await database.resources.search(ACME, USER, query_of(filter_, None, 3000))
        query = query_of(filter_, None, 170)
        pages = await walk(database, query)
        assert ids(pages) == [stored.id for stored in whole.resources]
        back: list[str] = []
        cursor = Cursor(Position(NO_VALUE, "User", "~"), backward=True, total=whole.total_results)
        while (page := await read(database, query, cursor)).resources:
            back = [*ids([page]), *back]
            cursor = Cursor(place(query, page.resources[0]), backward=True, total=whole.total_results)
        assert back == ids(pages)


@pytest.mark.parametrize("seed", range(6))
async def test_nobody_who_stays_is_skipped_or_shown_twice(database: Database, seed: int) -> None:
    """While people come and go between one page and the next, whoever stays is shown exactly once, and nobody twice,
    in every order, on the way forward and back.
    """
    chance = random.Random(seed)
    here: dict[str, Person] = {}
    free = chance.sample(range(1, 10_000), 900)

    async def join() -> None:
        one = free.pop()
        name = f"user{chance.randrange(10**9)}"
        here[id_of(one)] = person(one, name, title=f"title {one % 5}") if one % 3 else person(one, name)
        await database.resources.commit(created(here[id_of(one)]))

    async def leave() -> None:
        gone = here.pop(chance.choice(sorted(here)))
        await database.resources.commit(removed(gone, 9))

    for _ in range(60):
        await join()
    for name in (None, "userName", "title", "externalId", "meta.created", "id"):
        for filter_ in (None, 'userName sw "user"', "title pr or not (title pr)"):
            direction, backward = chance.choice(["ascending", "descending"]), chance.random() < 0.5
            sort = None if name is None else parse_sort(name, direction, USER)
            query = query_of(filter_, sort, chance.randint(3, 15))
            staying = set(here)
            shown: list[str] = []
            cursor: Cursor | None = Cursor(backward=backward)
            while cursor is not None:
                page = await read(database, query, cursor)
                shown += ids([page])
                cursor = None
                if page.continues:
                    end = place(query, page.resources[0 if backward else -1])
                    cursor = Cursor(end, backward, None if filter_ is None else page.total_results)
                for change in chance.sample([join, leave], 2):
                    await change()
                staying &= set(here)
            assert staying <= set(shown), (name, filter_, direction, backward)
            assert len(set(shown)) == len(shown), (name, filter_, direction, backward)
