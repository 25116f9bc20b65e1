"""*What is asked beside SCIM.* Roles, display names, finding people, restoring, the history.

Knows the directory's own operations, rules and ports; knows neither command nor page. Who may do so was decided before.
"""

from dataclasses import replace
from typing import assert_never

from musterbook.directory import errors, rules
from musterbook.directory.actor import Actor, ActorKind
from musterbook.directory.break_glass import break_glass_type
from musterbook.directory.changes import create_change, state_of, state_of_revision
from musterbook.directory.history import Action, Revision, history_line, is_tombstone, user_name_of
from musterbook.directory.operation import (
    DirectoryOperation,
    DirectoryOutcome,
    FindPerson,
    GrantRole,
    History,
    ListHistory,
    ListPeople,
    People,
    RestoreResource,
    RevokeRole,
    SetDisplayName,
    Shown,
)
from musterbook.directory.person import EVERYONE, person_of
from musterbook.directory.records import Records
from musterbook.directory.rules import State
from musterbook.directory.store import HistoryQuery, Record, ResourceStore
from musterbook.directory.writing import Writer
from musterbook.scim import ResourceType, comparison_key, unique_attribute_is, user_type
from musterbook.scim.errors import UniquenessError
from musterbook.scim.operation import Found, Query


class DirectoryOperations:
    """The part of the directory that SCIM has no operations for."""

    def __init__(self, store: ResourceStore, records: Records, writer: Writer) -> None:
        """Read from ``store`` and ``records``, and change by ``writer``."""
        self._store = store
        self._records = records
        self._writer = writer

    async def perform(self, actor: Actor, operation: DirectoryOperation) -> DirectoryOutcome:
        """Perform ``operation`` for ``actor`` and return what came of it."""
        match operation:
            case RestoreResource():
                return await self._restore(actor, operation)
            case FindPerson(reference):
                return await self._find_person(actor, reference)
            case ListPeople():
                return await self._list_people(actor, operation)
            case GrantRole():
                return await self._grant(actor, operation)
            case RevokeRole():
                return await self._revoke(actor, operation)
            case SetDisplayName():
                return await self._set_display_name(actor, operation)
            case ListHistory(query):
                entries = await self._store.history(actor.tenant_id, query)
                return History([history_line(entry.revision, entry.previous) for entry in entries])
            case _:
                assert_never(operation)

    # Changing

    async def _grant(self, actor: Actor, operation: GrantRole) -> Shown:
        def next_state(state: State) -> State:
            if state.account is None or operation.role in EVERYONE:
                return state
            return State(state.resource, rules.grant(state.account, operation.role))

        return _shown(
            await self._writer.update(actor, operation.resource_type, operation.id, next_state, Action.ROLE_GRANTED)
        )

    async def _revoke(self, actor: Actor, operation: RevokeRole) -> Shown:
        if operation.role in EVERYONE:
            raise errors.granted_to_everyone(operation.role.value)

        def next_state(state: State) -> State:
            if state.account is None:
                return state
            return State(state.resource, rules.revoke(state.account, operation.role))

        return _shown(
            await self._writer.update(actor, operation.resource_type, operation.id, next_state, Action.ROLE_REVOKED)
        )

    async def _set_display_name(self, actor: Actor, operation: SetDisplayName) -> Shown:
        def next_state(state: State) -> State:
            return State(state.resource, rules.name_by_administrator(state.account, operation.display_name))

        action = Action.DISPLAY_NAME_CHANGED
        return _shown(await self._writer.update(actor, operation.resource_type, operation.id, next_state, action))

    async def _restore(self, actor: Actor, operation: RestoreResource) -> Found:
        resource_type = operation.resource_type

        async def attempt() -> Found:
            last = await self._records.find_last_revision(actor, operation.id)
            if last is None or last.resource_type != resource_type.name:
                raise errors.no_such_resource()
            if not is_tombstone(last):
                raise errors.not_removed()
            removed = state_of_revision(resource_type, last)
            account = rules.follow_resource(removed.account, removed.resource, ActorKind.ADMINISTRATOR)
            record, change = create_change(
                State(removed.resource, account),
                self._writer.occasion(actor, Action.RESTORED, not_before=last.at),
                number=last.number + 1,
                version=last.version + 1,
            )
            await self._writer.commit(change, resource_type)
            return Found(resource_type, record.stored)

        try:
            return await self._writer.latest(attempt)
        except UniquenessError as error:
            # The name may be its own: somebody else restored it since the tombstone was read.
            if await self._records.find(actor, resource_type, operation.id) is not None:
                raise errors.not_removed() from error
            raise

    # Reading

    async def _list_people(self, actor: Actor, operation: ListPeople) -> People:
        resource_type = operation.resource_type
        records = await self._store.list_records(
            actor.tenant_id, resource_type.name, after=operation.after, limit=operation.limit
        )
        people = (person_of(state_of(resource_type, record)) for record in records)
        return People([person for person in people if person is not None])

    async def _find_person(self, actor: Actor, reference: str) -> Shown:
        kinds = (user_type(), break_glass_type())
        for resource_type in kinds:
            record = await self._records.find(actor, resource_type, reference)
            if record is not None:
                return _shown(state_of(resource_type, record))
        for resource_type in kinds:
            record = await self._find_by_name(actor, resource_type, reference)
            if record is not None:
                return _shown(state_of(resource_type, record))
        tombstone = await self._find_tombstone(actor, user_type(), reference)
        if tombstone is None:
            raise errors.no_such_person()
        return _shown(state_of_revision(user_type(), tombstone))

    async def _find_by_name(self, actor: Actor, resource_type: ResourceType, name: str) -> Record | None:
        by_name = unique_attribute_is(resource_type, name)
        page = await self._store.search(actor.tenant_id, resource_type, Query(filter=by_name, count=1))
        return await self._records.find(actor, resource_type, page.resources[0].id) if page.resources else None

    async def _find_tombstone(self, actor: Actor, resource_type: ResourceType, reference: str) -> Revision | None:
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


def _shown(state: State) -> Shown:
    person = person_of(state)
    if person is None:
        raise errors.no_such_person()
    return Shown(person)
