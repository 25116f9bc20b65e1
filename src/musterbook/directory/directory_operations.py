"""*What is asked beside SCIM.* Display names, finding people, restoring, the history; and who answers the rest.

Knows the directory's own operations, rules and ports; knows neither command nor page. Who may do so was decided before.
"""

from dataclasses import replace
from typing import assert_never

from musterbook.directory import errors, rules
from musterbook.directory.access import changed_person
from musterbook.directory.account import Account
from musterbook.directory.account_operations import AccountOperations
from musterbook.directory.actor import Actor, ActorKind
from musterbook.directory.changes import create_change, state_of, state_of_revision
from musterbook.directory.finding import Finder
from musterbook.directory.grant_store import DirectoryStore
from musterbook.directory.history import Action, history_line, is_tombstone
from musterbook.directory.operation import (
    AccountOperation,
    AnyOperation,
    DirectoryOperation,
    DirectoryOutcome,
    FindPerson,
    History,
    ListHistory,
    ListPeople,
    People,
    PeopleOperation,
    PeopleOutcome,
    PermissionOperation,
    RestoreResource,
    SetDisplayName,
    Shown,
)
from musterbook.directory.permission_operations import PermissionOperations
from musterbook.directory.permissions import permissions_of
from musterbook.directory.person import person_of, shown_person
from musterbook.directory.records import Records
from musterbook.directory.rules import State
from musterbook.directory.settings_operations import SettingsOperations
from musterbook.directory.writing import Writer
from musterbook.scim.errors import UniquenessError
from musterbook.scim.operation import Found


class DirectoryOperations:
    """The part of the directory that SCIM has no operations for."""

    def __init__(self, store: DirectoryStore, records: Records, writer: Writer) -> None:
        """Read from ``store`` and ``records``, and change by ``writer``."""
        self._store = store
        self._records = records
        self._writer = writer
        self._finder = Finder(store, records)
        self._permissions = PermissionOperations(store, writer, self._finder)
        self._accounts = AccountOperations(writer, self._finder)
        self._settings = SettingsOperations(store, writer, self._finder)

    async def check_rank(self, actor: Actor, operation: AnyOperation) -> None:
        """Return if whoever is changed by ``operation`` may do no more than ``actor``.

        Raises:
            ForbiddenError: they may, and whoever could change them could become them.
        """
        person = changed_person(actor, operation)
        if person is not None:
            await self._permissions.check_rank(actor, person)

    async def perform(self, actor: Actor, operation: DirectoryOperation) -> DirectoryOutcome:
        """Perform ``operation`` for ``actor`` and return what came of it."""
        if isinstance(operation, PeopleOperation):
            return await self._perform(actor, operation)
        if isinstance(operation, PermissionOperation):
            return await self._permissions.perform(actor, operation)
        if isinstance(operation, AccountOperation):
            return await self._accounts.perform(actor, operation)
        return await self._settings.perform(actor, operation)

    async def _perform(self, actor: Actor, operation: PeopleOperation) -> PeopleOutcome:
        match operation:
            case RestoreResource():
                return await self._restore(actor, operation)
            case FindPerson(reference):
                return await self._shown(actor, await self._finder.person(actor, reference))
            case ListPeople():
                return await self._list_people(actor, operation)
            case SetDisplayName():
                return await self._set_display_name(actor, operation)
            case ListHistory(query):
                entries = await self._store.history(actor.tenant_id, query)
                return History([history_line(entry.revision, entry.previous) for entry in entries])
            case _:
                assert_never(operation)

    # Changing

    async def _set_display_name(self, actor: Actor, operation: SetDisplayName) -> Shown:
        def next_state(state: State) -> State:
            return replace(state, account=rules.name_by_administrator(state.account, operation.display_name))

        action = Action.DISPLAY_NAME_CHANGED
        state = await self._writer.update(actor, operation.resource_type, operation.id, next_state, action)
        return await self._shown(actor, state)

    async def _restore(self, actor: Actor, operation: RestoreResource) -> Found:
        resource_type = operation.resource_type

        async def attempt() -> Found:
            last = await self._records.find_last_revision(actor, operation.id)
            if last is None or last.resource_type != resource_type.name:
                raise errors.no_such_resource()
            if not is_tombstone(last):
                raise errors.not_removed()
            removed = state_of_revision(resource_type, last)
            account = rules.follow_resource(removed.account, removed.resource, ActorKind.PERSON)
            _check_roles(actor, account)
            record, change = create_change(
                replace(removed, account=account),
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
        everyone = await self._finder.everyone(actor)
        people = (person_of(state_of(resource_type, record), everyone) for record in records)
        return People([person for person in people if person is not None])

    async def _shown(self, actor: Actor, state: State) -> Shown:
        return Shown(shown_person(state, await self._finder.everyone(actor)))


def _check_roles(actor: Actor, account: Account | None) -> None:
    """Return if bringing somebody back gives them nothing that ``actor`` does not hold.

    Raises:
        ForbiddenError: it does.
    """
    if (
        actor.kind is ActorKind.PERSON
        and account is not None
        and not permissions_of(account.roles) <= actor.permissions
    ):
        raise errors.may_do_more()
