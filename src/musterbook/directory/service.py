"""*The directory.* One operation in, one outcome out, and the only way to read or change anything of a tenant.

Knows rules and ports; knows no HTTP and no SQL. Every write goes the same way: authorize, read, compute the next state
with plain functions, store everything in one transaction. Nothing is locked meanwhile; if the resource moved on, the
change is computed again from what is there by then.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar, assert_never, overload

from musterbook.directory import errors, rules
from musterbook.directory.access import authorize
from musterbook.directory.account import Role, Source
from musterbook.directory.actor import Actor, ActorKind, ResourceId
from musterbook.directory.break_glass import break_glass_type
from musterbook.directory.changes import (
    Occasion,
    create_change,
    removal_change,
    state_of,
    state_of_revision,
    update_change,
)
from musterbook.directory.clock import Clock, RandomBytes, is_id, make_id, render_time
from musterbook.directory.history import Action, Revision, history_line, is_tombstone, user_name_of
from musterbook.directory.operation import (
    AnyOperation,
    AnyOutcome,
    DirectoryOperation,
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
from musterbook.directory.rules import State
from musterbook.directory.store import (
    Change,
    HistoryQuery,
    LastAdministratorError,
    QueryTooExpensiveError,
    Record,
    ResourceStore,
    StaleRevisionError,
    StoreUnavailableError,
    UniqueKeyTakenError,
)
from musterbook.scim import (
    Resource,
    ResourceType,
    apply_patch,
    comparison_key,
    replace_resource,
    unique_attribute_is,
    user_type,
)
from musterbook.scim.errors import UniquenessError
from musterbook.scim.operation import (
    Created,
    CreateResource,
    Deleted,
    DeleteResource,
    Found,
    GetResource,
    Page,
    PatchResource,
    Query,
    ReplaceResource,
    SearchResources,
)
from musterbook.scim.operation import Operation as ScimOperation
from musterbook.scim.operation import Outcome as ScimOutcome
from musterbook.scim.versions import NO_PRECONDITION, Precondition

Result = TypeVar("Result")

MAX_ATTEMPTS = 5
"""How often a change is computed anew when others overtake it."""
FIRST_PAUSE_SECONDS = 0.01
"""The longest pause after the first defeat; twice as long after each further one, and in all some 0.3 s."""
_SOURCES = {
    ActorKind.SCIM: Source.SCIM,
    ActorKind.ADMINISTRATOR: Source.CONSOLE,
    ActorKind.COMMAND_LINE: Source.COMMAND_LINE,
}


class Directory:
    """The people of all tenants. An operation sees the tenant of its actor and no other."""

    def __init__(self, store: ResourceStore, clock: Clock, random_bytes: RandomBytes) -> None:
        """Work on ``store``; time and chance are arguments."""
        self._store = store
        self._clock = clock
        self._random_bytes = random_bytes

    @overload
    async def perform(self, actor: Actor, operation: CreateResource) -> Created: ...
    @overload
    async def perform(
        self, actor: Actor, operation: GetResource | ReplaceResource | PatchResource | RestoreResource
    ) -> Found: ...
    @overload
    async def perform(self, actor: Actor, operation: SearchResources) -> Page: ...
    @overload
    async def perform(self, actor: Actor, operation: DeleteResource) -> Deleted: ...
    @overload
    async def perform(self, actor: Actor, operation: FindPerson | GrantRole | RevokeRole | SetDisplayName) -> Shown: ...
    @overload
    async def perform(self, actor: Actor, operation: ListPeople) -> People: ...
    @overload
    async def perform(self, actor: Actor, operation: ListHistory) -> History: ...
    @overload
    async def perform(self, actor: Actor, operation: ScimOperation) -> ScimOutcome: ...
    @overload
    async def perform(self, actor: Actor, operation: AnyOperation) -> AnyOutcome: ...

    async def perform(self, actor: Actor, operation: AnyOperation) -> AnyOutcome:
        """Perform ``operation`` for ``actor`` and return what came of it.

        Raises:
            ScimError: the operation was refused, or the database is away; nothing was changed.
        """
        authorize(actor, operation)
        try:
            if isinstance(operation, DirectoryOperation):
                return await self._perform_directory(actor, operation)
            return await self._perform_scim(actor, operation)
        except StoreUnavailableError as error:
            raise errors.store_away() from error
        except QueryTooExpensiveError as error:
            raise errors.too_expensive() from error

    async def _perform_scim(self, actor: Actor, operation: ScimOperation) -> ScimOutcome:
        match operation:
            case SearchResources(resource_type, query):
                return await self._store.search(actor.tenant_id, resource_type, query)
            case GetResource(resource_type, id_, precondition):
                stored = (await self._record(actor, resource_type, id_)).stored
                return Found(resource_type, stored, precondition.is_known(stored.meta.version))
            case ReplaceResource(_, sent):
                return await self._write(actor, operation, lambda now: replace_resource(now, sent))
            case PatchResource(_, _, patch):
                return await self._write(actor, operation, lambda now: apply_patch(now, patch))
            case CreateResource(resource):
                return await self._create(actor, resource)
            case DeleteResource():
                return await self._remove(actor, operation)
            case _:
                assert_never(operation)

    async def _perform_directory(self, actor: Actor, operation: DirectoryOperation) -> AnyOutcome:
        match operation:
            case RestoreResource(resource_type, id_):
                return await self._restore(actor, resource_type, id_)
            case FindPerson(reference):
                return await self._find_person(actor, reference)
            case ListPeople(resource_type, after, limit):
                return await self._list_people(actor, resource_type, after, limit)
            case GrantRole(resource_type, id_, role):
                return await self._change_roles(actor, resource_type, id_, role, Action.ROLE_GRANTED)
            case RevokeRole(resource_type, id_, role):
                return await self._change_roles(actor, resource_type, id_, role, Action.ROLE_REVOKED)
            case SetDisplayName(resource_type, id_, name):
                return await self._set_display_name(actor, resource_type, id_, name)
            case ListHistory(query):
                entries = await self._store.history(actor.tenant_id, query)
                return History([history_line(entry.revision, entry.previous) for entry in entries])
            case _:
                assert_never(operation)

    # Reading

    async def _find_record(self, actor: Actor, resource_type: ResourceType, id_: str) -> Record | None:
        if not is_id(id_):
            return None
        return await self._store.get(actor.tenant_id, resource_type.name, ResourceId(id_))

    async def _record(self, actor: Actor, resource_type: ResourceType, id_: str) -> Record:
        record = await self._find_record(actor, resource_type, id_)
        if record is None:
            raise errors.no_such_resource()
        return record

    # Changing

    def _occasion(self, actor: Actor, action: Action, *, not_before: str = "") -> Occasion:
        now = max(render_time(self._clock()), not_before)
        return Occasion(actor, action, now, self._make_id())

    def _make_id(self) -> str:
        return make_id(self._clock(), self._random_bytes)

    async def _commit(self, change: Change, resource_type: ResourceType) -> None:
        try:
            await self._store.commit(change)
        except UniqueKeyTakenError as error:
            raise errors.name_taken(resource_type.unique_attribute or "value") from error
        except LastAdministratorError as error:
            raise errors.last_administrator() from error

    async def _commit_latest(
        self, resource_type: ResourceType, compute: Callable[[], Awaitable[tuple[Result, Change | None]]]
    ) -> Result:
        """Store what ``compute`` makes of the present state; where others were faster, it computes again."""
        for attempt in range(MAX_ATTEMPTS):
            result, change = await compute()
            if change is None:
                return result
            try:
                await self._commit(change, resource_type)
            except StaleRevisionError:
                await self._pause(attempt)
                continue
            return result
        raise errors.too_busy()

    async def _pause(self, attempt: int) -> None:
        """Wait a moment: those who were overtaken together would overtake each other again if they came together."""
        chance = self._random_bytes(1)[0] / 255
        await asyncio.sleep(FIRST_PAUSE_SECONDS * 2.0**attempt * chance)

    async def _create(self, actor: Actor, sent: Resource) -> Created:
        resource_type = sent.resource_type
        occasion = self._occasion(actor, Action.CREATED)
        resource = replace(rules.with_defaults(sent), id=self._make_id())
        account = rules.open_account(resource, _SOURCES[actor.kind])
        record, change = create_change(State(resource, account), occasion)
        await self._commit(change, resource_type)
        return Created(resource_type, record.stored)

    async def _write(
        self,
        actor: Actor,
        operation: ReplaceResource | PatchResource,
        change_resource: Callable[[Resource], Resource],
    ) -> Found:
        """Change a resource; the account follows."""

        def next_state(state: State) -> State:
            resource = change_resource(state.resource)
            return State(resource, rules.follow_resource(state.account, resource, actor.kind))

        resource_type = operation.resource_type
        record, _ = await self._update(
            actor, resource_type, operation.id, next_state, precondition=operation.precondition
        )
        return Found(resource_type, record.stored)

    async def _update(
        self,
        actor: Actor,
        resource_type: ResourceType,
        id_: str,
        next_state: Callable[[State], State],
        action: Action | None = None,
        precondition: Precondition = NO_PRECONDITION,
    ) -> tuple[Record, State]:
        """Bring a resource from its state to the next; what changes nothing stores nothing."""

        async def compute() -> tuple[tuple[Record, State], Change | None]:
            current = await self._record(actor, resource_type, id_)
            # Here, and not once before: who is overtaken computes again, from another version.
            precondition.check_change(current.stored.meta.version)
            before = state_of(resource_type, current)
            after = next_state(before)
            if after == before:
                return (current, before), None
            occasion = self._occasion(actor, action or rules.action_between(before, after))
            record, change = update_change(current, before, after, occasion)
            return (record, after), change

        return await self._commit_latest(resource_type, compute)

    async def _remove(self, actor: Actor, operation: DeleteResource) -> Deleted:
        resource_type = operation.resource_type

        async def compute() -> tuple[Deleted, Change]:
            record = await self._record(actor, resource_type, operation.id)
            operation.precondition.check_change(record.stored.meta.version)
            occasion = self._occasion(actor, Action.DEPROVISIONED)
            return Deleted(), removal_change(record, state_of(resource_type, record), occasion)

        return await self._commit_latest(resource_type, compute)

    async def _restore(self, actor: Actor, resource_type: ResourceType, id_: str) -> Found:
        async def compute() -> tuple[Found, Change]:
            last = await self._last_revision(actor, id_)
            if last is None or last.resource_type != resource_type.name:
                raise errors.no_such_resource()
            if not is_tombstone(last):
                raise errors.not_removed()
            removed = state_of_revision(resource_type, last)
            account = rules.follow_resource(removed.account, removed.resource, ActorKind.ADMINISTRATOR)
            record, change = create_change(
                State(removed.resource, account),
                self._occasion(actor, Action.RESTORED, not_before=last.at),
                number=last.number + 1,
                version=last.version + 1,
            )
            return Found(resource_type, record.stored), change

        try:
            return await self._commit_latest(resource_type, compute)
        except UniquenessError as error:
            # The name may be its own: somebody else restored it since the tombstone was read.
            if await self._find_record(actor, resource_type, id_) is not None:
                raise errors.not_removed() from error
            raise

    async def _last_revision(self, actor: Actor, id_: str) -> Revision | None:
        """Return the newest revision of a resource, also of a removed one."""
        if not is_id(id_):
            return None
        entries = await self._store.history(actor.tenant_id, HistoryQuery(resource_id=ResourceId(id_), limit=1))
        return entries[0].revision if entries else None

    # People

    async def _change_roles(
        self, actor: Actor, resource_type: ResourceType, id_: str, role: Role, action: Action
    ) -> Shown:
        if action is Action.ROLE_REVOKED and role in EVERYONE:
            raise errors.granted_to_everyone(role.value)
        change_role = rules.grant if action is Action.ROLE_GRANTED else rules.revoke

        def next_state(state: State) -> State:
            if state.account is None or role in EVERYONE:
                return state
            return State(state.resource, change_role(state.account, role))

        return self._shown((await self._update(actor, resource_type, id_, next_state, action))[1])

    async def _set_display_name(self, actor: Actor, resource_type: ResourceType, id_: str, name: str) -> Shown:
        def next_state(state: State) -> State:
            return State(state.resource, rules.name_by_administrator(state.account, name))

        _, state = await self._update(actor, resource_type, id_, next_state, Action.DISPLAY_NAME_CHANGED)
        return self._shown(state)

    def _shown(self, state: State) -> Shown:
        person = person_of(state)
        if person is None:
            raise errors.no_such_person()
        return Shown(person)

    async def _list_people(
        self, actor: Actor, resource_type: ResourceType, after: ResourceId | None, limit: int
    ) -> People:
        records = await self._store.list_records(actor.tenant_id, resource_type.name, after=after, limit=limit)
        people = (person_of(state_of(resource_type, record)) for record in records)
        return People([person for person in people if person is not None])

    async def _find_person(self, actor: Actor, reference: str) -> Shown:
        kinds = (user_type(), break_glass_type())
        for resource_type in kinds:
            record = await self._find_record(actor, resource_type, reference)
            if record is not None:
                return self._shown(state_of(resource_type, record))
        for resource_type in kinds:
            record = await self._find_by_name(actor, resource_type, reference)
            if record is not None:
                return self._shown(state_of(resource_type, record))
        tombstone = await self._find_tombstone(actor, user_type(), reference)
        if tombstone is None:
            raise errors.no_such_person()
        return self._shown(state_of_revision(user_type(), tombstone))

    async def _find_by_name(self, actor: Actor, resource_type: ResourceType, name: str) -> Record | None:
        by_name = unique_attribute_is(resource_type, name)
        page = await self._store.search(actor.tenant_id, resource_type, Query(filter=by_name, count=1))
        return await self._find_record(actor, resource_type, page.resources[0].id) if page.resources else None

    async def _find_tombstone(self, actor: Actor, resource_type: ResourceType, reference: str) -> Revision | None:
        """Return the tombstone of a removed person by id, or of the last one removed under a ``userName``."""
        last = await self._last_revision(actor, reference)
        if last is not None and is_tombstone(last) and last.resource_type == resource_type.name:
            return last
        wanted = comparison_key(reference)
        query = HistoryQuery(action=Action.DEPROVISIONED)
        while entries := await self._store.history(actor.tenant_id, query):
            for revision in (entry.revision for entry in entries):
                if revision.resource_type != resource_type.name or comparison_key(user_name_of(revision)) != wanted:
                    continue
                # A person who was restored since is no removed one, whatever the name is by now.
                if await self._last_revision(actor, revision.resource_id) == revision:
                    return revision
            last = entries[-1].revision
            query = replace(query, before=(last.at, last.resource_id, last.number))
        return None
