"""The one access decision as tables: every role and every other actor, with every operation."""

from dataclasses import replace
from typing import get_args

import pytest

from musterbook.directory import Actor, ActorKind, KeyId, ResourceId, Role, TenantId, break_glass_type, scim_actor
from musterbook.directory.access import authorize, changed_person
from musterbook.directory.actor import PersonKey, operator_actor, sign_in_actor
from musterbook.directory.everyone import EVERYONE_ID, everyone_type
from musterbook.directory.operation import (
    AddBreakGlassAccount,
    AnyOperation,
    ChangeSignInSettings,
    CreateTogether,
    EndSessions,
    ExplainPermission,
    ExtendSetup,
    FindGroup,
    FindPerson,
    GrantRole,
    HeldPermissions,
    ListHistory,
    ListPeople,
    PreflightSsoOnly,
    ReadEveryone,
    ReadSamlConnection,
    ReadSignInSettings,
    RecordSecondFactor,
    RestoreResource,
    RevokeRole,
    SetDisplayName,
    SetPassword,
    SetSamlConnection,
)
from musterbook.directory.permissions import Permission, permissions_of
from musterbook.directory.saml_connection import saml_connection_type
from musterbook.directory.sign_in_settings import sign_in_settings_type
from musterbook.directory.store import HistoryQuery
from musterbook.scim import Resource, ResourceType
from musterbook.scim.errors import ForbiddenError
from musterbook.scim.operation import (
    CreateResource,
    DeleteResource,
    GetResource,
    PatchResource,
    Query,
    ReplaceResource,
    SearchResources,
    SearchRoot,
)
from musterbook.scim.patch import Patch
from tests.directory.world import GROUP, USER

ACME = TenantId("acme")
ME, OTHER = ResourceId("me"), ResourceId("other")
ADA = PersonKey("User", ME)
BREAK_GLASS = break_glass_type()
SETTINGS = (everyone_type(), sign_in_settings_type(), saml_connection_type())


def scim_operations(resource_type: ResourceType, id_: ResourceId = OTHER) -> list[AnyOperation]:
    """Return each of SCIM's operations on resources of one type; the first two read."""
    resource = Resource(resource_type, {"userName": "ada"})
    return [
        GetResource(resource_type, id_),
        SearchResources(resource_type, Query()),
        CreateResource(resource),
        ReplaceResource(id_, resource),
        PatchResource(resource_type, id_, Patch(())),
        DeleteResource(resource_type, id_),
    ]


def of_person(id_: ResourceId) -> list[AnyOperation]:
    """Return the operations by which people deal with their own account, on the account with this id."""
    return [
        GetResource(USER, id_),
        FindPerson(id_),
        HeldPermissions(USER, id_),
        ExplainPermission(id_, Permission.USERS_READ),
        SetPassword(USER, id_, "hash"),
        EndSessions(USER, id_),
        RecordSecondFactor(USER, id_, is_set=True),
    ]


_SET_CONNECTION = SetSamlConnection(entity_id="idp", sso_url="https://idp.example", certificates=("PEM",))
_READS = {resource_type.name: scim_operations(resource_type)[:2] for resource_type in (USER, GROUP, BREAK_GLASS)}
_WRITES = {resource_type.name: scim_operations(resource_type)[2:] for resource_type in (USER, GROUP, BREAK_GLASS)}
ALLOWED: list[tuple[AnyOperation, str]] = [
    *((operation, "Administrator, User manager, Auditor") for operation in _READS["User"]),
    *((operation, "Administrator, User manager") for operation in _WRITES["User"]),
    *((operation, "Administrator, User manager, Auditor") for operation in _READS["Group"]),
    *((operation, "Administrator") for operation in _WRITES["Group"]),
    *((operation, "Administrator, User manager, Auditor") for operation in _READS["BreakGlassAccount"]),
    *((operation, "Administrator") for operation in _WRITES["BreakGlassAccount"]),
    (
        SearchRoot((SearchResources(USER, Query()), SearchResources(GROUP, Query())), Query()),
        "Administrator, User manager, Auditor",
    ),
    (CreateTogether([CreateResource(Resource(USER, {}))]), "Administrator, User manager"),
    (CreateTogether([CreateResource(Resource(USER, {})), CreateResource(Resource(GROUP, {}))]), "Administrator"),
    (FindPerson("ada"), "Administrator, User manager, Auditor"),
    (ListPeople(USER), "Administrator, User manager, Auditor"),
    (SetDisplayName(USER, OTHER, "Ada"), "Administrator, User manager"),
    (RestoreResource(USER, OTHER), "Administrator, User manager"),
    (RestoreResource(GROUP, OTHER), "Administrator"),
    (ListHistory(HistoryQuery()), "Administrator, Auditor"),
    (ListHistory(HistoryQuery(resource_id=ME)), "Administrator, Auditor"),
    (FindGroup("Crew"), "Administrator, User manager, Auditor"),
    (ReadEveryone(), "Administrator, Auditor"),
    (GrantRole(USER, OTHER, Role.MEMBER), "Administrator"),
    (RevokeRole(GROUP, OTHER, Role.AUDITOR), "Administrator"),
    (GrantRole(everyone_type(), EVERYONE_ID, Role.ADMINISTRATOR), "Administrator"),
    (HeldPermissions(USER, OTHER), "Administrator, Auditor"),
    (ExplainPermission("ada", Permission.USERS_READ), "Administrator, Auditor"),
    (AddBreakGlassAccount("boss@acme.example", "2026-11-30T09:00:00.000Z"), "Administrator"),
    (ExtendSetup(OTHER, "2026-11-30T09:00:00.000Z"), "Administrator"),
    (SetPassword(USER, OTHER, "hash"), "Administrator, User manager"),
    (EndSessions(USER, OTHER), "Administrator, User manager"),
    (RecordSecondFactor(USER, OTHER, is_set=False), "Administrator, User manager"),
    (ReadSignInSettings(), "Administrator, Auditor"),
    (ChangeSignInSettings(idle_minutes=5), "Administrator"),
    (ReadSamlConnection(), "Administrator, Auditor"),
    (_SET_CONNECTION, "Administrator"),
    (PreflightSsoOnly(), "Administrator, Auditor"),
]
"""Each operation, on somebody or something else than whoever acts, and the roles that may perform it."""


def acting(role: Role | None, person: PersonKey = ADA) -> Actor:
    """Return a person who holds this role and no other."""
    permissions = permissions_of([] if role is None else [role])
    return Actor(ActorKind.PERSON, "Ada", ACME, "request-1", permissions=permissions, person=person)


def may(actor: Actor, operation: AnyOperation) -> bool:
    """Return whether ``actor`` may perform ``operation``."""
    try:
        authorize(actor, operation)
    except ForbiddenError:
        return False
    return True


def test_every_operation_is_in_the_table() -> None:
    """The table has each operation that there is."""
    assert {type(operation) for operation, _ in ALLOWED} == set(get_args(AnyOperation))


@pytest.mark.parametrize("role", [*Role, None])
@pytest.mark.parametrize("operation, roles", ALLOWED, ids=lambda value: type(value).__name__)
def test_who_may_do_what(role: Role | None, operation: AnyOperation, roles: str) -> None:
    """Each role may perform exactly the operations that the table gives it; without a role, none."""
    assert may(acting(role), operation) is (role is not None and role.value in roles.split(", "))


@pytest.mark.parametrize("operation, _", ALLOWED, ids=lambda value: type(value).__name__)
def test_the_operator_may_do_everything(operation: AnyOperation, _: str) -> None:
    """Whoever has the command line is refused nothing."""
    assert may(operator_actor(ACME, "command-1"), operation)


@pytest.mark.parametrize("operation, _", ALLOWED, ids=lambda value: type(value).__name__)
def test_a_client_may_do_what_scim_has_an_operation_for(operation: AnyOperation, _: str) -> None:
    """A SCIM client reads and writes people and groups, and nothing else."""
    resource_type = getattr(operation, "resource_type", None)
    is_scim = type(operation).__module__ == "musterbook.scim.operation" or isinstance(operation, CreateTogether)
    assert may(scim_actor(ACME, KeyId("key-1"), "request-1"), operation) is (is_scim and resource_type != BREAK_GLASS)


_LETS_IN = (FindPerson, ListPeople, HeldPermissions, SetPassword, EndSessions, RecordSecondFactor)
_READS_SETTINGS = (ReadSignInSettings, ReadSamlConnection, PreflightSsoOnly)


@pytest.mark.parametrize("operation, _", ALLOWED, ids=lambda value: type(value).__name__)
def test_what_signing_in_does(operation: AnyOperation, _: str) -> None:
    """Signing in finds people and settings, adds people of the directory, and records how they sign in."""
    is_about_people = getattr(operation, "resource_type", None) in {USER, BREAK_GLASS}
    expected = (
        isinstance(operation, (*_LETS_IN, *_READS_SETTINGS))
        or (isinstance(operation, GetResource | SearchResources) and is_about_people)
        or (isinstance(operation, CreateResource) and operation.resource_type == USER)
    )
    assert may(sign_in_actor(ACME, "request-1"), operation) is expected


@pytest.mark.parametrize("operation", of_person(ME), ids=lambda value: type(value).__name__)
def test_members_deal_with_their_own_account(operation: AnyOperation) -> None:
    """A member may see the own account and how to sign in to it; without that role nobody may."""
    assert may(acting(Role.MEMBER), operation)
    assert not may(acting(None), operation)


@pytest.mark.parametrize("operation", of_person(OTHER), ids=lambda value: type(value).__name__)
def test_members_deal_with_no_other_account(operation: AnyOperation) -> None:
    """What a member may do with the own account is refused for any other, also one of the same id and another type."""
    assert not may(acting(Role.MEMBER), operation)
    namesake = acting(Role.MEMBER, PersonKey("BreakGlassAccount", OTHER))
    if not isinstance(operation, FindPerson | ExplainPermission):
        assert not may(namesake, operation)


def test_members_change_nothing_else_of_their_own() -> None:
    """A member gives oneself neither attributes nor a display name nor a role."""
    for operation in (*scim_operations(USER, ME)[1:], SetDisplayName(USER, ME, "I"), GrantRole(USER, ME, Role.MEMBER)):
        assert not may(acting(Role.MEMBER), operation)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("operation", [GrantRole, RevokeRole])
def test_nobody_grants_what_they_do_not_hold(role: Role, operation: type[GrantRole | RevokeRole]) -> None:
    """Whoever may grant, grants and revokes what allows no more than what they may do themselves."""
    manager = acting(Role.USER_MANAGER)
    granter = replace(manager, permissions=manager.permissions | {Permission.PERMISSIONS_WRITE})
    assert may(granter, operation(USER, OTHER, role)) is (role in {Role.USER_MANAGER, Role.MEMBER})
    assert not may(granter, AddBreakGlassAccount("boss@acme.example", "2026-11-30T09:00:00.000Z"))


@pytest.mark.parametrize("resource_type", SETTINGS, ids=lambda value: value.name)
@pytest.mark.parametrize(
    "actor",
    [
        acting(Role.ADMINISTRATOR),
        operator_actor(ACME, "command-1"),
        sign_in_actor(ACME, "request-1"),
        scim_actor(ACME, KeyId("key-1"), "request-1"),
    ],
    ids=lambda value: value.kind.value,
)
def test_settings_are_no_resources(actor: Actor, resource_type: ResourceType) -> None:
    """What a tenant settles is reached by operations of its own alone, which check it, whoever asks."""
    for operation in scim_operations(resource_type):
        assert not may(actor, operation)
    root = SearchRoot((SearchResources(USER, Query()), SearchResources(resource_type, Query())), Query())
    assert not may(actor, root)


def test_the_refusal_names_the_permission() -> None:
    """Whoever is refused reads which permission was needed."""
    with pytest.raises(ForbiddenError, match=r"^You may not do this\. It needs the permission history\.read\.$"):
        authorize(acting(Role.MEMBER), ListHistory(HistoryQuery()))


CHANGES_SOMEBODY = (
    *(ReplaceResource, PatchResource, DeleteResource),
    *(SetDisplayName, SetPassword, EndSessions, RecordSecondFactor),
)


@pytest.mark.parametrize("operation, _", ALLOWED, ids=lambda value: type(value).__name__)
def test_whose_rank_is_looked_at(operation: AnyOperation, _: str) -> None:
    """Where somebody else is changed by a person who may not do everything, it matters what they may do."""
    resource_type = getattr(operation, "resource_type", None)
    is_change = isinstance(operation, CHANGES_SOMEBODY) and resource_type in {USER, BREAK_GLASS}
    expected = PersonKey(resource_type.name, OTHER) if is_change and resource_type is not None else None
    assert changed_person(acting(Role.USER_MANAGER), operation) == expected
    for actor in (acting(Role.ADMINISTRATOR), operator_actor(ACME, "command-1"), sign_in_actor(ACME, "request-1")):
        assert changed_person(actor, operation) is None


def test_everybody_may_change_themselves() -> None:
    """Nobody's own rank stands in the way."""
    for operation in (*scim_operations(USER, ME), *of_person(ME)):
        assert changed_person(acting(Role.USER_MANAGER), operation) is None
