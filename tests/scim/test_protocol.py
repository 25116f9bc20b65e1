"""Requests: what operation each asks for (RFC 7644 §3)."""

import json
from urllib.parse import urlencode

import pytest

from musterbook.scim import Json, Resource, Tolerance, user_type
from musterbook.scim.errors import (
    ForbiddenError,
    InvalidFilterError,
    InvalidSyntaxError,
    InvalidValueError,
    NotFoundError,
    NotSupportedError,
    ScimError,
    UnsupportedMediaTypeError,
)
from musterbook.scim.operation import (
    CreateResource,
    DeleteResource,
    GetResource,
    Operation,
    PatchResource,
    Query,
    ReplaceResource,
    SearchResources,
    SearchRoot,
)
from musterbook.scim.patch import parse_patch
from musterbook.scim.protocol import Exchange, ScimRequest, check_content_type, parse_request
from musterbook.scim.render import SCIM_JSON, render
from musterbook.scim.service import describe_service
from musterbook.scim.versions import Precondition
from tests.timing import processor_seconds

USER = user_type()
SERVICE = describe_service("https://example.com/scim/v2", [USER])
ADA: Json = {"schemas": [USER.schema.id], "userName": "ada"}
PATCH: Json = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "replace", "path": "active", "value": False}],
}


def ask(method: str, path: str, *, query: str = "", body: Json = None, content_type: str | None = None) -> Exchange:
    """Return what a request asks."""
    raw = b"" if body is None else json.dumps(body).encode()
    return parse_request(ScimRequest(method, path, query, content_type, raw), SERVICE, Tolerance())


@pytest.mark.parametrize(
    "method, path, body, name, route, operation",
    [
        ("GET", "/Users/1", None, "get", "/Users/{id}", GetResource(USER, "1")),
        ("DELETE", "/Users/1", None, "delete", "/Users/{id}", DeleteResource(USER, "1")),
        ("PUT", "/Users/1", ADA, "replace", "/Users/{id}", ReplaceResource("1", Resource(USER, {"userName": "ada"}))),
        ("POST", "/Users", ADA, "create", "/Users", CreateResource(Resource(USER, {"userName": "ada"}))),
        ("GET", "/Users", None, "search", "/Users", SearchResources(USER, Query(count=1000))),
        (
            "PATCH",
            "/Users/1",
            PATCH,
            "patch",
            "/Users/{id}",
            PatchResource(USER, "1", parse_patch(PATCH, USER, Tolerance())),
        ),
    ],
)
def test_what_a_request_asks(method: str, path: str, body: Json, name: str, route: str, operation: Operation) -> None:
    """Method, path and body make one operation; route and name are for logs and hold no id."""
    exchange = ask(method, path, body=body)
    assert (exchange.operation, exchange.operation_name, exchange.route) == (operation, name, route)
    assert exchange.operation is not None
    assert not isinstance(exchange.operation, SearchRoot)
    assert exchange.operation.resource_type is USER
    assert (exchange.document, exchange.projection.is_default) == (None, True)


@pytest.mark.parametrize(
    "filter_",
    ["(" * 1_000 + "title pr" + ")" * 1_000, " or ".join(["title pr"] * 10_000), 'title eq "' + "x" * 16 * 1024 + '"'],
    ids=["1000 parentheses", "10000 terms", "over 16 KiB"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_malicious_filter_is_400_within_twenty_milliseconds(method: str, filter_: str) -> None:
    """Deep, long and large filters cost next to nothing, from bytes to the refusal, in a query and in a body."""
    search = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": filter_}
    if method == "GET":
        request = ScimRequest("GET", "/Users", urlencode({"filter": filter_}), None, b"")
    else:
        request = ScimRequest("POST", "/Users/.search", "", None, json.dumps(search).encode())

    def refuse() -> None:
        with pytest.raises(InvalidFilterError) as caught:
            parse_request(request, SERVICE, Tolerance())
        assert caught.value.status == 400

    assert processor_seconds(refuse) < 0.02


@pytest.mark.parametrize("method, body", [("GET", None), ("PUT", ADA), ("PATCH", PATCH), ("DELETE", None)])
def test_what_must_be_true_of_the_version(method: str, body: Json) -> None:
    """Whatever is asked of one resource carries the precondition of its header fields (RFC 7644 §3.14)."""
    raw = b"" if body is None else json.dumps(body).encode()
    request = ScimRequest(method, "/Users/1", "", None, raw, if_match='W/"1"', if_none_match="*")
    operation = parse_request(request, SERVICE, Tolerance()).operation
    assert isinstance(operation, GetResource | ReplaceResource | PatchResource | DeleteResource)
    assert operation.precondition == Precondition(frozenset({'"1"'}), frozenset({"*"}))


@pytest.mark.parametrize("method, body", [("GET", None), ("POST", ADA)])
def test_a_list_has_no_version(method: str, body: Json) -> None:
    """Preconditions say nothing about a list, nor about what is not created yet."""
    raw = b"" if body is None else json.dumps(body).encode()
    request = ScimRequest(method, "/Users", "", None, raw, if_match='"1"', if_none_match="*")
    assert parse_request(request, SERVICE, Tolerance()) == ask(method, "/Users", body=body)


@pytest.mark.parametrize(
    "method, path, body", [("POST", "/Users", ADA), ("PUT", "/Users/1", ADA), ("PATCH", "/Users/1", PATCH)]
)
def test_a_change_says_what_its_answer_shows(method: str, path: str, body: Json) -> None:
    """Changes, like reads, take ``attributes`` (RFC 7644 §3.9)."""
    projection = ask(method, path, body=body, query="attributes=userName").projection
    assert [str(attribute) for attribute in projection.attributes or ()] == ["userName"]


@pytest.mark.parametrize(
    "method, path, query, body, error",
    [
        ("GET", "/Users", "filter=nothing", None, InvalidFilterError),
        ("GET", "/Users", "count=x", None, InvalidValueError),
        ("GET", "/Users/1", "attributes=id&excludedAttributes=id", None, InvalidValueError),
        ("POST", "/Users", "", None, InvalidSyntaxError),
        ("POST", "/Users", "", [], InvalidSyntaxError),
        ("POST", "/Users", "", {"schemas": ADA["schemas"]}, InvalidValueError),
        ("PATCH", "/Users/1", "", ADA, InvalidSyntaxError),
        ("GET", "/Nothing", "", None, NotFoundError),
        ("POST", "/Bulk", "", None, InvalidSyntaxError),
        ("POST", "/Me", "", {}, NotSupportedError),
    ],
)
def test_a_request_that_asks_nothing(method: str, path: str, query: str, body: Json, error: type[ScimError]) -> None:
    """What is wrong with a request is refused in SCIM's words before anybody performs it."""
    with pytest.raises(error):
        ask(method, path, query=query, body=body)


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "application/scim+json",
        "application/json; charset=utf-8",
        "application/scim+json;charset=UTF-8",
        'APPLICATION/JSON ; Charset="utf-8"',
        "application/json; version=2",
        "; charset=utf8",
    ],
)
def test_json_under_both_of_its_names(content_type: str | None) -> None:
    """JSON in UTF-8 is taken under both media types, and without any."""
    assert ask("POST", "/Users", body=ADA, content_type=content_type).operation_name == "create"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
        "application/jsonp",
        "json",
    ],
)
def test_any_other_body_is_refused(content_type: str) -> None:
    """What is not JSON in UTF-8 is a 415, before the body is looked at."""
    with pytest.raises(UnsupportedMediaTypeError, match="in UTF-8"):
        check_content_type(content_type)
    with pytest.raises(UnsupportedMediaTypeError):
        ask("POST", "/Users", body=[], content_type=content_type)


def test_the_media_type_of_a_request_without_a_body_means_nothing() -> None:
    """A GET or DELETE with a strange ``Content-Type`` is served: there is nothing of that type."""
    assert ask("GET", "/Users", content_type="text/plain").operation_name == "search"
    assert ask("DELETE", "/Users/1", content_type="text/plain").operation_name == "delete"


@pytest.mark.parametrize(
    "path, total",
    [("/Schemas", 2), ("/ResourceTypes", 1)],
)
def test_discovery_lists_all(path: str, total: int) -> None:
    """Lists of discovery are whole, and parameters other than ``filter`` mean nothing (RFC 7644 §4)."""
    exchange = ask("GET", path, query="startIndex=2&count=0&sortBy=id&attributes=id")
    assert (exchange.operation_name, exchange.document["totalResults"]) == ("discover", total)
    assert len(exchange.document["Resources"]) == exchange.document["itemsPerPage"] == total


@pytest.mark.parametrize(
    "path, id_",
    [
        (f"/Schemas/{USER.schema.id.upper()}", USER.schema.id),
        ("/ResourceTypes/User", "User"),
        ("/ServiceProviderConfig", None),
    ],
)
def test_discovery_shows_one(path: str, id_: str | None) -> None:
    """One document of discovery comes bare, not in a list."""
    document = ask("GET", path).document
    assert document.get("id") == id_
    assert "Resources" not in document


@pytest.mark.parametrize("path", ["/Schemas/urn:nothing", "/ResourceTypes/Group", "/ResourceTypes/" + "x" * 10_000])
def test_discovery_does_not_know(path: str) -> None:
    """A schema or resource type that is not served is a 404."""
    with pytest.raises(NotFoundError, match="There is no such schema or resource type"):
        ask("GET", path)


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"])
def test_discovery_cannot_be_filtered(path: str) -> None:
    """A filter on discovery is a 403 (RFC 7644 §4)."""
    with pytest.raises(ForbiddenError, match="cannot be filtered"):
        ask("GET", path, query="filter=id+pr")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_person_is_sent_to_their_own_resource(method: str) -> None:
    """RFC 7644 §3.11: /Me is a 308 to the resource of the person who asks, whatever the method; a key is nobody's."""
    request = ScimRequest(method, "/Me", "", None, b"", person_id="018f")
    answer = render(parse_request(request, SERVICE, Tolerance()), None, SERVICE, SCIM_JSON)
    assert (answer.status, answer.headers, answer.body) == (308, (("Location", f"{SERVICE.base_url}/Users/018f"),), b"")
    with pytest.raises(NotSupportedError, match="A key belongs to no person"):
        parse_request(request._replace(person_id=None), SERVICE, Tolerance())
