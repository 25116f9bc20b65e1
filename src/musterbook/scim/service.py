"""*What this server serves.* The facts that routing, discovery and rendering share, made once at start.

Knows resource types and the base URL; knows no request.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from musterbook.scim.schema import ResourceType
from musterbook.scim.views import make_views

MAX_BULK_OPERATIONS = 1000
"""The most operations of one BulkRequest (RFC 7644 §3.7.4)."""
MAX_BULK_BYTES = 16 * 1024 * 1024
"""The largest body of a BulkRequest, its ``maxPayloadSize``."""
MAX_RESOURCE_BYTES = 1024 * 1024
"""The largest body of a User request. A user with every attribute filled stays far below."""
MAX_GROUP_BYTES = 16 * 1024 * 1024
"""The largest body of a Group request: some three hundred thousand members."""


@dataclass(frozen=True, slots=True)
class Service:
    """What is served, and where."""

    base_url: str
    """The SCIM base URL with its ``/scim/v2``, without a trailing slash."""
    resource_types: tuple[ResourceType, ...]
    views: tuple[ResourceType, ...] = field(repr=False)
    """The same types as queries of the root see them."""
    by_endpoint: Mapping[str, ResourceType] = field(repr=False)
    """Resource types by their endpoint without the slash, such as ``Users``."""
    locations: Mapping[str, str] = field(repr=False)
    """By the name of a resource type, what stands before the id in the address of such a resource."""
    documentation_url: str | None = None
    cursor_keys: tuple[bytes, ...] = field(default=(), repr=False)
    """What cursors are signed with, the newest first; with none there are no cursors."""


def describe_service(
    base_url: str,
    resource_types: Iterable[ResourceType],
    *,
    documentation_url: str | None = None,
    cursor_keys: Iterable[bytes] = (),
) -> Service:
    """Return the description of a server at ``base_url``."""
    types = tuple(resource_types)
    base_url = base_url.rstrip("/")
    return Service(
        base_url=base_url,
        resource_types=types,
        views=make_views(types),
        by_endpoint={item.endpoint.removeprefix("/"): item for item in types},
        locations={item.name: f"{base_url}{item.endpoint}/" for item in types},
        documentation_url=documentation_url,
        cursor_keys=tuple(cursor_keys),
    )
