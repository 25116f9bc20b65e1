"""*What the directory can be asked beside SCIM.* The operations on people that the console and the commands need.

Together with ``scim.operation`` this is everything that :meth:`Directory.perform` takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from musterbook.directory.account import Role
from musterbook.directory.actor import ResourceId
from musterbook.directory.history import HistoryLine
from musterbook.directory.person import Person
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
class GrantRole:
    """Grant a role to one person. What the person holds already is no change."""

    resource_type: ResourceType
    id: ResourceId
    role: Role


@dataclass(frozen=True, slots=True)
class RevokeRole:
    """Take a role from one person. What the person was not granted is no change."""

    resource_type: ResourceType
    id: ResourceId
    role: Role


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


DirectoryOperation: TypeAlias = (
    FindPerson | ListPeople | GrantRole | RevokeRole | SetDisplayName | RestoreResource | ListHistory
)
DirectoryOutcome: TypeAlias = Shown | People | History | Found
AnyOperation: TypeAlias = ScimOperation | CreateTogether | DirectoryOperation
AnyOutcome: TypeAlias = ScimOutcome | CreatedTogether | DirectoryOutcome
