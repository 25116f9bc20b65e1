"""Schemas as data, and the names that are looked up in them (RFC 7643 §2, §6, §7)."""

import json

import pytest

from musterbook.scim import Json, user_type
from musterbook.scim.schema import (
    Attribute,
    AttributeType,
    Mutability,
    Returned,
    SchemaExtension,
    Uniqueness,
    load_schema,
    make_resource_type,
    parse_schema,
)

USER = user_type()
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def schema_with(attribute: Json) -> bytes:
    """Return the text of a schema with this attribute."""
    return json.dumps({"id": "urn:example", "name": "Example", "attributes": [attribute]}).encode()


def test_an_attribute_has_the_characteristics_of_the_rfc_by_default() -> None:
    """What a definition leaves out is as RFC 7643 §2.2 says."""
    (attribute,) = parse_schema(schema_with({"name": "thing", "type": "string"})).attributes
    assert attribute == Attribute(
        name="thing",
        type=AttributeType.STRING,
        multi_valued=False,
        description="",
        required=False,
        case_exact=False,
        mutability=Mutability.READ_WRITE,
        returned=Returned.DEFAULT,
        uniqueness=Uniqueness.NONE,
        canonical_values=(),
        reference_types=(),
        max_length=None,
        always_assigned=False,
        sub_attributes=(),
    )


@pytest.mark.parametrize(
    "attribute",
    [
        {"name": "thing", "type": "text"},
        {"name": "thing", "type": "string", "mutability": "readwrite"},
        {"name": "thing", "type": "string", "returned": "sometimes"},
        {"name": "thing", "type": "string", "uniqueness": "tenant"},
        {"name": "thing", "type": "complex", "subAttributes": [{"name": "inner", "type": "complex"}]},
    ],
)
def test_a_definition_that_the_rfc_does_not_know_is_refused(attribute: Json) -> None:
    """A mistake in a schema file is found when it is read, not when a client meets it."""
    with pytest.raises(ValueError, match=r"is not a valid|complex sub-attribute"):
        parse_schema(schema_with(attribute))


@pytest.mark.parametrize("name", ["userName", "USERNAME", "username", "externalId", "META", "schemas", "id"])
def test_names_have_no_case(name: str) -> None:
    """Attributes, the common ones among them, are found by their names in any case (RFC 7643 §2.1)."""
    attribute = USER.attribute(name)
    assert attribute is not None
    assert attribute.name.lower() == name.lower()


def test_names_that_nothing_has() -> None:
    """A name that no schema defines finds nothing."""
    name = USER.attribute("name")
    assert name is not None
    assert name.sub_attribute("GIVENNAME") is name.sub_attributes[2]
    assert (USER.attribute("nobody"), name.sub_attribute("nothing"), USER.extension("urn:x")) == (None, None, None)


def test_extensions_are_found_by_urn() -> None:
    """An extension is found by its URN in any case, and its attributes are apart from those of the base schema."""
    extension = USER.extension(ENTERPRISE.upper())
    assert extension is load_schema("enterprise_user")
    assert extension is not None
    assert extension.attribute("employeenumber") is not None
    assert USER.attribute("employeeNumber") is None


def test_an_extension_may_be_required() -> None:
    """Whether a resource must carry an extension is the resource type's to say (RFC 7643 §6)."""
    extension = SchemaExtension(load_schema("enterprise_user"), required=True)
    required = make_resource_type("Employee", "/Employees", load_schema("user"), [extension])
    assert [item.required for item in required.extensions] == [True]
    assert [item.required for item in USER.extensions] == [False]


def test_what_is_bounded() -> None:
    """User names have at most 256 characters, external ids and e-mail addresses 512."""
    emails = USER.attribute("emails")
    assert emails is not None
    bounded = [USER.attribute("userName"), USER.attribute("externalId"), emails.sub_attribute("value")]
    assert [attribute and attribute.max_length for attribute in bounded] == [256, 512, 512]
