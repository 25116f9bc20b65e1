"""Attribute notation (RFC 7644 §3.10)."""

import pytest

from musterbook.scim.path import AttrPath, BoundPath, parse_attr_path, resolve
from musterbook.scim.schema import (
    Attribute,
    AttributeType,
    ResourceType,
    SchemaExtension,
    make_resource_type,
    make_schema,
    user_type,
)

USER = user_type()
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("userName", AttrPath(None, "userName", None, 3)),
        ("name.familyName", AttrPath(None, "name", "familyName", 3)),
        ("manager.$ref", AttrPath(None, "manager", "$ref", 3)),
        ("x-y_z$9", AttrPath(None, "x-y_z$9", None, 3)),
        (f"{CORE}:name.givenName", AttrPath(CORE, "name", "givenName", 3)),
        (f"{ENTERPRISE.upper()}:Manager.Value", AttrPath(ENTERPRISE.upper(), "Manager", "Value", 3)),
        (ENTERPRISE, AttrPath(ENTERPRISE, None, None, 3)),
        (CORE.lower(), AttrPath(CORE.lower(), None, None, 3)),
        ("urn:example:2.0:Thing:size.unit", AttrPath("urn:example:2.0:Thing", "size", "unit", 3)),
    ],
)
def test_a_path_is_urn_name_and_sub_attribute(text: str, expected: AttrPath) -> None:
    """``attrPath = [URI ":"] ATTRNAME *1subAttr``; the stops within a URN divide nothing, and it reads back as sent."""
    parsed = parse_attr_path(text, USER, column=3)
    assert parsed == expected
    assert str(parsed) == text


@pytest.mark.parametrize(
    "text",
    [
        "", " ", ".", "name.", ".familyName", "name..familyName", "name.familyName.x", "9lives", "-x", "$", "$9", "a b",
        "ünal", "userName\n", "x" * 129, f"{CORE}:", f"{ENTERPRISE}::x", "urn:", "urn::", ":x", "a:b",
        f"{CORE}:userName".replace("core", "co\u0130re"), "emails[type pr]",
    ],
    ids=ascii,
)  # fmt: skip
def test_what_is_no_path_is_none(text: str) -> None:
    """Names are ASCII letters, digits, ``-``, ``_`` and ``$``, begin with a letter (``$ref`` excepted) and end."""
    assert parse_attr_path(text, USER) is None


def _resolve(text: str, resource_type: ResourceType = USER) -> BoundPath | None:
    path = parse_attr_path(text, resource_type)
    assert path is not None
    return resolve(path, resource_type)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("USERNAME", "userName"),
        ("Name.FAMILYname", "name.familyName"),
        ("externalid", "externalId"),
        ("META.LastModified", "meta.lastModified"),
        (f"{CORE.upper()}:emails.TYPE", "emails.type"),
        (f"{CORE}:id", "id"),
        (f"{ENTERPRISE.lower()}:DEPARTMENT", f"{ENTERPRISE}:department"),
        (f"{ENTERPRISE}:manager.$REF", f"{ENTERPRISE}:manager.$ref"),
        (ENTERPRISE.lower(), ENTERPRISE),
    ],
)
def test_names_are_resolved_in_any_case(text: str, expected: str) -> None:
    """Every part of an attribute name is case insensitive; a resolved path is spelled as the schema spells it."""
    assert str(_resolve(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "department",
        "name.nonsense",
        "userName.value",
        "urn:example:2.0:Thing:userName",
        f"{CORE}:department",
        f"{ENTERPRISE}:userName",
        f"{ENTERPRISE}:id",
        CORE,
    ],
)
def test_what_the_resource_type_does_not_have_is_none(text: str) -> None:
    """A name belongs to the schema that its URN names; the base schema as a whole is no attribute."""
    assert _resolve(text) is None


def test_the_end_of_a_path_is_its_leaf() -> None:
    """``leaf`` is the sub-attribute, else the attribute, and nothing for a whole extension."""
    found = [_resolve(text) for text in ("name.familyName", "name", ENTERPRISE)]
    leaves = [None if path is None or path.leaf is None else path.leaf.name for path in found]
    assert leaves == ["familyName", "name", None]


def test_the_longest_known_urn_is_meant() -> None:
    """Where the URN of one schema begins another's, the name is looked up in the one that the text names whole."""
    outer = make_schema("urn:example:Ship", "Ship", "", [Attribute("name", AttributeType.STRING)])
    inner = make_schema("urn:example:Ship:Deck", "Deck", "", [Attribute("level", AttributeType.STRING)])
    ship = make_resource_type("Ship", "/Ships", outer, [SchemaExtension(inner)])
    assert str(_resolve("urn:example:ship:deck:LEVEL", ship)) == "urn:example:Ship:Deck:level"
    assert str(_resolve("urn:example:ship:NAME", ship)) == "name"
