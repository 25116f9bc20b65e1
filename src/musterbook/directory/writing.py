"""*Writing.* The one way from a state to the next: read, compute with plain functions, store in one transaction.

Knows ports and the forms of changes; knows no operation. Nothing is locked while a change is computed; if the resource
moved on meanwhile, the change is computed again from what is there by then.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from musterbook.directory import errors
from musterbook.directory.actor import Actor, ResourceId
from musterbook.directory.changes import Occasion, create_change, state_of, update_change
from musterbook.directory.clock import Clock, RandomBytes, make_id, render_time
from musterbook.directory.history import Action
from musterbook.directory.records import Records
from musterbook.directory.rules import State
from musterbook.directory.store import (
    Change,
    CreationRefusedError,
    LastAdministratorError,
    MembersChange,
    MembersOutcome,
    ResourceStore,
    StaleRevisionError,
    UniqueKeyTakenError,
    UnknownMembersError,
)
from musterbook.scim import ResourceType
from musterbook.scim.members import unknown_members

Result = TypeVar("Result")

MAX_ATTEMPTS = 5
"""How often a change is computed anew when others overtake it."""
FIRST_PAUSE_SECONDS = 0.01
"""The longest pause after the first defeat; twice as long after each further one, and in all some 0.3 s."""


class Writer:
    """Stores changes, and knows what to do when others were faster."""

    def __init__(self, store: ResourceStore, records: Records, clock: Clock, random_bytes: RandomBytes) -> None:
        """Write to ``store``; time and chance are arguments."""
        self._store = store
        self._records = records
        self._clock = clock
        self._random_bytes = random_bytes

    def occasion(self, actor: Actor, action: Action, *, not_before: str = "") -> Occasion:
        """Return who makes a change, what it does, and when: now, or ``not_before`` where the clock was set back."""
        return Occasion(actor, action, max(self.now(), not_before), self.make_id())

    def now(self) -> str:
        """Return the time, as it is stored."""
        return render_time(self._clock())

    def make_id(self) -> str:
        """Return an id for a new resource or event."""
        return make_id(self._clock(), self._random_bytes)

    async def latest(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        """Return what ``attempt`` brings about; where others were faster, it reads, computes and stores once more.

        Raises:
            UnavailableError: others were faster each time.
        """
        for number in range(MAX_ATTEMPTS):
            try:
                return await attempt()
            except StaleRevisionError:
                await self._pause(number)
        raise errors.too_busy()

    async def _pause(self, number: int) -> None:
        """Wait a moment: those who were overtaken together would overtake each other again if they came together."""
        chance = self._random_bytes(1)[0] / 255
        await asyncio.sleep(FIRST_PAUSE_SECONDS * 2.0**number * chance)

    async def commit(self, change: Change, resource_type: ResourceType) -> Sequence[str]:
        """Store a change, and return the ids that were sent as members, are nobody's, and were left out.

        Raises:
            UniquenessError: another resource holds the unique value.
            ConflictError: nobody who can administer the tenant would be left.
            InvalidValueError: ids that were sent as members are nobody's.
            StaleRevisionError: others were faster.
        """
        with _refusals(resource_type):
            return await self._store.commit(change)

    async def change_members(self, change: MembersChange, resource_type: ResourceType) -> MembersOutcome:
        """Change the members of a group and nothing else.

        Raises:
            InvalidValueError: ids that were sent as members are nobody's.
            StaleRevisionError: the group is not at the revision that the change names.
        """
        with _refusals(resource_type):
            return await self._store.change_members(change)

    async def create_together(
        self, creations: Sequence[Change], members: Sequence[MembersChange], types: Mapping[str, ResourceType]
    ) -> None:
        """Store new resources that refer to each other, then who is a member of which; ``types`` are theirs by name.

        Raises:
            UniquenessError, InvalidValueError: as :meth:`commit`.
        """
        try:
            await self._store.create_together(creations, members)
        except CreationRefusedError as error:
            with _refusals(types[error.resource_type]):
                raise error.__cause__ or error from error

    async def update(
        self, actor: Actor, resource_type: ResourceType, id_: str, next_state: Callable[[State], State], action: Action
    ) -> State:
        """Bring a resource to the next state and return it; what changes nothing stores nothing."""

        async def attempt() -> State:
            current = await self._records.get(actor, resource_type, id_)
            before = state_of(resource_type, current)
            after = next_state(before)
            if after != before:
                _, change = update_change(current, before, after, self.occasion(actor, action))
                await self.commit(change, resource_type)
            return after

        return await self.latest(attempt)

    async def settle(
        self,
        actor: Actor,
        beginning: State,
        next_state: Callable[[State], State],
        action: Action,
        *,
        locks_out: Callable[[State, State], bool] | None = None,
    ) -> State:
        """Bring what every tenant has to the next state and return it; what changes nothing stores nothing.

        There is no row of it until somebody decides: then it is at its ``beginning``. Where ``locks_out`` says so of
        the states before and after, the change is made only if an administrator can still sign in afterwards.

        Raises:
            ConflictError: none could.
        """
        resource_type = beginning.resource.resource_type
        id_ = ResourceId(beginning.resource.id or "")

        async def attempt() -> State:
            current = await self._store.get(actor.tenant_id, resource_type.name, id_)
            before = beginning if current is None else state_of(resource_type, current)
            after = next_state(before)
            if after == before:
                return after
            occasion = self.occasion(actor, action)
            if current is None:
                _, change = create_change(after, occasion)
            else:
                _, change = update_change(current, before, after, occasion)
            is_risky = locks_out is not None and locks_out(before, after)
            try:
                await self._store.commit(replace(change, may_remove_administrator=is_risky))
            except LastAdministratorError as error:
                raise errors.nobody_could_administer() from error
            return after

        return await self.latest(attempt)


@contextmanager
def _refusals(resource_type: ResourceType) -> Iterator[None]:
    """Say in the standard's words why the store refused."""
    try:
        yield
    except UniqueKeyTakenError as error:
        raise errors.name_taken(resource_type.unique_attribute or "value") from error
    except LastAdministratorError as error:
        raise errors.last_administrator() from error
    except UnknownMembersError as error:
        raise unknown_members(error.unknown) from error
