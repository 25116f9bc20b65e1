"""*Finding a page of resources.* Decides how a list is read, and what it may cost (RFC 7644 §3.4.2).

Knows the tables and ``filter_sql``; what a filter means is ``scim.match``'s. Three ways, the cheapest that is right:

* **No filter, no order**: a stretch of the primary key, with the total from the counters, in one statement.
* **An exact condition**: the database finds the page. Where the page ends before it is full the total is known;
  otherwise the database counts.
* **A necessary condition, or an order that no column gives**: the rows that may match are read in chunks, in the order
  of their ids, and looked at.

The server stops a statement, and the time budget a scan, when the time for a search is over.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Final

import asyncpg

from musterbook.directory import TenantId
from musterbook.directory.store import QueryTooExpensiveError
from musterbook.scim import ResourceType, StoredResource
from musterbook.scim.operation import Page, Query
from musterbook.storage.filter_sql import FIRST_PARAMETER, POSTGRES, CompiledFilter, compile_filter_sql
from musterbook.storage.postgres.connection import Connection, Value
from musterbook.storage.postgres.pool import Pool
from musterbook.storage.postgres.related import GROUPS, read_with_related, with_groups, with_memberships
from musterbook.storage.rows import STORED_COLUMNS, Row, read_stored
from musterbook.storage.scan import CHUNK_ROWS, TimeBudget, looks_at_memberships, page_of_matching
from musterbook.storage.sort_sql import compile_sort_sql

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

_CHUNK: Final = f"""
SELECT {STORED_COLUMNS} FROM resources
WHERE resources.tenant_id = $1 AND resources.resource_type = $2 AND (<condition>) AND resources.id > <1>
ORDER BY resources.id
LIMIT <2>
"""

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
        owner = (tenant_id, resource_type.name)
        # The groups of people come by the statement that finds them. Of members there may be too many for one page.
        page = await self._page(owner, resource_type, query, shows_groups=with_related and resource_type.name == "User")
        if not with_related or all(stored.related is not None for stored in page.resources):
            return page
        return replace(page, resources=await with_memberships(self._rows, tenant_id, resource_type, page.resources))

    async def _page(
        self, owner: tuple[str, str], resource_type: ResourceType, query: Query, *, shows_groups: bool
    ) -> Page:
        if query.filter is None and query.sort is None:
            total, found = await self._all(owner, query, shows_groups=shows_groups)
            return Page(resource_type, total, query.start_index, found)
        condition = compile_filter_sql(query.filter, resource_type, POSTGRES)
        order = compile_sort_sql(query.sort, resource_type)
        if not condition.exact or order is None:
            budget = TimeBudget(self._seconds)
            chunks = self._chunks(owner, condition, budget)
            if looks_at_memberships(query, resource_type):
                chunks = self._with_related(chunks, owner, resource_type, budget)
            return await page_of_matching(chunks, resource_type, query)
        found = await self._found(owner, condition, query, order.sql, shows_groups=shows_groups)
        if len(found) < query.count and (found or query.start_index == 1):
            total = query.start_index - 1 + len(found)
        else:
            total = await self._count(owner, condition)
        return Page(resource_type, total, query.start_index, found)

    async def _all(
        self, owner: tuple[str, str], query: Query, *, shows_groups: bool
    ) -> tuple[int, list[StoredResource]]:
        offset, limits = _limits(query, "$4")
        sql = ALL.replace("<offset>", offset).replace("<related>", f", {GROUPS}" if shows_groups else "")
        rows = [tuple(row) for row in await self._rows(sql, *owner, *limits)]
        read = read_with_related if shows_groups else read_stored
        return rows[0][0], [read(columns) for _, *columns in rows if columns[0] is not None]

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

    async def _count(self, owner: tuple[str, str], condition: CompiledFilter) -> int:
        ((total,),) = await self._rows(statement(_COUNT, condition), *owner, *condition.parameters)
        return int(total)

    async def _chunks(
        self, owner: tuple[str, str], condition: CompiledFilter, budget: TimeBudget
    ) -> AsyncIterator[Sequence[StoredResource]]:
        sql = statement(_CHUNK, condition)
        after = ""
        while rows := await self._rows(sql, *owner, *condition.parameters, after, CHUNK_ROWS):
            chunk = [read_stored(row) for row in rows]
            yield chunk
            if len(chunk) < CHUNK_ROWS:
                return
            after = chunk[-1].id
            await budget.breathe()

    async def _with_related(
        self,
        chunks: AsyncIterator[Sequence[StoredResource]],
        owner: tuple[str, str],
        resource_type: ResourceType,
        budget: TimeBudget,
    ) -> AsyncIterator[Sequence[StoredResource]]:
        """Yield the resources of ``chunks`` with their memberships, not too many of those at a time."""
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
