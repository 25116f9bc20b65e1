"""The port ``ResourceStore``: lists in every order, on each engine (RFC 7644 §3.4.2.3)."""

import pytest

from musterbook.directory.store import QueryTooExpensiveError
from musterbook.scim import Tolerance, read_document
from musterbook.scim.filter_parser import parse_filter
from musterbook.scim.operation import Page, Query
from musterbook.scim.sorting import parse_sort, sort_key
from musterbook.storage import Database, open_database
from tests.contracts.looks import USER, find
from tests.contracts.sample import ACME, created, person

PEOPLE = [
    person(1, "bob@example.com", "z@example.com", external_id="e-1", title="Dr"),
    person(2, "Ada@example.com", "Y@example.com", external_id="E-2", title="countess"),
    person(3, "ZOE@example.com", title="Countess", nickName="Zo"),
    person(4, "zo\u00eb@example.com", "x@example.com", external_id="E-1"),
    person(5, "zo\U0001f600@example.com", external_id="\uffff"),
    person(6, "zo\uff5e@example.com", "a@example.com", external_id="\U0001f600", title="dr"),
]
ORDERS = ["id", "userName", "externalId", "meta.created", "meta.lastModified", "title", "emails", "nickName", "active"]
FILTERS = [
    None,
    'userName co "example"',
    'userName sw "zo" or userName eq "ada@example.com"',
    'emails.value eq "z@example.com" or emails.value eq "a@example.com"',
    "title pr",
    'userName sw "z" and not (title eq "dr")',
]


@pytest.fixture
async def people(database: Database) -> Database:
    """Return a database with people in it."""
    for one in PEOPLE:
        await database.resources.commit(created(one))
    return database


@pytest.mark.parametrize("direction", ["ascending", "descending"])
@pytest.mark.parametrize("filter_", FILTERS, ids=str)
async def test_every_order(people: Database, filter_: str | None, direction: str) -> None:
    """Whatever finds and orders the rows, a sorted list is what sorting all that match gives, whole and by pages."""
    matching = list((await find(people, filter_)).resources)
    parsed = None if filter_ is None else parse_filter(filter_, USER, Tolerance())
    for name in ORDERS:
        sort = parse_sort(name, direction, USER)
        key = sort_key(sort)
        expected = sorted(matching, key=lambda item: key(read_document(USER, item)), reverse=sort.descending)
        for start_index, count in ((1, 100), (1, 2), (2, 2), (len(matching), 5), (7, 5), (1, 0)):
            page = await people.resources.search(ACME, USER, Query(parsed, start_index, count, sort))
            shown = expected[start_index - 1 : start_index - 1 + count]
            assert page == Page(USER, len(matching), start_index, shown), (name, start_index, count)


async def test_a_sorted_page_of_many(database: Database) -> None:
    """More people than an engine looks at in one statement are in order, by columns and by values, on every page."""
    numbers = range(1, 451)
    for number in numbers:
        await database.resources.commit(
            created(person(number, f"user{number * 7919 % 1000:04}", title=str(number % 10)))
        )
    by_name = sorted(numbers, key=lambda number: number * 7919 % 1000)
    by_title = sorted(numbers, key=lambda number: str(number % 10))
    for name, expected in (("userName", by_name), ("title", by_title)):
        sort = parse_sort(name, None, USER)
        walked: list[str] = []
        for start_index in range(1, 451, 150):
            page = await database.resources.search(ACME, USER, Query(None, start_index, 150, sort))
            assert page.total_results == 450
            walked += [stored.id for stored in page.resources]
        assert walked == [person(number, "x").record.stored.id for number in expected]


async def test_an_order_by_values_takes_no_longer_than_a_filter(database_url: str, people: Database) -> None:
    """An order for which every row is looked at ends when the time for a search is over."""
    for number in range(7, 260):
        await people.resources.commit(created(person(number, f"user{number}")))
    hurried = await open_database(database_url, search_seconds=0)
    with pytest.raises(QueryTooExpensiveError):
        await hurried.resources.search(ACME, USER, Query(sort=parse_sort("nickName", None, USER)))
    await hurried.close()
