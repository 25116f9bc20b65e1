"""Queries that are sent by POST (RFC 7644 §3.4.3)."""

import json
from urllib.parse import urlencode

import pytest

from musterbook.scim import Json, Tolerance, user_type
from musterbook.scim.errors import InvalidFilterError, InvalidSyntaxError, InvalidValueError, ScimError
from musterbook.scim.protocol import Exchange, ScimRequest, parse_request
from musterbook.scim.search_message import SEARCH_REQUEST_URN
from musterbook.scim.service import describe_service

USER = user_type()
SERVICE = describe_service("https://example.com/scim/v2", [USER])


def post(body: Json, query: str = "") -> Exchange:
    """Return what a POST of ``body`` asks."""
    request = ScimRequest("POST", "/Users/.search", query, None, json.dumps(body).encode())
    return parse_request(request, SERVICE, Tolerance())


def search(**members: Json) -> Exchange:
    """Return what a SearchRequest with these members asks."""
    return post({"schemas": [SEARCH_REQUEST_URN], **members})


@pytest.mark.parametrize(
    "members, parameters",
    [
        ({}, {}),
        ({"filter": 'userName eq "a&b+ü"'}, {"filter": 'userName eq "a&b+ü"'}),
        ({"startIndex": 3, "count": 7}, {"startIndex": "3", "count": "7"}),
        ({"startIndex": -1, "count": -5}, {"startIndex": "-1", "count": "-5"}),
        ({"startIndex": 10**18, "count": 10**25}, {"startIndex": "1" + "0" * 18, "count": "1" + "0" * 25}),
        ({"count": 0}, {"count": "0"}),
        ({"sortBy": "title", "sortOrder": "descending"}, {"sortBy": "title", "sortOrder": "descending"}),
        ({"attributes": ["userName", "name.givenName"]}, {"attributes": "userName,name.givenName"}),
        ({"excludedAttributes": ["emails"]}, {"excludedAttributes": "emails"}),
        ({"attributes": [], "excludedAttributes": ["emails"]}, {"excludedAttributes": "emails"}),
        ({"filter": None, "attributes": None, "count": None, "unknown": {"a": 1}}, {}),
        ({"FILTER": "title pr", "StartIndex": 2}, {"filter": "title pr", "startIndex": "2"}),
    ],
)
def test_a_query_means_the_same_however_it_is_sent(members: dict[str, Json], parameters: dict[str, str]) -> None:
    """What a SearchRequest asks is what a GET with the same parameters asks."""
    found = search(**members)
    got = parse_request(ScimRequest("GET", "/Users", urlencode(parameters), None, b""), SERVICE, Tolerance())
    assert (found.operation, found.projection, found.operation_name) == (got.operation, got.projection, "search")
    assert found.route == "/Users/.search"


def test_the_address_asks_nothing() -> None:
    """Parameters in the address of a SearchRequest are ignored: the query is the body."""
    assert post({"schemas": [SEARCH_REQUEST_URN]}, "filter=nonsense&count=1&attributes=id") == search()


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"schemas": None},
        {"schemas": []},
        {"schemas": SEARCH_REQUEST_URN},
        {"schemas": [1, None]},
        {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]},
        {"schemas": [USER.schema.id], "userName": "ada"},
    ],
)
def test_what_is_no_search_request(body: Json) -> None:
    """A missing or wrong schema is ``invalidSyntax``: a person who is sent here is not created."""
    with pytest.raises(InvalidSyntaxError):
        post(body)


@pytest.mark.parametrize(
    "members, error",
    [
        ({"filter": 1}, InvalidValueError),
        ({"filter": ["title pr"]}, InvalidValueError),
        ({"filter": ""}, InvalidFilterError),
        ({"sortBy": ["title"]}, InvalidValueError),
        ({"sortBy": "name"}, InvalidValueError),
        ({"filter": "nothing"}, InvalidFilterError),
        ({"startIndex": "1"}, InvalidValueError),
        ({"startIndex": True}, InvalidValueError),
        ({"count": 1.5}, InvalidValueError),
        ({"count": [1]}, InvalidValueError),
        ({"attributes": "userName"}, InvalidValueError),
        ({"attributes": [1]}, InvalidValueError),
        ({"attributes": ["id"] * 201}, InvalidValueError),
        ({"attributes": ["id"], "excludedAttributes": ["emails"]}, InvalidValueError),
        ({"excludedAttributes": {}}, InvalidValueError),
    ],
)
def test_a_parameter_that_cannot_be_read(members: dict[str, Json], error: type[ScimError]) -> None:
    """A parameter of the wrong type, or one that a GET would refuse, is refused."""
    with pytest.raises(error):
        search(**members)
