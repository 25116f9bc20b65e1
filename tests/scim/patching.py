"""What the tests of PATCH share: a person, a group, and how to patch them."""

from collections.abc import Mapping

import msgspec
import pytest

from musterbook.scim.dialects import Profile, Tolerance
from musterbook.scim.errors import ScimError
from musterbook.scim.patch import apply_patch, parse_patch
from musterbook.scim.resource import Json, Resource
from musterbook.scim.schema import SchemaExtension, make_resource_type, parse_schema, user_type

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

WORK = {"value": "ada@example.com", "type": "work", "primary": True}
HOME = {"value": "ada@home.example", "type": "home"}
OFFICE = {"streetAddress": "1 Main St", "locality": "London", "country": "GB", "type": "work"}

ADA = Resource(
    user_type(),
    {
        "externalId": "701984",
        "userName": "ada@example.com",
        "name": {"familyName": "Lovelace", "givenName": "Ada"},
        "displayName": "Ada Lovelace",
        "title": "Analyst",
        "active": True,
        "emails": [WORK, HOME],
        "addresses": [OFFICE],
        ENTERPRISE: {"department": "Engines", "manager": {"value": "42", "$ref": "../Users/42"}},
    },
    "2819c223",
)

FLEET = "urn:example:schemas:Fleet"
_REFERENCE = {"mutability": "immutable"}
CREW = make_resource_type(
    "Crew",
    "/Crews",
    parse_schema(
        msgspec.json.encode(
            {
                "id": "urn:example:schemas:Crew",
                "name": "Crew",
                "description": "Like a group, with one attribute of every kind that people lack.",
                "attributes": [
                    {"name": "displayName", "type": "string", "required": True},
                    {"name": "code", "type": "string", "mutability": "immutable"},
                    {"name": "size", "type": "integer"},
                    {"name": "tags", "type": "string", "multiValued": True},
                    {"name": "decks", "type": "integer", "multiValued": True},
                    {
                        "name": "members",
                        "type": "complex",
                        "multiValued": True,
                        "subAttributes": [
                            {"name": "value", "type": "string", "caseExact": True, **_REFERENCE},
                            {"name": "$ref", "type": "reference", **_REFERENCE},
                            {"name": "type", "type": "string", **_REFERENCE},
                            {"name": "display", "type": "string"},
                        ],
                    },
                    {
                        "name": "captain",
                        "type": "complex",
                        "subAttributes": [
                            {"name": "value", "type": "string", **_REFERENCE},
                            {"name": "display", "type": "string"},
                            {"name": "rank", "type": "string", "mutability": "readOnly"},
                        ],
                    },
                    {
                        "name": "ports",
                        "type": "complex",
                        "multiValued": True,
                        "required": True,
                        "subAttributes": [{"name": "value", "type": "string"}, {"name": "type", "type": "string"}],
                    },
                ],
            }
        )
    ),
    [
        SchemaExtension(
            parse_schema(
                msgspec.json.encode(
                    {
                        "id": FLEET,
                        "name": "Fleet",
                        "description": "An extension with what the enterprise extension lacks.",
                        "attributes": [
                            {
                                "name": "flag",
                                "type": "complex",
                                "mutability": "readOnly",
                                "subAttributes": [{"name": "colour", "type": "string"}],
                            },
                            {"name": "station", "type": "string"},
                            {"name": "number", "type": "string", "required": True},
                        ],
                    }
                )
            )
        )
    ],
)
CREW_OF_TWO = Resource(
    CREW,
    {
        "displayName": "Beagle",
        "code": "HMS",
        "tags": ["brig", "sloop"],
        "members": [{"value": "a1", "type": "User"}, {"value": "b2", "display": "Bea"}],
        "captain": {"value": "a1", "display": "FitzRoy"},
        "ports": [{"value": "Plymouth", "type": "home"}],
    },
    "c7",
)


def operation(op: str, path: str | None = None, **value: Json) -> dict[str, Json]:
    """Return an operation; ``value=None`` is a ``null`` that is sent."""
    return {"op": op, **({} if path is None else {"path": path}), **value}


def message(*operations: Json) -> dict[str, Json]:
    """Return a PatchOp message."""
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def patch(
    resource: Resource, *operations: Json, profile: Profile = Profile.LENIENT, tolerance: Tolerance | None = None
) -> Resource:
    """Return what a message with these operations makes of ``resource``."""
    tolerance = tolerance or Tolerance(profile)
    return apply_patch(resource, parse_patch(message(*operations), resource.resource_type, tolerance))


def refusal(resource: Resource, *operations: Json, profile: Profile = Profile.LENIENT) -> tuple[type, str]:
    """Return the error that a message with these operations is refused with."""
    with pytest.raises(ScimError) as caught:
        patch(resource, *operations, profile=profile)
    return type(caught.value), caught.value.detail


def but(attributes: Mapping[str, Json], *gone: str, **changed: Json) -> dict[str, Json]:
    """Return ``attributes`` without some, and with others changed."""
    return {**{name: value for name, value in attributes.items() if name not in gone}, **changed}


def ada_but(*gone: str, enterprise: Json = None, **changed: Json) -> dict[str, Json]:
    """Return Ada's attributes without some, and with others changed."""
    if enterprise is not None:
        changed[ENTERPRISE] = enterprise
    return but(ADA.attributes, *gone, **changed)


LENIENT, RFC, INTEROP = Profile.LENIENT, Profile.RFC, Profile.INTEROP_STRICT
