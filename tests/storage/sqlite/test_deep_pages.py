"""A page deep in a list costs what the first one costs."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from musterbook.scim import Tolerance, user_type
from musterbook.scim.cursor import Cursor
from musterbook.scim.filter_parser import parse_filter
from musterbook.scim.operation import Query
from musterbook.scim.sorting import NO_VALUE, Position, Sort, parse_sort
from musterbook.storage.sqlite.connection import Reader
from musterbook.storage.sqlite.search import Search
from tests.contracts.sample import ACME
from tests.timing import processor_seconds

USER = user_type()
PEOPLE = 20_000
PAGES = 40
COUNT = 50
FILL = """
INSERT INTO resources (
    tenant_id, resource_type, id, document, version, created_at, last_modified, revision, unique_key
)
WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?)
SELECT
    ?, 'User', printf('id-%06d', number), printf('{"userName":"user%06d"}', number), 1,
    '2026-11-23T09:00:00.000Z', '2026-11-23T09:00:00.000Z', 1, printf('user%06d', number)
FROM numbers
"""


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize(
    "filter_, sort_by",
    [
        (None, None),
        (None, "userName"),
        ('userName sw "user"', None),
        ('userName sw "user"', "userName"),
        ('meta.created gt "2026-01-01T00:00:00Z"', None),
        ("active eq true or userName pr", None),
    ],
)
@pytest.mark.usefixtures("database")
def test_every_page_costs_the_same(
    outsider: sqlite3.Connection, path: Path, filter_: str | None, sort_by: str | None, *, backward: bool
) -> None:
    """Near the end of a list of twenty thousand people, pages take at most twice as long as near its beginning, also
    of a filtered list and of one that is sorted by ``userName``.
    """
    outsider.execute(FILL, (PEOPLE, ACME))
    parsed = None if filter_ is None else parse_filter(filter_, USER, Tolerance())
    sort = None if sort_by is None else parse_sort(sort_by, None, USER)
    reader = Reader(path, seconds=2)
    search = Search(reader, 2)

    def seconds(first: int) -> float:
        async def read() -> None:
            for number in range(first, first + PAGES):
                cursor = Cursor(place(sort, number), backward, PEOPLE)
                page = await search.page(ACME, USER, Query(parsed, 1, COUNT, sort, cursor))
                assert (len(page.resources), page.continues, page.total_results) == (COUNT, True, PEOPLE)

        return processor_seconds(lambda: asyncio.run(read()))

    near, far = seconds(1000), seconds(PEOPLE - 1000)
    reader.close()
    assert max(near, far) <= 2 * min(near, far)


def place(sort: Sort | None, number: int) -> Position:
    """Return where the person of this number stands."""
    key = NO_VALUE if sort is None else (False, f"user{number:06}")
    return Position(key, "User", f"id-{number:06}")
