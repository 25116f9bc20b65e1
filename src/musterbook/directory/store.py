"""*What the domain asks of a database.* The ports that ``storage`` implements, and the values that cross them.

Knows no SQL and no engine. Three ideas:

* **One change, one transaction.** :class:`Change` holds everything that one write stores: the resource, its account,
  its index entries, the revision and the event. :meth:`ResourceStore.commit` stores all of it or nothing.
* **Optimistic.** A change names the revision number that it was computed from. If the row has moved on, the store
  raises :class:`StaleRevisionError` and the directory computes again.
* **The tenant is in every call.** There is no method without one.

Failures::

    StoreError
    ├── UniqueKeyTakenError       the unique key is held by another resource of the tenant
    ├── StaleRevisionError        the resource is no longer at the revision that the change expects
    ├── LastAdministratorError    the change would leave the tenant without an administrator
    ├── QueryTooExpensiveError    a filter had to look at more rows than the time allows
    ├── UnknownMembersError       what was to become a member of a group does not exist
    ├── GroupNamesRepeatedError   groups have the same name where names are to be unique


    ├── CreationRefusedError      one of several resources that are created together cannot be
    ├── TenantExistsError         the slug is taken
    └── StoreUnavailableError     the database is away, busy beyond the deadline, or out of space
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from musterbook.directory.actor import ResourceId, TenantId
from musterbook.directory.events import Event, StoredEvent
from musterbook.directory.history import Action, Revision
from musterbook.directory.tenant import NewTenant, SetupLink, Switches, Tenant, TenantStatus
from musterbook.scim import IndexEntries, ResourceType, StoredResource
from musterbook.scim.members import MembersEdit
from musterbook.scim.operation import Page, Query

ALL_RELATED: Final = 2**31 - 1
"""More memberships than a resource can have."""
MAX_RELATED_ON_PAGE: Final = 50_000
"""How many members the groups of one page have together; a page that is cut short is one that RFC 7644 §3.4.2.4 lets a
server return."""


class StoreError(Exception):
    """The database did not do what it was asked."""


class UniqueKeyTakenError(StoreError):
    """Another resource of the same tenant and type holds the unique key."""


class StaleRevisionError(StoreError):
    """The resource has changed, appeared or gone since it was read."""


class LastAdministratorError(StoreError):
    """Nobody who can administer the tenant would be left."""


class QueryTooExpensiveError(StoreError):
    """The query was stopped: no index serves it and the tenant is too large to look at every row in time."""


class UnknownMembersError(StoreError):
    """What was to become a member of a group does not exist."""

    def __init__(self, unknown: Sequence[str]) -> None:
        """Say which ids are nobody's."""
        super().__init__("there is nobody with these ids")
        self.unknown = tuple(unknown)


class GroupNamesRepeatedError(StoreError):
    """Groups of one tenant have the same name, so names cannot be unique there."""

    def __init__(self, names: Sequence[str]) -> None:
        """Name the first of them."""
        named = ", ".join(f"'{name}'" for name in names)
        super().__init__(
            f"several groups are called {named}; rename or remove all but one of each name, then repeat this"
        )
        self.names = tuple(names)


class CreationRefusedError(StoreError):
    """One of several resources that are created together cannot be; the cause says why."""

    def __init__(self, resource_type: str) -> None:
        """Say of which type the resource is."""
        super().__init__(f"a {resource_type} cannot be created")
        self.resource_type = resource_type


class TenantExistsError(StoreError):
    """The slug belongs to another tenant."""


class StoreUnavailableError(StoreError):
    """The database cannot be used now; nothing is known to have been stored."""


@dataclass(frozen=True, slots=True)
class Record:
    """A resource as it is stored, with its account and revision number."""

    stored: StoredResource
    revision: int
    account: str | None
    """The account's text; ``None`` for resources that are no persons."""


@dataclass(frozen=True, slots=True)
class Change:
    """Everything that one write stores."""

    tenant_id: TenantId
    resource_type: str
    expected_revision: int | None
    """The revision that the change was computed from; ``None``: the resource does not exist yet."""
    record: Record | None
    """The state after the change; ``None``: the resource is removed."""
    entries: IndexEntries
    """The index entries after the change; empty where the resource is removed."""
    revision: Revision
    event: Event
    administers_until: str | None = None
    """Until when the person counts as an administrator (``rules.FOREVER`` or a time); ``None``: is none."""
    may_remove_administrator: bool = False
    """The person counted as an administrator before and may not after: lock the guard row and count first."""
    members: MembersEdit | None = None
    """What the same write does to the members of the group. The revision's ``members_added`` and ``members_removed``
    are the store's to fill in: it alone knows who was a member."""
    leave_group: Callable[[Record], "GroupLeft"] | None = None
    """Where the resource is removed: what is stored of each group that it was a member of, given the group as it was.
    """


@dataclass(frozen=True, slots=True)
class GroupLeft:
    """What is stored of a group whose member was removed from the directory."""

    record: Record
    revision: Revision
    event: Event


@dataclass(frozen=True, slots=True)
class MembersChange:
    """A write that changes nothing of a group but its members.

    It is computed from nothing, so it compares no version unless the client asks for one: writers who add different
    members do not wait for each other longer than for the group's row.
    """

    tenant_id: TenantId
    group_id: ResourceId
    members: MembersEdit
    revision: Revision
    """Complete but for ``number``, ``version``, ``document`` and the members, which the store fills in; ``at`` is the
    earliest time, for no revision is older than the one before it."""
    event: Event
    """Complete but for ``revision``."""
    expected_revision: int | None = None
    """The only revision at which the change is made, where the client sent a precondition."""


@dataclass(frozen=True, slots=True)
class MembersOutcome:
    """What came of a :class:`MembersChange`."""

    record: Record | None
    """The group after the change, without its members; ``None``: there is no such group."""
    unknown: tuple[str, ...] = ()
    """The added ids that are nobody's, which were left out, in the order in which they were sent."""
    is_changed: bool = False
    """Whether anybody became or ceased to be a member; otherwise nothing at all was stored."""


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which revisions to list, newest first.

    Those of one resource come in the order of their numbers, which no clock can disturb; those of a whole tenant in the
    order of (at, resource_id, number).
    """

    resource_id: ResourceId | None = None
    action: Action | None = None
    """Only revisions of this action."""
    before: tuple[str, ResourceId, int] | None = None
    """Continue after this (at, resource_id, number) of the last entry of the page before; of one resource, only the
    number counts."""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A revision together with the one before it, from which the difference is computed."""

    revision: Revision
    previous: Revision | None


class ResourceStore(Protocol):
    """Resources, revisions and events. The contract tests in ``tests/contracts`` prove each rule on each engine."""

    async def get(
        self, tenant_id: TenantId, resource_type: str, resource_id: ResourceId, *, related_limit: int = 0
    ) -> Record | None:
        """Return the resource, or ``None``. Ids are compared exactly.

        ``related_limit`` is how many of its memberships are read with it, in the order of their ids; 0: none at all,
        and ``related`` is ``None``. The resource and its memberships are of one moment.
        """

    async def search(
        self, tenant_id: TenantId, resource_type: ResourceType, query: Query, *, with_related: bool = False
    ) -> Page:
        """Return the part of the matching resources that ``query`` asks for, in the order of their ids.

        Which resources match is decided by ``scim.matches``; SQL may only be faster, never different. With a cursor the
        page is what lies behind its position, nearest first, shown in the order of the list; its total is not counted
        again. A position need not be that of a resource. With the
        memberships of the resources where ``with_related``; a page that would show more than ``MAX_RELATED_ON_PAGE``
        members ends before the group that is too much, but holds one group at least.

        Raises:
            QueryTooExpensiveError: looking at the rows took too long.
        """

    async def list_records(
        self, tenant_id: TenantId, resource_type: str, *, after: ResourceId | None, limit: int
    ) -> Sequence[Record]:
        """Return records with their accounts in the order of their ids, beginning after the id ``after``."""

    async def commit(self, change: Change) -> Sequence[str]:
        """Store the change whole, durably, or raise and store nothing.

        Whoever is removed leaves every group. Return the ids in ``change.members.added`` that are nobody's and were
        left out.

        Raises:
            UnknownMembersError: ``change.members`` adds ids that are nobody's, and leaves none out or has no other.
            UniqueKeyTakenError: by the named constraint ``resources_unique_key``.
            StaleRevisionError: no row at ``expected_revision``, or one exists already under a new id.
            LastAdministratorError: ``may_remove_administrator`` and no other administrator would be left at
                ``change.revision.at``.
        """

    async def change_members(self, change: MembersChange) -> MembersOutcome:
        """Change who is a member of a group, durably, or raise and store nothing.

        The cost follows the change, not the size of the group.

        Raises:
            UnknownMembersError: as :meth:`commit`.
            StaleRevisionError: the group is not at ``expected_revision``.
        """

    async def create_together(self, creations: Sequence[Change], members: Sequence[MembersChange]) -> None:
        """Store new resources that refer to each other, then who is a member of which of them: all of it, or nothing.

        Raises:
            CreationRefusedError: for the cause that :meth:`commit` would name.
        """

    async def history(self, tenant_id: TenantId, query: HistoryQuery) -> Sequence[HistoryEntry]:
        """Return revisions, each with the one before it, in the order that :class:`HistoryQuery` states."""

    async def events(self, tenant_id: TenantId, *, after: tuple[int, int], limit: int) -> Sequence[StoredEvent]:
        """Return events in commit order after (transaction_id, position), none of a transaction still open."""


class TenantStore(Protocol):
    """Tenants. Finding one by its slug is one of the few look-ups without a tenant."""

    async def create(self, tenant: NewTenant, administrator: Change, link: SetupLink) -> None:
        """Store a tenant, its guard row, its first administrator and the set-up link in one transaction.

        Raises:
            TenantExistsError: the slug is taken, also by a deleted tenant: a slug never changes hands.
        """

    async def find(self, slug: str) -> Tenant | None:
        """Return the tenant with this slug, also a suspended one; ``None`` if there is none or it was deleted."""

    async def list(self) -> Sequence[Tenant]:
        """Return all tenants that were not deleted, by slug."""

    async def count_by_type(self) -> Mapping[str, int]:
        """Return how many resources all tenants have, by the names of the types; for the operator."""

    async def set_status(self, tenant_id: TenantId, status: TenantStatus, at: str) -> None:
        """Suspend, resume or delete a tenant. Deleting keeps its rows and refuses every key at once."""

    async def set_switches(self, tenant_id: TenantId, switches: Switches) -> None:
        """Set what the tenant decided, and bring the keys by which its groups are found in line, in one transaction.

        Repeating it is no change, and mends the keys of groups that were written by the old word meanwhile.

        Raises:
            GroupNamesRepeatedError: names are to be unique and are not; nothing is changed.
        """

    async def find_setup_link(self, link_hash: bytes) -> SetupLink | None:
        """Return the set-up link with this hash, or ``None``."""
