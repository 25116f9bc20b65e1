"""*Finding a page of resources.* Decides how a list is read, and what it may cost (RFC 7644 §3.4.2).

Knows the tables and ``filter_sql``; what a filter means is ``scim.match``'s. Three ways, the cheapest that is right:

* **No filter, no order**: a stretch of the primary key, with the total from the counters, in one statement.
* **An exact condition**: the database finds the page. Where the page ends before it is full the total is known;
  otherwise the database counts.
* **A necessary condition, or an order that no column gives**: the rows that may match are read in chunks, in the order
  of their ids, and looked at.

A list that is read by cursors is read the same ways, from the place that the cursor says and no further than one page,
for its total is known after the first one.

The server stops a statement, and the time budget a scan, when the time for a search is over.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final

import asyncpg

from musterbook.directory import TenantId
from musterbook.directory.store import QueryTooExpensiveError
from musterbook.scim import ResourceType, StoredResource
from musterbook.scim.cursor import Cursor
from musterbook.scim.operation import Page, Query
from musterbook.storage.filter_sql import FIRST_PARAMETER, POSTGRES, CompiledFilter, compile_filter_sql
from musterbook.storage.postgres.connection import Connection, Value
from musterbook.storage.postgres.pool import Pool
from musterbook.storage.postgres.related import GROUPS, read_with_related, with_groups, with_memberships
from musterbook.storage.rows import STORED_COLUMNS, Row, read_stored
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
from musterbook.storage.sort_sql import SqlOrder, compile_sort_sql, within, without_index

# One row with the total comes even where the page is empty. <related> is one more column, or nothing.
ALL: Final = f"""
SELECT counted.total, resources.* <related>
FROM (
    SELECT coalesce(sum(total), 0)::bigint AS total FROM counters WHERE tenant_id = $1 AND resource_type = $2
) AS counted
LEFT JOIN (
    SELECT {STORED_COLUMNS} FROM resources
    WHERE tenant_id = $1 AND resource_type = $2
    ORDER BY id
    LIMIT $3 <offset>
) AS resources ON true
ORDER BY resources.id
"""

# <condition> is made by filter_sql and holds no text of the client's; <1> and <2> are the parameters after its own.
# <offset> is there only where rows are skipped: with it the planner expects so much work that it plans each time anew.
FOUND: Final = f"""
SELECT {STORED_COLUMNS} FROM resources
WHERE resources.tenant_id = $1 AND resources.resource_type = $2 AND (<condition>)
ORDER BY <order>
LIMIT <1> <offset>
"""

_COUNT: Final = """
SELECT count(*) FROM resources
WHERE resources.tenant_id = $1 AND resources.resource_type = $2 AND (<condition>)
"""

_TOTAL: Final = """
SELECT coalesce(sum(total), 0)::bigint FROM counters WHERE tenant_id = $1 AND resource_type = $2
"""

# Candidates in the order of their ids, or against it.
_CHUNK: Final = f"""
SELECT {STORED_COLUMNS} FROM resources
WHERE resources.tenant_id = $1 AND resources.resource_type = $2 AND (<condition>) AND resources.id <after> <1>
ORDER BY resources.id <direction>
LIMIT <2>
"""
_FORWARD: Final = _CHUNK.replace("<after>", ">").replace("<direction>", "ASC"), ""
_BACKWARD: Final = _CHUNK.replace("<after>", "<").replace("<direction>", "DESC"), "~"
"""Each with where it begins: an id before, or after, all others."""

_LARGEST: Final = 2**63 - 1
"""The largest number that PostgreSQL takes."""


class Search:
    """Finds pages of resources, each within ``seconds``."""

    def __init__(self, pool: Pool, seconds: float) -> None:
        self._pool = pool
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
        owner = (tenant_id, resource_type.name)
        # The groups of people come by the statement that finds them. Of members there may be too many for one page.
        page = await self._page(owner, resource_type, query, shows_groups=with_related and resource_type.name == "User")
        if not with_related or all(stored.related is not None for stored in page.resources):
            return page
        # What is too much is left out at the end at which the next page begins.
        way = -1 if query.cursor is not None and query.cursor.backward else 1
        shown = await with_memberships(self._rows, tenant_id, resource_type, page.resources[::way])
        continues = page.continues or (query.cursor is not None and len(shown) < len(page.resources))
        return replace(page, resources=shown[::way], continues=continues)

    async def _page(
        self, owner: tuple[str, str], resource_type: ResourceType, query: Query, *, shows_groups: bool
    ) -> Page:
        if query.filter is None and query.sort is None and query.cursor is None:
            total, found = await self._all(owner, query, shows_groups=shows_groups)
            return Page(resource_type, total, query.start_index, found)
        condition = compile_filter_sql(query.filter, resource_type, POSTGRES)
        order = compile_sort_sql(query.sort, resource_type)
        if not condition.exact or order is None:
            return await self._scan(owner, condition, resource_type, query)
        if query.cursor is not None:
            return await self._behind(owner, condition, resource_type, query, order, shows_groups=shows_groups)
        found = await self._found(owner, condition, query, order.order_by(), shows_groups=shows_groups)
        if query.filter is not None and len(found) < query.count and (found or query.start_index == 1):
            total = query.start_index - 1 + len(found)
        else:
            total = await self._count(owner, condition, query)
        return Page(resource_type, total, query.start_index, found)

    async def _behind(
        self,
        owner: tuple[str, str],
        condition: CompiledFilter,
        resource_type: ResourceType,
        query: Query,
        order: SqlOrder,
        *,
        shows_groups: bool,
    ) -> Page:
        """Return the page behind a place: a range of the order, so it costs the same wherever the place is."""
        cursor = query.cursor or Cursor()
        wanted = without_index(condition) if order.indexed and has_many(query) else condition
        if cursor.position is not None:
            wanted = within(wanted, order.behind(cursor.position, backward=cursor.backward), POSTGRES)
        one_more = replace(query, start_index=1, count=query.count + 1 if query.count else 0)
        by = order.order_by(backward=cursor.backward)
        found = await self._found(owner, wanted, one_more, by, shows_groups=shows_groups)
        total = cursor.total
        if total is None:
            is_whole = query.filter is not None and cursor.position is None and 0 < len(found) <= query.count
            total = len(found) if is_whole else await self._count(owner, condition, query)
        return page_that_was_read(found, resource_type, query, cursor, total)

    async def _scan(
        self, owner: tuple[str, str], condition: CompiledFilter, resource_type: ResourceType, query: Query
    ) -> Page:
        """Return the page that is found by looking at each row that the condition leaves."""
        budget = TimeBudget(self._seconds)
        chunks = self._chunks(owner, condition, budget, query.cursor if query.sort is None else None)
        if looks_at_memberships(query, resource_type):
            chunks = self._with_related(chunks, owner, resource_type, budget)
        return await page_of_matching(chunks, resource_type, query)

    async def _all(
        self, owner: tuple[str, str], query: Query, *, shows_groups: bool
    ) -> tuple[int, list[StoredResource]]:
        offset, (limit, *skipped) = _limits(query, "$3")
        # A number, not a parameter: the planner would expect a tenth of the tenant, and rather plan each page anew.
        sql = ALL.replace("$3", str(limit)).replace("<offset>", offset)
        if not shows_groups:
            rows = [tuple(row) for row in await self._rows(sql.replace("<related>", ""), *owner, *skipped)]
            return rows[0][0], [read_stored(columns) for _, *columns in rows if columns[0] is not None]
        sql = sql.replace("<related>", f", {GROUPS}")
        rows = [tuple(row) for row in await self._rows(sql, *owner, *skipped)]
        return rows[0][0], [read_with_related(columns) for _, *columns in rows if columns[0] is not None]

    async def _found(
        self, owner: tuple[str, str], condition: CompiledFilter, query: Query, order: str, *, shows_groups: bool
    ) -> list[StoredResource]:
        if not query.count:
            return []
        offset, limits = _limits(query, "<2>")
        found = FOUND.replace("<offset>", offset).replace("<order>", order)
        sql = statement(with_groups(found) if shows_groups else found, condition)
        read = read_with_related if shows_groups else read_stored
        return [read(row) for row in await self._rows(sql, *owner, *condition.parameters, *limits)]

    async def _count(self, owner: tuple[str, str], condition: CompiledFilter, query: Query) -> int:
        if query.filter is None:
            ((total,),) = await self._rows(_TOTAL, *owner)
        else:
            ((total,),) = await self._rows(statement(_COUNT, condition), *owner, *condition.parameters)
        return int(total)

    async def _chunks(
        self, owner: tuple[str, str], condition: CompiledFilter, budget: TimeBudget, cursor: Cursor | None
    ) -> AsyncGenerator[Sequence[StoredResource], None]:
        """Yield candidates from where ``cursor`` says, in the direction in which it leads."""
        template, after = _BACKWARD if cursor is not None and cursor.backward else _FORWARD
        if cursor is not None and cursor.position is not None:
            after = cursor.position.id
        sql = statement(template, condition)
        while rows := await self._rows(sql, *owner, *condition.parameters, after, CHUNK_ROWS):
            chunk = [read_stored(row) for row in rows]
            yield chunk
            if len(chunk) < CHUNK_ROWS:
                return
            after = chunk[-1].id
            await budget.breathe()

    async def _with_related(
        self,
        chunks: AsyncGenerator[Sequence[StoredResource], None],
        owner: tuple[str, str],
        resource_type: ResourceType,
        budget: TimeBudget,
    ) -> AsyncGenerator[Sequence[StoredResource], None]:
        """Yield the resources of ``chunks`` with their memberships, not too many of those at a time."""
        async with aclosing(chunks):
            async for chunk in chunks:
                rest = chunk
                while rest:
                    part = await with_memberships(self._rows, owner[0], resource_type, rest)
                    yield part
                    rest = rest[len(part) :]
                    await budget.breathe()

    async def _rows(self, sql: str, *values: Value) -> list[Row]:
        async def work(connection: Connection) -> list[Row]:
            try:
                return await connection.fetch(sql, *values)
            except asyncpg.QueryCanceledError as error:
                raise QueryTooExpensiveError from error

        return await self._pool.run(work)


def statement(template: str, condition: CompiledFilter) -> str:
    """Return the statement of ``template`` with ``condition`` in it, and its own parameters numbered after those."""
    following = FIRST_PARAMETER + len(condition.parameters)
    numbered = template.replace("<1>", f"${following}").replace("<2>", f"${following + 1}")
    return numbered.replace("<condition>", condition.sql)


def _limits(query: Query, parameter: str) -> tuple[str, tuple[int, ...]]:
    """Return the clause that skips rows, and the values of LIMIT and of that clause."""
    limit, offset = min(query.count, _LARGEST), min(query.start_index - 1, _LARGEST)
    return (f"OFFSET {parameter}", (limit, offset)) if offset else ("", (limit,))
