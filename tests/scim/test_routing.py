"""Routes: what paths and methods mean (RFC 7644 §3.2, Table 2)."""

import pytest

from musterbook.scim import group_type, user_type
from musterbook.scim.errors import MethodNotAllowedError, NotFoundError
from musterbook.scim.routing import Endpoint, Route, body_limit, find_route, is_public
from musterbook.scim.service import MAX_BULK_BYTES, MAX_GROUP_BYTES, MAX_RESOURCE_BYTES, describe_service

USER, GROUP = user_type(), group_type()
SERVICE = describe_service("https://example.com/scim/v2/", [USER, GROUP])


@pytest.mark.parametrize(
    "method, path, route",
    [
        ("GET", "/Users", Route(Endpoint.RESOURCES, "/Users", USER)),
        ("POST", "/Users", Route(Endpoint.RESOURCES, "/Users", USER)),
        ("GET", "/Users/", Route(Endpoint.RESOURCES, "/Users", USER)),
        ("GET", "//Users//1", Route(Endpoint.RESOURCE, "/Users/{id}", USER, "1")),
        ("PUT", "/Users/1", Route(Endpoint.RESOURCE, "/Users/{id}", USER, "1")),
        ("PATCH", "/Users/1", Route(Endpoint.RESOURCE, "/Users/{id}", USER, "1")),
        ("DELETE", "/Users/1/", Route(Endpoint.RESOURCE, "/Users/{id}", USER, "1")),
        ("POST", "/Users/.search", Route(Endpoint.SEARCH, "/Users/.search", USER)),
        ("GET", "", Route(Endpoint.ROOT, "/")),
        ("GET", "/", Route(Endpoint.ROOT, "/")),
        ("POST", "/.search", Route(Endpoint.SEARCH, "/.search")),
        ("GET", "/Users/Me", Route(Endpoint.RESOURCE, "/Users/{id}", USER, "Me")),
        ("GET", "/Users/%2e", Route(Endpoint.RESOURCE, "/Users/{id}", USER, "%2e")),
        ("GET", "/Groups", Route(Endpoint.RESOURCES, "/Groups", GROUP)),
        ("DELETE", "/Groups/1", Route(Endpoint.RESOURCE, "/Groups/{id}", GROUP, "1")),
        ("GET", "/ServiceProviderConfig", Route(Endpoint.SERVICE_PROVIDER_CONFIG, "/ServiceProviderConfig")),
        ("GET", "/Schemas", Route(Endpoint.SCHEMAS, "/Schemas")),
        ("GET", "/Schemas/urn:x", Route(Endpoint.SCHEMA, "/Schemas/{id}", None, "urn:x")),
        ("GET", "/ResourceTypes", Route(Endpoint.RESOURCE_TYPES, "/ResourceTypes")),
        ("GET", "/ResourceTypes/User", Route(Endpoint.RESOURCE_TYPE, "/ResourceTypes/{id}", None, "User")),
    ],
)
def test_what_a_path_means(method: str, path: str, route: Route) -> None:
    """Each endpoint is found by its path, stray slashes make no difference, and the template holds no id."""
    assert find_route(method, path, SERVICE) == route


@pytest.mark.parametrize(
    "path",
    [
        "/users",
        "/Nothing",
        "/Users/1/2",
        "/Groups/1/2",
        "/ServiceProviderConfig/1",
        "/Schemas/1/2",
        "/v2/Users",
        "/Nothing/.search",
        "/Me/1",
        "/.search/1",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "BREW"])
def test_a_path_that_means_nothing(method: str, path: str) -> None:
    """An unknown path is a 404 whatever the method."""
    with pytest.raises(NotFoundError, match="There is no such endpoint"):
        find_route(method, path, SERVICE)


@pytest.mark.parametrize(
    "method, path, allowed",
    [
        ("PUT", "/Users", ("GET", "HEAD", "POST")),
        ("PATCH", "/Users", ("GET", "HEAD", "POST")),
        ("DELETE", "/Users", ("GET", "HEAD", "POST")),
        ("POST", "/Users/1", ("GET", "HEAD", "PUT", "PATCH", "DELETE")),
        ("HEAD", "/Users/1", ("GET", "HEAD", "PUT", "PATCH", "DELETE")),
        ("get", "/Users", ("GET", "HEAD", "POST")),
        ("POST", "/ServiceProviderConfig", ("GET", "HEAD")),
        ("PUT", "/Schemas", ("GET", "HEAD")),
        ("DELETE", "/Schemas/x", ("GET", "HEAD")),
        ("PATCH", "/ResourceTypes", ("GET", "HEAD")),
        ("POST", "/ResourceTypes/User", ("GET", "HEAD")),
        ("GET", "/Users/.search", ("POST",)),
        ("DELETE", "/Users/.search", ("POST",)),
        ("BREW", "/Groups", ("GET", "HEAD", "POST")),
        ("POST", "/", ("GET", "HEAD")),
        ("GET", "/.search", ("POST",)),
    ],
)
def test_a_method_that_is_not_taken(method: str, path: str, allowed: tuple[str, ...]) -> None:
    """A wrong method is a 405 that names the right ones; discovery can only be read."""
    with pytest.raises(MethodNotAllowedError) as refusal:
        find_route(method, path, SERVICE)
    assert refusal.value.allowed == allowed
    assert refusal.value.detail == f"This endpoint takes {', '.join(allowed)}."


@pytest.mark.parametrize(
    "method, path, public",
    [
        ("GET", "/ServiceProviderConfig", True),
        ("GET", "/ServiceProviderConfig/", True),
        ("POST", "/ServiceProviderConfig", False),
        ("GET", "/ServiceProviderConfig/1", False),
        ("GET", "/Schemas", False),
        ("GET", "/Users", False),
        ("GET", "", False),
    ],
)
def test_only_one_document_is_public(method: str, path: str, *, public: bool) -> None:
    """Without a key only the document that says how to authenticate is served (RFC 7643 §5)."""
    assert is_public(method, path) is public


@pytest.mark.parametrize(
    "method, path, limit",
    [
        ("GET", "/Users", 0),
        ("HEAD", "/Groups", 0),
        ("POST", "/Users", MAX_RESOURCE_BYTES),
        ("PUT", "/Users/1", MAX_RESOURCE_BYTES),
        ("POST", "/Groups", MAX_GROUP_BYTES),
        ("PATCH", "//Groups/1/", MAX_GROUP_BYTES),
        ("POST", "/Groups/.search", MAX_RESOURCE_BYTES),
        ("PATCH", "/Groups/1/2", MAX_RESOURCE_BYTES),
        ("POST", "/Bulk/", MAX_BULK_BYTES),
    ],
)
def test_how_large_a_body_may_be(method: str, path: str, limit: int) -> None:
    """What only reads takes no body; a user or a query takes a megabyte, a group with all its members sixteen."""
    assert body_limit(method, path) == limit


def test_the_base_url_has_no_slash_at_its_end() -> None:
    """Addresses are made by joining, so the base URL is kept without its last slash."""
    assert SERVICE.base_url == "https://example.com/scim/v2"
