"""*The one access decision.* Decides whether an actor may perform an operation.

Knows actors, permissions and operations; knows no storage. Every operation passes here, whoever asks and by whichever
way. Which tenant is meant is no question: an actor carries its tenant and cannot name another. Who acts decides by
which rule:

* **The operator** may do everything.
* **A SCIM client** may do what SCIM has an operation for; roles, restoring and the history are for people. What must
  work when the identity provider does not, and what a tenant has settled, is out of its reach.
* **Signing in** finds people and settings, and does what it takes to let somebody in.
* **A person** needs a permission for each operation. What concerns oneself needs only that of a member. Nobody grants
  what they do not hold, and nobody changes somebody who may do more.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias, assert_never

from musterbook.directory import errors
from musterbook.directory.account import Role
from musterbook.directory.actor import Actor, ActorKind, PersonKey, ResourceId
from musterbook.directory.break_glass import break_glass_type
from musterbook.directory.operation import (
    AddBreakGlassAccount,
    AnyOperation,
    ChangeSignInSettings,
    CreateTogether,
    DirectoryOperation,
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
from musterbook.directory.own_types import OWN_TYPES, SETTINGS_TYPES
from musterbook.directory.permissions import Permission, permissions_of
from musterbook.scim.errors import ForbiddenError
from musterbook.scim.operation import (
    CreateResource,
    DeleteResource,
    GetResource,
    PatchResource,
    ReplaceResource,
    SearchResources,
    SearchRoot,
)
from musterbook.scim.operation import Operation as ScimOperation
from musterbook.scim.schema import group_type, user_type

_OfOneType: TypeAlias = (
    CreateResource | GetResource | SearchResources | ReplaceResource | PatchResource | DeleteResource
)
_Asked: TypeAlias = ScimOperation | CreateTogether
"""What SCIM has an operation for."""
_OfOnePerson: TypeAlias = (
    GetResource
    | ReplaceResource
    | PatchResource
    | DeleteResource
    | SetDisplayName
    | SetPassword
    | EndSessions
    | RecordSecondFactor
    | HeldPermissions
)

_USER: Final = user_type().name
_GROUP: Final = group_type().name
_BREAK_GLASS: Final = break_glass_type().name
_PEOPLE: Final = frozenset({_USER, _BREAK_GLASS})
_READS: Final = (GetResource, SearchResources)
_LETS_IN: Final = (SetPassword, EndSessions, RecordSecondFactor, HeldPermissions)
"""What signing in does beside reading: the owner of an account proves who they are, and this is what follows."""
_OF_ONESELF: Final = {
    GetResource: Permission.PROFILE_READ,
    FindPerson: Permission.PROFILE_READ,
    HeldPermissions: Permission.PROFILE_READ,
    ExplainPermission: Permission.PROFILE_READ,
    SetPassword: Permission.PROFILE_WRITE,
    EndSessions: Permission.PROFILE_WRITE,
    RecordSecondFactor: Permission.PROFILE_WRITE,
}
"""What a member may do, as long as it concerns nobody else."""


def authorize(actor: Actor, operation: AnyOperation) -> None:
    """Return if ``actor`` may perform ``operation``.

    Raises:
        ForbiddenError: the actor may not.
    """
    match actor.kind:
        case ActorKind.SCIM:
            _authorize_client(operation)
        case ActorKind.COMMAND_LINE:
            _check_are_resources(operation)
        case ActorKind.SIGN_IN:
            _authorize_sign_in(actor, operation)
        case ActorKind.PERSON:
            _authorize_person(actor, operation)
        case _:
            assert_never(actor.kind)


def changed_person(actor: Actor, operation: AnyOperation) -> PersonKey | None:
    """Return whom ``operation`` changes, where it must still be seen that they may do no more than ``actor``.

    Whoever may do everything changes everybody, and everybody may change themselves.
    """
    if actor.kind is not ActorKind.PERSON or actor.permissions == frozenset(Permission):
        return None
    if not isinstance(operation, _OfOnePerson) or isinstance(operation, GetResource | HeldPermissions):
        return None
    person = PersonKey(operation.resource_type.name, ResourceId(operation.id))
    return person if person.resource_type in _PEOPLE and person != actor.person else None


def _authorize_client(operation: AnyOperation) -> None:
    if not isinstance(operation, _Asked):
        raise ForbiddenError("A SCIM client may not do this.")
    for each in _parts(operation):
        if each.resource_type.name in OWN_TYPES:
            what = "Break-glass accounts" if each.resource_type.name == _BREAK_GLASS else "Settings"
            raise ForbiddenError(f"{what} cannot be reached by SCIM.")


def _check_are_resources(operation: AnyOperation) -> None:
    """Return if ``operation`` asks for no settings by way of SCIM, where nothing would check them."""
    if not isinstance(operation, _Asked):
        return
    if any(each.resource_type.name in SETTINGS_TYPES for each in _parts(operation)):
        raise ForbiddenError("Settings are read and changed by operations of their own.")


def _authorize_sign_in(actor: Actor, operation: AnyOperation) -> None:
    _check_are_resources(operation)
    if isinstance(operation, _LETS_IN):
        return
    if isinstance(operation, CreateResource) and operation.resource_type.name == _USER:
        return
    _check_permissions(needed_permissions(operation) - actor.permissions)


def _authorize_person(actor: Actor, operation: AnyOperation) -> None:
    _check_are_resources(operation)
    missing = needed_permissions(operation) - actor.permissions
    if missing and not _concerns_oneself(actor, operation):
        _check_permissions(missing)
    if not permissions_of(_roles_given(operation)) <= actor.permissions:
        raise errors.grants_more()


def _roles_given(operation: AnyOperation) -> tuple[Role, ...]:
    """Return the roles that ``operation`` gives or takes."""
    match operation:
        case GrantRole(role=role) | RevokeRole(role=role):
            return (role,)
        case AddBreakGlassAccount() | ExtendSetup():
            return (Role.ADMINISTRATOR,)
        case _:
            return ()


def _check_permissions(missing: frozenset[Permission]) -> None:
    if missing:
        raise errors.not_permitted(permission.value for permission in missing)


def _concerns_oneself(actor: Actor, operation: AnyOperation) -> bool:
    """Return whether somebody who acts asks for nothing but what a member may do with their own account."""
    permission = _OF_ONESELF.get(type(operation))
    if permission is None or permission not in actor.permissions or actor.person is None:
        return False
    if isinstance(operation, FindPerson | ExplainPermission):
        return operation.reference == actor.person.id
    assert isinstance(operation, _OfOnePerson)  # as all others are that a member may perform
    return PersonKey(operation.resource_type.name, ResourceId(operation.id)) == actor.person


def needed_permissions(operation: AnyOperation) -> frozenset[Permission]:
    """Return the permissions that a person needs for ``operation``: one, or one for each of its parts."""
    if isinstance(operation, _Asked):
        return frozenset(_needed_for(each) for each in _parts(operation))
    return frozenset({_needed(operation)})


def _needed_for(operation: _OfOneType) -> Permission:
    """Return the permission for one of SCIM's operations. Types that an operator has defined are as people are."""
    is_read = isinstance(operation, _READS)
    match operation.resource_type.name:
        case name if name == _GROUP:
            return Permission.GROUPS_READ if is_read else Permission.GROUPS_WRITE
        case name if name == _BREAK_GLASS and not is_read:
            return Permission.PERMISSIONS_WRITE
        case _:
            return Permission.USERS_READ if is_read else Permission.USERS_WRITE


def _needed(operation: DirectoryOperation) -> Permission:
    match operation:
        case FindPerson() | ListPeople():
            return Permission.USERS_READ
        case SetDisplayName() | SetPassword() | EndSessions() | RecordSecondFactor():
            return Permission.USERS_WRITE
        case RestoreResource(resource_type):
            return Permission.GROUPS_WRITE if resource_type.name == _GROUP else Permission.USERS_WRITE
        case FindGroup():
            return Permission.GROUPS_READ
        case ReadEveryone() | HeldPermissions() | ExplainPermission():
            return Permission.PERMISSIONS_READ
        case GrantRole() | RevokeRole() | AddBreakGlassAccount() | ExtendSetup():
            return Permission.PERMISSIONS_WRITE
        case ListHistory():
            return Permission.HISTORY_READ
        case ReadSignInSettings() | ReadSamlConnection() | PreflightSsoOnly():
            return Permission.SETTINGS_READ
        case ChangeSignInSettings() | SetSamlConnection():
            return Permission.SETTINGS_WRITE
        case _:
            assert_never(operation)


def _parts(operation: _Asked) -> Sequence[_OfOneType]:
    """Return the operations of one type that ``operation`` consists of."""
    match operation:
        case CreateTogether(creates):
            return creates
        case SearchRoot(searches):
            return searches
        case _:
            return (operation,)
