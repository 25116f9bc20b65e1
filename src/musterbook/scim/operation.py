"""*What a client asks and what came of it.* The closed unions that stand between protocol and directory.

Knows resources, filters and PATCH; knows no HTTP, tenant or database. ``scim.protocol`` turns a request into an
:data:`Operation`; the directory performs it and answers with an :data:`Outcome`; ``scim.render`` turns that into a
response. Whoever matches on them ends with ``assert_never``, so a new case cannot be forgotten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from musterbook.scim.cursor import Cursor
from musterbook.scim.filter import Filter
from musterbook.scim.members import MembersEdit
from musterbook.scim.password import PasswordEdit
from musterbook.scim.patch import Patch
from musterbook.scim.path import BoundPath
from musterbook.scim.resource import Resource, StoredResource
from musterbook.scim.schema import ResourceType
from musterbook.scim.sorting import Sort
from musterbook.scim.versions import NO_PRECONDITION, Precondition


@dataclass(frozen=True, slots=True)
class Projection:
    """Which attributes a response shows (RFC 7644 §3.9). Both ``None``: those returned by default."""

    attributes: tuple[BoundPath, ...] | None = None
    excluded_attributes: tuple[BoundPath, ...] | None = None

    @property
    def is_default(self) -> bool:
        """Whether the stored text can be shown as it is."""
        return self.attributes is None and self.excluded_attributes is None


DEFAULT_PROJECTION: Final = Projection()
"""Everything that is returned by default."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which resources a list shows (RFC 7644 §3.4.2)."""

    filter: Filter | None = None
    start_index: int = 1
    count: int = 100
    sort: Sort | None = None
    """``None``: in the order of the ids, which is that of creation."""
    cursor: Cursor | None = None
    """Where the page lies in a list that is read by cursors (RFC 9865); ``start_index`` says nothing then."""


@dataclass(frozen=True, slots=True)
class CreateResource:
    """POST (RFC 7644 §3.3)."""

    resource: Resource
    """Without memberships."""
    members: MembersEdit | None = None
    """``None``: no members are sent."""
    shows_related: bool = True
    id: str | None = None
    """The id that it gets, where others refer to it already; ours, never the client's."""
    password: PasswordEdit | None = None
    """``None``: no password is sent."""

    @property
    def resource_type(self) -> ResourceType:
        """The type of the resource that is sent."""
        return self.resource.resource_type


@dataclass(frozen=True, slots=True)
class GetResource:
    """GET of one resource (RFC 7644 §3.4.1)."""

    resource_type: ResourceType
    id: str
    precondition: Precondition = NO_PRECONDITION
    shows_related: bool = True
    """Whether the answer shows memberships; where it does not, none is read."""


@dataclass(frozen=True, slots=True)
class SearchResources:
    """GET of a list (RFC 7644 §3.4.2), or a query by POST (§3.4.3)."""

    resource_type: ResourceType
    query: Query
    shows_related: bool = True


@dataclass(frozen=True, slots=True)
class SearchRoot:
    """A query of all resource types (RFC 7644 §3.4.2.1)."""

    searches: tuple[SearchResources, ...]
    """One for each type of which something may match, in the order of the types; of their queries only ``filter`` and
    ``sort`` mean something. A type that has not got the attribute has no ``sort``: none of its resources has a value.
    """
    page: Query
    """Which page; its ``filter`` and ``sort`` are those of the searches."""
    descending: bool | None = None
    """``None``: one type after the other, each in the order of its ids."""


@dataclass(frozen=True, slots=True)
class ReplaceResource:
    """PUT (RFC 7644 §3.5.1)."""

    id: str
    resource: Resource
    """Without memberships."""
    precondition: Precondition = NO_PRECONDITION
    members: MembersEdit | None = None
    """``None``: the members stay as they are, for the client did not mention them."""
    shows_related: bool = True
    password: PasswordEdit | None = None
    """``None``: the password stays as it is."""

    @property
    def resource_type(self) -> ResourceType:
        """The type of the resource that is sent."""
        return self.resource.resource_type


class PatchAnswer(Enum):
    """What a PATCH is answered with (RFC 7644 §3.5.2: 200 with the resource, or 204)."""

    WHOLE = "whole"
    """The resource, however many members it has: the client named attributes."""
    SHORT = "short"
    """The resource, unless it is a group with more than ``MAX_MEMBERS_SHOWN`` members."""
    EMPTY = "empty"
    """Nothing."""


MAX_MEMBERS_SHOWN: Final = 500
"""The largest group that answers a PATCH: whoever adds one member to a hundred thousand does not want to read them."""


@dataclass(frozen=True, slots=True)
class PatchResource:
    """PATCH (RFC 7644 §3.5.2)."""

    resource_type: ResourceType
    id: str
    patch: Patch
    precondition: Precondition = NO_PRECONDITION
    shows_related: bool = True
    answer: PatchAnswer = PatchAnswer.SHORT


@dataclass(frozen=True, slots=True)
class DeleteResource:
    """DELETE (RFC 7644 §3.6)."""

    resource_type: ResourceType
    id: str
    precondition: Precondition = NO_PRECONDITION


Operation: TypeAlias = (
    CreateResource | GetResource | SearchResources | SearchRoot | ReplaceResource | PatchResource | DeleteResource
)


@dataclass(frozen=True, slots=True)
class Created:
    """The resource exists now."""

    resource_type: ResourceType
    stored: StoredResource
    unknown_members: Sequence[str] = ()
    """The ids that were sent as members and are nobody's, where they were left out."""


@dataclass(frozen=True, slots=True)
class Found:
    """The resource as it is; also the answer to a change, whether or not it changed anything."""

    resource_type: ResourceType
    stored: StoredResource
    is_known: bool = False
    """Whether the client has this version already, as it said by ``If-None-Match``."""
    is_shown: bool = True
    """Whether the answer shows the resource; otherwise it is 204, with the version in its header."""
    unknown_members: Sequence[str] = ()
    """The ids that were sent as members and are nobody's, where they were left out."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """The resource is gone for the client."""


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list (RFC 7644 §3.4.2.4)."""

    resource_type: ResourceType
    total_results: int
    start_index: int
    resources: Sequence[StoredResource]
    continues: bool = False
    """Whether there is more in the direction in which the list is read by cursors."""


@dataclass(frozen=True, slots=True)
class RootPage:
    """Part of a list of resources of several types."""

    total_results: int
    start_index: int
    resources: Sequence[tuple[ResourceType, StoredResource]]
    continues: bool = False
    """As in :class:`Page`."""


Outcome: TypeAlias = Created | Found | Deleted | Page | RootPage
