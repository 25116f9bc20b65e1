"""The keys by which a resource is found."""

import pytest

from musterbook.scim import IndexEntries, Json, Resource, index_entries, make_resource_type, make_schema, user_type
from musterbook.scim.filter import render_filter
from musterbook.scim.indexing import unique_attribute_is
from musterbook.scim.match import matches
from musterbook.scim.schema import group_type

USER = user_type()
THING = make_resource_type("Thing", "/Things", make_schema("urn:example:Thing", "Thing", "Nothing unique.", []))


@pytest.mark.parametrize(
    "attributes, entries",
    [
        ({}, IndexEntries()),
        ({"userName": "Ada"}, IndexEntries(unique_key="ada")),
        ({"userName": "\uff21DA", "externalId": "Ab"}, IndexEntries(unique_key="ada", external_id="Ab")),
        (
            {"emails": [{"value": "A@X"}, {"type": "work"}, {"value": "a@x"}, {"value": "b@x"}]},
            IndexEntries(values=(("emails.value", "a@x"), ("emails.value", "b@x"))),
        ),
    ],
)
def test_what_a_resource_is_found_by(attributes: dict[str, Json], entries: IndexEntries) -> None:
    """Names and addresses are kept as comparison keys, each once; ``externalId`` is kept as sent."""
    assert index_entries(Resource(USER, attributes)) == entries


def test_a_name_that_need_not_be_unique_is_looked_up_all_the_same() -> None:
    """Where two groups may have one name, the name is kept as an indexed value instead of a key."""
    group = {"displayName": "\uff23rew", "members": [{"value": "1"}]}
    assert index_entries(Resource(group_type(), group)) == IndexEntries(unique_key="crew")
    shared = group_type(unique_names=False)
    assert index_entries(Resource(shared, group)) == IndexEntries(values=(("displayName", "crew"),))
    assert index_entries(Resource(shared, {})) == IndexEntries()


def test_a_type_without_a_unique_attribute_has_no_unique_key() -> None:
    """What need not be unique is not kept unique, and cannot be looked up by a name that it has not."""
    assert index_entries(Resource(THING, {"externalId": "x"})) == IndexEntries(external_id="x")
    with pytest.raises(ValueError, match="Thing has no unique attribute"):
        unique_attribute_is(THING, "x")


def test_the_filter_by_unique_attribute() -> None:
    """The filter finds what uniqueness refuses: the same name in another case."""
    filter_ = unique_attribute_is(USER, 'A"da')
    assert render_filter(filter_) == 'userName eq "A\\"da"'
    assert matches(filter_, Resource(USER, {"userName": 'a"DA'}))
    assert not matches(filter_, Resource(USER, {"userName": "ada"}))
