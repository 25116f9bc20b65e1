"""Query parameters: what is read, what is bounded, and what is ignored (RFC 7644 §3.4.2, §3.9)."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterbook.scim import Tolerance, user_type
from musterbook.scim.errors import BadRequestError, InvalidFilterError, InvalidValueError
from musterbook.scim.filter import render_filter
from musterbook.scim.operation import Projection, Query
from musterbook.scim.query import MAX_PAGE_SIZE, parse_parameters, parse_projection, parse_query

USER = user_type()


def query_of(text: str) -> Query:
    """Return what a list request with this query string asks for."""
    return parse_query(parse_parameters(text), USER, Tolerance())


def projection_of(text: str) -> Projection:
    """Return what a request with this query string wants to see."""
    return parse_projection(parse_parameters(text), USER)


@pytest.mark.parametrize("text", ["", "&", "&&", "x=1&x=2", "sortBy=&sortOrder=upwards", "cursor", "=&="])
def test_what_means_nothing_is_ignored(text: str) -> None:
    """An empty query string, stray separators and unknown parameters, also repeated ones, ask for everything."""
    assert query_of(text) == Query(filter=None, start_index=1, count=MAX_PAGE_SIZE)
    assert projection_of(text).is_default


@pytest.mark.parametrize(
    "text",
    [
        "filter=userName+eq+%22ada%22&",
        "filter=userName%20eq%20%22ada%22",
        'FILTER=userName eq "ada"',
        "?=&filter=userName+eq+%22ada%22",
    ],
)
def test_a_filter_arrives_in_several_ways(text: str) -> None:
    """``+`` and ``%20`` are spaces, a trailing ``&`` is harmless, and the parameter's name has no case."""
    filter_ = query_of(text).filter
    assert filter_ is not None
    assert render_filter(filter_) == 'userName eq "ada"'


@pytest.mark.parametrize("value", ["", "+", "%20%20"])
def test_an_empty_filter_is_refused(value: str) -> None:
    """An empty filter is refused: a list of everything is not what was meant."""
    with pytest.raises(InvalidFilterError, match="The filter is empty") as refusal:
        query_of(f"filter={value}")
    assert refusal.value.column == 1


@pytest.mark.parametrize(
    "text, start_index, count",
    [
        ("startIndex=0", 1, MAX_PAGE_SIZE),
        ("startIndex=-5", 1, MAX_PAGE_SIZE),
        ("startindex=7&COUNT=3", 7, 3),
        ("count=0", 1, 0),
        ("count=-1", 1, 0),
        ("count=1001", 1, MAX_PAGE_SIZE),
        ("count=&startIndex=", 1, MAX_PAGE_SIZE),
        ("count=+5", 1, 5),
        ("startIndex=" + "9" * 1000, 2**53, MAX_PAGE_SIZE),
        ("startIndex=-" + "9" * 1000, 1, MAX_PAGE_SIZE),
        ("count=" + "9" * 1000, 1, MAX_PAGE_SIZE),
    ],
)
def test_paging_is_brought_into_bounds(text: str, start_index: int, count: int) -> None:
    """``startIndex`` below 1 means 1, a negative ``count`` 0 (RFC 7644 §3.4.2.4), and nothing asks for more than a
    page.
    """
    assert query_of(text) == Query(filter=None, start_index=start_index, count=count)


@pytest.mark.parametrize("value", ["x", "1.5", "1e3", "-", "--1", "%D9%A1", "0x10", "1_000", "\u00b2"])
@pytest.mark.parametrize("name", ["startIndex", "count"])
def test_paging_takes_integers_alone(name: str, value: str) -> None:
    """What is no integer in ASCII digits is refused by name."""
    with pytest.raises(InvalidValueError, match=f"'{name}' must be an integer"):
        query_of(f"{name}={value}")


@pytest.mark.parametrize("text", ["filter=a&filter=b", "count=1&COUNT=2", "attributes=id&Attributes=id"])
def test_a_parameter_with_a_meaning_is_given_once(text: str) -> None:
    """Two filters are no filter: nobody knows which of them was checked on the way."""
    with pytest.raises(BadRequestError, match="is given twice"):
        query_of(text)


def test_parameters_are_counted() -> None:
    """A hundred parameters are read; one more is refused before it is."""
    assert query_of("x=1&" * 98 + "count=5").count == 5
    with pytest.raises(BadRequestError, match="more than 100 parameters"):
        query_of("x=1&" * 100 + "count=5")


@pytest.mark.parametrize("text", ["filter=%ff", "%c3=1", "filter=userName+eq+%22%ED%A0%80%22"])
def test_what_is_not_utf_8_is_refused(text: str) -> None:
    """Bytes that are not UTF-8, lone surrogates among them, are refused, never replaced."""
    with pytest.raises(BadRequestError, match="not UTF-8"):
        query_of(text)


@given(st.text())
def test_any_query_string_is_answered(text: str) -> None:
    """Whatever stands in a query string is parsed or refused in SCIM's words."""
    with suppress(BadRequestError):
        parameters = parse_parameters(text)
        parse_projection(parameters, USER)
        query = parse_query(parameters, USER, Tolerance())
        assert 0 <= query.count <= MAX_PAGE_SIZE
        assert query.start_index >= 1


@pytest.mark.parametrize(
    "text, names",
    [
        ("attributes=userName", ["userName"]),
        ("attributes=USERNAME,name.GivenName", ["userName", "name.givenName"]),
        ("attributes=%20userName%20,%20emails.value", ["userName", "emails.value"]),
        ("attributes=meta.location", ["meta.location"]),
        ("attributes=urn:ietf:params:scim:schemas:core:2.0:User:userName", ["userName"]),
        (
            "attributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:manager.value",
            ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"],
        ),
        (
            "attributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        ),
        ('attributes=nobody,name.nothing,,a%20b,emails[type eq "work"],userName', ["userName"]),
        ("attributes=nobody", []),
        ("attributes=,", []),
    ],
)
def test_attributes_are_named_like_in_a_path(text: str, names: list[str]) -> None:
    """Names have no case, may begin with a URN and end in a sub-attribute; those that mean nothing are ignored."""
    attributes = projection_of(text).attributes
    assert attributes is not None
    assert [str(path) for path in attributes] == names


def test_excluded_attributes_are_named_likewise() -> None:
    """``excludedAttributes`` takes the same names; an empty parameter is none."""
    projection = projection_of("excludedAttributes=name.formatted,emails&attributes=")
    assert projection.attributes is None
    assert [str(path) for path in projection.excluded_attributes or ()] == ["name.formatted", "emails"]


def test_attributes_and_excluded_attributes_exclude_each_other() -> None:
    """Both at once is refused with what to do (RFC 7644 §3.9)."""
    with pytest.raises(InvalidValueError, match="not both"):
        projection_of("attributes=userName&excludedAttributes=emails")


def test_names_are_counted() -> None:
    """Two hundred names are read, one more is refused."""
    assert projection_of("attributes=" + ",".join(["id"] * 200)).attributes is not None
    with pytest.raises(InvalidValueError, match="More than 200 attributes"):
        projection_of("attributes=" + ",".join(["id"] * 201))
