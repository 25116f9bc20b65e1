"""Sub-attributes that the schema of an operator requires (RFC 7643 §7, ``required``)."""

import json

import pytest

from musterbook.scim import Json, Profile, Resource, Tolerance
from musterbook.scim.definitions import load_definitions
from musterbook.scim.errors import InvalidValueError
from musterbook.scim.parse import parse_resource
from musterbook.scim.patch import apply_patch, parse_patch
from musterbook.scim.patch_message import PATCH_OP_URN
from musterbook.scim.schema import ResourceType

BADGE_URN = "urn:example:schemas:Badge"


def _badge() -> ResourceType:
    """Return a type whose complex attributes require one of their two parts."""
    parts: Json = [{"name": "value", "type": "string", "required": True}, {"name": "floor", "type": "integer"}]
    attributes: Json = [
        {"name": "number", "type": "string", "uniqueness": "server"},
        {"name": "holder", "type": "complex", "subAttributes": parts},
        {"name": "doors", "type": "complex", "multiValued": True, "subAttributes": parts},
    ]
    documents: Json = [
        {"id": BADGE_URN, "name": "Badge", "attributes": attributes},
        {"name": "Badge", "endpoint": "/Badges", "schema": BADGE_URN},
    ]
    definitions = load_definitions({"badge.json": json.dumps(documents).encode()})
    return next(item for item in definitions.resource_types() if item.name == "Badge")


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize(
    "sent, missing",
    [
        ({"holder": {"floor": 1}}, "holder.value"),
        ({"holder": {"floor": 1, "value": None}}, "holder.value"),
        ({"doors": [{"value": "front"}, {"floor": 1}]}, "doors.value"),
    ],
)
def test_a_required_sub_attribute_is_required(profile: Profile, sent: Json, missing: str) -> None:
    """R-029: no value of a complex attribute is without what its definition requires; to have no value is another."""
    badge = _badge()
    with pytest.raises(InvalidValueError, match=f'The attribute "{missing}" is required'):
        parse_resource({"schemas": [BADGE_URN], "number": "7", **sent}, badge, Tolerance(profile))
    body = {"schemas": [BADGE_URN], "number": "7", "holder": {}, "doors": []}
    assert parse_resource(body, badge, Tolerance(profile)).attributes == {"number": "7"}


@pytest.mark.parametrize(
    "path, value, missing",
    [
        ("holder.floor", 1, "holder.value"),
        ("holder", {"floor": 1}, "holder.value"),
        ("doors.floor", 1, "doors.value"),
        ("doors", [{"floor": 1}], "doors.value"),
    ],
)
def test_a_patch_makes_nothing_without_what_is_required(path: str, value: Json, missing: str) -> None:
    """R-029: a value that a PATCH begins has what its definition requires."""
    badge = _badge()
    message = {"schemas": [PATCH_OP_URN], "Operations": [{"op": "add", "path": path, "value": value}]}
    patch = parse_patch(message, badge, Tolerance(Profile.RFC))
    with pytest.raises(InvalidValueError, match=f'The attribute "{missing}" is required'):
        apply_patch(Resource(badge, {"number": "7"}), patch)
