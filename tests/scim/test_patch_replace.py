"""PATCH replace (RFC 7644 §3.5.2.3)."""

import pytest

from musterbook.scim.dialects import Tolerance
from musterbook.scim.errors import InvalidValueError, NoTargetError
from musterbook.scim.resource import Json
from tests.scim.patching import (
    ADA,
    CREW_OF_TWO,
    ENTERPRISE,
    HOME,
    RFC,
    USER,
    WORK,
    ada_but,
    but,
    operation,
    patch,
    refusal,
)

NEW = {"value": "l@example.com", "type": "work"}


@pytest.mark.parametrize(
    "path, value, changed",
    [
        ("title", "Countess", {"title": "Countess"}),
        ("active", False, {"active": False}),
        ("nickName", "Countess", {"nickName": "Countess"}),
        ("name.middleName", "King", {"name": {"familyName": "Lovelace", "givenName": "Ada", "middleName": "King"}}),
        (f"{USER}:name.givenName", "Augusta", {"name": {"familyName": "Lovelace", "givenName": "Augusta"}}),
    ],
)
def test_a_single_value_is_replaced_or_added(path: str, value: Json, changed: dict[str, Json]) -> None:
    """146: the value is replaced; where there was none, replace is an add."""
    assert patch(ADA, operation("replace", path, value=value)).attributes == ada_but(**changed)


@pytest.mark.parametrize(
    "value, expected",
    [
        ({"givenName": "Augusta"}, {"familyName": "Lovelace", "givenName": "Augusta"}),
        ({"givenName": None}, {"familyName": "Lovelace"}),
        ({"givenName": ""}, {"familyName": "Lovelace"}),
        ({"familyName": "King", "GIVENNAME": None, "middleName": "B"}, {"familyName": "King", "middleName": "B"}),
        ({}, {"familyName": "Lovelace", "givenName": "Ada"}),
        ({"nonsense": "x"}, {"familyName": "Lovelace", "givenName": "Ada"}),
    ],
)
def test_a_complex_value_keeps_what_is_not_named(value: Json, expected: Json) -> None:
    """147: listed sub-attributes are set, or unassigned by null; unlisted ones stay unchanged."""
    assert patch(ADA, operation("replace", "name", value=value)).attributes == ada_but(name=expected)
    assert patch(ADA, operation("replace", value={"name": value})).attributes == ada_but(name=expected)


def test_an_empty_string_is_a_value_to_the_rfc() -> None:
    """52: null, an empty list and absence are unassigned; that an empty string is too, is a dialect."""
    sent = operation("replace", "name", value={"givenName": ""})
    expected = {"familyName": "Lovelace", "givenName": ""}
    assert patch(ADA, sent, profile=RFC).attributes == ada_but(name=expected)


def test_what_is_sent_beside_an_empty_value_stays() -> None:
    """147: of an element whose value is cleared only that goes, if more than a type is left."""
    named = patch(ADA, operation("add", 'emails[type eq "work"].display', value="Ada"))
    sent = operation("add", 'emails[type eq "work"]', value={"type": "work", "value": ""})
    left = {"display": "Ada", "type": "work", "primary": True}
    assert patch(named, sent).attributes == ada_but(emails=[left, HOME])


@pytest.mark.parametrize("path", ["name", "title", "emails", "addresses", ENTERPRISE])
def test_null_unassigns(path: str) -> None:
    """52, 53: to assign null is to unassign, for every kind of attribute."""
    assert patch(ADA, operation("replace", path, value=None)).attributes == ada_but(path)
    assert patch(ADA, operation("replace", value={path: None})).attributes == ada_but(path)


@pytest.mark.parametrize(
    "value, gone, changed",
    [
        ([NEW], (), {"emails": [NEW]}),
        (NEW, (), {"emails": [NEW]}),
        ([HOME, NEW], (), {"emails": [HOME, NEW]}),
        ([], ("emails",), {}),
        ([{"type": "work", "value": ""}], ("emails",), {}),
    ],
)
def test_all_values_are_replaced(value: Json, gone: tuple[str, ...], changed: dict[str, Json]) -> None:
    """148: without a filter the whole collection is replaced: n values sent, exactly n afterwards."""
    assert patch(ADA, operation("replace", "emails", value=value)).attributes == ada_but(*gone, **changed)


def test_every_element_that_the_filter_selects_is_replaced() -> None:
    """149: all matching elements become the value; what the value does not name is gone from them."""
    sent = operation("replace", 'emails[type eq "work"]', value={"value": "l@example.com", "display": "L"})
    assert patch(ADA, sent).attributes == ada_but(emails=[{"value": "l@example.com", "display": "L"}, HOME])
    both = operation("replace", "emails[value pr]", value={"value": "l@example.com", "type": "work"})
    assert patch(ADA, both).attributes == ada_but(emails=[NEW])


def test_a_sub_attribute_is_replaced_in_every_selected_element() -> None:
    """149: with a sub-attribute after the filter, it is set in all matches and the rest of them stays."""
    sent = operation("replace", 'emails[value co "ada"].display', value="Ada")
    assert patch(ADA, sent).attributes == ada_but(emails=[{**WORK, "display": "Ada"}, {**HOME, "display": "Ada"}])
    one = operation("replace", 'EMAILS[Type EQ "WORK"].VALUE', value="l@example.com")
    assert patch(ADA, one).attributes == ada_but(emails=[{**WORK, "value": "l@example.com"}, HOME])


def test_a_sub_attribute_without_a_filter_is_replaced_in_every_element() -> None:
    """149: a path such as emails.type means that sub-attribute of all elements; where none is, one is added."""
    sent = operation("replace", "emails.type", value="other")
    assert patch(ADA, sent).attributes == ada_but(emails=[{**WORK, "type": "other"}, {**HOME, "type": "other"}])
    added = operation("replace", "phoneNumbers.value", value="123")
    assert patch(ADA, added).attributes == ada_but(phoneNumbers=[{"value": "123"}])


def test_elements_that_become_the_same_are_one() -> None:
    """50: the same pair of value and type is not kept twice, also when PATCH makes it."""
    sent = (
        operation("replace", "emails.value", value="l@example.com"),
        operation("replace", "emails.type", value="work"),
    )
    assert patch(ADA, *sent).attributes == ada_but(emails=[{**NEW, "primary": True}])


@pytest.mark.parametrize(
    "path, value",
    [
        ('emails[type eq "other"]', NEW),
        ('emails[type eq "other"].value', "l@example.com"),
        ('phoneNumbers[type eq "work"].value', "123"),
        ('emails[type ne "work" and type ne "home"].value', "l@example.com"),
    ],
)
def test_a_replace_whose_filter_selects_nothing_has_no_target(path: str, value: Json) -> None:
    """149: no match is 400 noTarget."""
    error, detail = refusal(ADA, operation("replace", path, value=value), profile=RFC)
    assert error is NoTargetError
    assert (
        detail == f"No element of {path.split('[', maxsplit=1)[0]} is what the path's filter describes; add one first."
    )


@pytest.mark.parametrize(
    "selection",
    [
        'type co "oth"',
        'type eq "other" or type eq "work2"',
        'not (type eq "work" or type eq "home")',
        'type eq "other" and display pr',
        'type eq "other" and type eq "else"',
        'value eq "nobody@example.com"',
        "type eq null and value eq null",
    ],
)
def test_nothing_is_made_from_a_filter_that_does_not_describe_one_element(selection: str) -> None:
    """141: only eq terms joined by and describe an element; one that is known by its value is not made up."""
    sent = operation("replace", f"emails[{selection}].display", value="L")
    assert refusal(ADA, sent)[0] is NoTargetError
    kept = operation("replace", 'emails[type eq "other"].type', value="else")
    assert refusal(ADA, kept)[0] is NoTargetError


def test_nobody_becomes_a_member_by_a_change_of_a_display_name() -> None:
    """141: a filter on value means one certain member, and is never a way to add one."""
    sent = operation("replace", 'members[value eq "c3"].display', value="Cat")
    assert refusal(CREW_OF_TWO, sent)[0] is NoTargetError


def test_null_has_nothing_to_unassign_where_the_filter_selects_nothing() -> None:
    """52, 144: to unassign is to remove, which succeeds without a match."""
    for path in ('emails[type eq "other"].value', 'emails[type eq "other"]', 'emails[type co "x"].display'):
        tolerance = Tolerance()
        assert patch(ADA, operation("replace", path, value=None), tolerance=tolerance) is ADA
        assert "created-by-filter" not in tolerance.applied
    assert patch(ADA, operation("replace", 'emails[type eq "work"]', value=None)).attributes == ada_but(emails=[HOME])


def test_only_what_the_value_names_is_replaced() -> None:
    """146: without a path, each attribute of the value is replaced and the others stay."""
    sent = operation("replace", value={"title": "Countess", "emails": [NEW], "addresses": []})
    assert patch(ADA, sent).attributes == ada_but("addresses", title="Countess", emails=[NEW])


@pytest.mark.parametrize(
    "sent",
    [
        operation("replace", ENTERPRISE, value={"department": "Poems", "MANAGER": {"value": "43"}}),
        operation("replace", ENTERPRISE.upper(), value={"department": "Poems", "manager.value": "43"}),
        operation("replace", value={ENTERPRISE: {"department": "Poems", "manager": {"value": "43"}}}),
        operation("replace", value={f"{ENTERPRISE}:department": "Poems", f"{ENTERPRISE}:manager.value": "43"}),
    ],
)
def test_an_extension_is_written_attribute_by_attribute(sent: Json) -> None:
    """139, 152: an extension's URN is a path to its attributes, as a path, as a key, and before a colon."""
    expected = {"department": "Poems", "manager": {"value": "43", "$ref": "../Users/42"}}
    assert patch(ADA, sent).attributes == ada_but(enterprise=expected)


def test_the_value_of_an_extension_is_an_object() -> None:
    """139: an extension holds attributes, so nothing but an object is its value."""
    assert refusal(ADA, operation("replace", ENTERPRISE, value="Poems")) == (
        InvalidValueError,
        f"The value of {ENTERPRISE} must be an object with attributes.",
    )


@pytest.mark.parametrize(
    "path, value, detail",
    [
        ("title", 7, "title must be a string, not a number."),
        ("active", "yes", "active must be true or false, without quotation marks, not a string."),
        ("name", "Ada", "name must be an object, not a string."),
        ("name.givenName", ["Ada"], "name.givenName must be a string, not an array."),
        ("emails", [{"value": 1}], "emails[0].value must be a string, not a number."),
        ('emails[type eq "work"].value', 1, "emails.value must be a string, not a number."),
        ('emails[type eq "work"]', [1], "emails must be an object, not an array."),
        ("userName", "", "userName must not be blank."),
        ("userName", "x" * 257, "userName has 257 characters; at most 256 are allowed."),
    ],
)
def test_values_obey_the_schema(path: str, value: Json, detail: str) -> None:
    """135: each operation is compatible with the type of its target, as in POST and PUT."""
    assert refusal(ADA, operation("replace", path, value=value)) == (InvalidValueError, detail)


def test_the_whole_is_checked_after_the_last_operation() -> None:
    """53: a resource that lacks what its type requires is refused, whichever operation is at fault."""
    assert refusal(CREW_OF_TWO, operation("replace", "displayName", value=" "))[0] is InvalidValueError
    renamed = patch(CREW_OF_TWO, operation("replace", "displayName", value="Adventure"))
    assert renamed.attributes == but(CREW_OF_TWO.attributes, displayName="Adventure")
