"""Filters on memberships, which are no part of a stored text (RFC 7644 §3.4.2.2, RFC 7643 §4.1.2, §4.2)."""

import pytest

from musterbook.scim import Meta, StoredResource, Tolerance, matches, read_document, user_type
from musterbook.scim.errors import InvalidFilterError, InvalidValueError
from musterbook.scim.filter import render_filter
from musterbook.scim.filter_parser import parse_filter
from musterbook.scim.path import BoundPath
from musterbook.scim.resource import Related, render_document, value_at
from musterbook.scim.schema import ResourceType, group_type
from musterbook.scim.sorting import parse_sort, sort_key

USER, GROUP = user_type(), group_type()
META = Meta("2026-11-23T09:00:00.000Z", "2026-11-23T10:00:00.000Z", 1)
CREW = StoredResource(
    "g1",
    '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"g1","displayName":"Crew"}',
    META,
    (Related("a1", "User", "User", "Ada"), Related("g2", "Group", "Group")),
)
ADA = StoredResource(
    "a1",
    '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"a1","userName":"ada"}',
    META,
    (Related("g1", "Group", "direct", "Crew"), Related("g2", "Group", "indirect", "Mates")),
)


@pytest.mark.parametrize(
    "resource_type, text, found",
    [
        (GROUP, 'members eq "a1"', True),
        (GROUP, 'members.value eq "A1"', True),
        (GROUP, 'Members[value eq "a1" and type eq "User"]', True),
        (GROUP, 'members[value eq "a1" and type eq "Group"]', False),
        (GROUP, 'members.display eq "ada"', True),
        (GROUP, 'members[display pr and type eq "Group"]', False),
        (GROUP, 'members eq "x"', False),
        (GROUP, "members pr", True),
        (GROUP, 'not (members eq "a1")', False),
        (USER, 'groups eq "g2"', True),
        (USER, 'groups[value eq "g2" and type eq "direct"]', False),
        (USER, 'groups.display sw "cr"', True),
        (USER, "groups pr", True),
    ],
)
def test_memberships_are_filtered_like_any_attribute(resource_type: ResourceType, text: str, *, found: bool) -> None:
    """Where memberships were read, filters see them: by id whatever its case, by type, by name."""
    stored = CREW if resource_type is GROUP else ADA
    filter_ = parse_filter(text, resource_type, Tolerance())
    assert matches(filter_, read_document(resource_type, stored)) is found


def test_a_multi_valued_attribute_stands_for_its_values() -> None:
    """108: ``members eq`` compares the ids, as ``emails eq`` the addresses."""
    assert render_filter(parse_filter('members eq "a1"', GROUP, Tolerance())) == 'members.value eq "a1"'


@pytest.mark.parametrize("resource_type, name", [(GROUP, "members"), (USER, "groups")])
def test_addresses_are_no_part_of_a_membership(resource_type: ResourceType, name: str) -> None:
    """``$ref`` is made for each answer, so neither a filter nor an order can ask for it."""
    message = f"'{name}.\\$ref' belongs to the response and cannot be filtered by; use {name}.value."
    for text in (f'{name}.$ref eq "x"', f"{name}[$ref pr]", f"{name}.$ref pr"):
        with pytest.raises(InvalidFilterError, match=message):
            parse_filter(text, resource_type, Tolerance())
    with pytest.raises(InvalidValueError):
        parse_sort(f"{name}.$ref", None, resource_type)


def test_memberships_are_read_and_never_written() -> None:
    """A resource that was read with its memberships shows them, and is stored as the same text as before."""
    crew = read_document(GROUP, CREW)
    members = GROUP.attribute("members")
    assert value_at(crew, BoundPath(None, members)) == [
        {"value": "a1", "display": "Ada", "type": "User"},
        {"value": "g2", "type": "Group"},
    ]
    assert sort_key(parse_sort("members", None, GROUP))(crew) == (False, "a1")
    assert render_document(crew) == CREW.document
