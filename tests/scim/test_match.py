"""What a comparison means: RFC 7644 §3.4.2.2 and the mappings of RFC 8265 §3.3."""

import json

import pytest

from musterbook.scim.dialects import Tolerance
from musterbook.scim.filter import CompareOp, Comparison, CompValue, Filter, Presence
from musterbook.scim.filter_parser import parse_filter, parse_value_filter
from musterbook.scim.match import (
    compile_filter,
    element_matcher,
    matches,
)
from musterbook.scim.path import BoundPath
from musterbook.scim.resource import Json, Meta, Resource
from musterbook.scim.schema import Attribute, ResourceType, user_type
from tests.scim.every_type import EXTENSION_URN, ship_type

USER = user_type()
SHIP = ship_type()
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def does_match(text: str, attributes: dict[str, Json], resource_type: ResourceType = USER) -> bool:
    """Return whether a resource with these attributes matches."""
    meta = Meta("2024-01-01T00:00:00.000Z", "2024-06-01T12:00:00.500Z", 3)
    return matches(parse_filter(text, resource_type, Tolerance()), Resource(resource_type, attributes, "Ab1", meta))


class TestStrings:
    """``caseExact`` decides (RFC 7643 §2.2)."""

    @pytest.mark.parametrize("value", ["ada", "ADA", "\uff21da"])
    @pytest.mark.parametrize(
        "text", ['userName eq "aDa"', 'userName sw "\uff21D"', 'userName ew "DA"', 'userName co "D"']
    )
    def test_case_does_not_matter_by_default(self, text: str, value: str) -> None:
        """Strings are compared by their comparison keys."""
        assert does_match(text, {"userName": value})

    def test_case_exact_strings_are_compared_by_code_points(self) -> None:
        """``externalId`` and ``id`` differ by case, width and composition."""
        value = {"externalId": "É"}
        assert [does_match(f'externalId eq "{text}"', value) for text in ("É", "é", "E\u0301")] == [True, False, False]
        assert [does_match(f'id eq "{text}"', {}) for text in ("Ab1", "ab1", "AB1")] == [True, False, False]
        assert [does_match(f'externalId {op} "é"', value) for op in ("co", "sw", "ew", "ne")] == [False] * 3 + [True]

    def test_references_and_binary_values_are_compared_exactly(self) -> None:
        """Upper and lower case are different in a URI's path and in base64."""
        ship = {"seal": "YWRh", "logbook": "https://example.test/A"}
        for text, expected in (
            ('seal eq "YWRh"', True),
            ('seal eq "ywrh"', False),
            ('seal ne "ywrh"', True),
            ('logbook ew "/A"', True),
            ('logbook ew "/a"', False),
            ('logbook gt "https://example.test/"', True),
        ):
            assert (text, does_match(text, ship, SHIP)) == (text, expected)

    @pytest.mark.parametrize(
        "op, expected",
        [
            ("gt", [False, False, True]),
            ("ge", [False, True, True]),
            ("lt", [True, False, False]),
            ("le", [True, True, False]),
        ],
    )
    def test_strings_are_ordered_by_their_keys(self, op: str, expected: list[bool]) -> None:
        """Lexicographically by code point: ``Bob`` and ``bob`` are one place, before ``carl`` and after ``Ada``."""
        assert [does_match(f'userName {op} "bOb"', {"userName": name}) for name in ("Ada", "BOB", "carl")] == expected

    def test_like_patterns_mean_nothing(self) -> None:
        """The characters that SQL and shells give a meaning are characters."""
        for character in ("%", "_", "*", "?", ".", "\\"):
            text = f"userName co {json.dumps(character)}"
            assert [does_match(text, {"userName": name}) for name in ("ada", f"a{character}a")] == [False, True]


class TestOtherTypes:
    """Each type in its own order."""

    def test_times_are_compared_chronologically(self) -> None:
        """Across offsets and fractions; ``eq`` is the same instant, however it is written."""
        for text, expected in (
            ('meta.created eq "2024-01-01T02:00:00+02:00"', True),
            ('meta.created ne "2024-01-01T02:00:00+02:00"', False),
            ('meta.created gt "2024-01-01T01:00:00+02:00"', True),
            ('meta.lastModified lt "2024-06-01T12:00:00.50001Z"', True),
            ('meta.lastModified le "2024-06-01T12:00:00.5Z"', True),
            ('meta.lastModified ge "2024-06-01T12:00:00.51Z"', False),
            ('meta[created lt "2024-01-01T00:00:01Z" and lastModified gt "2024-01-01T00:00:01Z"]', True),
        ):
            assert (text, does_match(text, {})) == (text, expected)

    def test_numbers_are_compared_by_value(self) -> None:
        """Ten is greater than nine, and a decimal equals the integer of its value."""
        ship = {"crew": 10, "draught": 3.0}
        for text, expected in (
            ("crew gt 9", True),
            ("crew le 10", True),
            ("crew ne 10", False),
            ("draught eq 3", True),
            ("draught lt 3.0000001", True),
            ("draught ge 1e1", False),
        ):
            assert (text, does_match(text, ship, SHIP)) == (text, expected)

    def test_booleans_are_equal_or_not(self) -> None:
        """``false`` is a value, and an unassigned boolean is neither."""
        texts = ("active eq true", "active eq false", "active ne true", "active ne false")
        answers = [[does_match(text, attributes) for text in texts] for attributes in ({"active": False}, {})]
        assert answers == [[False, True, True, False], [False, False, True, True]]


class TestPresence:
    """``pr`` (RFC 7644 §3.4.2.2, Table 3)."""

    @pytest.mark.parametrize(
        "text, attributes, expected",
        [
            ("title pr", {"title": "x"}, True),
            ("title pr", {"title": ""}, False),
            ("title pr", {"title": None}, False),
            ("title pr", {}, False),
            ("active pr", {"active": False}, True),
            ("name pr", {"name": {"familyName": "x"}}, True),
            ("name pr", {"name": {"familyName": ""}}, False),
            ("name pr", {"name": {}}, False),
            ("name.familyName pr", {"name": {"givenName": "x"}}, False),
            ("emails pr", {"emails": []}, False),
            ("emails pr", {"emails": [{}]}, False),
            ("emails pr", {"emails": [{}, {"type": "work"}]}, True),
            ("emails.value pr", {"emails": [{"type": "work"}]}, False),
            ("emails.value pr", {"emails": [{"type": "work"}, {"value": "x"}]}, True),
            ("emails[value pr]", {"emails": [{"type": "work"}]}, False),
            ("id pr", {}, True),
            ("meta pr", {}, True),
            ("schemas pr", {}, True),
            ("externalId pr", {}, False),
            ("title eq null", {}, True),
            ("title ne null", {"title": "x"}, True),
            ("emails eq null", {"emails": []}, True),
            ("emails.type eq null", {"emails": [{"type": "work"}, {"value": "x"}]}, False),
            (f"{ENTERPRISE}:department pr", {ENTERPRISE: {"department": "x"}}, True),
            (f"{ENTERPRISE}:department pr", {ENTERPRISE: {"division": "x"}}, False),
            (f"{ENTERPRISE}:department pr", {}, False),
        ],
    )
    def test_null_empty_and_absent_are_one_state(self, text: str, attributes: dict[str, Json], expected: bool) -> None:  # noqa: FBT001 - a table's column
        """RFC 7643 §2.5; a complex attribute is present if any of its nodes is."""
        assert does_match(text, attributes) is expected

    def test_a_resource_that_is_not_stored_yet_has_no_id_or_meta(self) -> None:
        """``id`` and ``meta`` come with the first write."""
        fresh = Resource(USER, {"userName": "ada"})
        filters = [parse_filter(text, USER, Tolerance()) for text in ("id pr", "meta pr", "meta.created pr")]
        assert [matches(item, fresh) for item in filters] == [False, False, False]


TWO_EMAILS: dict[str, Json] = {
    "emails": [{"value": "a@x.test", "type": "work"}, {"value": "b@y.test", "type": "home"}],
}


class TestManyValues:
    """A multi-valued attribute matches if any of its values does (RFC 7644 §3.4.2.2)."""

    @pytest.mark.parametrize(
        "text, expected",
        [
            ('emails eq "A@X.TEST"', True),
            ('emails.value ew "y.test"', True),
            ('emails.type eq "work" and emails.value eq "b@y.test"', True),
            ('emails[type eq "work" and value eq "b@y.test"]', False),
            ('emails[type eq "home" and value eq "b@y.test"]', True),
            ('emails[type eq "work"].value eq "b@y.test"', False),
            ('emails[not (type eq "work")]', True),
            ('not (emails[type eq "work"])', False),
            ('emails[type eq "other" or value sw "a"]', True),
            ('emails[type eq "work"] and emails[type eq "home"]', True),
            ('emails.type ne "work"', True),
            ('not (emails.type eq "work")', False),
            ('emails.type ne "other"', True),
            ("emails[primary ne true]", True),
        ],
    )
    def test_any_value_may_match_and_a_value_path_asks_for_one_element(self, text: str, expected: bool) -> None:  # noqa: FBT001 - a table's column
        """Outside brackets each condition may be met by another element; inside, one element meets them all."""
        assert does_match(text, TWO_EMAILS) is expected

    def test_ne_means_that_some_value_differs(self) -> None:
        """``ne`` is true if it is true of any value; "none is equal" is ``not (… eq …)``."""
        texts = ('flags ne "red"', 'not (flags eq "red")')
        answers = {
            flags: [does_match(text, {"flags": list(flags)}, SHIP) for text in texts]
            for flags in ((), ("red",), ("blue",), ("red", "blue"))
        }
        assert answers == {
            (): [True, True],
            ("red",): [False, False],
            ("blue",): [True, True],
            ("red", "blue"): [True, False],
        }

    def test_an_unassigned_value_differs_from_every_value(self) -> None:
        """``ne`` holds where there is nothing to be identical; no other comparison does, and no element is made up."""
        comparisons = [f'{{}} {op} "x"' for op in ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")]
        only_ne = [False, True] + [False] * 7
        for name in ("title", "name.familyName", "emails", "emails.type", f"{ENTERPRISE}:department"):
            assert [does_match(text.format(name), {}) for text in comparisons] == only_ne
        element_without: dict[str, Json] = {"emails": [{"value": "x"}]}
        assert [does_match(text.format("emails.type"), element_without) for text in comparisons] == only_ne
        assert does_match('emails[type ne "work"]', element_without)
        assert not does_match('emails[type ne "work"]', {})

    def test_an_element_that_does_not_say_so_is_not_primary(self) -> None:
        """RFC 7643 §2.4: what does not specify ``primary`` is assumed to be false; ``pr`` asks what was specified."""
        silent: dict[str, Json] = {"emails": [{"value": "a@x.test"}]}
        first: dict[str, Json] = {"emails": [{"value": "a@x.test", "primary": True}]}
        mixed: dict[str, Json] = {"emails": [*first["emails"], *silent["emails"]]}
        answers = {
            text: [does_match(text, person) for person in ({}, silent, first, mixed)]
            for text in (
                "emails.primary eq false",
                "emails[primary eq false]",
                "emails.primary ne false",
                "emails[primary ne false]",
                "emails.primary eq true",
                "emails[primary ne true]",
                "emails.primary pr",
                "emails[primary pr]",
            )
        }
        assert answers == {
            "emails.primary eq false": [False, True, False, True],
            "emails[primary eq false]": [False, True, False, True],
            "emails.primary ne false": [True, False, True, True],
            "emails[primary ne false]": [False, False, True, True],
            "emails.primary eq true": [False, False, True, True],
            "emails[primary ne true]": [False, True, False, True],
            "emails.primary pr": [False, False, True, True],
            "emails[primary pr]": [False, False, True, True],
        }

    def test_the_sub_attribute_of_an_element_may_have_many_values(self) -> None:
        """Values are looked at one by one, however deep they stand."""
        ship = {"holds": [{"marks": ["a", "b"]}, {"tons": 5}]}
        for text, expected in (
            ('holds.marks eq "b"', True),
            ('holds[marks eq "b"]', True),
            ('holds[marks eq "a" and tons eq 5]', False),
            ('holds.marks eq "c"', False),
            ('not (holds.marks ne "a")', False),
            ('holds[tons eq 5 and marks ne "a"]', True),
            ("holds.marks pr", True),
        ):
            assert (text, does_match(text, ship, SHIP)) == (text, expected)

    def test_an_element_without_the_sub_attribute_is_one_unassigned_value(self) -> None:
        """It differs from every value, also where the other elements have many values."""
        assert does_match('holds.marks ne "a"', {"holds": [{"marks": ["a"]}, {"tons": 5}]}, SHIP)
        assert not does_match('holds.marks ne "a"', {"holds": [{"marks": ["a", "a"]}]}, SHIP)

    def test_schemas_are_those_whose_attributes_are_present(self) -> None:
        """``schemas eq`` finds the resources that carry an extension."""
        text = f'schemas eq "{ENTERPRISE}"'
        assert [does_match(text, attributes) for attributes in ({}, {ENTERPRISE: {"department": "x"}})] == [False, True]
        assert does_match('schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"', {})

    def test_an_extensions_complex_attribute_may_stand_before_brackets(self) -> None:
        """A value path reaches into an extension, and into a single value."""
        ship = {EXTENSION_URN: {"pilot": {"value": "Ada", "rank": 2}}}
        text = f'{EXTENSION_URN}:pilot[value eq "ada" and rank gt 1]'
        assert [does_match(text, attributes, SHIP) for attributes in (ship, {})] == [True, False]


def test_a_compiled_filter_is_asked_about_many_resources() -> None:
    """Compiling is done once; the answers are those of ``matches``."""
    parsed = parse_filter('title pr and (userName sw "a" or userName sw "b")', USER, Tolerance())
    compiled = compile_filter(parsed)
    people = [Resource(USER, {"userName": name, "title": "x"}) for name in ("ada", "bob", "carl")]
    assert [compiled(person) for person in people] == [True, True, False]
    assert [matches(parsed, person) for person in people] == [True, True, False]


def test_an_element_matcher_looks_at_one_element() -> None:
    """PATCH asks about each element of a multi-valued attribute, and about what a client put in its place."""
    emails = USER.attribute("emails")
    value_filter, _ = parse_value_filter('type eq "WORK" and value co "@"]', BoundPath(None, emails), Tolerance())
    selects = element_matcher(value_filter)
    elements: list[Json] = [{"type": "work", "value": "a@b"}, {"type": "work"}, {}, "work", None]
    assert [selects(element) for element in elements] == [True, False, False, False, False]


ODD_VALUES: tuple[Json, ...] = (
    None, "", "x", 0, 1, True, 2**70, float("nan"), [], {}, [None], [[]], [{}], [{"value": []}], {"value": {}},
    ["x", 1],
)  # fmt: skip
"""What no resource holds, and an evaluator must survive: shapes and types that belong to other attributes."""


def _filters_by_hand(attribute: Attribute) -> list[Filter]:
    paths = [BoundPath(None, attribute), *(BoundPath(None, attribute, sub) for sub in attribute.sub_attributes)]
    literals: tuple[CompValue, ...] = ("x", True, 1, 1.5)
    comparisons = [Comparison(path, op, literal) for path in paths for op in CompareOp for literal in literals]
    return [*comparisons, *(Presence(path) for path in paths)]


def test_a_literal_of_another_type_is_unequal_to_every_value() -> None:
    """The parser refuses such a filter; one made by hand is answered by the same rule as any other."""
    crew = BoundPath(None, SHIP.attribute("crew"))
    ships = [Resource(SHIP, attributes) for attributes in ({"crew": 1}, {})]
    answers = {op: [matches(Comparison(crew, op, "1"), ship) for ship in ships] for op in CompareOp}
    assert answers == {op: [op is CompareOp.NE] * 2 for op in CompareOp}


@pytest.mark.parametrize("attribute", SHIP.schema.attributes, ids=lambda attribute: attribute.name)
def test_nothing_raises_whatever_a_resource_holds(attribute: Attribute) -> None:
    """Every operator on every type answers yes or no; what cannot be compared is unequal and has no order."""
    for built in _filters_by_hand(attribute):
        compiled, selects = compile_filter(built), element_matcher(built)
        answers = [compiled(Resource(SHIP, {attribute.name: value})) for value in ODD_VALUES]
        answers += [selects({attribute.name: value}) for value in ODD_VALUES] + [selects(value) for value in ODD_VALUES]
        assert set(answers) <= {True, False}
