"""Writers who are overtaken: a store that lets somebody else write at the worst moment."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from musterbook.directory import Directory, ResourceId, TenantId
from musterbook.directory.events import StoredEvent
from musterbook.directory.grant_store import DirectoryStore, Examined, Surroundings
from musterbook.directory.store import (
    Change,
    HistoryEntry,
    HistoryQuery,
    MembersChange,
    MembersOutcome,
    Record,
)
from musterbook.scim import ResourceType
from musterbook.scim.operation import Page, Query
from tests.directory.world import World


class OvertakenStore:
    """The real store, where somebody else is faster: before each of the first writes, another one takes place."""

    def __init__(
        self, store: DirectoryStore, overtake: Callable[[], Awaitable[object]], times: int, *, is_late: bool = False
    ) -> None:
        self._store = store
        self._overtake = overtake
        self._is_late = is_late
        self.times_left = times

    async def commit(self, change: Change) -> Sequence[str]:
        """Let the other write take place, then store the change; the other way round where it is late."""
        async with self._overtaking():
            return await self._store.commit(change)

    async def change_members(self, change: MembersChange) -> MembersOutcome:
        """Let the other write take place, then change the members; the other way round where it is late."""
        async with self._overtaking():
            return await self._store.change_members(change)

    async def create_together(self, creations: Sequence[Change], members: Sequence[MembersChange]) -> None:
        """Ask the real store."""
        await self._store.create_together(creations, members)

    @asynccontextmanager
    async def _overtaking(self) -> AsyncIterator[None]:
        is_overtaken = self.times_left > 0
        self.times_left -= is_overtaken
        if is_overtaken and not self._is_late:
            await self._overtake()
        yield
        if is_overtaken and self._is_late:
            await self._overtake()

    async def get(
        self, tenant_id: TenantId, resource_type: str, resource_id: ResourceId, *, related_limit: int = 0
    ) -> Record | None:
        """Ask the real store."""
        return await self._store.get(tenant_id, resource_type, resource_id, related_limit=related_limit)

    async def search(
        self, tenant_id: TenantId, resource_type: ResourceType, query: Query, *, with_related: bool = False
    ) -> Page:
        """Ask the real store."""
        return await self._store.search(tenant_id, resource_type, query, with_related=with_related)

    async def list_records(
        self, tenant_id: TenantId, resource_type: str, *, after: ResourceId | None, limit: int
    ) -> Sequence[Record]:
        """Ask the real store."""
        return await self._store.list_records(tenant_id, resource_type, after=after, limit=limit)

    async def history(self, tenant_id: TenantId, query: HistoryQuery) -> Sequence[HistoryEntry]:
        """Ask the real store."""
        return await self._store.history(tenant_id, query)

    async def events(self, tenant_id: TenantId, *, after: tuple[int, int], limit: int) -> Sequence[StoredEvent]:
        """Ask the real store."""
        return await self._store.events(tenant_id, after=after, limit=limit)

    async def surroundings(
        self, tenant_id: TenantId, resource_type: str, resource_id: ResourceId
    ) -> Surroundings | None:
        """Ask the real store."""
        return await self._store.surroundings(tenant_id, resource_type, resource_id)

    async def examine(
        self, tenant_id: TenantId, resource_type: str, *, connection_id: str, after: ResourceId | None, limit: int
    ) -> Sequence[Examined]:
        """Ask the real store."""
        return await self._store.examine(
            tenant_id, resource_type, connection_id=connection_id, after=after, limit=limit
        )

    async def examine_administrators(
        self, tenant_id: TenantId, *, connection_id: str, at: str, limit: int
    ) -> Sequence[Examined]:
        """Ask the real store."""
        return await self._store.examine_administrators(tenant_id, connection_id=connection_id, at=at, limit=limit)

    async def count_bound(self, tenant_id: TenantId, *, connection_id: str) -> int:
        """Ask the real store."""
        return await self._store.count_bound(tenant_id, connection_id=connection_id)


def overtaken(world: World, overtake: Callable[[], Awaitable[object]], times: int) -> Directory:
    """Return a directory over the same store, whose writers are overtaken."""
    store = OvertakenStore(world.database.resources, overtake, times)
    return Directory(store, world.clock, world.random_bytes)
