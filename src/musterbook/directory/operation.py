"""*What the directory can be asked beside SCIM.* The operations that signing in, the console and the commands need.

Together with ``scim.operation`` this is everything that :meth:`Directory.perform` takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from msgspec import UNSET, UnsetType

from musterbook.directory.account import Account, Role
from musterbook.directory.actor import ResourceId
from musterbook.directory.history import HistoryLine
from musterbook.directory.lockout import Lockouts
from musterbook.directory.permissions import Grant, Permission
from musterbook.directory.person import Collective, Person
from musterbook.directory.saml_connection import SamlBinding, SamlConnection
from musterbook.directory.sign_in_settings import SignInSettings, SingleSignOn
from musterbook.directory.store import HistoryQuery
from musterbook.scim import ResourceType
from musterbook.scim.operation import Created, CreateResource, Found
from musterbook.scim.operation import Operation as ScimOperation
from musterbook.scim.operation import Outcome as ScimOutcome


@dataclass(frozen=True, slots=True)
class FindPerson:
    """Find one person, also a removed one."""

    reference: str
    """An id, or a ``userName`` in any case. People of the directory come before break-glass accounts, and those who
    are there before those who were removed."""


@dataclass(frozen=True, slots=True)
class ListPeople:
    """List people in the order in which they were added."""

    resource_type: ResourceType
    after: ResourceId | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class FindGroup:
    """Find one group, to see what it was granted."""

    reference: str
    """An id, or a ``displayName`` in any case."""


@dataclass(frozen=True, slots=True)
class ReadEveryone:
    """See what Everyone is granted."""


@dataclass(frozen=True, slots=True)
class GrantRole:
    """Grant a role to a person, to a group, or to Everyone (``everyone_type()``, ``EVERYONE_ID``).

    What a grantee was granted already is no change; neither is what a person holds because Everyone does.
    """

    resource_type: ResourceType
    id: ResourceId
    role: Role


@dataclass(frozen=True, slots=True)
class RevokeRole:
    """Take a role from a person, from a group, or from Everyone. What was not granted is no change."""

    resource_type: ResourceType
    id: ResourceId
    role: Role


@dataclass(frozen=True, slots=True)
class HeldPermissions:
    """Read what one person may do, at the cost of one statement; for every request of somebody who has signed in."""

    resource_type: ResourceType
    id: ResourceId


@dataclass(frozen=True, slots=True)
class ExplainPermission:
    """Say whether a person holds a permission, and by which grants."""

    reference: str
    """As in :class:`FindPerson`."""
    permission: Permission


@dataclass(frozen=True, slots=True)
class AddBreakGlassAccount:
    """Add an administrator who can sign in also when the identity provider does not work.

    They count as an administrator until ``setup_expires_at``, and from when they have a password without end.
    """

    email: str
    setup_expires_at: str
    """UTC, ``YYYY-MM-DDTHH:MM:SS.mmmZ``: how long the set-up link is good that whoever asks for this makes."""


@dataclass(frozen=True, slots=True)
class ExtendSetup:
    """Record that a break-glass account without a password has another set-up link. One with a password needs none."""

    id: ResourceId
    setup_expires_at: str


@dataclass(frozen=True, slots=True)
class SetPassword:
    """Give a person the password of which this is the hash. It ends every session, and a set-up."""

    resource_type: ResourceType
    id: ResourceId
    hash: str = field(repr=False)
    instead_of: str | None = field(default=None, repr=False)
    """Where it is the same password, hashed by other parameters: the hash that it had. Another one stays as it is."""


@dataclass(frozen=True, slots=True)
class EndSessions:
    """End every session of a person, on every process."""

    resource_type: ResourceType
    id: ResourceId


@dataclass(frozen=True, slots=True)
class RecordSecondFactor:
    """Record that a person has set up a second factor, or has none any more. The factor itself is ``identity``'s."""

    resource_type: ResourceType
    id: ResourceId
    is_set: bool


@dataclass(frozen=True, slots=True)
class ReadSignInSettings:
    """Read what the tenant has settled about signing in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSignInSettings:
    """Settle something about signing in; what is ``UNSET`` stays. The fields are those of ``SignInSettings``."""

    sso: SingleSignOn | UnsetType = UNSET
    google_domain: str | UnsetType | None = UNSET
    allows_idp_initiated: bool | UnsetType = UNSET
    creates_people: bool | UnsetType = UNSET
    idle_minutes: int | UnsetType = UNSET
    absolute_hours: int | UnsetType = UNSET
    contact: str | UnsetType | None = UNSET
    maps_groups: bool | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class ReadSamlConnection:
    """Read the identity provider by which the tenant's people sign in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSamlConnection:
    """Set the identity provider, in place of what was set before. The fields are those of ``SamlConnection``.

    Another ``entity_id`` is another connection: nobody is bound to it yet.
    """

    entity_id: str
    sso_url: str
    certificates: tuple[str, ...]
    sso_binding: SamlBinding = SamlBinding.REDIRECT
    slo_url: str | None = None
    slo_binding: SamlBinding = SamlBinding.REDIRECT
    wants_signed_assertion: bool = True
    signs_requests: bool = False


@dataclass(frozen=True, slots=True)
class PreflightSsoOnly:
    """Say who could not sign in if single sign-on were the only way, and why.

    One part of the people is looked at at a time, so the cost is that of ``limit`` people; the first part counts, too.
    """

    after: ResourceId | None = None
    """Continue after this id, the ``next`` of the part before."""
    limit: int = 500


@dataclass(frozen=True, slots=True)
class SetDisplayName:
    """Set the name that the product shows; syncs leave it from then on."""

    resource_type: ResourceType
    id: ResourceId
    display_name: str


@dataclass(frozen=True, slots=True)
class RestoreResource:
    """Bring a removed resource back under its id."""

    resource_type: ResourceType
    id: ResourceId


@dataclass(frozen=True, slots=True)
class CreateTogether:
    """Create resources that refer to each other: all of them, or none (RFC 7644 §3.7.1).

    Each has its id already. Members that are created by the same operation become members once all are there.
    """

    creates: Sequence[CreateResource]


@dataclass(frozen=True, slots=True)
class ListHistory:
    """List what was changed, by whom, newest first."""

    query: HistoryQuery


@dataclass(frozen=True, slots=True)
class Shown:
    """One person, as asked for or after a change."""

    person: Person


@dataclass(frozen=True, slots=True)
class Granted:
    """A grantee, with what it holds by grants to itself; a person also with what Everyone is granted."""

    grantee: Person | Collective


@dataclass(frozen=True, slots=True)
class Held:
    """One person as they are at this moment, and what they may do."""

    person: Person
    """With every role that is held, those by groups included."""
    account: Account
    """To a person, without the hash of the password."""
    grants: Sequence[Grant]
    permissions: frozenset[Permission]
    """None at all where the person is not active."""
    settings: SignInSettings


@dataclass(frozen=True, slots=True)
class Explained:
    """Whether a person holds a permission, and why."""

    person: Person
    permission: Permission
    grants: Sequence[Grant]
    """Those that give it."""
    is_held: bool
    """Not where the person is suspended or removed, whatever the grants say."""


@dataclass(frozen=True, slots=True)
class SignInSettled:
    """What the tenant has settled about signing in."""

    settings: SignInSettings


@dataclass(frozen=True, slots=True)
class SamlConnected:
    """The identity provider by which the tenant's people sign in; ``None``: there is none yet."""

    connection: SamlConnection | None


@dataclass(frozen=True, slots=True)
class CreatedTogether:
    """What was created, in the order in which it was asked for, without members."""

    created: Sequence[Created]


@dataclass(frozen=True, slots=True)
class People:
    """Part of the list of people."""

    people: Sequence[Person]


@dataclass(frozen=True, slots=True)
class History:
    """Part of the history."""

    lines: Sequence[HistoryLine]


PeopleOperation: TypeAlias = FindPerson | ListPeople | SetDisplayName | RestoreResource | ListHistory
PermissionOperation: TypeAlias = FindGroup | ReadEveryone | GrantRole | RevokeRole | HeldPermissions | ExplainPermission
AccountOperation: TypeAlias = SetPassword | EndSessions | RecordSecondFactor | AddBreakGlassAccount | ExtendSetup
SettingsOperation: TypeAlias = (
    ReadSignInSettings | ChangeSignInSettings | ReadSamlConnection | SetSamlConnection | PreflightSsoOnly
)
DirectoryOperation: TypeAlias = PeopleOperation | PermissionOperation | AccountOperation | SettingsOperation
PeopleOutcome: TypeAlias = Shown | People | History | Found
PermissionOutcome: TypeAlias = Granted | Held | Explained
SettingsOutcome: TypeAlias = SignInSettled | SamlConnected | Lockouts
DirectoryOutcome: TypeAlias = PeopleOutcome | PermissionOutcome | SettingsOutcome
AnyOperation: TypeAlias = ScimOperation | CreateTogether | DirectoryOperation
AnyOutcome: TypeAlias = ScimOutcome | CreatedTogether | DirectoryOutcome
