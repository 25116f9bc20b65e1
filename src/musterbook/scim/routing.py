"""*Routes.* Decides what a path and a method mean (RFC 7644 §3.2, Table 2).

Knows the server's resource types; knows no HTTP server and no body. The paths are below ``/scim/v2``, percent-decoded
once. Empty segments are dropped, so a base URL pasted with a trailing slash works.
"""

from dataclasses import dataclass
from enum import Enum

from musterbook.scim.errors import MethodNotAllowedError, NotFoundError
from musterbook.scim.schema import ResourceType
from musterbook.scim.service import MAX_BULK_BYTES, MAX_GROUP_BYTES, MAX_RESOURCE_BYTES, Service


class Endpoint(Enum):
    """What stands at a path."""

    RESOURCES = "resources"
    """A resource type's endpoint, such as ``/Users``."""
    SEARCH = "search"
    """A query by POST, of a resource type at ``/Users/.search`` or of all types at ``/.search``."""
    RESOURCE = "resource"
    """One resource, such as ``/Users/{id}``."""
    SERVICE_PROVIDER_CONFIG = "service-provider-config"
    SCHEMAS = "schemas"
    SCHEMA = "schema"
    RESOURCE_TYPES = "resource-types"
    RESOURCE_TYPE = "resource-type"
    ROOT = "root"
    """All resource types at once."""
    BULK = "bulk"
    """Many operations in one request."""
    ME = "me"
    """Whoever asks, where that is a person."""


@dataclass(frozen=True, slots=True)
class Route:
    """A path that means something, with the method checked."""

    endpoint: Endpoint
    template: str
    """The path without ids, for logs and metrics: ``/Users/{id}``."""
    resource_type: ResourceType | None = None
    id: str = ""
    """The last segment where the template has a placeholder."""


_METHODS: dict[Endpoint, tuple[str, ...]] = {
    Endpoint.RESOURCES: ("GET", "POST"),
    Endpoint.SEARCH: ("POST",),
    Endpoint.RESOURCE: ("GET", "PUT", "PATCH", "DELETE"),
    Endpoint.SERVICE_PROVIDER_CONFIG: ("GET",),
    Endpoint.SCHEMAS: ("GET",),
    Endpoint.SCHEMA: ("GET",),
    Endpoint.RESOURCE_TYPES: ("GET",),
    Endpoint.RESOURCE_TYPE: ("GET",),
    Endpoint.ROOT: ("GET",),
    Endpoint.BULK: ("POST",),
    Endpoint.ME: ("GET", "POST", "PUT", "PATCH", "DELETE"),
}
_DISCOVERY = {
    "ServiceProviderConfig": (Endpoint.SERVICE_PROVIDER_CONFIG, None),
    "Schemas": (Endpoint.SCHEMAS, Endpoint.SCHEMA),
    "ResourceTypes": (Endpoint.RESOURCE_TYPES, Endpoint.RESOURCE_TYPE),
}


def body_limit(method: str, path: str) -> int:
    """Return how many bytes of body a request may have; ask before reading."""
    if method in {"GET", "HEAD"}:
        return 0
    match [segment for segment in path.split("/") if segment]:
        case ["Bulk"]:
            return MAX_BULK_BYTES
        case ["Groups"] | ["Groups", _] as segments if segments[-1] != ".search":
            return MAX_GROUP_BYTES
        case _:
            return MAX_RESOURCE_BYTES


def is_public(method: str, path: str) -> bool:
    """Return whether the request is answered without a key: discovery of the authentication schemes (RFC 7643 §5)."""
    return method == "GET" and path.strip("/") == "ServiceProviderConfig"


def find_route(method: str, path: str, service: Service) -> Route:
    """Return what ``path`` means.

    Raises:
        NotFoundError: it means nothing.
        MethodNotAllowedError: it does not take ``method``.
    """
    route = _match([segment for segment in path.split("/") if segment], service)
    if route is None:
        raise NotFoundError("There is no such endpoint. Resources are at /Users and /Groups below the SCIM base URL.")
    taken = _METHODS[route.endpoint]
    if method not in taken:
        # Whoever speaks HTTP for us answers HEAD like GET (RFC 9110 §9.3.2).
        allowed = tuple(name for method in taken for name in (("GET", "HEAD") if method == "GET" else (method,)))
        raise MethodNotAllowedError(f"This endpoint takes {', '.join(allowed)}.", allowed=allowed)
    return route


def _match(segments: list[str], service: Service) -> Route | None:
    match segments:
        case [name] if name in service.by_endpoint:
            return Route(Endpoint.RESOURCES, f"/{name}", service.by_endpoint[name])
        case [name, ".search"] if name in service.by_endpoint:
            return Route(Endpoint.SEARCH, f"/{name}/.search", service.by_endpoint[name])
        case [name, id_] if name in service.by_endpoint:
            return Route(Endpoint.RESOURCE, f"/{name}/{{id}}", service.by_endpoint[name], id_)
        case [name] if name in _DISCOVERY:
            return Route(_DISCOVERY[name][0], f"/{name}")
        case [name, id_] if name in _DISCOVERY and (one := _DISCOVERY[name][1]) is not None:
            return Route(one, f"/{name}/{{id}}", None, id_)
        case []:
            return Route(Endpoint.ROOT, "/")
        case [".search"]:
            return Route(Endpoint.SEARCH, "/.search")
        case ["Bulk"]:
            return Route(Endpoint.BULK, "/Bulk")
        case ["Me"]:
            return Route(Endpoint.ME, "/Me")
        case _:
            return None
