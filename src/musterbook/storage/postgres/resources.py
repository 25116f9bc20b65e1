"""*Resources on PostgreSQL.* Reads and stores resources, their history and their events.

How a change is written is decided in ``writes``, how a list is found in ``search``, and how it is seen who may do what
in ``grants``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

import asyncpg

from musterbook.directory import ResourceId, TenantId
from musterbook.directory.events import StoredEvent
from musterbook.directory.grant_store import Examined, Surroundings
from musterbook.directory.store import (
    Change,
    HistoryEntry,
    HistoryQuery,
    MembersChange,
    MembersOutcome,
    Record,
    StoreUnavailableError,
)
from musterbook.scim import ResourceType
from musterbook.scim.operation import Page, Query
from musterbook.storage.postgres import grants
from musterbook.storage.postgres.changes import store_change
from musterbook.storage.postgres.connection import Connection, Value
from musterbook.storage.postgres.failures import is_still_member, was_rolled_back
from musterbook.storage.postgres.group_lock import GROUP
from musterbook.storage.postgres.members import change_members
from musterbook.storage.postgres.pool import Pool
from musterbook.storage.postgres.related import GET_WITH, GET_WITH_NONE, related_of
from musterbook.storage.postgres.search import Search
from musterbook.storage.postgres.together import create_together
from musterbook.storage.rows import (
    EVENT_COLUMNS,
    RECORD_COLUMNS,
    REVISION_COLUMNS,
    Row,
    may_be_stored,
    read_event,
    read_history_entry,
    read_record,
)

GET: Final = f"""
SELECT {RECORD_COLUMNS} FROM resources WHERE tenant_id = $1 AND resource_type = $2 AND id = $3
"""

LIST: Final = f"""
SELECT {RECORD_COLUMNS} FROM resources WHERE tenant_id = $1 AND resource_type = $2 AND id > $3 ORDER BY id LIMIT $4
"""

# The page is cut before the neighbours of its revisions are looked up.
_HISTORY: Final = f"""
SELECT {", ".join(f"revision.{name}" for name in REVISION_COLUMNS)},
    {", ".join(f"previous.{name}" for name in REVISION_COLUMNS)}
FROM (
    SELECT * FROM revisions AS revision WHERE revision.tenant_id = $1 <conditions> ORDER BY <order> LIMIT $2
) AS revision
LEFT JOIN revisions AS previous
    ON previous.tenant_id = $1 AND previous.resource_id = revision.resource_id
    AND previous.number = revision.number - 1
ORDER BY <order>
"""

_NEWEST_FIRST: Final = "revision.at DESC, revision.resource_id DESC, revision.number DESC"
_LAST_NUMBER_FIRST: Final = "revision.number DESC"

# An event of a transaction that is still open, and every event after it, waits until that transaction has ended.
EVENTS: Final = f"""
SELECT {EVENT_COLUMNS}, transaction_id, position FROM events
WHERE tenant_id = $1 AND (transaction_id, position) > ($2, $3)
    AND transaction_id < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY transaction_id, position
LIMIT $4
"""

_PAUSES: Final = (0.1, 0.15, 0.2)
"""Seconds before a write that was undone is tried again. Two that each want a name which the other holds, or groups
that hold each other and are removed at once, wait for each other until the server chooses one."""

_SECONDS_PER_ID: Final = 100e-6
"""How much longer a change of members may take for each id: several times what it takes."""
_SECONDS_FOR_ALL: Final = 10.0
"""How much longer it may take where all members of a group go, however many they are."""

T = TypeVar("T")


class PostgresResourceStore:
    """The port :class:`musterbook.directory.grant_store.DirectoryStore`."""

    def __init__(self, pool: Pool, *, search_seconds: float) -> None:
        self._pool = pool
        self._search = Search(pool, search_seconds)

    async def get(
        self, tenant_id: TenantId, resource_type: str, resource_id: ResourceId, *, related_limit: int = 0
    ) -> Record | None:
        """Return the resource with up to ``related_limit`` memberships, or ``None``. Ids are compared exactly."""
        if not may_be_stored(resource_id):
            return None
        if not related_limit:
            row = await self._pool.row(GET, tenant_id, resource_type, resource_id)
            return None if row is None else read_record(row)
        sql = GET_WITH.get(resource_type, GET_WITH_NONE)
        row = await self._pool.row(sql, tenant_id, resource_type, resource_id, related_limit)
        return None if row is None else _read_record_with_related(row)

    async def search(
        self, tenant_id: TenantId, resource_type: ResourceType, query: Query, *, with_related: bool = False
    ) -> Page:
        """Return the part of the matching resources that ``query`` asks for, in the order of their ids."""
        return await self._search.page(tenant_id, resource_type, query, with_related=with_related)

    async def list_records(
        self, tenant_id: TenantId, resource_type: str, *, after: ResourceId | None, limit: int
    ) -> Sequence[Record]:
        """Return records with their accounts in the order of their ids, beginning after the id ``after``."""
        return [read_record(row) for row in await self._pool.rows(LIST, tenant_id, resource_type, after or "", limit)]

    async def commit(self, change: Change) -> Sequence[str]:
        """Store the change whole, durably, or raise and store nothing; return the members-to-be that are nobody's."""
        return await self._repeat(lambda connection: store_change(connection, change), _more_seconds(change))

    async def change_members(self, change: MembersChange) -> MembersOutcome:
        """Change who is a member of a group, durably, or raise and store nothing."""
        return await self._repeat(lambda connection: change_members(connection, change), _more_seconds(change))

    async def create_together(self, creations: Sequence[Change], members: Sequence[MembersChange]) -> None:
        """Store new resources, then who is a member of which of them: all of it, or nothing."""
        more_seconds = sum(map(_more_seconds, members))
        await self._repeat(lambda connection: create_together(connection, creations, members), more_seconds)

    async def _repeat(self, work: Callable[[Connection], Awaitable[T]], more_seconds: float) -> T:
        """Do the work, again where the server undid it for the sake of somebody else's, who goes first then."""
        for pause in _PAUSES:
            try:
                return await self._pool.run(work, more_seconds=more_seconds)
            except (StoreUnavailableError, asyncpg.ForeignKeyViolationError) as error:
                if not (was_rolled_back(error.__cause__) or is_still_member(error)):
                    raise
                # At once this one would stand in the other's way again.
                await asyncio.sleep(pause)
        return await self._pool.run(work, more_seconds=more_seconds)

    async def history(self, tenant_id: TenantId, query: HistoryQuery) -> Sequence[HistoryEntry]:
        """Return revisions, each with the one before it, in the order that :class:`HistoryQuery` states."""
        if query.resource_id is not None and not may_be_stored(query.resource_id):
            return []
        sql, values = _history_statement(query)
        return [read_history_entry(row) for row in await self._pool.rows(sql, tenant_id, query.limit, *values)]

    async def events(self, tenant_id: TenantId, *, after: tuple[int, int], limit: int) -> Sequence[StoredEvent]:
        """Return events in commit order after (transaction_id, position), none of a transaction still open."""
        return [read_event(row) for row in await self._pool.rows(EVENTS, tenant_id, *after, limit)]

    async def surroundings(
        self, tenant_id: TenantId, resource_type: str, resource_id: ResourceId
    ) -> Surroundings | None:
        """Return a person with everything by which they hold permissions, or ``None``."""
        return await grants.surroundings(self._pool, tenant_id, resource_type, resource_id)

    async def examine(
        self, tenant_id: TenantId, resource_type: str, *, connection_id: str, after: ResourceId | None, limit: int
    ) -> Sequence[Examined]:
        """Return people in the order of their ids, and whether each is bound to the connection."""
        return await grants.examine(self._pool, tenant_id, resource_type, connection_id, after, limit)

    async def examine_administrators(
        self, tenant_id: TenantId, *, connection_id: str, at: str, limit: int
    ) -> Sequence[Examined]:
        """Return those who count as administrators at the time ``at``, bound to the connection or not."""
        return await grants.examine_administrators(self._pool, tenant_id, connection_id, at, limit)

    async def count_bound(self, tenant_id: TenantId, *, connection_id: str) -> int:
        """Return how many accounts are bound to a connection."""
        return await grants.count_bound(self._pool, tenant_id, connection_id)


def _more_seconds(change: Change | MembersChange) -> float:
    if isinstance(change, Change) and change.record is None:
        return _SECONDS_FOR_ALL if change.resource_type == GROUP else 0.0
    edit = change.members
    if edit is None:
        return 0.0
    seconds = _SECONDS_PER_ID * (len(edit.added) + len(edit.removed))
    return seconds + _SECONDS_FOR_ALL if edit.replaces else seconds


def _read_record_with_related(row: Row) -> Record:
    *columns, related = row
    record = read_record(columns)
    return replace(record, stored=replace(record.stored, related=related_of(related)))


def _history_statement(query: HistoryQuery) -> tuple[str, list[Value]]:
    """Return the statement for ``query`` and its values from the third on."""
    conditions: list[str] = []
    values: list[Value] = []

    def add(condition: str, *given: Value) -> None:
        first = 3 + len(values)
        conditions.append(condition.format(*(f"${first + index}" for index in range(len(given)))))
        values.extend(given)

    if query.resource_id is not None:
        add("AND revision.resource_id = {}", query.resource_id)
        if query.before is not None:
            add("AND revision.number < {}", query.before[2])
    elif query.before is not None:
        add("AND (revision.at, revision.resource_id, revision.number) < ({}, {}, {})", *query.before)
    if query.action is not None:
        add("AND revision.action = {}", query.action.value)
    order = _NEWEST_FIRST if query.resource_id is None else _LAST_NUMBER_FIRST
    return _HISTORY.replace("<conditions>", " ".join(conditions)).replace("<order>", order), values
