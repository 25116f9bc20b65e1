"""*Reading.* Finds the record of a resource, or the last revision of one that may be gone.

Knows ports; knows no rule. Everybody else's resource is nobody's: the actor's tenant stands in every call.
"""

from musterbook.directory import errors
from musterbook.directory.actor import Actor, ResourceId
from musterbook.directory.clock import is_id
from musterbook.directory.history import Revision
from musterbook.directory.store import HistoryQuery, Record, ResourceStore
from musterbook.scim import ResourceType


class Records:
    """The records of all tenants."""

    def __init__(self, store: ResourceStore) -> None:
        """Read from ``store``."""
        self._store = store

    async def find(
        self, actor: Actor, resource_type: ResourceType, id_: str, *, related_limit: int = 0
    ) -> Record | None:
        """Return the record of a resource with at most ``related_limit`` of its memberships, or ``None``."""
        if not is_id(id_):
            return None
        resource_id = ResourceId(id_)
        return await self._store.get(actor.tenant_id, resource_type.name, resource_id, related_limit=related_limit)

    async def get(self, actor: Actor, resource_type: ResourceType, id_: str, *, related_limit: int = 0) -> Record:
        """Return the record of a resource with at most ``related_limit`` of its memberships.

        Raises:
            NotFoundError: there is none.
        """
        record = await self.find(actor, resource_type, id_, related_limit=related_limit)
        if record is None:
            raise errors.no_such_resource()
        return record

    async def find_last_revision(self, actor: Actor, id_: str) -> Revision | None:
        """Return the newest revision of a resource, also of a removed one, or ``None``."""
        if not is_id(id_):
            return None
        entries = await self._store.history(actor.tenant_id, HistoryQuery(resource_id=ResourceId(id_), limit=1))
        return entries[0].revision if entries else None
