"""Each dialect of filters: taken and recorded where a profile has it, refused where it has not."""

from dataclasses import dataclass

import pytest

from musterbook.scim import filter_dialects
from musterbook.scim.dialects import LENIENT_AND_RFC, Dialect, Profile, Tolerance
from musterbook.scim.errors import InvalidFilterError
from musterbook.scim.filter import render_filter
from musterbook.scim.filter_dialects import (
    FILTER_COMPLEX_AS_VALUE,
    FILTER_MISSING_SPACE,
    FILTER_OFFSET_WITHOUT_PLUS,
    FILTER_STRING_BOOLEAN,
    FILTER_UNQUALIFIED_EXTENSION_ATTRIBUTE,
    FILTER_UNQUOTED_LITERAL,
    FILTER_VALUE_PATH_SUB_ATTRIBUTE,
)
from musterbook.scim.filter_parser import parse_filter
from musterbook.scim.schema import (
    Attribute,
    AttributeType,
    SchemaExtension,
    make_resource_type,
    make_schema,
    user_type,
)
from tests.scim.every_type import EXTENSION_URN, ship_type

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


NO_OPERATOR = "Expected an operator after 'value', one of eq, ne, co, sw, ew, gt, lt, ge, le, pr, but the filter ends."


@dataclass(frozen=True)
class Scenario:
    """A filter as a client sends it."""

    dialect: Dialect
    sent: str
    meant: str
    refused: str
    """The detail where the profile does not have the dialect."""


SCENARIOS = (
    Scenario(
        FILTER_STRING_BOOLEAN,
        'roles[primary eq "True"]',
        "roles[primary eq true]",
        "'primary' is compared with true or false, without quotation marks. (column 18)",
    ),
    Scenario(
        FILTER_STRING_BOOLEAN,
        'active eq "FALSE"',
        "active eq false",
        "'active' is compared with true or false, without quotation marks. (column 11)",
    ),
    Scenario(
        FILTER_VALUE_PATH_SUB_ATTRIBUTE,
        'emails[type eq "work"].value eq "x"',
        'emails[type eq "work" and value eq "x"]',
        "No sub-attribute may follow a bracket in a filter; write its condition inside, joined by 'and'. (column 23)",
    ),
    Scenario(
        FILTER_VALUE_PATH_SUB_ATTRIBUTE,
        '(emails[type eq "work" and primary eq true].Value pr)',
        'emails[type eq "work" and primary eq true and value pr]',
        "No sub-attribute may follow a bracket in a filter; write its condition inside, joined by 'and'. (column 44)",
    ),
    Scenario(
        FILTER_VALUE_PATH_SUB_ATTRIBUTE,
        'emails[type eq "work" or type eq "home"].value eq "x"',
        'emails[(type eq "work" or type eq "home") and value eq "x"]',
        "No sub-attribute may follow a bracket in a filter; write its condition inside, joined by 'and'. (column 41)",
    ),
    Scenario(FILTER_MISSING_SPACE, 'emails[value eq"x"]', 'emails[value eq "x"]', "Expected a space. (column 16)"),
    Scenario(FILTER_MISSING_SPACE, "(title pr)and id pr", "title pr and id pr", "Expected a space. (column 11)"),
    Scenario(FILTER_MISSING_SPACE, "title pr or(id pr)", "title pr or id pr", "Expected a space. (column 12)"),
    Scenario(FILTER_MISSING_SPACE, "ims[type pr]and id pr", "ims[type pr] and id pr", "Expected a space. (column 13)"),
    Scenario(
        FILTER_UNQUOTED_LITERAL,
        "externalId eq jyoung",
        'externalId eq "jyoung"',
        "Expected a value after 'eq': a string in double quotes, a number, true, false or null. (column 15)",
    ),
    Scenario(
        FILTER_OFFSET_WITHOUT_PLUS,
        'meta.lastModified gt "2024-01-01T00:00:00.5 02:00"',
        'meta.lastModified gt "2024-01-01T00:00:00.5+02:00"',
        "'lastModified' is compared with a date and a time with an offset, such as \"2011-05-13T04:42:34Z\" "
        "(and + written as %2B). (column 22)",
    ),
    Scenario(
        FILTER_UNQUALIFIED_EXTENSION_ATTRIBUTE,
        'DEPARTMENT eq "x"',
        f'{ENTERPRISE}:department eq "x"',
        "User has no attribute 'DEPARTMENT'. (column 1)",
    ),
    Scenario(
        FILTER_UNQUALIFIED_EXTENSION_ATTRIBUTE,
        'manager.value eq "x"',
        f'{ENTERPRISE}:manager.value eq "x"',
        "User has no attribute 'manager.value'. (column 1)",
    ),
    Scenario(
        FILTER_COMPLEX_AS_VALUE,
        f'{ENTERPRISE}:manager eq "x"',
        f'{ENTERPRISE}:manager.value eq "x"',
        f"'{ENTERPRISE}:manager' is complex; compare one of its sub-attributes, such as '{ENTERPRISE}:manager.value'. "
        "(column 1)",
    ),
)


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.sent)
def test_a_dialect_is_taken_and_recorded_only_in_its_profiles(scenario: Scenario, profile: Profile) -> None:
    """A profile that has the dialect reads the filter as it is meant and records the dialect; another refuses it."""
    tolerance = Tolerance(profile)
    if profile in scenario.dialect.profiles:
        parsed = parse_filter(scenario.sent, user_type(), tolerance)
        assert (render_filter(parsed), tolerance.applied) == (scenario.meant, [scenario.dialect.name])
    else:
        with pytest.raises(InvalidFilterError) as caught:
            parse_filter(scenario.sent, user_type(), tolerance)
        assert (caught.value.detail, tolerance.applied) == (scenario.refused, [])


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.sent)
def test_what_a_dialect_means_needs_no_dialect(scenario: Scenario) -> None:
    """The canonical text of every tolerated filter is one that the RFC allows."""
    tolerance = Tolerance(Profile.INTEROP_STRICT)
    assert render_filter(parse_filter(scenario.meant, user_type(), tolerance)) == scenario.meant
    assert tolerance.applied == []


def test_every_dialect_of_filters_has_a_scenario() -> None:
    """No entry stands in the list without a test, and the lenient profile has them all."""
    entries = {item.name: item for item in vars(filter_dialects).values() if isinstance(item, Dialect)}
    assert entries == {scenario.dialect.name: scenario.dialect for scenario in SCENARIOS}
    assert {item.profiles for item in entries.values()} == {frozenset({Profile.LENIENT}), LENIENT_AND_RFC}


def test_entra_looks_up_a_reference_by_the_manager_alone() -> None:
    """``id eq … and manager eq …`` names an extension's complex attribute without URN and without ``value``."""
    tolerance = Tolerance()
    parsed = parse_filter('id eq "1" and manager eq "2"', user_type(), tolerance)
    assert render_filter(parsed) == f'id eq "1" and {ENTERPRISE}:manager.value eq "2"'
    assert tolerance.applied == ["filter-unqualified-extension-attribute", "filter-complex-as-value"]


@pytest.mark.parametrize(
    "text",
    [
        "userName ne jyoung",
        "userName co jyoung",
        "active eq yes",
        "userName eq and",
        "userName eq NULL",
        "userName eq 'jyoung'",
        "userName eq j*young",
        "userName eq 7up",
        "userName eq jörg",
        "userName eq john smith",
        "emails eq jyoung",
        "meta.created eq today",
    ],
)
def test_a_bare_word_is_taken_only_where_it_can_mean_nothing_else(text: str) -> None:
    """Unquoted literals are plain words compared by ``eq`` with a string; everything else stays refused."""
    with pytest.raises(InvalidFilterError):
        parse_filter(text, user_type(), Tolerance())


@pytest.mark.parametrize(
    "value", ["2024-01-01T00:00:00 2:00", "2024-13-01T00:00:00 02:00", "2024-01-01 02:00", "x 02:00"]
)
def test_only_a_lost_plus_sign_is_repaired(value: str) -> None:
    """A time that is none with the plus sign put back stays refused, and no dialect is recorded."""
    tolerance = Tolerance()
    with pytest.raises(InvalidFilterError):
        parse_filter(f'meta.created gt "{value}"', user_type(), tolerance)
    assert tolerance.applied == []


def test_a_sub_attribute_after_a_bracket_follows_at_once() -> None:
    """``emails[…] .value`` has a space where none may stand, and ``.nonsense`` names nothing."""
    for text, detail in (
        ('emails[type pr] .value eq "x"', "Expected 'and', 'or' or the end of the filter. (column 17)"),
        (
            'emails[type pr].nonsense eq "x"',
            "'emails' has no sub-attribute 'nonsense'; in brackets, sub-attributes stand alone. (column 17)",
        ),
        ("emails[type pr].value", f"{NO_OPERATOR} (column 22)"),
    ):
        with pytest.raises(InvalidFilterError) as caught:
            parse_filter(text, user_type(), Tolerance())
        assert caught.value.detail == detail


def test_an_unqualified_name_is_the_base_schemas_before_any_extensions() -> None:
    """``name`` is the ship's own even though its extension has a ``name``; ``pier`` is the extension's alone."""
    tolerance = Tolerance()
    parsed = parse_filter('name eq "x" and pilot.rank gt 1 or pier pr', ship_type(), tolerance)
    expected = f'name eq "x" and {EXTENSION_URN}:pilot.rank gt 1 or {EXTENSION_URN}:pier pr'
    assert render_filter(parsed) == expected
    with pytest.raises(InvalidFilterError):
        parse_filter("name.value pr", ship_type(), tolerance)


def test_an_unqualified_name_must_not_have_two_meanings() -> None:
    """A name that two extensions have, or that the base schema has otherwise, is not looked for in an extension."""
    string = AttributeType.STRING
    motto = Attribute("motto", string)
    crest = Attribute("crest", AttributeType.COMPLEX, sub_attributes=(motto,), by_name={"motto": motto})
    base = make_schema("urn:example:House", "House", "", [Attribute("crest", string)])
    extensions = [
        SchemaExtension(make_schema(f"urn:example:{name}", name, "", [Attribute("floor", string), *more]))
        for name, more in (("North", [crest, Attribute("door", string)]), ("South", []))
    ]
    house = make_resource_type("House", "/Houses", base, extensions)
    assert render_filter(parse_filter("door pr", house, Tolerance())) == "urn:example:North:door pr"
    for text in ("floor pr", "crest.motto pr"):
        with pytest.raises(InvalidFilterError):
            parse_filter(text, house, Tolerance())
