"""Responses: status, headers and body of every answer (RFC 7644 §3.3 to §3.12)."""

import json
from dataclasses import replace

import pytest

from musterbook.scim import Json, Meta, Profile, Resource, StoredResource, Tolerance, user_type
from musterbook.scim.errors import (
    InvalidFilterError,
    MethodNotAllowedError,
    NotFoundError,
    ScimError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
    UniquenessError,
)
from musterbook.scim.operation import (
    Created,
    CreateResource,
    Deleted,
    Found,
    GetResource,
    Operation,
    Outcome,
    Page,
    Projection,
    Query,
    ReplaceResource,
    SearchResources,
)
from musterbook.scim.protocol import Exchange
from musterbook.scim.query import parse_parameters, parse_projection
from musterbook.scim.render import PLAIN_JSON, SCIM_JSON, choose_media_type, render, render_error
from musterbook.scim.render_dialects import PLAIN_JSON_ANSWER, WHOLE_NAME
from musterbook.scim.service import describe_service

USER = user_type()
SERVICE = describe_service("https://example.com/scim/v2", [USER])
STORED = StoredResource(
    "1",
    json.dumps({"schemas": [USER.schema.id], "id": "1", "userName": "ada", "name": {"givenName": 'A"d\\a\u2028é'}}),
    Meta("2026-11-23T09:00:00.000Z", "2026-11-23T10:00:00.000Z", 3),
)
SHOWN: Json = {
    "schemas": [USER.schema.id],
    "id": "1",
    "userName": "ada",
    "name": {"givenName": 'A"d\\a\u2028é'},
    "meta": {
        "resourceType": "User",
        "created": "2026-11-23T09:00:00.000Z",
        "lastModified": "2026-11-23T10:00:00.000Z",
        "location": "https://example.com/scim/v2/Users/1",
        "version": 'W/"3"',
    },
}


def answer(
    outcome: Outcome | None, projection: Projection | None = None, document: Json = None
) -> tuple[int, Json, Json]:
    """Return status, headers and decoded body of an answer."""
    exchange = Exchange("/Users", "test", None, document, projection or Projection())
    status, headers, body = render(exchange, outcome, SERVICE, SCIM_JSON)
    return status, dict(headers), json.loads(body) if body else None


def test_a_resource() -> None:
    """A resource is shown with its ``meta``: the location equals ``Location``, the version equals ``ETag``."""
    meta = SHOWN["meta"]
    headers = {"Content-Type": SCIM_JSON, "Location": meta["location"], "ETag": meta["version"]}
    assert answer(Found(USER, STORED)) == (200, headers, SHOWN)


def test_a_resource_that_the_client_has() -> None:
    """A 304 has the ``ETag`` and nothing of the resource, whatever was asked to be shown (RFC 9110 §15.4.5)."""
    projection = parse_projection(parse_parameters("attributes=userName"), USER)
    assert answer(Found(USER, STORED, is_known=True), projection) == (304, {"ETag": 'W/"3"'}, None)


def test_the_version_is_no_part_of_what_is_stored() -> None:
    """The version is shown from its own column, so that the stored text does not change with it."""
    assert "version" not in STORED.document
    later = replace(STORED, meta=replace(STORED.meta, version=4))
    assert answer(Found(USER, later))[2]["meta"] == {**SHOWN["meta"], "version": 'W/"4"'}


def test_a_resource_that_was_created() -> None:
    """A 201 has the address in ``Location``, equal to ``meta.location``, and the whole resource (RFC 7644 §3.3)."""
    status, headers, body = answer(Created(USER, STORED))
    assert (status, body) == (201, SHOWN)
    assert headers == {"Content-Type": SCIM_JSON, "Location": SHOWN["meta"]["location"], "ETag": 'W/"3"'}


def test_a_resource_that_was_deleted() -> None:
    """A 204 has neither body nor media type (RFC 7644 §3.6)."""
    assert answer(Deleted()) == (204, {}, None)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_page(count: int) -> None:
    """A ListResponse says how many there are in all, where the page begins, and how long it is."""
    assert answer(Page(USER, 7, 3, [STORED] * count)) == (
        200,
        {"Content-Type": SCIM_JSON},
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 7,
            "startIndex": 3,
            "itemsPerPage": count,
            "Resources": [SHOWN] * count,
        },
    )


@pytest.mark.parametrize("outcome", [Found(USER, STORED), Created(USER, STORED), Page(USER, 1, 1, [STORED])])
def test_what_a_client_asks_to_see(outcome: Outcome) -> None:
    """Every answer with a resource shows the attributes that are asked for."""
    projection = parse_projection(parse_parameters("attributes=userName,meta.location"), USER)
    _, _, body = answer(outcome, projection)
    shown = body["Resources"][0] if "Resources" in body else body
    assert shown == {
        "schemas": [USER.schema.id],
        "id": "1",
        "userName": "ada",
        "meta": {"location": SHOWN["meta"]["location"]},
    }


def test_a_document_that_needs_no_directory() -> None:
    """What the exchange holds already is the answer."""
    assert answer(None, document={"a": 1}) == (200, {"Content-Type": SCIM_JSON}, {"a": 1})


@pytest.mark.parametrize(
    "error, headers, body",
    [
        (NotFoundError("Gone."), {}, {"status": "404", "detail": "Gone."}),
        (UniquenessError("Taken."), {}, {"status": "409", "scimType": "uniqueness", "detail": "Taken."}),
        (
            InvalidFilterError("Odd.", column=7),
            {},
            {"status": "400", "scimType": "invalidFilter", "detail": "Odd. (column 7)"},
        ),
        (
            MethodNotAllowedError("No.", allowed=("GET", "POST")),
            {"Allow": "GET, POST"},
            {"status": "405", "detail": "No."},
        ),
        (
            UnavailableError("Later.", retry_after_seconds=5),
            {"Retry-After": "5"},
            {"status": "503", "detail": "Later."},
        ),
        (
            TooManyRequestsError("Slower.", retry_after_seconds=2),
            {"Retry-After": "2"},
            {"status": "429", "detail": "Slower."},
        ),
        (
            UnauthorizedError(credentials_sent=True),
            {"WWW-Authenticate": 'Bearer realm="musterbook", error="invalid_token"'},
            {"status": "401", "detail": "This needs a valid API key, sent as 'Authorization: Bearer' and the key."},
        ),
        (
            UnauthorizedError(credentials_sent=False),
            {"WWW-Authenticate": 'Bearer realm="musterbook"'},
            {"status": "401", "detail": "This needs a valid API key, sent as 'Authorization: Bearer' and the key."},
        ),
    ],
)
def test_an_error(error: ScimError, headers: dict[str, str], body: dict[str, Json]) -> None:
    """An Error has the status as a string, ``scimType`` where there is one, and the headers of its status."""
    status, found, text = render_error(error, SCIM_JSON)
    assert status == error.status
    assert dict(found) == {"Content-Type": SCIM_JSON, **headers}
    assert json.loads(text) == {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], **body}


@pytest.mark.parametrize(
    "accept, idp, media_type",
    [
        (None, None, SCIM_JSON),
        (None, "okta", SCIM_JSON),
        (None, "onelogin", PLAIN_JSON),
        ("*/*", None, SCIM_JSON),
        ("*/*", "onelogin", PLAIN_JSON),
        ("application/json", None, PLAIN_JSON),
        ("APPLICATION/JSON", "entra", PLAIN_JSON),
        ("application/json, text/plain, */*", None, SCIM_JSON),
        ("application/json, application/*", None, SCIM_JSON),
        ("application/scim+json", "onelogin", SCIM_JSON),
        ("application/json, application/scim+json", "onelogin", SCIM_JSON),
        ("text/html", None, SCIM_JSON),
        ("text/html", "onelogin", PLAIN_JSON),
        ("", None, SCIM_JSON),
    ],
)
def test_the_media_type_of_an_answer(accept: str | None, idp: str | None, media_type: str) -> None:
    """SCIM's media type unless the client names only plain JSON, or its key was made for OneLogin and it names
    nothing.
    """
    assert choose_media_type(accept, idp) == media_type
    assert (choose_media_type(None, idp) == PLAIN_JSON) is (idp in PLAIN_JSON_ANSWER.presets)


def test_errors_come_in_the_media_type_of_answers() -> None:
    """An error is sent under the same name as any other answer."""
    assert render_error(NotFoundError("Gone."), PLAIN_JSON).headers == (("Content-Type", PLAIN_JSON),)


@pytest.mark.parametrize(
    "sent, shown",
    [
        ({}, {"givenName": "", "familyName": ""}),
        ({"name": {"givenName": "Ada"}}, {"givenName": "Ada", "familyName": ""}),
        ({"name": {"familyName": "Lovelace"}}, {"givenName": "", "familyName": "Lovelace"}),
        ({"name": {"formatted": 'familyName":"x'}}, {"givenName": "", "familyName": "", "formatted": 'familyName":"x'}),
    ],
)
def test_onelogin_finds_both_names_where_it_looks(sent: Json, shown: Json) -> None:
    """A key for OneLogin is answered with a first and a last name, empty where there is none, after POST and PUT and
    in lists; other operations, any other key, and the profile of the RFCs, with what there is.
    """
    document = {"schemas": [USER.schema.id], "id": "1", "userName": "ada", **sent}
    stored = replace(STORED, document=json.dumps(document, separators=(",", ":")))
    resource = Resource(USER, {"userName": "ada"})
    shows = (CreateResource(resource), ReplaceResource("1", resource), SearchResources(USER, Query()))

    def names(tolerance: Tolerance, *operations: Operation) -> list[Json]:
        found = []
        for operation in operations:
            is_search = isinstance(operation, SearchResources)
            outcome = Page(USER, 1, 1, [stored]) if is_search else Found(USER, stored)
            exchange = Exchange("/Users", "test", operation, tolerance=tolerance)
            body = json.loads(render(exchange, outcome, SERVICE, SCIM_JSON).body)
            found.append((body["Resources"][0] if is_search else body).get("name"))
        return found

    onelogin = Tolerance(idp="onelogin")
    assert names(onelogin, *shows) == [shown] * 3
    assert onelogin.applied == [WHOLE_NAME.name]
    assert names(onelogin, GetResource(USER, "1")) == [sent.get("name")]
    assert names(Tolerance(idp="okta"), *shows) == [sent.get("name")] * 3
    assert names(Tolerance(Profile.RFC, "onelogin"), *shows) == [sent.get("name")] * 3
