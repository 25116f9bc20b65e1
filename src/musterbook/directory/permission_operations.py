"""*Who may do what.* Grants and revokes roles, and says what a person may do and why.

Knows ports, rules and grants; knows neither command nor page. Who may do so was decided before, but for one question
that needs a look at the person whom it is about: whether they may do more than whoever acts.
"""

from typing import Final, assert_never

from musterbook.directory import errors, rules
from musterbook.directory.account import Status, without_secrets
from musterbook.directory.actor import Actor, ActorKind, PersonKey, ResourceId
from musterbook.directory.break_glass import break_glass_type
from musterbook.directory.changes import state_of
from musterbook.directory.everyone import everyone_type
from musterbook.directory.finding import Finder
from musterbook.directory.grant_store import DirectoryStore, Surroundings
from musterbook.directory.history import Action
from musterbook.directory.operation import (
    Explained,
    ExplainPermission,
    FindGroup,
    Granted,
    GrantRole,
    Held,
    HeldPermissions,
    PermissionOperation,
    PermissionOutcome,
    ReadEveryone,
    RevokeRole,
)
from musterbook.directory.permissions import explain, held_permissions, held_roles
from musterbook.directory.person import Collective, shown_person
from musterbook.directory.rules import State
from musterbook.directory.sign_in_settings import read_settings
from musterbook.directory.standing import everyone_roles, everyone_state, grants_of
from musterbook.directory.writing import Writer
from musterbook.scim import user_type
from musterbook.scim.schema import group_type

_PEOPLE: Final = {resource_type.name: resource_type for resource_type in (user_type(), break_glass_type())}


class PermissionOperations:
    """The part of the directory that deals with grants."""

    def __init__(self, store: DirectoryStore, writer: Writer, finder: Finder) -> None:
        """Read from ``store`` and ``finder``, and change by ``writer``."""
        self._store = store
        self._writer = writer
        self._finder = finder

    async def perform(self, actor: Actor, operation: PermissionOperation) -> PermissionOutcome:
        """Perform ``operation`` for ``actor`` and return what came of it."""
        match operation:
            case GrantRole() | RevokeRole():
                return await self._change(actor, operation)
            case FindGroup(reference):
                return Granted(_collective(await self._finder.group(actor, reference)))
            case ReadEveryone():
                return Granted(_collective(everyone_state(await self._finder.everyone(actor))))
            case HeldPermissions(resource_type, id_):
                return await self._held(actor, PersonKey(resource_type.name, id_))
            case ExplainPermission():
                return await self._explain(actor, operation)
            case _:
                assert_never(operation)

    async def check_rank(self, actor: Actor, person: PersonKey) -> None:
        """Return if ``person`` holds nothing that ``actor`` does not hold. Nobody there is for the operation to say.

        Raises:
            ForbiddenError: they do, and whoever could change them could become them.
        """
        around = await self._store.surroundings(actor.tenant_id, person.resource_type, person.id)
        if around is not None and not held_permissions(grants_of(around)) <= actor.permissions:
            raise errors.may_do_more()

    async def _change(self, actor: Actor, operation: GrantRole | RevokeRole) -> Granted:
        resource_type, role = operation.resource_type, operation.role
        is_grant = isinstance(operation, GrantRole)
        action = Action.ROLE_GRANTED if is_grant else Action.ROLE_REVOKED
        is_person = resource_type.name in _PEOPLE
        everyone = await self._finder.everyone(actor) if is_person else ()

        def next_state(state: State) -> State:
            if not is_grant:
                is_own = state.account is None or role in state.account.roles
                if role in everyone and not is_own:
                    raise errors.granted_to_everyone(role.value)
                return rules.without_role(state, role)
            # Who was given for good what Everyone holds would keep it when Everyone loses it, and nobody meant that.
            return state if role in everyone else rules.with_role(state, role)

        if resource_type.name == everyone_type().name:
            state = await self._writer.settle(actor, everyone_state(everyone_roles(None)), next_state, action)
            return Granted(_collective(state))
        if not is_person and resource_type.name != group_type().name:
            raise errors.no_such_person()
        state = await self._writer.update(actor, resource_type, operation.id, next_state, action)
        return Granted(shown_person(state, everyone) if is_person else _collective(state))

    async def _held(self, actor: Actor, key: PersonKey) -> Held:
        around = await self._around(actor, key)
        state = state_of(_PEOPLE[key.resource_type], around.record)
        grants = grants_of(around)
        person = shown_person(state, held_roles(grants))
        account = state.account
        assert account is not None  # whoever is shown has one
        return Held(
            person=person,
            account=without_secrets(account) if actor.kind is ActorKind.PERSON else account,
            grants=grants,
            permissions=held_permissions(grants) if person.status is Status.ACTIVE else frozenset(),
            settings=read_settings(around.settings),
        )

    async def _explain(self, actor: Actor, operation: ExplainPermission) -> Explained:
        state = await self._finder.person(actor, operation.reference)
        found = shown_person(state, ())
        if found.status is Status.REMOVED:
            return Explained(found, operation.permission, (), is_held=False)
        around = await self._around(actor, PersonKey(found.resource_type.name, found.id))
        held = grants_of(around)
        person = shown_person(state_of(found.resource_type, around.record), held_roles(held))
        grants = explain(held, operation.permission)
        is_held = bool(grants) and person.status is Status.ACTIVE
        return Explained(person, operation.permission, grants, is_held=is_held)

    async def _around(self, actor: Actor, key: PersonKey) -> Surroundings:
        if key.resource_type not in _PEOPLE:
            raise errors.no_such_person()
        around = await self._store.surroundings(actor.tenant_id, key.resource_type, key.id)
        if around is None:
            raise errors.no_such_person()
        return around


def _collective(state: State) -> Collective:
    resource = state.resource
    name = "Everyone" if resource.resource_type.name == everyone_type().name else resource.attributes["displayName"]
    return Collective(resource.resource_type, ResourceId(resource.id or ""), name, state.granted)
