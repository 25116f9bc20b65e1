"""Projection: what a response shows where a client names attributes (RFC 7644 §3.9)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterbook.scim import Json, user_type
from musterbook.scim.operation import Projection
from musterbook.scim.projection import project
from musterbook.scim.query import parse_parameters, parse_projection
from musterbook.scim.schema import SchemaExtension, group_type, make_resource_type, parse_schema

USER = user_type()
CORE = USER.schema.id
ENTERPRISE = USER.extensions[0].schema.id
FULL: dict[str, Json] = {
    "schemas": [CORE, ENTERPRISE],
    "id": "1",
    "externalId": "x",
    "userName": "ada",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "active": False,
    "emails": [{"value": "a@x", "type": "work", "primary": False}, {"value": "b@x"}],
    ENTERPRISE: {"department": "Sums", "manager": {"value": "2", "displayName": "Charles"}},
    "meta": {"resourceType": "User", "created": "c", "lastModified": "l", "location": "u"},
}
ALWAYS = {"schemas", "id"}


def shown(query: str) -> dict[str, Json]:
    """Return what of the full representation a request with this query string sees."""
    return project(FULL, USER, parse_projection(parse_parameters(query), USER))


@pytest.mark.parametrize(
    "names, expected",
    [
        ("userName", {"userName": "ada"}),
        ("active", {"active": False}),
        ("name.givenName", {"name": {"givenName": "Ada"}}),
        ("name.givenName,name.familyName", {"name": FULL["name"]}),
        ("name,name.givenName", {"name": FULL["name"]}),
        ("name.givenName,name", {"name": FULL["name"]}),
        ("name.formatted", {}),
        ("emails.type", {"emails": [{"type": "work"}]}),
        ("emails.primary", {"emails": [{"primary": False}]}),
        ("emails.type,emails.value", {"emails": [{"value": "a@x", "type": "work"}, {"value": "b@x"}]}),
        ("emails.display", {}),
        ("emails,emails.type", {"emails": FULL["emails"]}),
        ("title", {}),
        ("meta.location", {"meta": {"location": "u"}}),
        ("meta", {"meta": FULL["meta"]}),
        ("schemas,id", {}),
    ],
)
def test_only_what_is_named_is_shown(names: str, expected: dict[str, Json]) -> None:
    """``attributes`` shows the minimum and what is named; what has nothing left in it is left out."""
    assert shown(f"attributes={names}") == {"schemas": [CORE], "id": "1", **expected}


@pytest.mark.parametrize(
    "names, expected",
    [
        (ENTERPRISE, FULL[ENTERPRISE]),
        (f"{ENTERPRISE}:department", {"department": "Sums"}),
        (f"{ENTERPRISE}:manager.value", {"manager": {"value": "2"}}),
        (f"{ENTERPRISE}:manager.value,{ENTERPRISE}", FULL[ENTERPRISE]),
        (f"{ENTERPRISE},{ENTERPRISE}:manager.value", FULL[ENTERPRISE]),
        (f"{ENTERPRISE}:department,{ENTERPRISE}:manager.value", {"department": "Sums", "manager": {"value": "2"}}),
    ],
)
def test_extensions_are_shown_whole_or_in_part(names: str, expected: Json) -> None:
    """An extension is named by its URN, its attributes behind it; ``schemas`` names it while it is shown."""
    assert shown(f"attributes={names}") == {"schemas": [CORE, ENTERPRISE], "id": "1", ENTERPRISE: expected}


@pytest.mark.parametrize(
    "names, gone",
    [
        ("userName", {"userName": None}),
        ("name.givenName", {"name": {"familyName": "Lovelace"}}),
        ("name.givenName,name.familyName", {"name": None}),
        ("emails.value", {"emails": [{"type": "work", "primary": False}]}),
        ("emails.value,emails.type,emails.primary", {"emails": None}),
        ("title,emails.display", {}),
        ("id,schemas", {}),
        ("id,schemas,meta", {"meta": None}),
        (f"{ENTERPRISE}:department", {ENTERPRISE: {"manager": FULL[ENTERPRISE]["manager"]}}),
        (f"{ENTERPRISE}:employeeNumber", {}),
        (ENTERPRISE, {ENTERPRISE: None, "schemas": [CORE]}),
        (f"{ENTERPRISE}:department,{ENTERPRISE}:manager", {ENTERPRISE: None, "schemas": [CORE]}),
    ],
)
def test_what_is_excluded_is_not_shown(names: str, gone: dict[str, Json]) -> None:
    """``excludedAttributes`` shows everything but what is named, and never less than the minimum."""
    expected = {name: value for name, value in {**FULL, **gone}.items() if value is not None}
    assert shown(f"excludedAttributes={names}") == expected


def test_what_is_shown_keeps_its_order() -> None:
    """Attributes come in the order of the resource, whatever the order in which they are named."""
    assert list(shown("attributes=meta,emails,userName,externalId")) == [
        "schemas",
        "id",
        "externalId",
        "userName",
        "emails",
        "meta",
    ]


NAMES = [
    "id", "schemas", "meta", "meta.location", "userName", "name", "name.givenName", "name.familyName", "emails",
    "emails.value", "emails.type", "emails.primary", "active", "title", "externalId", ENTERPRISE,
    f"{ENTERPRISE}:department", f"{ENTERPRISE}:manager", f"{ENTERPRISE}:manager.value",
]  # fmt: skip
CHOSEN = st.lists(st.sampled_from(NAMES), min_size=1, max_size=6)


def leaves(value: Json, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Json]:
    """Return every value that is not complex, by the names that lead to it; those of a list one after the other."""
    if isinstance(value, dict):
        return {key: leaf for name, item in value.items() for key, leaf in leaves(item, (*path, name)).items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        found: dict[tuple[str, ...], Json] = {}
        for element in value:
            for key, leaf in leaves(element, path).items():
                found.setdefault(key, []).append(leaf)
        return found
    return {path: value}


def is_named(path: tuple[str, ...], names: list[str]) -> bool:
    """Return whether a name of the list is the path or leads to it."""
    bound = parse_projection(parse_parameters(f"attributes={','.join(names)}"), USER).attributes or ()
    prefixes = []
    for one in bound:
        parts = (one.extension and one.extension.id, one.attribute and one.attribute.name)
        prefixes.append(tuple(filter(None, (*parts, one.sub_attribute and one.sub_attribute.name))))
    return any(path[: len(prefix)] == prefix for prefix in prefixes)


@given(CHOSEN)
def test_projection_shows_exactly_what_is_asked(names: list[str]) -> None:
    """For any names, what ``attributes`` shows and what ``excludedAttributes`` leaves are each other's complement, the
    minimum apart, which both show; no value is changed.
    """
    text = ",".join(names)
    whole = leaves(FULL)
    only, without = leaves(shown(f"attributes={text}")), leaves(shown(f"excludedAttributes={text}"))
    for path, value in whole.items():
        if path[0] == "schemas":
            continue
        if path[0] in ALWAYS:
            assert only[path] == without[path] == value
        else:
            assert (only.get(path), without.get(path)) == ((value, None) if is_named(path, names) else (None, value))
    assert only.keys() | without.keys() <= whole.keys()


def test_nothing_named_shows_the_minimum() -> None:
    """A projection onto no attribute at all still shows what is always returned."""
    assert project(FULL, USER, Projection(attributes=())) == {"schemas": [CORE], "id": "1"}


def test_a_projection_leaves_the_representation_alone() -> None:
    """What is projected is not changed in place."""
    before = leaves(FULL)
    shown(f"attributes=emails.value,{ENTERPRISE}:manager.value")
    shown(f"excludedAttributes=emails.value,{ENTERPRISE}:manager.value")
    assert leaves(FULL) == before


# ---------------------------------------------------------------------------------------------------------------------
# What is returned always, on request, or never (RFC 7643 §7)

SAFE, LOCK = "urn:example:schemas:Safe", "urn:example:schemas:Lock"
VAULT = make_resource_type(
    "Safe",
    "/Safes",
    parse_schema(
        json.dumps(
            {
                "id": SAFE,
                "name": "Safe",
                "attributes": [
                    {"name": "number", "type": "string", "returned": "always"},
                    {"name": "colour", "type": "string"},
                    {"name": "code", "type": "string", "returned": "never"},
                    {"name": "hint", "type": "string", "mutability": "writeOnly"},
                    {"name": "weight", "type": "integer", "returned": "request"},
                    {
                        "name": "shelves",
                        "type": "complex",
                        "multiValued": True,
                        "subAttributes": [
                            {"name": "value", "type": "string", "returned": "always"},
                            {"name": "height", "type": "integer"},
                            {"name": "load", "type": "integer", "returned": "request"},
                            {"name": "secret", "type": "string", "returned": "never"},
                        ],
                    },
                ],
            }
        ).encode()
    ),
    [
        SchemaExtension(
            parse_schema(
                json.dumps(
                    {
                        "id": LOCK,
                        "name": "Lock",
                        "attributes": [
                            {"name": "maker", "type": "string", "returned": "always"},
                            {"name": "key", "type": "string", "returned": "never"},
                            {"name": "year", "type": "integer", "returned": "request"},
                        ],
                    }
                ).encode()
            )
        )
    ],
)
HELD: dict[str, Json] = {
    "schemas": [SAFE, LOCK],
    "id": "1",
    "number": "7",
    "colour": "red",
    "code": "1234",
    "hint": "x",
    "weight": 90,
    "shelves": [{"value": "top", "height": 3, "load": 5, "secret": "x"}],
    LOCK: {"maker": "Bramah", "key": "x", "year": 1784},
}
MINIMUM: dict[str, Json] = {"schemas": [SAFE, LOCK], "id": "1", "number": "7", LOCK: {"maker": "Bramah"}}
WHOLE: dict[str, Json] = {**MINIMUM, "colour": "red", "shelves": [{"value": "top", "height": 3}]}


@pytest.mark.parametrize(
    "query, expected",
    [
        ("", WHOLE),
        ("attributes=colour", {**MINIMUM, "colour": "red"}),
        ("attributes=code,hint", MINIMUM),
        ("attributes=shelves.secret", {**MINIMUM, "shelves": [{"value": "top"}]}),
        (f"attributes=weight,{LOCK}:year", {**MINIMUM, "weight": 90, LOCK: {"maker": "Bramah", "year": 1784}}),
        ("attributes=shelves.load", {**MINIMUM, "shelves": [{"value": "top", "load": 5}]}),
        ("attributes=shelves", {**MINIMUM, "shelves": [{"value": "top", "height": 3, "load": 5}]}),
        ("excludedAttributes=number,colour,shelves.value", {**MINIMUM, "shelves": WHOLE["shelves"]}),
        ("excludedAttributes=shelves,colour", MINIMUM),
    ],
)
def test_the_characteristic_returned_is_kept(query: str, expected: dict[str, Json]) -> None:
    """80, 81: always, whatever is asked; on request, where it or what holds it is named; never, not even then."""
    projection = parse_projection(parse_parameters(query), VAULT)
    assert project(HELD, VAULT, projection) == expected


def test_the_stored_text_is_shown_as_it_is_only_where_everything_is_shown() -> None:
    """People and groups are plain, so that their text need not be decoded."""
    assert USER.visibility.is_plain
    assert group_type().visibility.is_plain
    assert not VAULT.visibility.is_plain
    assert VAULT.visibility.never == (("code",), ("hint",), ("shelves", "secret"), (LOCK, "key"))
