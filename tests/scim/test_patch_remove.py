"""PATCH remove (RFC 7644 §3.5.2.2)."""

from dataclasses import replace

import pytest

from musterbook.scim.errors import InvalidValueError, MutabilityError, NoTargetError
from musterbook.scim.resource import Json
from tests.scim.patching import (
    ADA,
    CREW_OF_TWO,
    ENTERPRISE,
    FLEET,
    HOME,
    INTEROP,
    LENIENT,
    OFFICE,
    RFC,
    USER,
    WORK,
    ada_but,
    but,
    operation,
    patch,
    refusal,
)


@pytest.mark.parametrize(
    "path, gone",
    [
        ("title", "title"),
        ("externalId", "externalId"),
        ("name", "name"),
        ("emails", "emails"),
        (ENTERPRISE, ENTERPRISE),
    ],
)
def test_an_attribute_is_unassigned(path: str, gone: str) -> None:
    """143: a single value is unassigned, a multi-valued attribute loses all its values, an extension all of it."""
    assert patch(ADA, operation("remove", path)).attributes == ada_but(gone)
    assert patch(ADA, operation("remove", path), operation("remove", path)).attributes == ada_but(gone)


def test_a_sub_attribute_is_unassigned() -> None:
    """143: only the sub-attribute goes; with the last one the attribute is unassigned."""
    family, given = operation("remove", "name.familyName"), operation("remove", "name.givenName")
    assert patch(ADA, family).attributes == ada_but(name={"givenName": "Ada"})
    assert patch(ADA, family, given).attributes == ada_but("name")


@pytest.mark.parametrize(
    "path, left",
    [
        ('emails[type eq "work"]', [HOME]),
        ('emails[type eq "work" and value ew "example.com"]', [HOME]),
        ("emails[not (primary eq true)]", [WORK]),
        ('emails[value co "nobody"]', [WORK, HOME]),
        ('emails[type eq "home"].type', [WORK, {"value": "ada@home.example"}]),
        ('emails[type eq "other"].type', [WORK, HOME]),
        ("emails.type", [{"value": "ada@example.com", "primary": True}, {"value": "ada@home.example"}]),
    ],
)
def test_only_what_the_filter_selects_is_removed(path: str, left: list[Json]) -> None:
    """143, 144: matching elements, or their sub-attribute, are removed; where none matches nothing changes."""
    assert patch(ADA, operation("remove", path)).attributes == ada_but(emails=left)


def test_with_the_last_element_the_attribute_is_unassigned() -> None:
    """143: no empty list stays behind."""
    sent = operation("remove", "emails[value pr]")
    assert patch(ADA, sent).attributes == ada_but("emails")
    assert patch(ADA, operation("remove", 'emails[type eq "work"]'), sent).attributes == ada_but("emails")


def test_an_element_goes_with_its_last_sub_attribute() -> None:
    """143: an element of which nothing is left is no element, and the last one leaves the attribute unassigned."""
    numbers = [{"value": "1"}, {"value": "2", "type": "fax"}]
    phoned = patch(ADA, operation("add", "phoneNumbers", value=numbers))
    values, types = operation("remove", "phoneNumbers.value"), operation("remove", "phoneNumbers.type")
    assert patch(phoned, values, profile=RFC).attributes == ada_but(phoneNumbers=[{"type": "fax"}])
    assert patch(phoned, values, types, profile=RFC).attributes == ADA.attributes
    assert patch(phoned, values).attributes == ADA.attributes


@pytest.mark.parametrize(
    "path", ["nickName", "phoneNumbers", 'phoneNumbers[type eq "fax"]', "phoneNumbers.value", f"{ENTERPRISE}:division"]
)
def test_to_remove_what_is_not_there_changes_nothing(path: str) -> None:
    """144: remove without a match succeeds and makes no new version."""
    assert patch(ADA, operation("remove", path)) is ADA


@pytest.mark.parametrize(
    "path, detail",
    [
        ("userName", "userName is required and cannot be removed; replace it instead."),
        (f"{USER}:USERNAME", "userName is required and cannot be removed; replace it instead."),
        ("active", "active cannot be removed; replace it by true or false."),
    ],
)
def test_what_must_have_a_value_keeps_it(path: str, detail: str) -> None:
    """145: to remove a required attribute is mutability; ``active`` decides who signs in, and counts as one."""
    assert refusal(ADA, operation("remove", path)) == (MutabilityError, detail)
    assert refusal(ADA, operation("replace", path, value=None)) == (MutabilityError, detail)
    assert refusal(ADA, operation("add", value={path: None})) == (MutabilityError, detail)


@pytest.mark.parametrize(
    "sent",
    [
        operation("remove", "ports"),
        operation("remove", 'ports[type eq "home"]'),
        operation("remove", "ports", value=[{"value": "plymouth"}]),
        operation("replace", "ports", value=[]),
    ],
)
def test_a_required_attribute_keeps_its_last_element(sent: Json) -> None:
    """145: it does not matter by which way a required attribute would become unassigned."""
    error, detail = refusal(CREW_OF_TWO, sent)
    assert error is MutabilityError
    assert detail.startswith("ports is required and cannot be removed")


def test_an_extension_keeps_what_may_not_be_removed() -> None:
    """145: to remove an extension is to remove its attributes, so read-only ones stay and required ones refuse."""
    red = {"colour": "red"}
    crew = replace(CREW_OF_TWO, attributes={**CREW_OF_TWO.attributes, FLEET: {"flag": red, "station": "Malta"}})
    numbered = replace(crew, attributes={**crew.attributes, FLEET: {"station": "Malta", "number": "1"}})
    sent = operation("remove", FLEET)
    assert refusal(numbered, sent) == (MutabilityError, "number is required and cannot be removed.")
    complete = replace(crew, attributes={**crew.attributes, FLEET: {"flag": red, "number": "1"}})
    assert patch(complete, operation("remove", f"{FLEET}:station")) is complete
    detail = f"{FLEET}:flag.colour is read-only; leave it out."
    assert refusal(complete, operation("remove", f"{FLEET}:flag.colour"), profile=RFC) == (MutabilityError, detail)
    assert refusal(crew, sent)[1] == f'The attribute "{FLEET}:number" is required; send it, not empty.'


@pytest.mark.parametrize("path", ["id", "meta", "meta.created", "groups", "groups.display", 'groups[value eq "1"]'])
@pytest.mark.parametrize("op", ["remove", "add", "replace"])
def test_what_is_read_only_is_not_changed(op: str, path: str) -> None:
    """135, 145: an operation on a read-only attribute is mutability."""
    error, detail = refusal(ADA, operation(op, path, value="x"), profile=RFC)
    assert error is MutabilityError
    assert detail == f"{path.split('[', maxsplit=1)[0]} is read-only; leave it out."


def test_the_value_of_an_element_does_not_change_where_it_is_immutable() -> None:
    """72, 135: a member is added and removed as a whole; its value, once set, is not rewritten or taken away."""
    detail = "members.value is immutable: it has a value, which can no longer be changed."
    for sent in (
        operation("replace", 'members[value eq "a1"].value', value="c3"),
        operation("replace", 'members[value eq "a1"]', value={"value": "c3"}),
        operation("add", 'members[value eq "a1"]', value={"value": "c3"}),
        operation("remove", 'members[value eq "a1"].value'),
    ):
        assert refusal(CREW_OF_TWO, sent) == (MutabilityError, detail)
    assert patch(CREW_OF_TWO, operation("remove", 'members[value eq "a1"]')).attributes == but(
        CREW_OF_TWO.attributes, members=[{"value": "b2", "display": "Bea"}]
    )


def test_an_immutable_part_of_a_single_value_does_not_change() -> None:
    """135: the rule holds for the sub-attributes of a single complex value as well."""
    detail = "captain.value is immutable: it has a value, which can no longer be changed."
    for sent in (
        operation("replace", "captain.value", value="b2"),
        operation("replace", "captain", value={"value": "b2", "display": "Darwin"}),
    ):
        assert refusal(CREW_OF_TWO, sent) == (MutabilityError, detail)
    whole = operation("replace", "captain", value={"display": "Darwin"})
    assert refusal(CREW_OF_TWO, whole, profile=INTEROP) == (MutabilityError, detail)
    leaderless = replace(CREW_OF_TWO, attributes=but(CREW_OF_TWO.attributes, "captain"))
    new = {"value": "b2", "display": "Bea"}
    for profile in (RFC, INTEROP):
        led = patch(leaderless, operation("replace", "captain", value=new), profile=profile)
        assert led.attributes == but(CREW_OF_TWO.attributes, captain=new)
    renamed = patch(CREW_OF_TWO, operation("replace", "captain", value={"value": "a1", "display": "Robert"}))
    assert renamed.attributes == but(CREW_OF_TWO.attributes, captain={"value": "a1", "display": "Robert"})


@pytest.mark.parametrize(
    "path, value, gone, left",
    [
        ("emails", [{"value": "ada@example.com"}], (), {"emails": [HOME]}),
        ("emails", {"value": "ADA@example.com", "type": "work"}, (), {"emails": [HOME]}),
        ("emails", [{"value": "ada@example.com", "type": "other"}], (), {}),
        ("emails", ["ada@home.example"], (), {"emails": [WORK]}),
        ("emails", [WORK, HOME], ("emails",), {}),
        ("emails", [], (), {}),
        ("phoneNumbers", [{"value": "1"}], (), {}),
        ("addresses", [{"type": "work"}], (), {}),
        ("addresses", [OFFICE], ("addresses",), {}),
        ("emails", None, ("emails",), {}),
        ("title", "anything", ("title",), {}),
        ('emails[type eq "work"]', "anything", (), {"emails": [HOME]}),
    ],
)
def test_a_list_of_values_removes_those_and_no_others(
    path: str, value: Json, gone: tuple[str, ...], left: dict[str, Json]
) -> None:
    """144: a value beside the path of a multi-valued attribute says what goes, and never makes it all."""
    assert patch(ADA, operation("remove", path, value=value)).attributes == ada_but(*gone, **left)


def test_a_list_of_values_is_refused_where_the_rfc_alone_counts() -> None:
    """144: RFC 7644 §3.5.2.2 gives the value of a remove no meaning; to ignore it would remove everything."""
    sent = operation("remove", "emails", value=[{"value": "ada@example.com"}])
    assert refusal(ADA, sent, profile=RFC) == (
        InvalidValueError,
        'A "remove" takes no value; name in its path what to remove of emails.',
    )


def test_the_value_beside_an_extension_says_what_goes_of_it() -> None:
    """144: as for lists, a value never makes it all; the RFC alone gives it no meaning."""
    sent = operation("remove", ENTERPRISE, value={"department": "anything"})
    assert patch(ADA, sent).attributes == ada_but(enterprise={"manager": {"value": "42", "$ref": "../Users/42"}})
    assert refusal(ADA, sent, profile=RFC)[0] is InvalidValueError
    assert patch(ADA, operation("remove", USER, value={"title": None})).attributes == ada_but("title")


def test_a_filter_on_a_single_value_is_obeyed() -> None:
    """144: where the one value is not what the filter describes, nothing is removed."""
    assert patch(ADA, operation("remove", 'name[familyName eq "King"].givenName')) is ADA
    sent = operation("remove", 'name[familyName eq "Lovelace"].givenName')
    assert patch(ADA, sent).attributes == ada_but(name={"familyName": "Lovelace"})


def test_a_read_only_part_of_a_value_stays() -> None:
    """78: whatever is written around it, a read-only sub-attribute stays as the server has it."""
    captain = {"value": "a1", "display": "FitzRoy", "rank": "Lieutenant"}
    crew = replace(CREW_OF_TWO, attributes={**CREW_OF_TWO.attributes, "captain": captain})
    new = {"value": "a1", "display": "Robert", "rank": None}
    for profile in (LENIENT, RFC, INTEROP):
        patched = patch(crew, operation("replace", "captain", value=new), profile=profile)
        assert patched.attributes == {**crew.attributes, "captain": {**captain, "display": "Robert"}}
    refused = refusal(crew, operation("replace", "captain.rank", value="Admiral"), profile=RFC)
    assert refused == (MutabilityError, "captain.rank is read-only; leave it out.")


def test_the_resource_itself_is_not_removed_by_patch() -> None:
    """157: deletion is DELETE's; the base schema is not an attribute."""
    detail = "A resource is removed by DELETE; a PATCH removes attributes."
    assert refusal(ADA, operation("remove", USER)) == (NoTargetError, detail)
