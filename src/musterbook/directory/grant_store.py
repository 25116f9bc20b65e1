"""*What a decision about permissions asks of a database.* The port beside ``directory.store``, and what crosses it.

Knows no SQL and no engine. Everything here is read: grants are changed as everything else is, by a
:class:`~musterbook.directory.store.Change`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from musterbook.directory.actor import ResourceId, TenantId
from musterbook.directory.store import Record, ResourceStore


@dataclass(frozen=True, slots=True)
class GroupAround:
    """A group with a grant, of which a person is a member."""

    id: ResourceId
    name: str
    """Its ``displayName``."""
    account: str
    """The text that holds what the group was granted."""
    is_direct: bool
    """Whether the person is a member of the group itself, and not of a group within it alone."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A person with everything by which they hold permissions, all of one moment."""

    record: Record
    everyone: str | None
    """The text that holds what Everyone was granted; ``None``: nobody has decided about it."""
    settings: str | None
    """The text of the sign-in settings; ``None``: nobody has decided about them."""
    groups: Sequence[GroupAround] = ()
    """The groups around the person that were granted something, by their ids; none where groups do not map to roles."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A person, and whether the identity provider's name for them is known."""

    resource_type: str
    record: Record
    is_bound: bool


class GrantStore(Protocol):
    """Who holds what, and who can sign in how. The contract tests prove each rule on each engine."""

    async def surroundings(
        self, tenant_id: TenantId, resource_type: str, resource_id: ResourceId
    ) -> Surroundings | None:
        """Return a person with everything by which they hold permissions, or ``None``; one statement.

        Groups are followed upwards, also through groups that hold each other in a circle, where the tenant maps them.
        """

    async def examine(
        self, tenant_id: TenantId, resource_type: str, *, connection_id: str, after: ResourceId | None, limit: int
    ) -> Sequence[Examined]:
        """Return people in the order of their ids, beginning after ``after``, and whether each is bound."""

    async def examine_administrators(
        self, tenant_id: TenantId, *, connection_id: str, at: str, limit: int
    ) -> Sequence[Examined]:
        """Return those who count as administrators at the time ``at``, bound or not, by type and id."""

    async def count_bound(self, tenant_id: TenantId, *, connection_id: str) -> int:
        """Return how many accounts are bound to a connection, also of people who were removed or suspended since."""


class DirectoryStore(ResourceStore, GrantStore, Protocol):
    """Everything that the directory asks of a database."""
