"""*A person, as people see one.* Decides what is shown of a person outside SCIM: in commands and in the console.

Knows resources and accounts; knows no storage. This is the answer to "who is this", where the SCIM resource is the
answer to a client. A group, and Everyone, are shown by what they are called and what they were granted.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from musterbook.directory import errors
from musterbook.directory.account import Role, Source, Status
from musterbook.directory.actor import Actor, ActorKind, PersonKey, ResourceId, TenantId
from musterbook.directory.permissions import Permission, sorted_roles
from musterbook.directory.rules import State
from musterbook.scim import ResourceType


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a tenant."""

    resource_type: ResourceType
    id: ResourceId
    user_name: str
    display_name: str
    given_name: str | None
    family_name: str | None
    status: Status
    source: Source
    roles: tuple[Role, ...]
    """What the person holds: own roles and those of Everyone; a removed person holds none. What comes by groups is told
    where it is asked what a person may do."""


@dataclass(frozen=True, slots=True)
class Collective:
    """A group, or Everyone, as somebody to whom roles are granted."""

    resource_type: ResourceType
    id: ResourceId
    name: str
    roles: tuple[Role, ...]
    """What was granted to it."""


def person_of(state: State, more_roles: Iterable[Role]) -> Person | None:
    """Return the person whose resource and account these are, who holds ``more_roles`` beside their own.

    ``None`` for what has no account.
    """
    account = state.account
    if account is None:
        return None
    attributes = state.resource.attributes
    name = attributes.get("name", {})
    return Person(
        resource_type=state.resource.resource_type,
        id=ResourceId(state.resource.id or ""),
        user_name=attributes.get("userName", ""),
        display_name=account.display_name,
        given_name=name.get("givenName"),
        family_name=name.get("familyName"),
        status=account.status,
        source=account.source,
        roles=() if account.status is Status.REMOVED else sorted_roles((*account.roles, *more_roles)),
    )


def shown_person(state: State, more_roles: Iterable[Role]) -> Person:
    """Return the person whose resource and account these are, who holds ``more_roles`` beside their own.

    Raises:
        NotFoundError: it is nobody, such as a group.
    """
    person = person_of(state, more_roles)
    if person is None:
        raise errors.no_such_person()
    return person


def person_actor(tenant_id: TenantId, person: Person, permissions: frozenset[Permission], request_id: str) -> Actor:
    """Return the actor of somebody who has signed in. The history names them so that two of one name are told apart."""
    name = person.display_name
    if name != person.user_name:
        name = f"{name} ({person.user_name})"
    key = PersonKey(person.resource_type.name, person.id)
    return Actor(ActorKind.PERSON, name, tenant_id, request_id, permissions=permissions, person=key)
