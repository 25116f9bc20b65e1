"""*What SCIM asks.* Creates, reads, lists, replaces, patches and removes resources (RFC 7644 §3).

Knows SCIM's operations, rules and ports; knows no request. Who may do so was decided before.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from musterbook.directory import rules
from musterbook.directory.account import Source
from musterbook.directory.actor import Actor, ActorKind
from musterbook.directory.changes import create_change, removal_change, state_of, update_change
from musterbook.directory.history import Action
from musterbook.directory.records import Records
from musterbook.directory.rules import State
from musterbook.directory.store import ResourceStore
from musterbook.directory.writing import Writer
from musterbook.scim import Resource, apply_patch, replace_resource
from musterbook.scim.operation import (
    Created,
    CreateResource,
    Deleted,
    DeleteResource,
    Found,
    GetResource,
    Operation,
    Outcome,
    Page,
    PatchResource,
    ReplaceResource,
    SearchResources,
)

_SOURCES = {
    ActorKind.SCIM: Source.SCIM,
    ActorKind.ADMINISTRATOR: Source.CONSOLE,
    ActorKind.COMMAND_LINE: Source.COMMAND_LINE,
}


class ScimOperations:
    """The part of the directory that SCIM has operations for."""

    def __init__(self, store: ResourceStore, records: Records, writer: Writer) -> None:
        """Read from ``store`` and ``records``, and change by ``writer``."""
        self._store = store
        self._records = records
        self._writer = writer

    async def perform(self, actor: Actor, operation: Operation) -> Outcome:
        """Perform ``operation`` for ``actor`` and return what came of it."""
        match operation:
            case SearchResources():
                return await self._search(actor, operation)
            case GetResource():
                return await self._get(actor, operation)
            case ReplaceResource(_, sent):
                return await self._change(actor, operation, lambda now: replace_resource(now, sent))
            case PatchResource(_, _, patch):
                return await self._change(actor, operation, lambda now: apply_patch(now, patch))
            case CreateResource():
                return await self._create(actor, operation)
            case DeleteResource():
                return await self._remove(actor, operation)
            case _:
                assert_never(operation)

    async def _search(self, actor: Actor, operation: SearchResources) -> Page:
        return await self._store.search(actor.tenant_id, operation.resource_type, operation.query)

    async def _get(self, actor: Actor, operation: GetResource) -> Found:
        stored = (await self._records.get(actor, operation.resource_type, operation.id)).stored
        return Found(operation.resource_type, stored, operation.precondition.is_known(stored.meta.version))

    async def _create(self, actor: Actor, operation: CreateResource) -> Created:
        resource_type = operation.resource_type
        occasion = self._writer.occasion(actor, Action.CREATED)
        resource = replace(rules.with_defaults(operation.resource), id=operation.id or self._writer.make_id())
        account = rules.open_account(resource, _SOURCES[actor.kind])
        record, change = create_change(State(resource, account), occasion)
        await self._writer.commit(change, resource_type)
        return Created(resource_type, record.stored)

    async def _change(
        self, actor: Actor, operation: ReplaceResource | PatchResource, next_resource: Callable[[Resource], Resource]
    ) -> Found:
        """Change a resource; the account follows. What changes nothing stores nothing."""
        resource_type = operation.resource_type

        async def attempt() -> Found:
            current = await self._records.get(actor, resource_type, operation.id)
            # Here, and not once before: who is overtaken computes again, from another version.
            operation.precondition.check_change(current.stored.meta.version)
            before = state_of(resource_type, current)
            resource = next_resource(before.resource)
            after = State(resource, rules.follow_resource(before.account, resource, actor.kind))
            if after == before:
                return Found(resource_type, current.stored)
            occasion = self._writer.occasion(actor, rules.action_between(before, after))
            record, change = update_change(current, before, after, occasion)
            await self._writer.commit(change, resource_type)
            return Found(resource_type, record.stored)

        return await self._writer.latest(attempt)

    async def _remove(self, actor: Actor, operation: DeleteResource) -> Deleted:
        resource_type = operation.resource_type

        async def attempt() -> Deleted:
            record = await self._records.get(actor, resource_type, operation.id)
            operation.precondition.check_change(record.stored.meta.version)
            occasion = self._writer.occasion(actor, Action.DEPROVISIONED)
            change = removal_change(record, state_of(resource_type, record), occasion)
            await self._writer.commit(change, resource_type)
            return Deleted()

        return await self._writer.latest(attempt)
