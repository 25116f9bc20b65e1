"""*What SCIM asks.* Creates, reads, lists, replaces, patches and removes resources (RFC 7644 §3).

Knows SCIM's operations, rules and ports; knows no request. Who may do so was decided before.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import assert_never

from musterbook.directory import errors, rules
from musterbook.directory.account import Source
from musterbook.directory.actor import Actor, ActorKind, ResourceId
from musterbook.directory.changes import (
    Occasion,
    create_change,
    leave_group,
    members_change,
    removal_change,
    state_of,
    update_change,
)
from musterbook.directory.clock import is_id
from musterbook.directory.history import Action
from musterbook.directory.operation import CreatedTogether, CreateTogether
from musterbook.directory.passwords import PasswordHashes, SentPassword
from musterbook.directory.records import Records
from musterbook.directory.root_query import search_root
from musterbook.directory.rules import State
from musterbook.directory.store import ALL_RELATED, Change, GroupLeft, MembersChange, Record, ResourceStore
from musterbook.directory.writing import Writer
from musterbook.scim import Resource, StoredResource, apply_patch, replace_resource
from musterbook.scim.members import MembersEdit
from musterbook.scim.operation import (
    MAX_MEMBERS_SHOWN,
    Created,
    CreateResource,
    Deleted,
    DeleteResource,
    Found,
    GetResource,
    Operation,
    Outcome,
    Page,
    PatchAnswer,
    PatchResource,
    ReplaceResource,
    SearchResources,
    SearchRoot,
)
from musterbook.scim.password import PasswordEdit
from musterbook.scim.versions import NO_PRECONDITION

_SOURCES = {
    ActorKind.SCIM: Source.SCIM,
    ActorKind.PERSON: Source.CONSOLE,
    ActorKind.SIGN_IN: Source.SIGN_IN,
    ActorKind.COMMAND_LINE: Source.COMMAND_LINE,
}


class ScimOperations:
    """The part of the directory that SCIM has operations for."""

    def __init__(
        self, store: ResourceStore, records: Records, writer: Writer, hashes: PasswordHashes | None = None
    ) -> None:
        """Read from ``store`` and ``records``, change by ``writer``; passwords are kept where there are ``hashes``."""
        self._store = store
        self._records = records
        self._writer = writer
        self._hashes = hashes

    async def perform(self, actor: Actor, operation: Operation) -> Outcome:
        """Perform ``operation`` for ``actor`` and return what came of it."""
        match operation:
            case SearchResources():
                return await self._search(actor, operation)
            case SearchRoot():
                return await search_root(self._store, actor.tenant_id, operation)
            case GetResource():
                return await self._get(actor, operation)
            case ReplaceResource() | PatchResource():
                return await self._change(actor, operation)
            case CreateResource():
                return await self._create(actor, operation)
            case DeleteResource():
                return await self._remove(actor, operation)
            case _:
                assert_never(operation)

    async def _search(self, actor: Actor, operation: SearchResources) -> Page:
        resource_type = operation.resource_type
        with_related = _related_limit(operation) > 0
        return await self._store.search(actor.tenant_id, resource_type, operation.query, with_related=with_related)

    async def _get(self, actor: Actor, operation: GetResource) -> Found:
        related_limit = _related_limit(operation)
        record = await self._records.get(actor, operation.resource_type, operation.id, related_limit=related_limit)
        is_known = operation.precondition.is_known(record.stored.meta.version)
        return Found(operation.resource_type, record.stored, is_known)

    async def create_together(self, actor: Actor, operation: CreateTogether) -> CreatedTogether:
        """Create resources that refer to each other: all of them, or none."""
        creations: list[Change] = []
        members: list[MembersChange] = []
        created: list[Created] = []
        for create in operation.creates:
            record, creation = await self._new(actor, create)
            stored = record.stored
            creations.append(creation)
            if create.members is not None and create.members.added:
                occasion = self._writer.occasion(actor, Action.UPDATED)
                group_id = ResourceId(stored.id)
                members.append(
                    members_change(create.resource_type, group_id, create.members, occasion, expected_revision=None)
                )
                # The members come once all are there, which is a change of its own.
                stored = replace(stored, meta=replace(stored.meta, version=stored.meta.version + 1))
            created.append(Created(create.resource_type, stored))
        types = {create.resource_type.name: create.resource_type for create in operation.creates}
        await self._writer.create_together(creations, members, types)
        return CreatedTogether(created)

    async def _new(self, actor: Actor, operation: CreateResource) -> tuple[Record, Change]:
        resource = replace(rules.with_defaults(operation.resource), id=operation.id or self._writer.make_id())
        account = rules.open_account(resource, _SOURCES[actor.kind])
        occasion = self._writer.occasion(actor, Action.CREATED)
        if account is not None and (password := self._sent(operation.password)) is not None:
            account = await password.follow(account, occasion.now)
        return create_change(State(resource, account), occasion)

    def _sent(self, edit: PasswordEdit | None) -> SentPassword | None:
        if edit is None or self._hashes is None:
            return None
        return SentPassword(self._hashes, edit)

    async def _create(self, actor: Actor, operation: CreateResource) -> Created:
        resource_type, members = operation.resource_type, operation.members
        record, change = await self._new(actor, operation)
        unknown = await self._writer.commit(replace(change, members=members), resource_type)
        if members is not None and members.added:
            stored = await self._read_again(actor, operation, record)
        else:
            stored = replace(record.stored, related=())
        return Created(resource_type, stored, unknown)

    async def _change(self, actor: Actor, operation: ReplaceResource | PatchResource) -> Found:
        """Change a resource; the account follows. What changes nothing stores nothing."""
        members = _members_edit(operation)
        is_alone = isinstance(operation, PatchResource) and not operation.patch.changes
        if members is not None and is_alone and operation.precondition == NO_PRECONDITION:
            # To add one member to a hundred thousand, nothing has to be read, and no version is compared.
            return await self._change_members(actor, operation, members)
        password = self._sent(operation.patch.password if isinstance(operation, PatchResource) else operation.password)
        return await self._writer.latest(lambda: self._attempt_change(actor, operation, password))

    async def _attempt_change(
        self, actor: Actor, operation: ReplaceResource | PatchResource, password: SentPassword | None
    ) -> Found:
        resource_type = operation.resource_type
        related_limit = _related_limit_before(operation)
        current = await self._records.get(actor, resource_type, operation.id, related_limit=related_limit)
        # Here, and not once before: who is overtaken computes again, from another version.
        operation.precondition.check_change(current.stored.meta.version)
        before = state_of(resource_type, current)
        resource = _next_resource(operation, before.resource)
        account = rules.follow_resource(before.account, resource, actor.kind)
        if account is not None and password is not None:
            account = await password.follow(account, self._writer.now())
        after = State(resource, account, before.granted)
        members = _edit_of(operation, current)
        if after == before:
            if members is None:
                return _found(operation, current.stored)
            is_bound = operation.precondition != NO_PRECONDITION or _is_relative(operation)
            return await self._change_members(actor, operation, members, current.revision if is_bound else None)
        occasion = self._writer.occasion(actor, rules.action_between(before, after))
        record, change = update_change(current, before, after, occasion)
        unknown = await self._writer.commit(replace(change, members=members), resource_type)
        if members is None:
            return _found(operation, replace(record.stored, related=current.stored.related))
        return _found(operation, await self._read_again(actor, operation, record), unknown)

    async def _change_members(
        self,
        actor: Actor,
        operation: ReplaceResource | PatchResource,
        members: MembersEdit,
        expected_revision: int | None = None,
    ) -> Found:
        """Change the members of a group and nothing else; at any revision, unless one is expected."""
        resource_type = operation.resource_type
        if not is_id(operation.id):
            raise errors.no_such_resource()
        occasion = self._writer.occasion(actor, Action.UPDATED)
        group_id = ResourceId(operation.id)
        change = members_change(resource_type, group_id, members, occasion, expected_revision=expected_revision)
        outcome = await self._writer.change_members(change, resource_type)
        if outcome.record is None:
            raise errors.no_such_resource()
        stored = await self._read_again(actor, operation, outcome.record)
        return _found(operation, stored, outcome.unknown)

    async def _read_again(
        self, actor: Actor, operation: CreateResource | ReplaceResource | PatchResource, record: Record
    ) -> StoredResource:
        """Return a group whose members were changed, with the members that the answer shows."""
        related_limit = _related_limit(operation)
        if related_limit == 0:
            return record.stored
        resource_type, id_ = operation.resource_type, record.stored.id
        found = await self._records.find(actor, resource_type, id_, related_limit=related_limit)
        return record.stored if found is None else found.stored  # or somebody removed it since

    async def _remove(self, actor: Actor, operation: DeleteResource) -> Deleted:
        resource_type = operation.resource_type

        async def attempt() -> Deleted:
            record = await self._records.get(actor, resource_type, operation.id)
            operation.precondition.check_change(record.stored.meta.version)
            occasion = self._writer.occasion(actor, Action.DEPROVISIONED)
            change = removal_change(record, state_of(resource_type, record), occasion)
            await self._writer.commit(replace(change, leave_group=self._leaving(occasion, record)), resource_type)
            return Deleted()

        return await self._writer.latest(attempt)

    def _leaving(self, removal: Occasion, removed: Record) -> Callable[[Record], GroupLeft]:
        """Return what makes of each group that somebody was a member of the group without them."""

        def leave(group: Record) -> GroupLeft:
            occasion = replace(removal, action=Action.UPDATED, event_id=self._writer.make_id())
            return leave_group(group, ResourceId(removed.stored.id), occasion)

        return leave


def _related_limit(
    operation: CreateResource | GetResource | SearchResources | ReplaceResource | PatchResource,
) -> int:
    """Return how many memberships have to be read for the answer."""
    if not operation.shows_related or operation.resource_type.related_attribute is None:
        return 0
    if not isinstance(operation, PatchResource) or operation.answer is PatchAnswer.WHOLE:
        return ALL_RELATED
    if operation.answer is PatchAnswer.EMPTY:
        return 0
    # One more tells that there are too many.
    return MAX_MEMBERS_SHOWN + 1 if rules.is_group(operation.resource_type) else ALL_RELATED


def _next_resource(operation: ReplaceResource | PatchResource, current: Resource) -> Resource:
    if isinstance(operation, PatchResource):
        return apply_patch(current, operation.patch)
    return replace_resource(current, operation.resource)


def _members_edit(operation: ReplaceResource | PatchResource) -> MembersEdit | None:
    """Return what the client asks of the members, as far as it can be said without a look at them."""
    if isinstance(operation, ReplaceResource):
        return operation.members
    return None if operation.patch.members is None else operation.patch.members.edit


def _is_relative(operation: ReplaceResource | PatchResource) -> bool:
    """Return whether what becomes of the members depends on who they are."""
    members = operation.patch.members if isinstance(operation, PatchResource) else None
    return members is not None and members.edit is None


def _edit_of(operation: ReplaceResource | PatchResource, current: Record) -> MembersEdit | None:
    """Return what the client asks of the members that are there."""
    members = operation.patch.members if isinstance(operation, PatchResource) else None
    if members is not None and members.edit is None:
        return members.edit_of(current.stored.related or ())
    return _members_edit(operation)


def _related_limit_before(operation: ReplaceResource | PatchResource) -> int:
    """Return how many memberships have to be read before the change."""
    if _is_relative(operation):
        return ALL_RELATED
    # Where members change, they are read for the answer afterwards; otherwise those that are there now are shown.
    return _related_limit(operation) if _members_edit(operation) is None else 0


def _found(operation: ReplaceResource | PatchResource, stored: StoredResource, unknown: Sequence[str] = ()) -> Found:
    return Found(operation.resource_type, stored, is_shown=_is_shown(operation, stored), unknown_members=unknown)


def _is_shown(operation: ReplaceResource | PatchResource, stored: StoredResource) -> bool:
    if not isinstance(operation, PatchResource) or operation.answer is PatchAnswer.WHOLE:
        return True
    if operation.answer is PatchAnswer.EMPTY:
        return False
    return not rules.is_group(operation.resource_type) or len(stored.related or ()) <= MAX_MEMBERS_SHOWN
