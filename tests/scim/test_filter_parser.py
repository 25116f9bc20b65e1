"""RFC 7644 §3.4.2.2: what a filter's text means, and how one that means nothing is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from musterbook.scim.dialects import Profile, Tolerance
from musterbook.scim.errors import InvalidFilterError
from musterbook.scim.filter import (
    CompareOp,
    Comparison,
    Conjunction,
    Disjunction,
    Filter,
    Negation,
    Presence,
    ValuePath,
    render_filter,
)
from musterbook.scim.filter_parser import (
    parse_filter,
    parse_value_filter,
)
from musterbook.scim.match import matches
from musterbook.scim.path import AttrPath, BoundPath, parse_attr_path, resolve
from musterbook.scim.resource import Meta, Resource
from musterbook.scim.schema import ResourceType, user_type
from tests.scim.every_type import EXTENSION_URN, ship_type

USER = user_type()
SHIP = ship_type()
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def parse(text: str, resource_type: ResourceType = USER, profile: Profile = Profile.RFC) -> Filter:
    """Return the filter that ``text`` writes."""
    return parse_filter(text, resource_type, Tolerance(profile))


def canonical(text: str, resource_type: ResourceType = USER) -> str:
    """Return the canonical text of the filter that ``text`` writes."""
    return render_filter(parse(text, resource_type))


def bound(text: str, resource_type: ResourceType = USER) -> BoundPath:
    """Return what a path means."""
    path = parse_attr_path(text, resource_type)
    assert path is not None
    found = resolve(path, resource_type)
    assert found is not None
    return found


FIGURE_2 = json.loads((Path(__file__).parent / "rfc" / "rfc7644-3.4.2.2-figure-2.json").read_text())
PEOPLE = (
    Resource(
        USER,
        {
            "userName": "bjensen",
            "title": "Tour Guide",
            "userType": "Employee",
            "emails": [
                {"value": "bjensen@example.com", "type": "work"},
                {"value": "babs@jensen.test", "type": "home"},
            ],
        },
        "1",
        Meta("2010-01-23T04:56:22.000Z", "2010-05-13T04:42:34.000Z", 1),
    ),
    Resource(
        USER,
        {
            "userName": "omalley",
            "name": {"familyName": "O'Malley"},
            "title": "Captain",
            "userType": "Contractor",
            "emails": [{"value": "grace@sea.test", "type": "work"}],
            ENTERPRISE: {"department": "Fleet"},
        },
        "2",
        Meta("2010-01-23T04:56:22.000Z", "2011-05-13T04:42:34.000Z", 1),
    ),
    Resource(
        USER,
        {
            "userName": "jsmith",
            "userType": "Intern",
            "emails": [{"value": "jsmith@example.org", "type": "home"}],
            "ims": [{"value": "jsmith@foo.com", "type": "xmpp"}],
        },
        "3",
        Meta("2010-01-23T04:56:22.000Z", "2012-05-13T04:42:34.000Z", 1),
    ),
)


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("example", FIGURE_2, ids=lambda example: example["filter"][:50])
def test_every_filter_of_figure_2_finds_who_it_should(example: dict[str, Any], profile: Profile) -> None:
    """The examples of RFC 7644 §3.4.2.2, Figure 2, parse in every profile, need no dialect and match as they read."""
    tolerance = Tolerance(profile)
    parsed = parse_filter(example["filter"], USER, tolerance)
    found = [person.attributes["userName"] for person in PEOPLE if matches(parsed, person)]
    assert (found, tolerance.applied) == (example["matches"], [])


class TestSyntax:
    """The grammar of Figure 1."""

    def test_a_comparison_binds_its_path_to_the_schema(self) -> None:
        """``attrPath SP compareOp SP compValue`` holds the attribute itself, in whatever case it was written."""
        assert parse('USERname eq "x"') == Comparison(bound("userName"), CompareOp.EQ, "x")

    @pytest.mark.parametrize("op", list(CompareOp))
    def test_every_operator_is_read_in_any_case(self, op: CompareOp) -> None:
        """Operators are case insensitive (RFC 7644 §3.4.2.2)."""
        spellings = (op.value, op.value.upper(), op.value.title())
        assert {parse(f'userName {spelling} "x"') for spelling in spellings} == {Comparison(bound("userName"), op, "x")}

    def test_pr_and_or_not_are_read_in_any_case(self) -> None:
        """ABNF literals are case insensitive (RFC 5234 §2.3)."""
        expected = 'title pr and not (userName pr) or id eq "1"'
        assert canonical('title PR AND Not (userName Pr) oR id eq "1"') == expected

    @pytest.mark.parametrize(
        "text, expected",
        [
            ("title pr or id pr and active pr", "title pr or id pr and active pr"),
            ("title pr or (id pr and active pr)", "title pr or id pr and active pr"),
            ("(title pr or id pr) and active pr", "(title pr or id pr) and active pr"),
            ("not (title pr) and id pr", "not (title pr) and id pr"),
            ("not (title pr and id pr)", "not (title pr and id pr)"),
            ("not(title pr)", "not (title pr)"),
            ("not (not (title pr))", "not (not (title pr))"),
            ("((title pr))", "title pr"),
            ("title pr and id pr and active pr", "title pr and id pr and active pr"),
            ("title pr and (id pr and active pr)", "title pr and (id pr and active pr)"),
            ("(title pr or id pr) or active pr", "(title pr or id pr) or active pr"),
        ],
    )
    def test_grouping_binds_before_not_before_and_before_or(self, text: str, expected: str) -> None:
        """The order of operations of RFC 7644 §3.4.2.2; ``not`` with or without a space before its parenthesis."""
        assert canonical(text) == expected

    def test_and_within_or_without_parentheses_is_one_tree(self) -> None:
        """``a or b and c`` is ``a or (b and c)``; chains of one connective are one node."""
        title, id_, active = (Presence(bound(name)) for name in ("title", "id", "active"))
        assert parse("title pr or id pr and active pr or id pr") == Disjunction(
            (title, Conjunction((id_, active)), id_)
        )

    def test_a_value_path_holds_sub_attributes(self) -> None:
        """``valuePath``: inside the brackets names are sub-attributes of what stands before them."""
        emails = bound("emails")
        kind, value = (bound(f"emails.{name}").sub_attribute for name in ("type", "value"))
        assert parse('emails[type eq "work" and not (VALUE ew ".org" or value pr)]') == ValuePath(
            emails,
            Conjunction(
                (
                    Comparison(BoundPath(None, kind), CompareOp.EQ, "work"),
                    Negation(
                        Disjunction(
                            (
                                Comparison(BoundPath(None, value), CompareOp.EW, ".org"),
                                Presence(BoundPath(None, value)),
                            )
                        )
                    ),
                )
            ),
        )

    def test_value_paths_are_joined_like_any_expression(self) -> None:
        """``FILTER`` takes a value path wherever it takes an attribute expression."""
        text = 'emails[type eq "work"] and (not (ims[value pr]) or title pr)'
        assert canonical(text) == text

    def test_a_single_complex_value_may_be_filtered_in_brackets(self) -> None:
        """The grammar asks for a complex attribute before the brackets, and not for many values."""
        assert canonical('name[familyName eq "x"]') == 'name[familyName eq "x"]'

    @pytest.mark.parametrize(
        "text, expected",
        [
            (f'{CORE}:userName eq "x"', 'userName eq "x"'),
            (f'{CORE.upper()}:NAME.FAMILYNAME eq "x"', 'name.familyName eq "x"'),
            (f'{ENTERPRISE}:department eq "x"', f'{ENTERPRISE}:department eq "x"'),
            (f'{ENTERPRISE.lower()}:Manager.Value eq "x"', f'{ENTERPRISE}:manager.value eq "x"'),
            (f'{ENTERPRISE}:manager[displayName sw "x"]', f'{ENTERPRISE}:manager[displayName sw "x"]'),
            (f'{CORE}:emails[type eq "x"]', 'emails[type eq "x"]'),
            (f'{CORE}:meta.created gt "2024-01-01T00:00:00Z"', 'meta.created gt "2024-01-01T00:00:00Z"'),
        ],
    )
    def test_a_urn_may_qualify_a_name(self, text: str, expected: str) -> None:
        """RFC 7644 §3.10: URN, attribute and sub-attribute in any case; the dot in ``2.0`` begins no sub-attribute."""
        assert canonical(text) == expected

    def test_emails_stands_for_emails_value(self) -> None:
        """A multi-valued complex attribute without a sub-attribute is its ``value``, as in Figure 2."""
        assert canonical('emails co "example.com"') == 'emails.value co "example.com"'

    def test_comparing_with_null_asks_for_presence(self) -> None:
        """RFC 7643 §2.5: null is the absence of a value, so ``eq null`` is ``not (… pr)`` and ``ne null`` is ``pr``."""
        assert [canonical(f"{name} {op} null") for name in ("title", "emails") for op in ("eq", "ne")] == [
            "not (title pr)",
            "title pr",
            "not (emails pr)",
            "emails pr",
        ]

    @pytest.mark.parametrize("space", [" ", "   ", "\t", "\r\n  "])
    def test_any_white_space_of_json_separates(self, space: str) -> None:
        """DEVIATION(RFC 7644 §3.4.2.2): more than one space, tabs and line breaks separate, also beside brackets."""
        text = ' emails [ type eq "work" ] and ( title pr ) '.replace(" ", space)
        assert canonical(text) == 'emails[type eq "work"] and title pr'

    @pytest.mark.parametrize(
        "name, literal, value",
        [
            ("name", r'"\"\\\/\b\f\n\r\t"', '"\\/\b\f\n\r\t'),
            ("name", r'"\u00e9\uD83D\uDE00"', "é\U0001f600"),
            ("name", '"é \U0001f600 and \x7f"', "é \U0001f600 and \x7f"),
            ("name", '""', ""),
            ("name", '"a) or (b"', "a) or (b"),
            ("name", r'"\"] or [\\"', '"] or [\\'),
            ("afloat", "true", True),
            ("afloat", "false", False),
            ("crew", "-9223372036854775808", -(2**63)),
            ("crew", "9223372036854775807", 2**63 - 1),
            ("draught", "-0.5e+1", -5.0),
            ("draught", "3", 3),
            ("seal", '"YWRh"', "YWRh"),
            ("logbook", '"https://example.test/1"', "https://example.test/1"),
            ("launched", '"2011-05-13T04:42:34.123456789+05:30"', "2011-05-13T04:42:34.123456789+05:30"),
        ],
    )
    def test_literals_are_those_of_json(self, name: str, literal: str, value: object) -> None:
        """``compValue`` follows JSON, escapes and surrogate pairs included; brackets in a string are text."""
        parsed = parse(f"{name} eq {literal}", SHIP)
        assert isinstance(parsed, Comparison)
        assert (parsed.value, type(parsed.value)) == (value, type(value))


class TestValueFilter:
    """``valFilter`` as the path of a PATCH holds it (RFC 7644 §3.5.2)."""

    def test_it_ends_at_its_own_bracket(self) -> None:
        """The filter and the index after ``]`` are returned; brackets inside strings close nothing."""
        text = 'emails[value eq "a]b" and type pr].display'
        parsed, end = parse_value_filter(text, bound("emails"), Tolerance(), start=7)
        assert (render_filter(parsed), text[end:]) == ('value eq "a]b" and type pr', ".display")

    def test_its_columns_are_those_of_the_path(self) -> None:
        """An error inside the brackets counts from the beginning of the path."""
        with pytest.raises(InvalidFilterError) as caught:
            parse_value_filter("emails[nonsense pr]", bound("emails"), Tolerance(), start=7)
        assert caught.value.column == 8

    @pytest.mark.parametrize(
        "text, name, detail",
        [
            ("emails[type pr", "emails", "Expected 'and', 'or' or ']', but the filter ends. (column 15)"),
            ("emails[", "emails", "Expected an attribute, 'not' or '(', but the filter ends. (column 8)"),
            ("title[value pr]", "title", "'title' has no sub-attributes that brackets could filter by. (column 1)"),
            (
                "emails[\ud800]",
                "emails",
                "The filter holds half of a surrogate pair, which is no character. (column 8)",
            ),
        ],
        ids=ascii,
    )
    def test_a_malformed_one_is_refused(self, text: str, name: str, detail: str) -> None:
        """The same errors as in a filter."""
        with pytest.raises(InvalidFilterError) as caught:
            parse_value_filter(text, bound(name), Tolerance(), start=text.index("[") + 1)
        assert caught.value.detail == detail


def test_a_base_attribute_comes_before_an_extension_of_the_same_name() -> None:
    """A name without a URN is the base schema's where both have it; the URN tells them apart."""
    assert canonical("name pr", SHIP) == "name pr"
    assert parse(f"{EXTENSION_URN}:name pr", SHIP) == Presence(bound(f"{EXTENSION_URN}:name", SHIP))
    assert str(AttrPath(EXTENSION_URN, "name")) == f"{EXTENSION_URN}:name"
