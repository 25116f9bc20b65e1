"""*Finding a page of resources.* Decides how a list is read, and what it may cost (RFC 7644 §3.4.2).

Knows the tables and ``filter_sql``; what a filter means is ``scim.match``'s. Three ways, the cheapest that is right:

* **No filter**: a stretch of the primary key, or of the unique key, with the total from the counter.
* **A condition that an index serves**: SQLite finds the rows; where the condition is only a necessary one, each row is
  looked at as well.
* **Any other condition or order**: a walk over all rows of the tenant in ranges of ids. Reads run on the event loop's
  own thread, so a statement must be short; between ranges other requests have their turn, and the walk ends when its
  time is over.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Final

from musterbook.directory import TenantId
from musterbook.scim import ResourceType, StoredResource
from musterbook.scim.operation import Page, Query
from musterbook.storage.filter_sql import SQLITE, CompiledFilter, compile_filter_sql
from musterbook.storage.rows import STORED_COLUMNS, read_stored
from musterbook.storage.scan import CHUNK_ROWS, TimeBudget, looks_at_memberships, page_of_matching
from musterbook.storage.sort_sql import compile_sort_sql
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
        condition = compile_filter_sql(query.filter, resource_type, SQLITE)
        rows = _Rows(self._reader, (tenant_id, resource_type.name), condition)
        page = await self._page(rows, condition, resource_type, query)
        if not with_related:
            return page
        return replace(page, resources=with_memberships(self._reader, tenant_id, resource_type, page.resources))

    async def _page(self, rows: "_Rows", condition: CompiledFilter, resource_type: ResourceType, query: Query) -> Page:
        order = compile_sort_sql(query.sort, resource_type)
        budget = TimeBudget(self._seconds)
        if query.filter is None and order is not None and order.indexed:
            total = rows.total()
        elif condition.exact and condition.indexed and order is not None:
            total = rows.count(_EVERYTHING, ())
        elif condition.exact and query.filter is not None and query.sort is None:
            return await self._walk(rows, resource_type, query, budget)
        else:
            chunks = rows.indexed_chunks(budget) if condition.indexed else rows.chunks(budget)
            if looks_at_memberships(query, resource_type):
                chunks = rows.with_related(chunks, resource_type, budget)
            return await page_of_matching(chunks, resource_type, query)
        first = query.start_index - 1
        by = None if query.sort is None else order.sql
        found = rows.fetch(_EVERYTHING, (), query.count, first, by) if query.count and first < total else []
        return Page(resource_type, total, query.start_index, found)

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


_Bounds = tuple[str, str]
_RANGE: Final = "resources.id > ? AND resources.id <= ?"
_AFTER: Final = "+resources.id > ?"
_BY_ID: Final = "resources.id"
_BY_SORTING: Final = "+resources.id"
"""The sign hides the column from the planner, which would otherwise walk the primary key to save the sorting."""
_LAST_ID: Final = "~"
"""Sorts after every id."""


class _Rows:
    """The rows of one tenant and type that meet a condition."""

    def __init__(self, reader: Reader, owner: tuple[TenantId, str], condition: CompiledFilter) -> None:
        self._reader = reader
        self._owner = owner
        self._parameters: tuple[Value, ...] = (*owner, *condition.parameters)
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

    async def ranges(self, size: int, budget: TimeBudget) -> AsyncIterator[_Bounds]:
        """Yield ranges of ids that hold ``size`` rows of the tenant each, the last one fewer."""
        after = ""
        while True:
            row = self._reader.row(_END_OF_RANGE, (*self._owner, after, size - 1))
            yield after, _LAST_ID if row is None else row[0]
            if row is None:
                return
            after = row[0]
            await budget.breathe()

    async def chunks(self, budget: TimeBudget) -> AsyncIterator[Sequence[StoredResource]]:
        async for bounds in self.ranges(CHUNK_ROWS, budget):
            yield self.fetch(_RANGE, bounds, CHUNK_ROWS, 0)

    async def indexed_chunks(self, budget: TimeBudget) -> AsyncIterator[Sequence[StoredResource]]:
        """Yield the rows to which an index leads."""
        after = ""
        while rows := self.fetch(_AFTER, (after,), CHUNK_ROWS, 0):
            yield rows
            if len(rows) < CHUNK_ROWS:
                return
            after = rows[-1].id
            await budget.breathe()

    async def with_related(
        self, chunks: AsyncIterator[Sequence[StoredResource]], resource_type: ResourceType, budget: TimeBudget
    ) -> AsyncIterator[Sequence[StoredResource]]:
        """Yield the resources of ``chunks`` with their memberships, not too many of those at a time."""
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
