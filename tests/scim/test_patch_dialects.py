"""What PATCH tolerates beyond RFC 7644 §3.5.2, a scenario for each dialect, and what the other profiles answer."""

from dataclasses import dataclass

import pytest

from musterbook.scim import patch_dialects
from musterbook.scim.dialects import Dialect, Profile, Tolerance
from musterbook.scim.errors import (
    InvalidFilterError,
    InvalidPathError,
    InvalidSyntaxError,
    InvalidValueError,
    MutabilityError,
    NoTargetError,
    ScimError,
)
from musterbook.scim.patch import apply_patch, parse_patch
from musterbook.scim.resource import Json
from tests.scim.patching import (
    ADA,
    ENTERPRISE,
    HOME,
    INTEROP,
    LENIENT,
    PATCH_OP,
    RFC,
    USER,
    WORK,
    ada_but,
    message,
    operation,
    patch,
    refusal,
)

MOBILE = {"value": "123", "type": "mobile"}
SUSPEND = operation("replace", "active", value=False)
ENTERPRISE_1 = "urn:scim:schemas:extension:enterprise:1.0"


@dataclass(frozen=True)
class Scenario:
    """A message that needs a dialect, what it does to Ada, and how the RFC's profile answers."""

    dialect: Dialect
    document: dict[str, Json]
    result: dict[str, Json]
    refused: type[ScimError] | None
    """``None``: the profile tolerates it, or it does nothing there."""


SCENARIOS = [
    Scenario(
        patch_dialects.PATCH_WITHOUT_SCHEMAS, {"Operations": [SUSPEND]}, ada_but(active=False), InvalidSyntaxError
    ),
    Scenario(
        patch_dialects.PATCH_WITHOUT_SCHEMAS,
        {"schemas": [], "Operations": [SUSPEND]},
        ada_but(active=False),
        InvalidSyntaxError,
    ),
    Scenario(patch_dialects.EMPTY_OPERATIONS, message(), ada_but(), InvalidSyntaxError),
    Scenario(
        patch_dialects.MEMBERS_WITHOUT_OPERATIONS,
        {"schemas": ["urn:scim:schemas:core:1.0"], "members": [{"value": "7"}], "active": False},
        ada_but(active=False),
        InvalidSyntaxError,
    ),
    Scenario(
        patch_dialects.OPERATION_NAME_CASE,
        message(operation("Replace", "active", value=False)),
        ada_but(active=False),
        None,
    ),
    Scenario(
        patch_dialects.VALUE_PATHS_AS_KEYS,
        message(operation("replace", value={'emails[type eq "work"].value': "l@example.com"})),
        ada_but(emails=[{**WORK, "value": "l@example.com"}, HOME]),
        None,
    ),
    Scenario(
        patch_dialects.READ_ONLY_TARGETS,
        message(operation("replace", value={"id": "x", "meta": {"resourceType": "User"}, "groups": []}), SUSPEND),
        ada_but(active=False),
        MutabilityError,
    ),
    Scenario(
        patch_dialects.READ_ONLY_TARGETS, message(operation("replace", "id", value="x")), ada_but(), MutabilityError
    ),
    Scenario(
        patch_dialects.READ_ONLY_TARGETS,
        message(operation("add", f"{ENTERPRISE}:manager.displayName", value="Charles"), SUSPEND),
        ada_but(active=False),
        MutabilityError,
    ),
    Scenario(
        patch_dialects.UNKNOWN_TARGETS,
        message(operation("add", "favouriteColour", value="green"), SUSPEND),
        ada_but(active=False),
        InvalidPathError,
    ),
    Scenario(
        patch_dialects.SCHEMAS_AS_TARGET,
        message(operation("replace", value={"schemas": ["urn:scim:schemas:core:1.0"], "active": False})),
        ada_but(active=False),
        None,
    ),
    Scenario(
        patch_dialects.SCHEMAS_AS_TARGET,
        message(operation("remove", "schemas"), SUSPEND),
        ada_but(active=False),
        MutabilityError,
    ),
    Scenario(
        patch_dialects.UNQUALIFIED_EXTENSION_PATHS,
        message(operation("add", "department", value="Poems")),
        ada_but(enterprise={**ADA.attributes[ENTERPRISE], "department": "Poems"}),
        InvalidPathError,
    ),
    Scenario(
        patch_dialects.CREATED_BY_FILTER,
        message(operation("replace", 'phoneNumbers[type eq "mobile"].value', value="123")),
        ada_but(phoneNumbers=[MOBILE]),
        NoTargetError,
    ),
    Scenario(
        patch_dialects.CREATED_BY_FILTER,
        message(operation("add", 'phoneNumbers[type eq "mobile"]', value={"value": "123"})),
        ada_but(phoneNumbers=[MOBILE]),
        NoTargetError,
    ),
    Scenario(
        patch_dialects.CREATED_BY_FILTER,
        message(operation("add", 'emails[type eq "other" and primary eq true].value', value="l@example.com")),
        ada_but(
            emails=[{**WORK, "primary": False}, HOME, {"value": "l@example.com", "type": "other", "primary": True}]
        ),
        NoTargetError,
    ),
    Scenario(
        patch_dialects.FILTERED_SINGLE_VALUES,
        message(operation("remove", f'{ENTERPRISE}:manager[value eq "42"]')),
        ada_but(enterprise={"department": "Engines"}),
        InvalidPathError,
    ),
    Scenario(
        patch_dialects.FILTERED_SINGLE_VALUES,
        message(operation("remove", f'{ENTERPRISE}:manager[value eq "43"]')),
        ada_but(),
        InvalidPathError,
    ),
    Scenario(
        patch_dialects.FILTERED_SINGLE_VALUES,
        message(operation("replace", 'name[familyName eq "lovelace"].givenName', value="Augusta")),
        ada_but(name={"familyName": "Lovelace", "givenName": "Augusta"}),
        InvalidPathError,
    ),
    Scenario(
        patch_dialects.REMOVED_BY_VALUE,
        message(operation("remove", "emails", value=[{"value": "ada@home.example", "$ref": None}])),
        ada_but(emails=[WORK]),
        InvalidValueError,
    ),
    Scenario(
        patch_dialects.CLEARED_BY_VALUE,
        message(operation("replace", f"{ENTERPRISE}:manager", value={"value": None})),
        ada_but(enterprise={"department": "Engines"}),
        None,
    ),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda item: item.dialect.name)
def test_the_dialect_is_tolerated_and_recorded(scenario: Scenario) -> None:
    """By default the message does what its sender means, and the log can say which dialect it needed."""
    tolerance = Tolerance()
    patched = apply_patch(ADA, parse_patch(scenario.document, ADA.resource_type, tolerance))
    assert patched.attributes == scenario.result
    assert scenario.dialect.name in tolerance.applied


@pytest.mark.parametrize("scenario", [item for item in SCENARIOS if item.refused], ids=lambda item: item.dialect.name)
def test_the_dialect_is_refused_where_the_rfc_alone_counts(scenario: Scenario) -> None:
    """Under the RFC's profile the same message gets the answer that RFC 7644 §3.12 has for it."""
    tolerance = Tolerance(RFC)
    with pytest.raises(ScimError) as caught:
        apply_patch(ADA, parse_patch(scenario.document, ADA.resource_type, tolerance))
    assert type(caught.value) is scenario.refused
    assert scenario.dialect.name not in tolerance.applied


def test_every_dialect_of_patch_has_a_scenario_and_is_listed() -> None:
    """A tolerance without a scenario would be one that nobody can remove again."""
    defined = {item for item in vars(patch_dialects).values() if isinstance(item, Dialect)}
    assert {item.dialect for item in SCENARIOS} == defined


@pytest.mark.parametrize("profile", [RFC, INTEROP])
def test_keys_are_attribute_names_where_dialects_are_off(profile: Profile) -> None:
    """139: a key that is a path is an unknown attribute to the RFC, and is left out as in POST and PUT."""
    tolerance = Tolerance(profile)
    key = 'emails[type eq "work"].value'
    sent = [operation("replace", value={key: "x", "name.givenName": "x", "nonsense": None, "title": "Countess"})]
    if profile is INTEROP:
        assert refusal(ADA, *sent, profile=profile)[0] is InvalidSyntaxError
        return
    assert patch(ADA, *sent, tolerance=tolerance).attributes == ada_but(title="Countess")
    assert tolerance.ignored == ["emails[…].value", "name.givenName"]


def test_the_rfc_profile_removes_sub_attributes_alone() -> None:
    """143: literally, what stays beside an unassigned value stays; only dialects read more into it."""
    manager = patch(ADA, operation("remove", f"{ENTERPRISE}:manager.value"), profile=RFC)
    expected = {"department": "Engines", "manager": {"$ref": "../Users/42"}}
    assert manager.attributes == ada_but(enterprise=expected)
    email = patch(ADA, operation("remove", 'emails[type eq "home"].value'), profile=RFC)
    assert email.attributes == ada_but(emails=[WORK, {"type": "home"}])
    assert patch(ADA, operation("remove", 'emails[type eq "home"].value')).attributes == ada_but(emails=[WORK])


@pytest.mark.parametrize(
    "sent",
    [
        operation("replace", "schemas", value=["urn:ietf:params:scim:schemas:core:2.0:User"]),
        operation("add", "schemas", value=[ENTERPRISE]),
    ],
)
def test_schemas_follow_from_the_attributes(sent: Json) -> None:
    """DEVIATION(RFC 7644 §3.5.2): an operation on schemas changes nothing; 152: attributes by their URN do."""
    assert patch(ADA, sent, profile=RFC) is ADA
    assert refusal(ADA, operation("replace", "schemas", value=[1]), profile=RFC)[0] is InvalidValueError
    detail = "schemas is required and cannot be removed."
    for refused in (operation("replace", "schemas", value=[]), operation("remove", "schemas", value=[ENTERPRISE])):
        assert refusal(ADA, refused, profile=RFC) == (MutabilityError, detail)


@pytest.mark.parametrize(
    "sent, expected",
    [
        (operation("replace", f"{ENTERPRISE_1}:department", value="Poems"), {"department": "Poems"}),
        (operation("replace", ENTERPRISE_1, value={"department": "Poems"}), {"department": "Poems"}),
        (operation("replace", value={ENTERPRISE_1.upper(): {"department": "Poems"}}), {"department": "Poems"}),
        (operation("replace", value={f"{ENTERPRISE_1}:department": "Poems"}), {"department": "Poems"}),
        (operation("replace", value={"department": "Poems"}), {"department": "Poems"}),
    ],
)
def test_the_extension_is_known_by_the_names_that_clients_have_for_it(sent: Json, expected: dict[str, str]) -> None:
    """OneLogin's URNs of the enterprise extension mean in PATCH what they mean in POST and PUT."""
    assert patch(ADA, sent).attributes == ada_but(enterprise={**ADA.attributes[ENTERPRISE], **expected})


@pytest.mark.parametrize("path", [f"{ENTERPRISE_1}:department", ENTERPRISE_1, USER])
def test_the_rfc_profile_knows_no_other_names_for_a_schema(path: str) -> None:
    """151: a path begins with the URN of a schema that there is, and ends with an attribute."""
    assert refusal(ADA, operation("replace", path, value={"department": "Poems"}), profile=RFC)[0] is InvalidPathError
    tolerance = Tolerance()
    assert patch(ADA, operation("replace", f"{ENTERPRISE_1}1:department", value="x"), tolerance=tolerance) is ADA
    assert tolerance.ignored == [f"{ENTERPRISE_1}1:department"]


def test_an_attribute_by_its_full_name_is_no_dialect() -> None:
    """152: RFC 7644 §3.5.2 foresees full names; the extension's object is the RFC's own form."""
    for value in ({f"{ENTERPRISE}:department": "Poems"}, {ENTERPRISE: {"department": "Poems"}}):
        assert patch(ADA, operation("add", value=value), profile=RFC).attributes == ada_but(
            enterprise={**ADA.attributes[ENTERPRISE], "department": "Poems"}
        )


def test_a_single_value_is_not_doubled_by_a_filter() -> None:
    """Where the one value is not what the filter describes there is no target; where there is none, it is made."""
    sent = operation("replace", 'name[familyName eq "King"].givenName', value="Augusta")
    assert refusal(ADA, sent) == (NoTargetError, "name has one value, and it is not what the path's filter describes.")
    nameless = patch(ADA, operation("remove", "name"))
    assert patch(nameless, sent).attributes == ada_but(name={"familyName": "King", "givenName": "Augusta"})


def test_attributes_of_the_base_schema_may_stand_under_its_urn() -> None:
    """What the core URN holds is written as if it stood beside it, as in POST and PUT."""
    nested = {"urn:ietf:params:scim:schemas:core:2.0:User": {"title": "Countess", "name": {"middleName": "King"}}}
    assert patch(ADA, operation("add", value=nested)).attributes == ada_but(
        title="Countess", name={"familyName": "Lovelace", "givenName": "Ada", "middleName": "King"}
    )


def test_a_password_is_left_out_in_silence() -> None:
    """Okta pushes passwords; here people sign in with their provider, so none is kept, noted or refused."""
    for profile in (LENIENT, RFC):
        tolerance = Tolerance(profile)
        sent = operation("replace", value={"password": "correct horse"}), operation("replace", "password", value="x")
        assert patch(ADA, *sent, tolerance=tolerance) is ADA
        assert (tolerance.ignored, tolerance.applied) == ([], ["password"])


def test_what_is_left_out_is_noted_by_path() -> None:
    """Rule 12 of the dialects: never is a whole PATCH refused for one unknown or read-only attribute."""
    tolerance = Tolerance()
    sent = operation(
        "replace",
        value={"active": "False", "id": "x", "meta": {}, "shoeSize": 7, ENTERPRISE: {"badge": "1"}, "groups": []},
    )
    assert patch(ADA, sent, operation("remove", "hatSize"), tolerance=tolerance).attributes == ada_but(active=False)
    assert tolerance.ignored == ["id", "meta", "shoeSize", f"{ENTERPRISE}:badge", "groups", "hatSize"]


# ---------------------------------------------------------------------------------------------------------------------
# The interoperability profile


@pytest.mark.parametrize(
    "sent, error",
    [
        (operation("replace", value={"active": False}), InvalidSyntaxError),
        (operation("remove"), InvalidSyntaxError),
        (operation("Replace", "active", value=False), InvalidSyntaxError),
        (operation("replace", "nonsense", value=1), InvalidSyntaxError),
        (operation("replace", 'emails[type eq "work"]', value=WORK), InvalidPathError),
        (operation("remove", 'emails[type eq "work"]'), InvalidPathError),
        (operation("replace", 'emails[type eq "other"].value', value="x"), NoTargetError),
    ],
)
def test_the_interoperability_profile_refuses_what_it_forbids(sent: Json, error: type[ScimError]) -> None:
    """Every operation has a path; a filter is followed by a sub-attribute; what is unknown is invalidSyntax."""
    assert refusal(ADA, sent, profile=INTEROP)[0] is error
    assert patch(ADA, SUSPEND, profile=INTEROP).attributes == ada_but(active=False)


def test_the_interoperability_profile_wants_a_filter_to_select_one_element() -> None:
    """A path's filter that selects several elements is invalidFilter there, and all of them for the RFC."""
    sent = operation("replace", "emails[value pr].display", value="Ada")
    error, detail = refusal(ADA, sent, profile=INTEROP)
    assert (error, detail) == (InvalidFilterError, "The filter selects 2 elements of emails; it must select one.")
    one = operation("replace", 'emails[type eq "home"].display', value="Ada")
    assert patch(ADA, one, profile=INTEROP).attributes == ada_but(emails=[WORK, {**HOME, "display": "Ada"}])
    assert patch(ADA, operation("replace", "emails.display", value="A"), profile=INTEROP).attributes == ada_but(
        emails=[{**WORK, "display": "A"}, {**HOME, "display": "A"}]
    )


def test_the_interoperability_profile_replaces_a_complex_attribute_as_a_whole() -> None:
    """147: there, replace of a complex attribute leaves nothing of it; add merges, as in the RFC."""
    value = {"givenName": "Augusta", "familyName": None}
    assert patch(ADA, operation("replace", "name", value=value), profile=INTEROP).attributes == ada_but(
        name={"givenName": "Augusta"}
    )
    assert patch(ADA, operation("add", "name", value={"givenName": "Augusta"}), profile=INTEROP).attributes == ada_but(
        name={"givenName": "Augusta", "familyName": "Lovelace"}
    )
    assert patch(ADA, operation("replace", "name", value={"givenName": None}), profile=INTEROP).attributes == (
        ada_but("name")
    )


def test_the_message_itself_is_held_to_its_schema_there() -> None:
    """131: without PatchOp in schemas the message is invalidSyntax where no dialect helps."""
    for profile in (RFC, INTEROP):
        with pytest.raises(InvalidSyntaxError) as caught:
            parse_patch({"Operations": [SUSPEND]}, ADA.resource_type, Tolerance(profile))
        assert caught.value.detail == f'A PATCH body needs "schemas": ["{PATCH_OP}"].'


def test_the_filter_and_the_value_may_write_the_type_in_different_cases() -> None:
    """What a filter describes is contradicted by another value, not by another spelling of the same one."""
    number = {"value": "1", "type": "mobile"}
    made = patch(ADA, operation("add", 'phoneNumbers[type eq "MOBILE"]', value=number))
    assert made.attributes == ada_but(phoneNumbers=[number])
