"""*Finding a page of resources.* Decides how a list is read, and what it may cost (RFC 7644 §3.4.2).

Knows the tables and ``filter_sql``; what a filter means is ``scim.match``'s. Three ways, the cheapest that is right:

* **No filter**: a stretch of the primary key, or of the unique key, with the total from the counter.
* **A condition that an index serves**: SQLite finds the rows; where the condition is only a necessary one, each row is
  looked at as well.
* **Any other condition or order**: a walk over all rows of the tenant in ranges of ids. Reads run on the event loop's
  own thread, so a statement must be short; between ranges other requests have their turn, and the walk ends when its
  time is over.

A list that is read by cursors is read the same ways, from the place that the cursor says and no further than one page,
for its total is known after the first one.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from musterbook.directory import TenantId
from musterbook.scim import ResourceType, StoredResource
from musterbook.scim.cursor import Cursor
from musterbook.scim.operation import Page, Query
from musterbook.scim.sorting import NO_VALUE, Position
from musterbook.storage.filter_sql import SQLITE, CompiledFilter, compile_filter_sql
from musterbook.storage.rows import STORED_COLUMNS, read_stored
from musterbook.storage.scan import (
    CHUNK_ROWS,
    TimeBudget,
    counts_apart,
    has_many,
    looks_at_memberships,
    page_of_matching,
    page_that_was_read,
    with_total,
)
from musterbook.storage.sort_sql import BY_ID, SqlOrder, compile_sort_sql, without_index
from musterbook.storage.sqlite.connection import Reader, Value
from musterbook.storage.sqlite.related import with_memberships

TOTAL: Final = """
SELECT coalesce(sum(total), 0) FROM counters WHERE tenant_id = ? AND resource_type = ?
"""

# The parameters of a condition are numbered, so those before and after it are numbered by their place too.
_ROWS: Final = f"""
SELECT {STORED_COLUMNS} FROM resources
WHERE tenant_id = ?1 AND resource_type = ?2 AND (<condition>) AND <range>
ORDER BY <order>
LIMIT ? OFFSET ?
"""

_COUNT: Final = """
SELECT count(*) FROM resources WHERE tenant_id = ?1 AND resource_type = ?2 AND (<condition>) AND <range>
"""

_END_OF_RANGE: Final = """
SELECT id FROM resources WHERE tenant_id = ? AND resource_type = ? AND id > ? ORDER BY id LIMIT 1 OFFSET ?
"""
_BEGINNING_OF_RANGE: Final = """
SELECT id FROM resources WHERE tenant_id = ? AND resource_type = ? AND id < ? ORDER BY id DESC LIMIT 1 OFFSET ?
"""

RANGE_ROWS: Final = 1000
"""How many rows one statement looks at where no row is decoded: about half a millisecond."""

_EVERYTHING: Final = "TRUE"
_LARGEST: Final = 2**63 - 1
"""The largest number that SQLite takes."""


class Search:
    """Finds pages of resources, each within ``seconds``."""

    def __init__(self, reader: Reader, seconds: float) -> None:
        self._reader = reader
        self._seconds = seconds

    async def page(
        self, tenant_id: TenantId, resource_type: ResourceType, query: Query, *, with_related: bool = False
    ) -> Page:
        """Return the page that ``query`` asks for.

        Raises:
            QueryTooExpensiveError: it took too long to find.
        """
        if counts_apart(query):
            counted = await self.page(tenant_id, resource_type, replace(query, count=0, cursor=None))
            query = with_total(query, counted.total_results)
        condition = compile_filter_sql(query.filter, resource_type, SQLITE)
        rows = _Rows(self._reader, (tenant_id, resource_type.name), condition)
        page = await self._page(rows, condition, resource_type, query)
        if not with_related:
            return page
        # What is too much is left out at the end at which the next page begins.
        way = -1 if query.cursor is not None and query.cursor.backward else 1
        shown = with_memberships(self._reader, tenant_id, resource_type, page.resources[::way])
        continues = page.continues or (query.cursor is not None and len(shown) < len(page.resources))
        return replace(page, resources=shown[::way], continues=continues)

    async def _page(self, rows: "_Rows", condition: CompiledFilter, resource_type: ResourceType, query: Query) -> Page:
        order = compile_sort_sql(query.sort, resource_type)
        budget = TimeBudget(self._seconds)
        known = None if query.cursor is None else query.cursor.total
        if known is None and query.cursor is not None and condition.exact and condition.indexed:
            known = rows.count(_EVERYTHING, ())
            query = with_total(query, known)
        if query.filter is None and order is not None and order.indexed:
            total = rows.total() if known is None else known
        elif (
            condition.exact and condition.indexed and order is not None and not (query.sort is None and has_many(query))
        ):
            total = rows.count(_EVERYTHING, ()) if known is None else known
        elif condition.exact and query.filter is not None and query.sort is None:
            walk = self._walk if query.cursor is None else self._walk_behind
            return await walk(rows, resource_type, query, budget)
        else:
            return await self._scan(rows, condition, resource_type, query, budget)
        if query.cursor is not None:
            if order.indexed and has_many(query):
                rows = rows.along_the_order()
            found = rows.fetch_behind(order, query.cursor, query.count + 1) if query.count else []
            return page_that_was_read(found, resource_type, query, query.cursor, total)
        first = query.start_index - 1
        by = None if query.sort is None else order.order_by()
        found = rows.fetch(_EVERYTHING, (), query.count, first, by) if query.count and first < total else []
        return Page(resource_type, total, query.start_index, found)

    async def _scan(
        self,
        rows: "_Rows",
        condition: CompiledFilter,
        resource_type: ResourceType,
        query: Query,
        budget: TimeBudget,
    ) -> Page:
        """Return the page that is found by looking at each row that the condition leaves."""
        begins_at = query.cursor if query.sort is None else None
        chunks = rows.indexed_chunks(budget, begins_at) if condition.indexed else rows.chunks(budget, begins_at)
        if looks_at_memberships(query, resource_type):
            chunks = rows.with_related(chunks, resource_type, budget)
        return await page_of_matching(chunks, resource_type, query)

    async def _walk(self, rows: "_Rows", resource_type: ResourceType, query: Query, budget: TimeBudget) -> Page:
        """Return the page of an exact condition without an index: count each range, and fetch where the page lies."""
        found: list[StoredResource] = []
        total = 0
        async for bounds in rows.ranges(RANGE_ROWS, budget):
            matching = rows.count(_RANGE, bounds)
            skipped = max(0, query.start_index - 1 - total)
            if skipped < matching and len(found) < query.count:
                found += rows.fetch(_RANGE, bounds, query.count - len(found), skipped)
            total += matching
        return Page(resource_type, total, query.start_index, found)

    async def _walk_behind(self, rows: "_Rows", resource_type: ResourceType, query: Query, budget: TimeBudget) -> Page:
        """Return the page behind a place; where the total is known, no further than that."""
        cursor = query.cursor or _FROM_THE_BEGINNING
        range_, order = (_RANGE_BACKWARD if cursor.backward else _RANGE), BY_ID.order_by(backward=cursor.backward)
        found: list[StoredResource] = []
        total = cursor.total or 0
        async with aclosing(rows.ranges(RANGE_ROWS, budget, cursor)) as ranges:
            async for bounds in ranges:
                found += rows.fetch(range_, bounds, query.count + 1 - len(found), 0, order)
                if cursor.total is None:
                    total += rows.count(range_, bounds)
                elif len(found) > query.count:
                    break
        return page_that_was_read(found, resource_type, query, cursor, total)


_Bounds = tuple[str, str]
_RANGE: Final = "resources.id > ? AND resources.id <= ?"
_RANGE_BACKWARD: Final = "resources.id < ? AND resources.id >= ?"
_BY_ID: Final = "resources.id"
_BY_SORTING: Final = "+resources.id"
"""The sign hides the column from the planner, which would otherwise walk the primary key to save the sorting."""
_FIRST_ID: Final = ""
_LAST_ID: Final = "~"
"""Sorts after every id."""
_FROM_THE_BEGINNING: Final = Cursor()


class _Rows:
    """The rows of one tenant and type that meet a condition."""

    def __init__(self, reader: Reader, owner: tuple[TenantId, str], condition: CompiledFilter) -> None:
        self._reader = reader
        self._owner = owner
        self._condition = condition
        self._parameters: tuple[Value, ...] = (*owner, *condition.parameters)
        self._is_indexed = condition.indexed
        self._order = _BY_SORTING if condition.indexed else _BY_ID
        self._rows = _ROWS.replace("<condition>", condition.sql)
        self._count = _COUNT.replace("<condition>", condition.sql)

    def total(self) -> int:
        """Return how many rows the tenant has of the type, whatever the condition."""
        return self._number(TOTAL, self._owner)

    def count(self, range_: str, bounds: tuple[str, ...]) -> int:
        return self._number(self._count.replace("<range>", range_), (*self._parameters, *bounds))

    def fetch(
        self, range_: str, bounds: tuple[str, ...], limit: int, offset: int, order: str | None = None
    ) -> list[StoredResource]:
        sql = self._rows.replace("<range>", range_).replace("<order>", order or self._order)
        page = (min(limit, _LARGEST), min(offset, _LARGEST))
        return [read_stored(row) for row in self._reader.rows(sql, (*self._parameters, *bounds, *page))]

    def along_the_order(self) -> "_Rows":
        """Return the same rows, found by looking at each as they come in an order and not by their own index."""
        return _Rows(self._reader, self._owner, without_index(self._condition))

    def fetch_behind(self, order: SqlOrder, cursor: Cursor, limit: int) -> list[StoredResource]:
        """Return the rows behind a place, the nearest first."""
        id_ = _BY_SORTING if self._is_indexed and order is BY_ID else _BY_ID
        by = order.order_by(backward=cursor.backward, id_=id_)
        if cursor.position is None:
            return self.fetch(_EVERYTHING, (), limit, 0, by)
        behind = order.behind(cursor.position, backward=cursor.backward, id_=id_)
        return self.fetch(behind.sql.replace("%s", "?"), behind.parameters, limit, 0, by)

    async def ranges(
        self, size: int, budget: TimeBudget, cursor: Cursor | None = None
    ) -> AsyncGenerator[_Bounds, None]:
        """Yield ranges of ids that hold ``size`` rows of the tenant each, the last one fewer, as a list is read."""
        begin, end = _way(cursor)
        statement = _BEGINNING_OF_RANGE if end == _FIRST_ID else _END_OF_RANGE
        while True:
            row = self._reader.row(statement, (*self._owner, begin, size - 1))
            yield begin, end if row is None else row[0]
            if row is None:
                return
            begin = row[0]
            await budget.breathe()

    async def chunks(self, budget: TimeBudget, cursor: Cursor | None) -> AsyncGenerator[Sequence[StoredResource], None]:
        backward = cursor is not None and cursor.backward
        order = BY_ID.order_by(backward=backward)
        async for bounds in self.ranges(CHUNK_ROWS, budget, cursor):
            yield self.fetch(_RANGE_BACKWARD if backward else _RANGE, bounds, CHUNK_ROWS, 0, order)

    async def indexed_chunks(
        self, budget: TimeBudget, cursor: Cursor | None
    ) -> AsyncGenerator[Sequence[StoredResource], None]:
        """Yield the rows to which an index leads."""
        place = cursor or _FROM_THE_BEGINNING
        while rows := self.fetch_behind(BY_ID, place, CHUNK_ROWS):
            yield rows
            if len(rows) < CHUNK_ROWS:
                return
            place = replace(place, position=Position(NO_VALUE, self._owner[1], rows[-1].id))
            await budget.breathe()

    async def with_related(
        self, chunks: AsyncGenerator[Sequence[StoredResource], None], resource_type: ResourceType, budget: TimeBudget
    ) -> AsyncGenerator[Sequence[StoredResource], None]:
        """Yield the resources of ``chunks`` with their memberships, not too many of those at a time."""
        async with aclosing(chunks):
            async for chunk in chunks:
                done = 0
                while part := with_memberships(self._reader, self._owner[0], resource_type, chunk[done:]):
                    yield part
                    done += len(part)
                    await budget.breathe()

    def _number(self, sql: str, parameters: tuple[Value, ...]) -> int:
        row = self._reader.row(sql, parameters)
        assert row is not None  # an aggregate without groups has one row
        number: int = row[0]
        return number


def _way(cursor: Cursor | None) -> _Bounds:
    """Return the ids between which a list is read: all of them, or those behind a place."""
    if cursor is None or not cursor.backward:
        position = None if cursor is None else cursor.position
        return _FIRST_ID if position is None else position.id, _LAST_ID
    return _LAST_ID if cursor.position is None else cursor.position.id, _FIRST_ID
