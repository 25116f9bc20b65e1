"""*How a tenant signs in.* Reads and changes the sign-in settings and the SAML connection, and says who is locked out.

Knows ports, rules and settings; knows neither SAML nor a page. Who may do so was decided before.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Final, assert_never

from msgspec import UNSET

from musterbook.directory import errors
from musterbook.directory.account import Role
from musterbook.directory.actor import Actor, ResourceId
from musterbook.directory.break_glass import break_glass_type
from musterbook.directory.changes import state_of
from musterbook.directory.finding import Finder
from musterbook.directory.grant_store import DirectoryStore, Examined
from musterbook.directory.history import Action
from musterbook.directory.lockout import MAX_ADMINISTRATORS, Lockout, Lockouts, Overview, lockout_reason
from musterbook.directory.operation import (
    ChangeSignInSettings,
    PreflightSsoOnly,
    ReadSamlConnection,
    ReadSignInSettings,
    SamlConnected,
    SetSamlConnection,
    SettingsOperation,
    SettingsOutcome,
    SignInSettled,
)
from musterbook.directory.person import Person, shown_person
from musterbook.directory.rules import State
from musterbook.directory.saml_connection import (
    SAML_CONNECTION_ID,
    ConnectionId,
    SamlConnection,
    attributes_of_connection,
    check_connection,
    connection_of,
    saml_connection_type,
)
from musterbook.directory.sign_in_settings import (
    SIGN_IN_SETTINGS_ID,
    SignInSettings,
    SingleSignOn,
    attributes_of,
    checked,
    settings_of,
    sign_in_settings_type,
)
from musterbook.directory.writing import Writer
from musterbook.scim import Resource, user_type
from musterbook.scim.operation import Query

_TYPES: Final = {resource_type.name: resource_type for resource_type in (user_type(), break_glass_type())}
_NO_SETTINGS: Final = State(
    Resource(sign_in_settings_type(), attributes_of(SignInSettings()), SIGN_IN_SETTINGS_ID), None
)
_NO_CONNECTION: Final = State(Resource(saml_connection_type(), {}, SAML_CONNECTION_ID), None)


class SettingsOperations:
    """The part of the directory that deals with how a tenant's people sign in."""

    def __init__(self, store: DirectoryStore, writer: Writer, finder: Finder) -> None:
        """Read from ``store`` and ``finder``, and change by ``writer``."""
        self._store = store
        self._writer = writer
        self._finder = finder

    async def perform(self, actor: Actor, operation: SettingsOperation) -> SettingsOutcome:
        """Perform ``operation`` for ``actor`` and return what came of it."""
        match operation:
            case ReadSignInSettings():
                return SignInSettled(settings_of((await self._read(actor, _NO_SETTINGS)).resource.attributes))
            case ChangeSignInSettings():
                return await self._change(actor, operation)
            case ReadSamlConnection():
                return SamlConnected(await self._connection(actor))
            case SetSamlConnection():
                return await self._connect(actor, operation)
            case PreflightSsoOnly():
                return await self._preflight(actor, operation)
            case _:
                assert_never(operation)

    async def _read(self, actor: Actor, beginning: State) -> State:
        resource_type = beginning.resource.resource_type
        id_ = ResourceId(beginning.resource.id or "")
        record = await self._store.get(actor.tenant_id, resource_type.name, id_)
        return beginning if record is None else state_of(resource_type, record)

    async def _connection(self, actor: Actor) -> SamlConnection | None:
        return connection_of((await self._read(actor, _NO_CONNECTION)).resource.attributes)

    async def _change(self, actor: Actor, operation: ChangeSignInSettings) -> SignInSettled:
        changes = {
            field.name: value for field in fields(operation) if (value := getattr(operation, field.name)) is not UNSET
        }
        if operation.sso not in {UNSET, SingleSignOn.OFF} and await self._connection(actor) is None:
            raise errors.no_connection()

        def next_state(state: State) -> State:
            settings = checked(replace(settings_of(state.resource.attributes), **changes))
            return replace(state, resource=replace(state.resource, attributes=attributes_of(settings)))

        state = await self._writer.settle(actor, _NO_SETTINGS, next_state, Action.UPDATED, locks_out=_closes)
        return SignInSettled(settings_of(state.resource.attributes))

    async def _connect(self, actor: Actor, operation: SetSamlConnection) -> SamlConnected:
        values = {field.name: getattr(operation, field.name) for field in fields(operation)}
        wanted = SamlConnection(id=ConnectionId(self._writer.make_id()), **values)
        check_connection(wanted)

        def next_state(state: State) -> State:
            present = connection_of(state.resource.attributes)
            is_same = present is not None and present.entity_id == wanted.entity_id
            connection = replace(wanted, id=present.id) if present is not None and is_same else wanted
            return replace(state, resource=replace(state.resource, attributes=attributes_of_connection(connection)))

        state = await self._writer.settle(actor, _NO_CONNECTION, next_state, Action.UPDATED, locks_out=_unbinds)
        return SamlConnected(connection_of(state.resource.attributes))

    async def _preflight(self, actor: Actor, operation: PreflightSsoOnly) -> Lockouts:
        connection = await self._connection(actor)
        connection_id = "" if connection is None else connection.id
        judge = _Judge(await self._finder.everyone(actor), self._writer.now(), has_connection=connection is not None)
        examined = await self._store.examine(
            actor.tenant_id,
            user_type().name,
            connection_id=connection_id,
            after=operation.after,
            limit=operation.limit,
        )
        return Lockouts(
            overview=await self._overview(actor, judge, connection_id) if operation.after is None else None,
            locked_out=judge.divide(examined)[1],
            next=ResourceId(examined[-1].record.stored.id) if len(examined) == operation.limit else None,
        )

    async def _overview(self, actor: Actor, judge: "_Judge", connection_id: str) -> Overview:
        tenant_id = actor.tenant_id
        administrators = await self._store.examine_administrators(
            tenant_id, connection_id=connection_id, at=judge.now, limit=MAX_ADMINISTRATORS
        )
        can_administer, cannot_administer = judge.divide(administrators)
        people = await self._store.search(tenant_id, user_type(), Query(count=0))
        bound = await self._store.count_bound(tenant_id, connection_id=connection_id)
        return Overview(can_administer, cannot_administer, people.total_results, bound)


class _Judge:
    """Says of people whether they could sign in if single sign-on were the only way."""

    def __init__(self, everyone: tuple[Role, ...], now: str, *, has_connection: bool) -> None:
        self._everyone = everyone
        self.now = now
        self._has_connection = has_connection

    def divide(self, examined: Sequence[Examined]) -> tuple[list[Person], list[Lockout]]:
        """Return those who could, and those who could not."""
        can: list[Person] = []
        cannot: list[Lockout] = []
        for item in examined:
            state = state_of(_TYPES[item.resource_type], item.record)
            person = shown_person(state, self._everyone)
            assert state.account is not None  # whoever is shown has one
            reason = lockout_reason(
                state.account, self.now, is_bound=item.is_bound, has_connection=self._has_connection
            )
            if reason is None:
                can.append(person)
            else:
                cannot.append(Lockout(person, reason))
        return can, cannot


def _closes(before: State, after: State) -> bool:
    """Return whether single sign-on becomes the only way, which may leave nobody who can administer."""
    was, is_ = settings_of(before.resource.attributes), settings_of(after.resource.attributes)
    return is_.sso is SingleSignOn.ONLY and was.sso is not SingleSignOn.ONLY


def _unbinds(before: State, after: State) -> bool:
    """Return whether those who were bound are bound no more, which may leave nobody who can administer."""
    was, is_ = connection_of(before.resource.attributes), connection_of(after.resource.attributes)
    return was is not None and is_ is not None and was.id != is_.id
