"""*Who acts.* Decides how whoever is behind an operation is named.

Knows no operation, request, key format or storage; whether an actor may do something is decided in ``access``. Every
operation of the directory takes an :class:`Actor`, and an actor carries its tenant, so there is no operation without
one and no filter to forget.
"""

from dataclasses import dataclass
from enum import Enum
from typing import NewType

from musterbook.directory.permissions import Permission

TenantId = NewType("TenantId", str)
ResourceId = NewType("ResourceId", str)
KeyId = NewType("KeyId", str)

SCIM_ACTOR_NAME = "Scim System User"
"""How the history names whoever changes something by SCIM."""
SIGN_IN_ACTOR_NAME = "Sign-in"
"""How the history names what a sign-in changes before it is known who acts."""


class ActorKind(Enum):
    """By which way somebody acts."""

    SCIM = "scim"
    """An identity provider with one of the tenant's keys."""
    COMMAND_LINE = "command-line"
    """The operator at the command line."""
    PERSON = "person"
    """A person of the tenant who has signed in."""
    SIGN_IN = "sign-in"
    """Signing in itself: whoever acts is not yet known, or proves it by a link."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who performs an operation, in which tenant, and by which request."""

    kind: ActorKind
    name: str
    """As the history shows it."""
    tenant_id: TenantId
    request_id: str
    key_id: KeyId | None = None
    """The key that a SCIM client used."""
    idp: str | None = None
    """The provider that the key was made for."""
    permissions: frozenset[Permission] = frozenset()
    """What a person may do. A SCIM client and the operator are bound by other rules."""
    person: "PersonKey | None" = None
    """Which person acts."""


@dataclass(frozen=True, slots=True)
class PersonKey:
    """Which person of a tenant is meant, break-glass accounts included."""

    resource_type: str
    id: ResourceId


def scim_actor(tenant_id: TenantId, key_id: KeyId, request_id: str, *, idp: str | None = None) -> Actor:
    """Return the actor of a SCIM request."""
    return Actor(ActorKind.SCIM, SCIM_ACTOR_NAME, tenant_id, request_id, key_id, idp)


def operator_actor(tenant_id: TenantId, request_id: str) -> Actor:
    """Return the actor of a command given by the operator."""
    return Actor(ActorKind.COMMAND_LINE, "Operator", tenant_id, request_id)


def sign_in_actor(tenant_id: TenantId, request_id: str) -> Actor:
    """Return the actor of a sign-in: it finds people and settings, and ``access`` says what else it may do."""
    may = frozenset({Permission.USERS_READ, Permission.SETTINGS_READ})
    return Actor(ActorKind.SIGN_IN, SIGN_IN_ACTOR_NAME, tenant_id, request_id, permissions=may)
