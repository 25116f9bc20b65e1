"""Schemas and resource types that an operator defines (RFC 7643 §6, §7)."""

import json

import pytest

from musterbook.scim import Json, Resource, Tolerance, discovery
from musterbook.scim.definition_checks import MAX_ATTRIBUTES
from musterbook.scim.definitions import NO_DEFINITIONS, DefinitionError, Definitions, load_definitions
from musterbook.scim.errors import InvalidValueError
from musterbook.scim.parse import parse_resource
from musterbook.scim.schema import AttributeType, ResourceType, group_type, load_schema, user_type
from musterbook.scim.service import describe_service

BADGE_URN, STAFF_URN = "urn:example:schemas:Badge", "urn:example:schemas:Staff"
USER = user_type()
BADGE_SCHEMA: Json = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
    "id": BADGE_URN,
    "name": "Badge",
    "attributes": [
        {"name": "number", "type": "string", "required": True, "uniqueness": "server", "maxLength": 20},
        {"name": "level", "type": "integer"},
        {
            "name": "doors",
            "type": "complex",
            "multiValued": True,
            "subAttributes": [
                {"name": "value", "type": "string", "canonicalValues": ["front", "back"]},
                {"name": "$ref", "type": "reference", "referenceTypes": ["external"]},
            ],
        },
    ],
}
BADGE_TYPE: Json = {"name": "Badge", "endpoint": "/Badges", "description": "Opens doors.", "schema": BADGE_URN}
STAFF_SCHEMA: Json = {"id": STAFF_URN, "attributes": [{"name": "badge", "type": "string"}]}
STAFF_TYPE: Json = {
    "name": "user",
    "endpoint": "/Users",
    "schema": USER.schema.id,
    "schemaExtensions": [{"schema": STAFF_URN, "required": False}, {"schema": USER.extensions[0].schema.id}],
}


def load(*documents: Json) -> Definitions:
    """Return what these documents define, each in a file of its own."""
    return load_definitions({f"{index}.json": json.dumps(item).encode() for index, item in enumerate(documents)})


def problems(*documents: Json) -> tuple[str, ...]:
    """Return what is wrong with these documents."""
    with pytest.raises(DefinitionError) as caught:
        load(*documents)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def named(name: str, definitions: Definitions) -> ResourceType:
    """Return the resource type with this name."""
    return next(item for item in definitions.resource_types() if item.name == name)


def test_what_is_built_in_needs_no_definition() -> None:
    """Without documents there are people and groups, whose names are unique or not."""
    assert load() == NO_DEFINITIONS
    assert NO_DEFINITIONS.resource_types() == (USER, group_type())
    assert NO_DEFINITIONS.resource_types(unique_group_names=False)[1] == group_type(unique_names=False)


@pytest.mark.parametrize(
    "documents",
    [
        (BADGE_SCHEMA, BADGE_TYPE),
        (BADGE_TYPE, BADGE_SCHEMA),
        ([BADGE_TYPE, BADGE_SCHEMA],),
        ({"schemas": ["x"], "totalResults": 2, "Resources": [BADGE_SCHEMA, BADGE_TYPE]},),
    ],
)
def test_a_resource_type_of_ones_own(documents: tuple[Json, ...]) -> None:
    """Definitions come in any order, one to a document or several; the type is one like those that are built in."""
    badge = named("Badge", load(*documents))
    assert (badge.endpoint, badge.description, badge.unique_attribute) == ("/Badges", "Opens doors.", "number")
    body = {"schemas": [BADGE_URN], "Number": "7", "doors": [{"value": "front"}, "back"]}
    assert parse_resource(body, badge, Tolerance()) == Resource(
        badge, {"number": "7", "doors": [{"value": "front"}, {"value": "back"}]}
    )
    with pytest.raises(InvalidValueError, match='The attribute "number" is required'):
        parse_resource({"schemas": [BADGE_URN]}, badge, Tolerance())


def test_people_with_attributes_of_ones_own() -> None:
    """An extension is added to those that people have; groups and what is built in stay as they are."""
    definitions = load(STAFF_SCHEMA, STAFF_TYPE)
    user = named("User", definitions)
    assert [item.schema.id for item in user.extensions] == [USER.extensions[0].schema.id, STAFF_URN]
    assert (user.unique_attribute, user.indexed_attributes, user.related_attribute) == (
        USER.unique_attribute,
        USER.indexed_attributes,
        "groups",
    )
    assert named("Group", definitions) == group_type()
    body = {"schemas": [USER.schema.id], "userName": "ada", STAFF_URN.upper(): {"Badge": "7"}}
    assert parse_resource(body, user, Tolerance()).attributes == {"userName": "ada", STAFF_URN: {"badge": "7"}}


def test_groups_may_be_extended_in_both_forms() -> None:
    """Whether names of groups are unique is a tenant's matter, apart from what groups hold."""
    document = {"name": "Group", "endpoint": "/Groups", "schema": group_type().schema.id}
    definitions = load(STAFF_SCHEMA, {**document, "schemaExtensions": [{"schema": STAFF_URN}]})
    for unique in (True, False):
        group = definitions.resource_types(unique_group_names=unique)[1]
        assert [item.schema.id for item in group.extensions] == [STAFF_URN]
        assert group.unique_attribute == ("displayName" if unique else None)


def test_several_documents_extend_one_type() -> None:
    """Each document that names a type that is built in adds its extensions, in order."""
    other: Json = {"id": "urn:example:schemas:Other", "attributes": [{"name": "x", "type": "boolean"}]}
    more = {**STAFF_TYPE, "name": "User", "schemaExtensions": [{"schema": other["id"]}]}
    user = named("User", load(STAFF_SCHEMA, other, STAFF_TYPE, more))
    assert [item.schema.id for item in user.extensions[1:]] == [STAFF_URN, other["id"]]


def test_what_is_defined_is_what_is_discovered() -> None:
    """27, 28: ``/Schemas`` and ``/ResourceTypes`` say what runs, also of what is defined outside."""
    types = load(BADGE_SCHEMA, BADGE_TYPE, STAFF_SCHEMA, STAFF_TYPE).resource_types()
    service = describe_service("https://example.com/scim/v2", types)
    shown = {item["id"]: item for item in discovery.schemas(service)}
    assert list(shown) == [USER.schema.id, USER.extensions[0].schema.id, STAFF_URN, group_type().schema.id, BADGE_URN]
    assert (shown[STAFF_URN]["name"], shown[BADGE_URN]["name"]) == ("Staff", "Badge")
    assert shown[BADGE_URN]["attributes"][0] == {
        "name": "number",
        "type": "string",
        "multiValued": False,
        "description": "",
        "required": True,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "server",
    }
    listed = {item["name"]: item for item in discovery.resource_types(service)}
    assert list(listed) == ["User", "Group", "Badge"]
    assert listed["Badge"]["endpoint"] == "/Badges"
    assert {"schema": STAFF_URN, "required": False} in listed["User"]["schemaExtensions"]


def test_the_schemas_of_the_rfc_can_be_defined() -> None:
    """The form is that of RFC 7643 §8.7: a copy of the enterprise extension under another URN is taken."""
    service = describe_service("https://example.com/scim/v2", [USER])
    document = discovery.find_by_id(discovery.schemas(service), USER.extensions[0].schema.id)
    assert document is not None
    copy = {**document, "id": STAFF_URN}
    user = named("User", load(copy, STAFF_TYPE))
    assert user.extensions[1].schema.attributes == load_schema("enterprise_user").attributes


# ---------------------------------------------------------------------------------------------------------------------
# What is wrong


@pytest.mark.parametrize(
    "document, problem",
    [
        ({}, '0.json holds neither a Schema, which has "attributes", nor a ResourceType, which has "endpoint".'),
        (7, '0.json holds neither a Schema, which has "attributes", nor a ResourceType, which has "endpoint".'),
        (
            {"attributes": []},
            '0.json: the "id" of a schema is a URN, such as "urn:example:schemas:Badge".',
        ),
        (
            {"id": "https://example.com/Badge", "attributes": []},
            '0.json: the "id" of a schema is a URN, such as "urn:example:schemas:Badge".',
        ),
        (
            {"endpoint": "/Badges", "name": "my badge"},
            '0.json: the "name" of a resource type is a word, such as "Badge".',
        ),
        ({**STAFF_SCHEMA, "id": USER.schema.id}, f"0.json: schema {USER.schema.id} is defined already."),
        (
            {**STAFF_SCHEMA, "id": USER.extensions[0].schema.id.upper()},
            f"0.json: schema {USER.extensions[0].schema.id.upper()} is defined already.",
        ),
    ],
)
def test_a_document_that_defines_nothing(document: Json, problem: str) -> None:
    """A document says what it defines, and defines what is not there already."""
    assert problems(document) == (problem,)


def test_what_is_not_json() -> None:
    """The error names the file."""
    with pytest.raises(DefinitionError, match=r"^badge\.json is not JSON in UTF-8\.$"):
        load_definitions({"badge.json": b"{"})


def test_everything_wrong_is_said_at_once() -> None:
    """Whoever writes definitions is not sent back for each mistake."""
    urn = "urn:ietf:params:scim:api:Badge"
    assert problems({**STAFF_SCHEMA, "id": urn, "name": 7}, {"name": "X", "endpoint": "/Me", "schema": urn}) == (
        f"0.json: schema {urn}: URNs that begin with urn:ietf:params:scim:api: name messages, not schemas.",
        f'0.json: schema {urn}: its "name" is a string.',
        '1.json: resource type X: the endpoint "/Me" is taken.',
        '1.json: resource type X: its "schema" is the id of a schema that is defined beside it.',
    )


@pytest.mark.parametrize(
    "attribute, problem",
    [
        (7, 'attribute 0 has no "name" of letters, digits, "_" and "-" that begins with a letter.'),
        ({"name": "7x"}, 'attribute 0 has no "name" of letters, digits, "_" and "-" that begins with a letter.'),
        ({"name": "$ref"}, 'attribute 0 has no "name" of letters, digits, "_" and "-" that begins with a letter.'),
        ({"name": "x"}, 'attribute x has no "type".'),
        (
            {"name": "x", "type": "text"},
            f'attribute x: its "type" is one of {", ".join(item.value for item in AttributeType)}.',
        ),
        ({"name": "x", "type": "string", "multiValued": "true"}, 'attribute x: its "multiValued" is true or false.'),
        ({"name": "x", "type": "string", "maxLength": True}, 'attribute x: its "maxLength" is a whole number.'),
        ({"name": "x", "type": "string", "maxLength": 0}, 'attribute x: its "maxLength" is at least 1.'),
        ({"name": "x", "type": "string", "canonicalValues": [7]}, 'attribute x: its "canonicalValues" are strings.'),
        (
            {"name": "x", "type": "string", "returned": "sometimes"},
            'attribute x: its "returned" is one of always, never, default, request.',
        ),
        (
            {"name": "x", "type": "integer", "maxLength": 7},
            'attribute x: "canonicalValues" and "maxLength" are for strings.',
        ),
        ({"name": "x", "type": "complex"}, 'attribute x is complex and has no "subAttributes".'),
        (
            {"name": "x", "type": "string", "subAttributes": [{"name": "y", "type": "string"}]},
            'attribute x has "subAttributes" and is not complex.',
        ),
        ({"name": "x", "type": "reference"}, 'attribute x is a reference and has no "referenceTypes".'),
        (
            {"name": "x", "type": "string", "required": True, "mutability": "readOnly"},
            "attribute x is required and read-only, so nobody could set it.",
        ),
        (
            {"name": "x", "type": "string", "uniqueness": "server", "caseExact": True},
            "attribute x: only a string with one value, not case-exact and no sub-attribute, can be kept unique.",
        ),
        (
            {"name": "x", "type": "string", "uniqueness": "global"},
            'attribute x: values are unique within an organization; its "uniqueness" is none or server.',
        ),
        (
            {"name": "x", "type": "complex", "subAttributes": [{"name": "y", "type": "complex"}]},
            "attribute x: attribute y is complex inside a complex attribute (RFC 7643 §2.3.8).",
        ),
    ],
)
def test_an_attribute_that_cannot_be_kept(attribute: Json, problem: str) -> None:
    """What the engine cannot honour is refused with the attribute, not ignored."""
    urn = "urn:example:schemas:X"
    found = problems({"id": urn, "attributes": [attribute]})
    assert found == (f"0.json: schema {urn}: {problem}",)


def test_a_characteristic_that_does_not_exist() -> None:
    """A misspelt characteristic would be a promise that nobody keeps."""
    found = problems({"id": "urn:x:y", "attributes": [{"name": "x", "type": "string", "multivalued": True}]})
    assert found[0].startswith(
        '0.json: schema urn:x:y: attribute x: "multivalued" is no characteristic; there are name'
    )
    assert "storedAs" not in found[0]


@pytest.mark.parametrize(
    "attributes, problem",
    [
        ([], 'its "attributes" are an array with at least one.'),
        ({}, 'its "attributes" are an array with at least one.'),
        (
            [{"name": "x", "type": "string"}, {"name": "X", "type": "string"}],
            "attribute X is defined twice; names are the same in any case.",
        ),
    ],
)
def test_the_attributes_of_a_schema(attributes: Json, problem: str) -> None:
    """A schema has attributes, each once."""
    assert problems({"id": "urn:x:y", "attributes": attributes}) == (f"0.json: schema urn:x:y: {problem}",)


def test_a_schema_is_bounded() -> None:
    """Sub-attributes count; each attribute costs time on every resource."""
    subs = [{"name": f"x{number}", "type": "string"} for number in range(MAX_ATTRIBUTES)]
    found = problems({"id": "urn:x:y", "attributes": [{"name": "x", "type": "complex", "subAttributes": subs}]})
    assert found == (f"0.json: schema urn:x:y has more than {MAX_ATTRIBUTES} attributes.",)


def test_a_schema_that_nothing_uses() -> None:
    """A schema alone is an oversight: most likely the resource type is missing."""
    assert problems(STAFF_SCHEMA) == (
        f"Schema {STAFF_URN} is used by no resource type; name it as the schema or as an extension of one.",
    )


@pytest.mark.parametrize(
    "changes, problem",
    [
        ({"endpoint": "/Badges/all"}, 'its "endpoint" is one segment of a path, such as "/Badges".'),
        ({"endpoint": 7}, 'its "endpoint" is one segment of a path, such as "/Badges".'),
        ({"endpoint": "/users"}, 'the endpoint "/users" is taken.'),
        ({"endpoint": "/Schemas"}, 'the endpoint "/Schemas" is taken.'),
        ({"schemaExtensions": {}}, 'its "schemaExtensions" is an array.'),
        (
            {"schemaExtensions": ["x"]},
            'an extension has a "schema" that is defined beside it, once, and perhaps "required".',
        ),
        (
            {"schemaExtensions": [{"schema": "urn:x:unknown"}]},
            'an extension has a "schema" that is defined beside it, once, and perhaps "required".',
        ),
        (
            {"schemaExtensions": [{"schema": USER.extensions[0].schema.id, "required": "yes"}]},
            'an extension has a "schema" that is defined beside it, once, and perhaps "required".',
        ),
    ],
)
def test_a_resource_type_that_cannot_be_served(changes: dict[str, Json], problem: str) -> None:
    """A type has a place of its own, and extensions that are defined."""
    assert problems(BADGE_SCHEMA, {**BADGE_TYPE, **changes}) == (f"1.json: resource type Badge: {problem}",)


def test_two_types_with_one_name() -> None:
    """A name stands for one type; so does an endpoint."""
    twin = {**BADGE_TYPE, "name": "badge"}
    assert problems(BADGE_SCHEMA, BADGE_TYPE, twin) == (
        '2.json: resource type badge: the endpoint "/Badges" is taken.',
        "2.json: resource type badge is defined already.",
    )


def test_what_every_resource_has_is_not_defined_again() -> None:
    """RFC 7643 §3.1: ``id``, ``externalId`` and ``meta`` are there undefined; one attribute can be kept unique."""
    unique = {"type": "string", "uniqueness": "server"}
    schema = {"id": BADGE_URN, "attributes": [{"name": "ID", **unique}, {"name": "number", **unique}]}
    assert problems(schema, BADGE_TYPE) == (
        "1.json: resource type Badge: every resource has the attribute ID; leave it out of the schema.",
        "1.json: resource type Badge: one attribute can be kept unique, not 2.",
    )


def test_an_extension_is_not_kept_unique() -> None:
    """Uniqueness is promised only of the base schema, where it is kept."""
    schema = {"id": STAFF_URN, "attributes": [{"name": "badge", "type": "string", "uniqueness": "server"}]}
    assert problems(schema, STAFF_TYPE) == (
        f"1.json: resource type user: {STAFF_URN}: the values of an extension cannot be kept unique (badge).",
    )


@pytest.mark.parametrize(
    "changes, problem",
    [
        ({"endpoint": "/People"}, f'its endpoint is "/Users" and its schema "{USER.schema.id}".'),
        ({"schema": STAFF_URN}, f'its endpoint is "/Users" and its schema "{USER.schema.id}".'),
        (
            {"schemaExtensions": [{"schema": STAFF_URN, "required": True}]},
            "its extensions are not required, for those who are there have no values for them.",
        ),
    ],
)
def test_what_is_built_in_stays_what_it_is(changes: dict[str, Json], problem: str) -> None:
    """A document may add to people and groups, not make them something else."""
    found = problems(STAFF_SCHEMA, {**STAFF_TYPE, **changes})
    assert len(found) == 1
    assert found[0].startswith("1.json: resource type user is built in")
    assert found[0].endswith(problem)
