"""*Resources on SQLite.* Reads and stores resources, their history and their events.

How a change is written is decided in ``changes``, how a list is found in ``search``, how memberships are read in
``related``, and how it is seen who may do what in ``grants``.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from musterbook.directory import ResourceId, TenantId
from musterbook.directory.events import StoredEvent
from musterbook.directory.grant_store import Examined, Surroundings
from musterbook.directory.store import Change, HistoryEntry, HistoryQuery, MembersChange, MembersOutcome, Record
from musterbook.scim import ResourceType
from musterbook.scim.operation import Page, Query
from musterbook.storage.rows import (
    EVENT_COLUMNS,
    RECORD_COLUMNS,
    REVISION_COLUMNS,
    may_be_stored,
    read_event,
    read_history_entry,
    read_record,
    read_related,
)
from musterbook.storage.sqlite import grants
from musterbook.storage.sqlite.changes import store_change, store_members_change, store_together
from musterbook.storage.sqlite.connection import Reader, Row, Value
from musterbook.storage.sqlite.related import get_with_related
from musterbook.storage.sqlite.search import Search
from musterbook.storage.sqlite.writer import Writer

GET: Final = f"""
SELECT {RECORD_COLUMNS} FROM resources WHERE tenant_id = ? AND resource_type = ? AND id = ?
"""

LIST: Final = f"""
SELECT {RECORD_COLUMNS} FROM resources WHERE tenant_id = ? AND resource_type = ? AND id > ? ORDER BY id LIMIT ?
"""

_HISTORY: Final = f"""
SELECT {", ".join(f"revision.{name}" for name in REVISION_COLUMNS)},
    {", ".join(f"previous.{name}" for name in REVISION_COLUMNS)}
FROM revisions AS revision LEFT JOIN revisions AS previous
    ON previous.tenant_id = revision.tenant_id AND previous.resource_id = revision.resource_id
    AND previous.number = revision.number - 1
"""
_PLACE: Final = ("revision.at", "revision.resource_id", "revision.number")
"""The place of a revision in the history of a tenant; the last column alone is its place in that of a resource."""

EVENTS: Final = f"""
SELECT {EVENT_COLUMNS}, position AS transaction_id, position FROM events
WHERE tenant_id = ? AND position > ?
ORDER BY position
LIMIT ?
"""


class SqliteResourceStore:
    """The port :class:`musterbook.directory.grant_store.DirectoryStore`."""

    def __init__(self, reader: Reader, writer: Writer, *, search_seconds: float) -> None:
        self._reader = reader
        self._writer = writer
        self._search = Search(reader, search_seconds)

    async def get(
        self, tenant_id: TenantId, resource_type: str, resource_id: ResourceId, *, related_limit: int = 0
    ) -> Record | None:
        """Return the resource, with up to ``related_limit`` memberships, or ``None``. Ids are compared exactly."""
        if not may_be_stored(resource_id):
            return None
        if related_limit == 0:
            row = self._reader.row(GET, (tenant_id, resource_type, resource_id))
            return None if row is None else read_record(row)
        row = get_with_related(self._reader, tenant_id, resource_type, resource_id, related_limit)
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
        return [read_record(row) for row in self._reader.rows(LIST, (tenant_id, resource_type, after or "", limit))]

    async def commit(self, change: Change) -> Sequence[str]:
        """Store the change whole, durably, or raise and store nothing; return the members-to-be that are nobody's."""
        return await self._writer.run(lambda connection: store_change(connection, change))

    async def change_members(self, change: MembersChange) -> MembersOutcome:
        """Change who is a member of a group, durably, or raise and store nothing."""
        return await self._writer.run(lambda connection: store_members_change(connection, change))

    async def create_together(self, creations: Sequence[Change], members: Sequence[MembersChange]) -> None:
        """Store new resources, then who is a member of which of them: all of it, or nothing."""
        await self._writer.run(lambda connection: store_together(connection, creations, members))

    async def history(self, tenant_id: TenantId, query: HistoryQuery) -> Sequence[HistoryEntry]:
        """Return revisions, each with the one before it, in the order that :class:`HistoryQuery` states."""
        if query.resource_id is not None and not may_be_stored(query.resource_id):
            return []
        conditions = ["revision.tenant_id = ?"]
        parameters: list[Value] = [tenant_id]
        if query.resource_id is not None:
            conditions.append("revision.resource_id = ?")
            parameters.append(query.resource_id)
        if query.action is not None:
            conditions.append("revision.action = ?")
            parameters.append(query.action.value)
        # Of one resource only the number counts, so its key alone leads to the page.
        place = _PLACE if query.resource_id is None else _PLACE[2:]
        if query.before is not None:
            conditions.append(f"({', '.join(place)}) < ({', '.join('?' for _ in place)})")
            parameters.extend(query.before[-len(place) :])
        order = ", ".join(f"{column} DESC" for column in place)
        sql = f"{_HISTORY} WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT ?"
        return [read_history_entry(row) for row in self._reader.rows(sql, (*parameters, query.limit))]

    async def events(self, tenant_id: TenantId, *, after: tuple[int, int], limit: int) -> Sequence[StoredEvent]:
        """Return events in commit order after (transaction_id, position), none of a transaction still open."""
        # A position stands for its transaction: writers come one after the other.
        return [read_event(row) for row in self._reader.rows(EVENTS, (tenant_id, max(after), limit))]

    async def surroundings(
        self, tenant_id: TenantId, resource_type: str, resource_id: ResourceId
    ) -> Surroundings | None:
        """Return a person with everything by which they hold permissions, or ``None``."""
        return grants.surroundings(self._reader, tenant_id, resource_type, resource_id)

    async def examine(
        self, tenant_id: TenantId, resource_type: str, *, connection_id: str, after: ResourceId | None, limit: int
    ) -> Sequence[Examined]:
        """Return people in the order of their ids, and whether each is bound to the connection."""
        return grants.examine(self._reader, tenant_id, resource_type, connection_id, after, limit)

    async def examine_administrators(
        self, tenant_id: TenantId, *, connection_id: str, at: str, limit: int
    ) -> Sequence[Examined]:
        """Return those who count as administrators at the time ``at``, bound to the connection or not."""
        return grants.examine_administrators(self._reader, tenant_id, connection_id, at, limit)

    async def count_bound(self, tenant_id: TenantId, *, connection_id: str) -> int:
        """Return how many accounts are bound to a connection."""
        return grants.count_bound(self._reader, tenant_id, connection_id)


def _read_record_with_related(row: Row) -> Record:
    *columns, related = row
    record = read_record(columns)
    return replace(record, stored=replace(record.stored, related=read_related(related)))
