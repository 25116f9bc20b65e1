"""Resources in memory and as stored text (RFC 7643 §3)."""

import json

import pytest

from musterbook.scim import Json, Meta, Resource, StoredResource, read_document, render_document, user_type
from musterbook.scim.path import parse_attr_path, resolve
from musterbook.scim.resource import value_at

USER = user_type()
CORE = USER.schema.id
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
META = Meta("2026-11-23T09:00:00.000Z", "2026-11-23T10:00:00.000Z", 3)
ADA = Resource(
    USER,
    {
        ENTERPRISE: {"department": "Sums", "manager": {"value": "2"}},
        "emails": [{"value": "a@x", "type": "work"}, {"value": "b@x"}],
        "name": {"givenName": "Ada"},
        "active": False,
        "userName": "ada é \u2028",
        "externalId": "x",
    },
    "1",
    META,
)


def test_the_stored_text_is_in_the_order_of_the_schema() -> None:
    """Whatever the order in which attributes came, they are stored in one order, without ``meta``."""
    assert list(json.loads(render_document(ADA)).items()) == [
        ("schemas", [CORE, ENTERPRISE]),
        ("id", "1"),
        ("externalId", "x"),
        ("userName", "ada é \u2028"),
        ("name", {"givenName": "Ada"}),
        ("active", False),
        ("emails", [{"value": "a@x", "type": "work"}, {"value": "b@x"}]),
        (ENTERPRISE, {"department": "Sums", "manager": {"value": "2"}}),
    ]


def test_a_stored_resource_reads_back() -> None:
    """What is read from the stored text is what was stored."""
    assert read_document(USER, StoredResource("1", render_document(ADA), META)) == ADA


def test_schemas_name_what_is_there() -> None:
    """``schemas`` names an extension while the resource has an attribute of it, and the base schema always."""
    assert ADA.schemas == (CORE, ENTERPRISE)
    assert Resource(USER, {"userName": "ada"}).schemas == (CORE,)


def test_what_is_stored_under_an_extension_that_is_not_defined_stays() -> None:
    """A write by somebody who knows fewer extensions, such as a command without the operator's, loses nothing."""
    urn = "urn:example:schemas:Staff"
    text = f'{{"schemas":["{CORE}","{urn}"],"id":"1","userName":"ada","{urn}":{{"badge":"7"}}}}'
    meta = Meta("2026-11-23T09:00:00.000Z", "2026-11-23T09:00:00.000Z", 1)
    assert render_document(read_document(USER, StoredResource("1", text, meta))) == text


@pytest.mark.parametrize(
    "path, value",
    [
        ("userName", "ada é \u2028"),
        ("title", None),
        ("active", False),
        ("name", {"givenName": "Ada"}),
        ("name.givenName", "Ada"),
        ("name.familyName", None),
        ("emails.value", ["a@x", "b@x"]),
        ("emails.type", ["work"]),
        ("emails.display", None),
        ("phoneNumbers.value", None),
        ("id", "1"),
        ("schemas", [CORE, ENTERPRISE]),
        ("externalId", "x"),
        ("meta.resourceType", "User"),
        ("meta.created", "2026-11-23T09:00:00.000Z"),
        ("meta.lastModified", "2026-11-23T10:00:00.000Z"),
        ("meta.location", None),
        ("meta.version", None),
        (ENTERPRISE, {"department": "Sums", "manager": {"value": "2"}}),
        (f"{ENTERPRISE}:department", "Sums"),
        (f"{ENTERPRISE}:manager.value", "2"),
        (f"{ENTERPRISE}:manager.displayName", None),
        (f"{ENTERPRISE}:employeeNumber", None),
    ],
)
def test_the_value_at_a_path(path: str, value: Json) -> None:
    """A path leads to the value, to those of all elements, or to nothing where it is unassigned."""
    written = parse_attr_path(path, USER)
    assert written is not None
    bound = resolve(written, USER)
    assert bound is not None
    assert value_at(ADA, bound) == value


@pytest.mark.parametrize("path", ["meta.created", f"{ENTERPRISE}:department", ENTERPRISE, "id"])
def test_what_a_resource_that_was_just_sent_has_not(path: str) -> None:
    """A resource that a client has just sent has no id, no ``meta``, and perhaps no extension."""
    written = parse_attr_path(path, USER)
    assert written is not None
    bound = resolve(written, USER)
    assert bound is not None
    assert value_at(Resource(USER, {"userName": "ada"}), bound) is None
