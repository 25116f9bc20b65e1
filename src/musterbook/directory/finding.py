"""*Finding.* Finds a person or a group by what people call them, and what all people have in common.

Knows ports and how names are compared; knows no operation. People of the directory come before break-glass accounts,
and those who are there before those who were removed.
"""

from dataclasses import replace

from musterbook.directory import errors
from musterbook.directory.account import Role
from musterbook.directory.actor import Actor
from musterbook.directory.break_glass import break_glass_type
from musterbook.directory.changes import state_of, state_of_revision
from musterbook.directory.everyone import EVERYONE_ID, everyone_type
from musterbook.directory.history import Action, Revision, is_tombstone, user_name_of
from musterbook.directory.records import Records
from musterbook.directory.rules import State
from musterbook.directory.standing import everyone_roles
from musterbook.directory.store import HistoryQuery, Record, ResourceStore
from musterbook.scim import ResourceType, comparison_key, unique_attribute_is, user_type
from musterbook.scim.operation import Query
from musterbook.scim.schema import group_type


class Finder:
    """Finds people and groups of all tenants."""

    def __init__(self, store: ResourceStore, records: Records) -> None:
        """Look in ``store``, and in ``records`` by ids."""
        self._store = store
        self._records = records

    async def everyone(self, actor: Actor) -> tuple[Role, ...]:
        """Return what Everyone is granted."""
        record = await self._store.get(actor.tenant_id, everyone_type().name, EVERYONE_ID)
        return everyone_roles(None if record is None else record.account)

    async def person(self, actor: Actor, reference: str) -> State:
        """Return one person by id or ``userName``, also a removed one.

        Raises:
            NotFoundError: there is nobody.
        """
        kinds = (user_type(), break_glass_type())
        for resource_type in kinds:
            record = await self._records.find(actor, resource_type, reference)
            if record is not None:
                return state_of(resource_type, record)
        for resource_type in kinds:
            record = await self._by_name(actor, resource_type, reference)
            if record is not None:
                return state_of(resource_type, record)
        tombstone = await self._tombstone(actor, user_type(), reference)
        if tombstone is None:
            raise errors.no_such_person()
        return state_of_revision(user_type(), tombstone)

    async def group(self, actor: Actor, reference: str) -> State:
        """Return one group by id or ``displayName``.

        Raises:
            NotFoundError: there is none.
            ConflictError: several have this name.
        """
        resource_type = group_type()
        record = await self._records.find(actor, resource_type, reference)
        if record is None:
            by_name = unique_attribute_is(resource_type, reference)
            # Whether names are unique is each tenant's to decide, and this is found by where names are kept then.
            for names in (resource_type, group_type(unique_names=False)):
                page = await self._store.search(actor.tenant_id, names, Query(filter=by_name, count=2))
                if len(page.resources) > 1:
                    raise errors.several_groups()
                if page.resources:
                    record = await self._records.find(actor, resource_type, page.resources[0].id)
                    break
        if record is None:
            raise errors.no_such_group()
        return state_of(resource_type, record)

    async def _by_name(self, actor: Actor, resource_type: ResourceType, name: str) -> Record | None:
        by_name = unique_attribute_is(resource_type, name)
        page = await self._store.search(actor.tenant_id, resource_type, Query(filter=by_name, count=1))
        return await self._records.find(actor, resource_type, page.resources[0].id) if page.resources else None

    async def _tombstone(self, actor: Actor, resource_type: ResourceType, reference: str) -> Revision | None:
        """Return the tombstone of a removed person by id, or of the last one removed under a ``userName``."""
        last = await self._records.find_last_revision(actor, reference)
        if last is not None and is_tombstone(last) and last.resource_type == resource_type.name:
            return last
        wanted = comparison_key(reference)
        query = HistoryQuery(action=Action.DEPROVISIONED)
        while entries := await self._store.history(actor.tenant_id, query):
            for revision in (entry.revision for entry in entries):
                if revision.resource_type != resource_type.name or comparison_key(user_name_of(revision)) != wanted:
                    continue
                # A person who was restored since is no removed one, whatever the name is by now.
                if await self._records.find_last_revision(actor, revision.resource_id) == revision:
                    return revision
            last = entries[-1].revision
            query = replace(query, before=(last.at, last.resource_id, last.number))
        return None
