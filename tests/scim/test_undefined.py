"""What a resource holds and no schema defines any more: an operator has taken the definition away."""

import json

import pytest

from musterbook.scim import Json, Meta, Resource, StoredResource, Tolerance, apply_patch, replace_resource, user_type
from musterbook.scim.definitions import load_definitions
from musterbook.scim.operation import DEFAULT_PROJECTION, Found, GetResource, Projection
from musterbook.scim.patch import parse_patch
from musterbook.scim.protocol import Exchange
from musterbook.scim.query import parse_parameters, parse_projection
from musterbook.scim.render import SCIM_JSON, render
from musterbook.scim.resource import read_document, render_document
from musterbook.scim.schema import ResourceType
from musterbook.scim.service import describe_service
from tests.scim.test_definitions import BADGE_SCHEMA, BADGE_TYPE, BADGE_URN, STAFF_SCHEMA, STAFF_TYPE, STAFF_URN

META = Meta("2026-11-23T09:00:00.000Z", "2026-11-23T10:00:00.000Z", 3)
USER = user_type()
GONE = "urn:example:schemas:Gone"
TEXT = json.dumps([BADGE_SCHEMA, BADGE_TYPE, STAFF_SCHEMA, STAFF_TYPE]).encode()
STAFF_USER, _, BADGE = load_definitions({"definitions.json": TEXT}).resource_types()

ADA: Json = {"userName": "ada", "name": {"givenName": "Ada"}}
PERSON: Json = {**ADA, STAFF_URN: {"badge": "7", "pin": "1234"}, GONE: {"pin": "1234"}}
CARD: Json = {"number": "7", "doors": [{"value": "front", "pin": "1"}, {"pin": "2"}], "pin": "1234", "lock": {"x": 1}}


def stored(resource_type: ResourceType, attributes: Json) -> StoredResource:
    """Return a resource as it was stored while everything in it was defined."""
    return StoredResource("1", render_document(Resource(resource_type, attributes, "1", META)), META)


def shown(resource_type: ResourceType, attributes: Json, projection: Projection = DEFAULT_PROJECTION) -> Json:
    """Return what an answer shows of a resource."""
    service = describe_service("https://example.com/scim/v2", [resource_type])
    exchange = Exchange("/", "test", GetResource(resource_type, "1"), projection=projection)
    answer = render(exchange, Found(resource_type, stored(resource_type, attributes)), service, SCIM_JSON)
    document = json.loads(answer.body)
    return {name: value for name, value in document.items() if name not in {"id", "meta"}}


@pytest.mark.parametrize(
    "resource_type, attributes, expected",
    [
        (USER, PERSON, {"schemas": [USER.schema.id], **ADA}),
        (STAFF_USER, PERSON, {"schemas": [USER.schema.id, STAFF_URN], **ADA, STAFF_URN: {"badge": "7"}}),
        (STAFF_USER, {**ADA, STAFF_URN: {"pin": "1234"}}, {"schemas": [USER.schema.id], **ADA}),
        (BADGE, CARD, {"schemas": [BADGE_URN], "number": "7", "doors": [{"value": "front"}]}),
    ],
)
def test_it_is_not_shown(resource_type: ResourceType, attributes: Json, expected: Json) -> None:
    """It may be what was never to be returned, which nobody can tell any more: schemas, attributes, their parts."""
    assert shown(resource_type, attributes) == expected


def test_it_is_not_shown_beside_what_is_excluded() -> None:
    """Whichever attributes a client names, what nobody defines is not among them."""
    excluded = parse_projection(parse_parameters("excludedAttributes=name"), STAFF_USER)
    expected = {"schemas": [USER.schema.id, STAFF_URN], "userName": "ada", STAFF_URN: {"badge": "7"}}
    assert shown(STAFF_USER, PERSON, excluded) == expected
    named = parse_projection(parse_parameters(f"attributes={STAFF_URN}"), STAFF_USER)
    assert shown(STAFF_USER, PERSON, named) == {"schemas": [USER.schema.id, STAFF_URN], STAFF_URN: {"badge": "7"}}


def test_what_is_defined_is_shown_as_it_is() -> None:
    """The text of a person without anything from outside is not decoded to be shown."""
    whole = stored(USER, ADA)
    odd = StoredResource("1", whole.document.replace('"userName"', ' "userName"'), META)
    service = describe_service("https://example.com/scim/v2", [USER])
    exchange = Exchange("/Users", "test", GetResource(USER, "1"))
    assert b', "userName"' in render(exchange, Found(USER, odd), service, SCIM_JSON).body


@pytest.mark.parametrize("resource_type, attributes", [(USER, PERSON), (STAFF_USER, PERSON), (BADGE, CARD)])
def test_it_is_stored_again_with_every_write(resource_type: ResourceType, attributes: Json) -> None:
    """What is read from the stored text and written again is what was there."""
    assert read_document(resource_type, stored(resource_type, attributes)).attributes == attributes


def test_a_patch_of_something_else_leaves_it() -> None:
    """An unrelated PATCH loses nothing."""
    message = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": f"{STAFF_URN}:badge", "value": "8"}],
    }
    patched = apply_patch(Resource(STAFF_USER, PERSON, "1"), parse_patch(message, STAFF_USER, Tolerance()))
    assert patched.attributes == {**PERSON, STAFF_URN: {"badge": "8", "pin": "1234"}}


@pytest.mark.parametrize(
    "resource_type, current, sent, expected",
    [
        (USER, PERSON, {"userName": "ada"}, {"userName": "ada", STAFF_URN: PERSON[STAFF_URN], GONE: PERSON[GONE]}),
        (
            STAFF_USER,
            PERSON,
            {"userName": "ada", STAFF_URN: {"badge": "8"}},
            {"userName": "ada", STAFF_URN: {"badge": "8", "pin": "1234"}, GONE: PERSON[GONE]},
        ),
        (STAFF_USER, PERSON, ADA, {**ADA, STAFF_URN: {"pin": "1234"}, GONE: PERSON[GONE]}),
        (BADGE, CARD, {"number": "8"}, {"number": "8", "pin": "1234", "lock": {"x": 1}}),
    ],
)
def test_a_put_leaves_it(resource_type: ResourceType, current: Json, sent: Json, expected: Json) -> None:
    """No client can send back what none can see, so a PUT replaces what is defined, and that alone."""
    replaced = replace_resource(Resource(resource_type, current, "1"), Resource(resource_type, sent))
    assert replaced.attributes == expected
