"""Queries of the root: what they ask of each resource type (RFC 7644 §3.4.2.1)."""

import pytest

from musterbook.scim import Json, Meta, Resource, Tolerance, group_type, matches, user_type
from musterbook.scim.errors import InvalidFilterError, InvalidValueError
from musterbook.scim.filter import Presence
from musterbook.scim.filter_parser import parse_filter
from musterbook.scim.operation import Projection, Query, SearchResources, SearchRoot
from musterbook.scim.query import parse_parameters
from musterbook.scim.root import Narrowed, narrow, parse_root
from musterbook.scim.schema import (
    Attribute,
    AttributeType,
    ResourceType,
    load_schema,
    make_resource_type,
    make_schema,
)
from musterbook.scim.service import describe_service
from musterbook.scim.views import is_of

USER, GROUP = user_type(), group_type()
SERVICE = describe_service("https://example.com/scim/v2", [USER, GROUP])
USER_URN, GROUP_URN = USER.schema.id, GROUP.schema.id
ENTERPRISE_URN = USER.extensions[0].schema.id
META = Meta("2026-11-23T09:00:00.000Z", "2026-11-23T10:00:00.000Z", 1)


def parse(query: str) -> SearchRoot:
    """Return what a query string asks of the root."""
    return parse_root(parse_parameters(query), SERVICE, Tolerance())[0]


def rests(filter_: str) -> dict[str, Narrowed]:
    """Return what is left of a filter, by resource type."""
    types = zip(SERVICE.resource_types, SERVICE.views, strict=True)
    return {item.name: narrow(parse_filter(filter_, view, Tolerance()), item) for item, view in types}


@pytest.mark.parametrize(
    "filter_, user, group",
    [
        ('meta.resourceType eq "User"', True, False),
        ('meta.resourceType eq "Group"', False, True),
        ('meta.resourceType ne "User"', False, True),
        ('meta.resourceType sw "G"', False, True),
        ("meta.resourceType eq User", True, False),
        ("meta.resourceType pr", True, True),
        ('(meta.resourceType eq "User") or (meta.resourceType eq "Group")', True, True),
        ('not (meta.resourceType eq "User")', False, True),
        ('meta.resourceType eq "Device"', False, False),
        ('userName eq "ada"', 'userName eq "ada"', False),
        ("userName pr", "userName pr", False),
        ('userName ne "ada"', 'userName ne "ada"', True),
        ("not (userName pr)", "not (userName pr)", True),
        ('displayName sw "a"', 'displayName sw "a"', 'displayName sw "a"'),
        ('members.value eq "1"', False, 'members.value eq "1"'),
        ('members[value eq "1"]', False, 'members[value eq "1"]'),
        ('groups[value eq "1"] or members[value eq "1"]', 'groups[value eq "1"]', 'members[value eq "1"]'),
        ('userName eq "ada" or displayName eq "a"', 'userName eq "ada" or displayName eq "a"', 'displayName eq "a"'),
        ('userName eq "ada" and displayName eq "a"', 'userName eq "ada" and displayName eq "a"', False),
        ('meta.resourceType eq "User" and title pr', "title pr", False),
        ('meta.resourceType eq "User" or title pr', True, False),
        (f'{USER_URN}:userName eq "ada"', 'userName eq "ada"', False),
        (f'{USER_URN}:displayName eq "a"', 'displayName eq "a"', False),
        (f'{GROUP_URN}:displayName eq "a"', False, 'displayName eq "a"'),
        (f'{ENTERPRISE_URN}:department eq "x"', f'{ENTERPRISE_URN}:department eq "x"', False),
        ('department eq "x"', f'{ENTERPRISE_URN}:department eq "x"', False),
        ('id eq "1" and meta.created gt "2026-01-01T00:00:00Z"',) * 3,
        (f'schemas eq "{GROUP_URN}"',) * 3,
    ],
)  # fmt: skip
def test_what_is_left_for_a_type(filter_: str, user: bool | str, group: bool | str) -> None:  # noqa: FBT001 it is parametrized
    """An attribute that a type has not got has no value there, and ``meta.resourceType`` is its name; what is left is
    asked of each resource, and nothing of a type in which nothing can match.
    """

    def bound(rest: bool | str, resource_type: ResourceType) -> Narrowed:  # noqa: FBT001 it is a cell of the table
        return parse_filter(rest, resource_type, Tolerance()) if isinstance(rest, str) else rest

    assert rests(filter_) == {"User": bound(user, USER), "Group": bound(group, GROUP)}


RESOURCES = [
    Resource(USER, {"userName": "ada", "displayName": "a", "title": "x"}, "1", META),
    Resource(USER, {"userName": "bob", ENTERPRISE_URN: {"department": "x"}}, "2", META),
    Resource(USER, {"userName": "cleo", "groups": [{"value": "1"}]}, "3", META),
    Resource(GROUP, {"displayName": "a"}, "1", META),
    Resource(GROUP, {"displayName": "b", "members": [{"value": "1", "type": "User"}]}, "2", META),
]
SIMPLE = [
    'userName eq "ada"', "title pr", 'displayName ne "a"', 'members.value eq "1"', 'groups[value eq "1"]',
    f'{USER_URN}:displayName eq "a"', f"{ENTERPRISE_URN}:department pr", 'meta.resourceType eq "User"',
    'schemas co "Group"', 'id eq "1"',
]  # fmt: skip


@pytest.mark.parametrize("one", SIMPLE)
def test_what_is_left_means_what_the_whole_meant(one: str) -> None:
    """For each resource the rest of a filter answers what the whole filter answers, however parts are joined."""
    for other in SIMPLE:
        for filter_ in (f"{one} and {other}", f"{one} or {other}", f"not ({one} and not ({other}))"):
            for resource in RESOURCES:
                view = SERVICE.views[SERVICE.resource_types.index(resource.resource_type)]
                whole = parse_filter(filter_, view, Tolerance())
                rest = narrow(whole, resource.resource_type)
                answer = rest if isinstance(rest, bool) else matches(rest, resource)
                assert answer == matches(whole, resource), (filter_, resource)


@pytest.mark.parametrize(
    "filter_, message",
    [
        ('nothing eq "x"', "Resource has no attribute 'nothing'. (column 1)"),
        ('userName eq "a" and nothing pr', "Resource has no attribute 'nothing'. (column 21)"),
        ('urn:x:y eq "x"', "Resource has no attribute 'urn:x:y'. (column 1)"),
        (
            'meta.version eq "x"',
            "'meta.version' belongs to the response and cannot be filtered by; use id or meta.lastModified. (column 1)",
        ),
        ("active gt true", "'gt' cannot be used with 'active' of type boolean; eq, ne and pr can. (column 8)"),
    ],
)
def test_a_filter_that_no_type_takes(filter_: str, message: str) -> None:
    """What no type has is an unknown attribute, and what cannot be compared is refused as at any endpoint."""
    with pytest.raises(InvalidFilterError) as caught:
        parse(f"filter={filter_}")
    assert caught.value.detail == message


def test_a_type_that_cannot_match_is_not_searched() -> None:
    """Only types of which something may match are searched, each for what is left of the filter."""
    found = parse('filter=meta.resourceType eq "Group"&startIndex=2&count=3')
    assert found == SearchRoot((SearchResources(GROUP, Query()),), Query(start_index=2, count=3))
    assert parse('filter=meta.resourceType eq "Device"').searches == ()


def test_the_order_of_a_type_without_the_attribute() -> None:
    """A list is sorted by what some type has; where a type has not got it, all its resources are without a value."""
    found = parse("sortBy=userName&sortOrder=descending")
    assert [item.query.sort is None for item in found.searches] == [False, True]
    assert found.descending is True
    assert [item.query.sort is None for item in parse("sortBy=displayName").searches] == [False, False]
    assert parse("").descending is None
    with pytest.raises(InvalidValueError, match="'sortBy' must name an attribute of Resource"):
        parse("sortBy=nothing")


def test_what_is_shown_of_each_type() -> None:
    """``attributes`` and ``excludedAttributes`` are applied to each type as far as it has them; memberships are read
    of those types alone that show them.
    """
    parameters = parse_parameters("attributes=userName,members")
    operation, projections = parse_root(parameters, SERVICE, Tolerance())
    shown = {name: [str(path) for path in item.attributes or ()] for name, item in projections.items()}
    assert shown == {"User": ["userName"], "Group": ["members"]}
    assert [item.shows_related for item in operation.searches] == [False, True]
    assert set(parse_root(parse_parameters(""), SERVICE, Tolerance())[1].values()) == {Projection()}


def test_what_cannot_be_put_in_one_order() -> None:
    """Where one type calls a number what is text in another, there is no order among them."""
    ranked = [("Ship", AttributeType.INTEGER), ("Crew", AttributeType.STRING)]
    types = [
        make_resource_type(name, f"/{name}s", make_schema(f"urn:x:{name}", name, "", [Attribute("rank", kind)]))
        for name, kind in ranked
    ]
    service = describe_service("https://example.com/scim/v2", types)
    with pytest.raises(InvalidValueError, match="text in one resource type and none in another"):
        parse_root(parse_parameters("sortBy=rank"), service, Tolerance())
    only = parse_root(parse_parameters('sortBy=rank&filter=meta.resourceType eq "Ship"'), service, Tolerance())[0]
    assert [item.resource_type.name for item in only.searches] == ["Ship"]


def test_a_view_knows_what_is_the_types_own() -> None:
    """Each type's view has its own attributes where several types have one of the same name."""
    for resource_type, view in zip(SERVICE.resource_types, SERVICE.views, strict=True):
        own: list[Json] = [view.attribute("displayName"), resource_type.attribute("displayName")]
        assert own[0] is own[1]
        assert view.schema.id == resource_type.schema.id
    assert load_schema("group").attribute("members") is SERVICE.views[0].attribute("members")
    foreign = parse_filter("members pr", SERVICE.views[0], Tolerance())
    assert isinstance(foreign, Presence)
    assert (is_of(foreign.path, USER), is_of(foreign.path, GROUP)) == (False, True)
