"""What is true of every filter: of any text, any tree and any resource (RFC 7644 §3.4.2.2)."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from musterbook.scim.dialects import Profile, Tolerance
from musterbook.scim.errors import InvalidFilterError
from musterbook.scim.filter import (
    CompareOp,
    Comparison,
    Conjunction,
    Disjunction,
    Filter,
    Negation,
    render_filter,
)
from musterbook.scim.filter_parser import parse_filter, parse_value_filter
from musterbook.scim.match import comparison_key, compile_filter, element_matcher, instant_key, matches
from musterbook.scim.path import BoundPath, parse_attr_path
from musterbook.scim.resource import Resource
from musterbook.scim.schema import AttributeType, user_type
from tests.properties.filters import STRINGS, all_comparisons, filters, resources, value_paths
from tests.scim.every_type import ship_type

TYPES = {"User": user_type(), "Ship": ship_type()}
USER = TYPES["User"]
EMAILS = BoundPath(None, USER.attribute("emails"))
FILTERS = {name: filters(item) for name, item in TYPES.items()}
COMPARISONS = {name: all_comparisons(item) for name, item in TYPES.items()}
VALUE_PATHS = {name: value_paths(item) for name, item in TYPES.items()}
RESOURCES = {name: resources(item) for name, item in TYPES.items()}
ALL_TYPES = pytest.mark.parametrize("name", list(TYPES))

PIECES = (
    *("userName", "emails", "emails.type", "type", "active", "meta.created", "crew", "schemas", "urn:x:y", ".value"),
    *("eq", "NE", "co", "gt", "pr", "and", "OR", "not", "regex", "true", "null", "False", "1", "-1.5e3", "1e999"),
    *(
        '"x"',
        '"',
        "'x'",
        '"\\ud800"',
        '"\\n"',
        '"2024-01-01T00:00:00Z"',
        "(",
        ")",
        "[",
        "]",
        " ",
        "  ",
        "\t",
        "\0",
        "é",
    ),
)
"""What filters are made of, and what spoils them."""
TEXTS = st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join)
TEXTS |= st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
OUTSIDE_LITERALS = re.compile(r'(?P<literal>"(?:[^"\\]|\\.)*"|true|false|[0-9]e[+-])|[A-Za-z]')
ANY_TEXTS = TEXTS | st.text(st.characters(), max_size=30)  # lone surrogates, too


@given(st.data(), ANY_TEXTS, st.sampled_from(Profile))
@ALL_TYPES
def test_any_text_is_a_filter_or_an_invalid_filter(name: str, data: st.DataObject, text: str, profile: Profile) -> None:
    """The parser raises nothing but InvalidFilterError, with a column inside the text; what it returns can be used."""
    try:
        parsed = parse_filter(text, TYPES[name], Tolerance(profile))
    except InvalidFilterError as error:
        column = error.column
    else:
        column = 1
        assert matches(parsed, data.draw(RESOURCES[name])) in {True, False}
        assert parse_filter(render_filter(parsed), TYPES[name], Tolerance(Profile.INTEROP_STRICT)) == parsed
    assert column is not None
    assert 1 <= column <= len(text) + 1


@given(ANY_TEXTS, st.integers(0, 5))
def test_any_text_is_a_value_filter_or_an_invalid_filter(text: str, start: int) -> None:
    """The same for the brackets of a PATCH path; the index that is returned stands after a bracket."""
    position = min(start, len(text))
    try:
        _, end = parse_value_filter(text, EMAILS, Tolerance(), start=position)
    except InvalidFilterError:
        return
    assert text[end - 1] == "]"


@given(ANY_TEXTS)
@ALL_TYPES
def test_any_text_is_a_path_or_none(name: str, text: str) -> None:
    """Attribute notation never raises, and what is read is written back as it was."""
    path = parse_attr_path(text, TYPES[name])
    assert path is None or str(path) == text


@given(st.data())
@ALL_TYPES
def test_a_rendered_filter_parses_to_the_same_tree(name: str, data: st.DataObject) -> None:
    """Rendering loses nothing, and its text is one that needs no dialect."""
    built = data.draw(FILTERS[name])
    tolerance = Tolerance(Profile.INTEROP_STRICT)
    assert parse_filter(render_filter(built), TYPES[name], tolerance) == built
    assert tolerance.applied == []


@given(st.data())
@ALL_TYPES
def test_the_case_of_names_and_operators_changes_nothing(name: str, data: st.DataObject) -> None:
    """Everything but literals is case insensitive (RFC 7644 §3.4.2.2, §3.10)."""
    built = data.draw(FILTERS[name])
    swapped = OUTSIDE_LITERALS.sub(
        lambda found: found[0] if found["literal"] else found[0].swapcase(), render_filter(built)
    )
    assert parse_filter(swapped, TYPES[name], Tolerance()) == built


class TestLogic:
    """``and``, ``or`` and ``not`` are those of logic."""

    @given(st.data())
    @ALL_TYPES
    def test_double_negation_is_none(self, name: str, data: st.DataObject) -> None:
        """``not (not (f))`` is ``f``."""
        one, resource = self._draw(name, data, 1)
        assert matches(Negation(Negation(one[0])), resource) == matches(one[0], resource)

    @given(st.data())
    @ALL_TYPES
    def test_negation_goes_through_and_and_or(self, name: str, data: st.DataObject) -> None:
        """De Morgan: not all is some not; not any is all not."""
        three, resource = self._draw(name, data, 3)
        negated = tuple(Negation(item) for item in three)
        assert matches(Negation(Conjunction(three)), resource) == matches(Disjunction(negated), resource)
        assert matches(Negation(Disjunction(three)), resource) == matches(Conjunction(negated), resource)

    @given(st.data())
    @ALL_TYPES
    def test_and_is_all_or_is_any(self, name: str, data: st.DataObject) -> None:
        """A conjunction matches where all of its filters do, a disjunction where any does, in any order."""
        three, resource = self._draw(name, data, 3)
        answers = [matches(item, resource) for item in three]
        assert matches(Conjunction(three), resource) == matches(Conjunction(three[::-1]), resource) == all(answers)
        assert matches(Disjunction(three), resource) == matches(Disjunction(three[::-1]), resource) == any(answers)

    @staticmethod
    def _draw(name: str, data: st.DataObject, count: int) -> tuple[tuple[Filter, ...], Resource]:
        drawn = [data.draw(FILTERS[name]) for _ in range(count)]
        return tuple(drawn), data.draw(RESOURCES[name])


@given(st.data())
@ALL_TYPES
def test_compiling_once_gives_the_answers_of_each_time(name: str, data: st.DataObject) -> None:
    """A compiled filter keeps nothing from one resource to the next."""
    built = data.draw(FILTERS[name])
    compiled = compile_filter(built)
    several = data.draw(st.lists(RESOURCES[name], min_size=2, max_size=3))
    assert [compiled(item) for item in several] == [matches(built, item) for item in several]


@given(st.data())
@ALL_TYPES
def test_a_value_path_is_true_of_some_element(name: str, data: st.DataObject) -> None:
    """``a[f]`` matches where ``f`` is true of an element of ``a``, looked at alone."""
    built, resource = data.draw(VALUE_PATHS[name]), data.draw(RESOURCES[name])
    attribute, extension = built.path.attribute, built.path.extension
    assert attribute is not None
    holder = resource.attributes if extension is None else resource.attributes.get(extension.id, {})
    if attribute.name != "meta":
        value = holder.get(attribute.name, [])
        elements = value if isinstance(value, list) else [value]
        assert matches(built, resource) == any(map(element_matcher(built.filter), elements))


@given(st.data())
@ALL_TYPES
def test_ne_is_the_opposite_of_eq_for_a_single_value(name: str, data: st.DataObject) -> None:
    """Of single-valued attributes, assigned or not, exactly one of ``eq`` and ``ne`` holds."""
    built, resource = data.draw(COMPARISONS[name]), data.draw(RESOURCES[name])
    path = built.path
    multi_valued = [item.multi_valued for item in (path.attribute, path.sub_attribute) if item is not None]
    if not any(multi_valued):
        equal, unequal = (matches(Comparison(path, op, built.value), resource) for op in (CompareOp.EQ, CompareOp.NE))
        assert equal is not unequal


@given(st.data())
@ALL_TYPES
def test_ge_and_le_are_the_order_or_equality(name: str, data: st.DataObject) -> None:
    """``ge`` is ``gt`` or ``eq`` and ``le`` is ``lt`` or ``eq``, of one value and of many."""
    built, resource = data.draw(COMPARISONS[name]), data.draw(RESOURCES[name])
    leaf = built.path.leaf
    assert leaf is not None
    if leaf.type in {AttributeType.BOOLEAN, AttributeType.BINARY}:
        return
    path, literal = built.path, built.value
    holds = {op: matches(Comparison(path, op, literal), resource) for op in CompareOp}
    assert holds[CompareOp.GE] == (holds[CompareOp.GT] or holds[CompareOp.EQ])
    assert holds[CompareOp.LE] == (holds[CompareOp.LT] or holds[CompareOp.EQ])


class TestComparisonKey:
    """RFC 8265 §3.3."""

    @given(st.text(st.characters()))
    @example("\u1e9e\u0345\u0391Σ\u0301")
    def test_a_key_is_its_own_key(self, text: str) -> None:
        """The mappings reach a fixed point at once, for every string there is."""
        key = comparison_key(text)
        assert comparison_key(key) == key

    @given(st.text())
    def test_canonically_equivalent_texts_have_one_key(self, text: str) -> None:
        """It does not matter whether a client composes its accents."""
        forms = {comparison_key(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")}
        assert forms == {comparison_key(text)}

    @given(STRINGS | st.text(st.characters(exclude_categories=["Cs"])), STRINGS)
    def test_texts_of_one_key_are_equal(self, text: str, other: str) -> None:
        """``eq`` holds exactly where the keys are equal: a filter finds what uniqueness refuses."""
        path = BoundPath(None, USER.attribute("userName"))
        for stored in (text, comparison_key(text), other):
            found = matches(Comparison(path, CompareOp.EQ, text), Resource(USER, {"userName": stored}))
            assert found == (comparison_key(stored) == comparison_key(text))


@given(st.datetimes(timezones=st.just(None)), st.datetimes(timezones=st.just(None)))
def test_instants_sort_as_the_times_they_are(first: object, second: object) -> None:
    """The keys of two times stand in the order of the times."""
    keys = [instant_key(f"{item}Z".replace(" ", "T")) for item in (first, second)]
    assert (str(keys[0]) < str(keys[1])) == (str(first) < str(second)) or first == second
