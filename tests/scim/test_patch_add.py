"""PATCH add (RFC 7644 §3.5.2.1)."""

from dataclasses import replace

import pytest

from musterbook.scim.dialects import Profile, Tolerance
from musterbook.scim.errors import InvalidValueError, MutabilityError, NoTargetError
from musterbook.scim.resource import Json
from tests.scim.patching import (
    ADA,
    CREW_OF_TWO,
    ENTERPRISE,
    HOME,
    INTEROP,
    OFFICE,
    RFC,
    WORK,
    ada_but,
    but,
    operation,
    patch,
    refusal,
)


@pytest.mark.parametrize("path", ["nickName", "NICKNAME", "urn:ietf:params:scim:schemas:core:2.0:User:nickName"])
def test_an_attribute_without_a_value_gets_one(path: str) -> None:
    """140: where the target has no value, the value is added."""
    assert patch(ADA, operation("add", path, value="Countess")).attributes == ada_but(nickName="Countess")


@pytest.mark.parametrize(
    "path, value, changed",
    [
        ("title", "Countess", {"title": "Countess"}),
        ("active", False, {"active": False}),
        ("name.givenName", "Augusta", {"name": {"familyName": "Lovelace", "givenName": "Augusta"}}),
        ("Name.GIVENNAME", "Augusta", {"name": {"familyName": "Lovelace", "givenName": "Augusta"}}),
    ],
)
def test_a_single_value_is_replaced(path: str, value: Json, changed: dict[str, Json]) -> None:
    """140: add to a single-valued attribute replaces its value."""
    assert patch(ADA, operation("add", path, value=value)).attributes == ada_but(**changed)


def test_a_complex_value_takes_in_sub_attributes() -> None:
    """140: the sub-attributes that are named are set, the others stay."""
    sent = operation("add", "name", value={"GIVENNAME": "Augusta", "middleName": "King"})
    expected = {"familyName": "Lovelace", "givenName": "Augusta", "middleName": "King"}
    assert patch(ADA, sent).attributes == ada_but(name=expected)


@pytest.mark.parametrize(
    "value, added",
    [
        ([{"value": "l@example.com", "type": "other"}], [{"value": "l@example.com", "type": "other"}]),
        ({"value": "l@example.com", "type": "other"}, [{"value": "l@example.com", "type": "other"}]),
        ([{"value": "1@x"}, {"value": "2@x"}], [{"value": "1@x"}, {"value": "2@x"}]),
        ([{"value": "ada@example.com", "type": "other"}], [{"value": "ada@example.com", "type": "other"}]),
        ([], []),
        (None, []),
    ],
)
def test_values_are_appended(value: Json, added: list[Json]) -> None:
    """140: add to a multi-valued attribute appends; what was there stays. To add nothing removes nothing."""
    assert patch(ADA, operation("add", "emails", value=value)).attributes == ada_but(emails=[WORK, HOME, *added])


@pytest.mark.parametrize("profile", [Profile.LENIENT, RFC])
def test_one_value_needs_no_array(profile: Profile) -> None:
    """140: RFC 7644 §3.5.2.1 lets the value be one object, so that is no dialect; the interoperability profile wants
    an array, and a replace takes nothing else by the RFC's word either.
    """
    tolerance = Tolerance(profile)
    other = {"value": "l@example.com", "type": "other"}
    added = patch(ADA, operation("add", "emails", value=other), tolerance=tolerance)
    assert added.attributes == ada_but(emails=[WORK, HOME, other])
    assert tolerance.applied == []
    refused = InvalidValueError, "emails must be an array, not an object."
    assert refusal(ADA, operation("add", "emails", value=other), profile=INTEROP) == refused
    assert refusal(ADA, operation("replace", "emails", value=other), profile=RFC) == refused


@pytest.mark.parametrize(
    "element",
    [
        HOME,
        {"value": "ada@home.example"},
        {"value": "ADA@home.example", "type": "Home"},
        [{"value": "ada@home.example"}, {"value": "ada@example.com", "type": "work"}],
    ],
)
def test_a_value_that_is_there_is_not_added_again(element: Json) -> None:
    """134: the same value and type, or the value with no type named, is there already and nothing changes."""
    assert patch(ADA, operation("add", "emails", value=element)) is ADA


def test_an_element_that_is_there_takes_in_what_is_new() -> None:
    """134, RFC 7643 §2.4: one pair of value and type stands once; what is said of it beyond that is set."""
    sent = operation("add", "emails", value=[{**HOME, "display": "Ada at home", "primary": True}])
    assert patch(ADA, sent).attributes == ada_but(
        emails=[{**WORK, "primary": False}, {**HOME, "display": "Ada at home", "primary": True}]
    )


def test_an_element_without_a_value_is_there_if_it_is_equal_but_for_primary() -> None:
    """134: addresses have no value to know them by."""
    assert patch(ADA, operation("add", "addresses", value=[OFFICE])) is ADA
    assert patch(ADA, operation("add", "addresses", value=[{**OFFICE, "primary": True}])).attributes == ada_but(
        addresses=[{**OFFICE, "primary": True}]
    )
    other = {**OFFICE, "locality": "Paris"}
    assert patch(ADA, operation("add", "addresses", value=other)).attributes == ada_but(addresses=[OFFICE, other])


def test_values_that_are_not_objects_are_appended_once() -> None:
    """134, 140: the rules hold for an attribute whose elements are plain strings."""
    sent = operation("add", "tags", value=["BRIG", "cutter"])
    assert patch(CREW_OF_TWO, sent).attributes == but(CREW_OF_TWO.attributes, tags=["brig", "sloop", "cutter"])
    decks = operation("add", "decks", value=[2, 1]), operation("add", "decks", value=[1, 3])
    assert patch(CREW_OF_TWO, *decks).attributes == but(CREW_OF_TWO.attributes, decks=[2, 1, 3])


def test_a_member_is_known_by_its_value_alone() -> None:
    """134, 154: where the value is immutable it is the element's identity, whatever type is named beside it."""
    sent = operation("add", "members", value=[{"value": "b2", "type": "User"}, {"value": "a1", "display": "Alf"}])
    assert patch(CREW_OF_TWO, sent).attributes == but(
        CREW_OF_TWO.attributes,
        members=[
            {"value": "a1", "type": "User", "display": "Alf"},
            {"value": "b2", "type": "User", "display": "Bea"},
        ],
    )
    shown = [{"value": "b2", "display": "B.", "$ref": "../Users/b2"}, {"value": "b2", "$ref": "http://host/Users/b2"}]
    assert patch(CREW_OF_TWO, *[operation("add", "members", value=item) for item in shown]).attributes == but(
        CREW_OF_TWO.attributes, members=[CREW_OF_TWO.attributes["members"][0], shown[0]]
    )
    upper_case = operation("add", "members", value=[{"value": "A1"}])
    members = CREW_OF_TWO.attributes["members"]
    assert patch(CREW_OF_TWO, upper_case).attributes["members"] == [*members, {"value": "A1"}]


@pytest.mark.parametrize("op", ["add", "replace"])
def test_a_new_primary_value_is_the_only_one(op: str) -> None:
    """136: to set primary on one element turns it off on the others, whichever way it is set."""
    primary_home = [{**WORK, "primary": False}, {**HOME, "primary": True}]
    for sent in (
        operation(op, 'emails[type eq "home"].primary', value=True),
        operation(op, 'emails[type eq "home"]', value={**HOME, "primary": True}),
        operation(op, value={'emails[type eq "home"].primary': True}),
        operation("add", "emails", value=[{**HOME, "primary": True}]),
        operation("add", value={"emails": [{**HOME, "primary": True}]}),
    ):
        assert patch(ADA, sent).attributes == ada_but(emails=primary_home)


def test_two_new_primary_values_are_refused() -> None:
    """136, RFC 7643 §2.4: only one element may be primary; which one is for the client to say."""
    both = [{"value": "1@x", "primary": True}, {"value": "2@x", "primary": True}]
    detail = "Only one element of emails can be the primary one."
    assert refusal(ADA, operation("add", "emails", value=both)) == (InvalidValueError, detail)
    assert refusal(ADA, operation("replace", "emails.primary", value=True)) == (InvalidValueError, detail)
    assert refusal(ADA, operation("replace", "emails", value=both)) == (
        InvalidValueError,
        "emails has 2 primary elements; mark one.",
    )


def test_every_attribute_of_the_value_is_added_where_there_is_no_path() -> None:
    """139: without a path, the rules of add hold for each attribute that the value names."""
    sent = operation(
        "add",
        value={
            "nickname": "Countess",
            "name": {"middleName": "King"},
            "emails": [{"value": "l@example.com", "type": "other"}],
            ENTERPRISE: {"costCenter": "7"},
        },
    )
    assert patch(ADA, sent).attributes == ada_but(
        nickName="Countess",
        name={"familyName": "Lovelace", "givenName": "Ada", "middleName": "King"},
        emails=[WORK, HOME, {"value": "l@example.com", "type": "other"}],
        enterprise={**ADA.attributes[ENTERPRISE], "costCenter": "7"},
    )


def test_matching_elements_take_in_sub_attributes() -> None:
    """140: an element that a filter selects is a complex value, to which sub-attributes are added."""
    sent = operation("add", 'addresses[type eq "work"]', value={"postalCode": "W1", "country": None})
    expected = {"streetAddress": "1 Main St", "locality": "London", "postalCode": "W1", "type": "work"}
    assert patch(ADA, sent).attributes == ada_but(addresses=[expected])


def test_an_add_whose_filter_selects_nothing_has_no_target() -> None:
    """141: the RFC leaves it open; where no dialect says otherwise it is noTarget, as for replace."""
    sent = operation("add", 'emails[type eq "other"].value', value="l@example.com")
    assert refusal(ADA, sent, profile=RFC) == (
        NoTargetError,
        "No element of emails is what the path's filter describes; add one first.",
    )


def test_an_immutable_attribute_is_set_once() -> None:
    """135: an immutable attribute may be added while it has no value, and not changed afterwards."""
    without_code = replace(CREW_OF_TWO, attributes=but(CREW_OF_TWO.attributes, "code"))
    assert patch(without_code, operation("add", "code", value="HMS")).attributes == CREW_OF_TWO.attributes
    detail = "code is immutable: it has a value, which can no longer be changed."
    assert refusal(CREW_OF_TWO, operation("add", "code", value="HMS-2")) == (MutabilityError, detail)
    assert refusal(CREW_OF_TWO, operation("remove", "code")) == (MutabilityError, detail)
    assert patch(CREW_OF_TWO, operation("add", "code", value="HMS")) is CREW_OF_TWO


def test_an_extension_comes_with_its_first_attribute_and_leaves_with_its_last() -> None:
    """152: the extension's URN is in ``schemas`` exactly while one of its attributes has a value."""
    plain = patch(ADA, operation("remove", ENTERPRISE))
    assert (ENTERPRISE in plain.schemas, plain.attributes) == (False, ada_but(ENTERPRISE))
    written = patch(plain, operation("add", f"{ENTERPRISE}:employeeNumber", value="7"))
    assert (ENTERPRISE in written.schemas, written.attributes[ENTERPRISE]) == (True, {"employeeNumber": "7"})
    assert patch(written, operation("remove", f"{ENTERPRISE}:employeeNumber")).attributes == plain.attributes
