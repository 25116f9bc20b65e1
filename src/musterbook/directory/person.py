"""*A person, as people see one.* Decides what is shown of a person outside SCIM: in commands and in the console.

Knows resources and accounts; knows no storage. This is the answer to "who is this", where the SCIM resource is the
answer to a client.
"""

from dataclasses import dataclass

from musterbook.directory.account import Role, Source, Status
from musterbook.directory.actor import ResourceId
from musterbook.directory.rules import State
from musterbook.scim import ResourceType

EVERYONE: tuple[Role, ...] = (Role.MEMBER,)
"""What Everyone is granted: whoever is in the directory holds it."""


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
    """What the person holds: own roles and those of Everyone; a removed person holds none."""


def person_of(state: State) -> Person | None:
    """Return the person whose resource and account these are; ``None`` for what has no account."""
    account = state.account
    if account is None:
        return None
    attributes = state.resource.attributes
    name = attributes.get("name", {})
    held = {*account.roles, *EVERYONE} if account.status is not Status.REMOVED else set[Role]()
    return Person(
        resource_type=state.resource.resource_type,
        id=ResourceId(state.resource.id or ""),
        user_name=attributes.get("userName", ""),
        display_name=account.display_name,
        given_name=name.get("givenName"),
        family_name=name.get("familyName"),
        status=account.status,
        source=account.source,
        roles=tuple(sorted(held, key=lambda role: role.value)),
    )
