"""The order of a list (RFC 7644 §3.4.2.3)."""

import pytest

from musterbook.scim import Json, Meta, Resource, Tolerance, user_type
from musterbook.scim.errors import InvalidValueError
from musterbook.scim.operation import Query
from musterbook.scim.query import parse_parameters, parse_query
from musterbook.scim.sorting import MAX_KEY_CHARACTERS, Sort, parse_sort, sort_key

USER = user_type()
URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def resource(number: int, **attributes: Json) -> Resource:
    """Return a user whose id and times follow from ``number``."""
    meta = Meta(f"2026-11-23T09:00:0{number}.000Z", f"2026-11-23T09:00:0{9 - number}.000Z", 1)
    return Resource(USER, {"userName": f"user{number}", **attributes}, str(number), meta)


def order(sort_by: str, *resources: Resource, descending: bool = False) -> str:
    """Return the ids in the order of ``sort_by``."""
    key = sort_key(parse_sort(sort_by, "descending" if descending else None, USER))
    return "".join(item.id or "" for item in sorted(resources, key=key, reverse=descending))


@pytest.mark.parametrize(
    "sort_by, values, ascending, descending",
    [
        ("title", [{"title": "b"}, {"title": "A"}, {"title": "C"}], "213", "312"),
        ("title", [{"title": "a"}, {"title": "A"}, {}, {"title": "0"}], "4123", "3124"),
        ("TITLE", [{"title": "\u00e9"}, {"title": "z"}, {"title": "E\u0301"}], "213", "132"),
        ("externalId", [{"externalId": "b"}, {"externalId": "A"}, {"externalId": "B"}], "231", "132"),
        ("active", [{"active": True}, {}, {"active": False}], "312", "213"),
        ("name.familyName", [{"name": {"familyName": "b"}}, {"name": {"givenName": "a"}}, {}], "123", "231"),
        ("meta.created", [{}, {}, {}], "123", "321"),
        ("meta.lastModified", [{}, {}, {}], "321", "123"),
        ("id", [{}, {}, {}], "123", "321"),
        (
            "emails",
            [
                {"emails": [{"value": "a@x"}, {"value": "c@x", "primary": True}]},
                {"emails": [{"value": "b@x"}, {"value": "a@x"}]},
                {"emails": [{"type": "work"}, {"value": "a@x"}]},
                {"emails": []},
            ],
            "2134",
            "3412",
        ),
        ("emails.type", [{"emails": [{"value": "a", "type": "work"}]}, {"emails": [{"type": "home"}]}], "21", "12"),
        (f"{URN}:costCenter", [{URN: {"costCenter": "7"}}, {URN: {"costCenter": "10"}}], "21", "12"),
        (f"{URN}:manager.value", [{URN: {"costCenter": "7"}}, {URN: {"manager": {"value": "1"}}}], "21", "12"),
    ],
)
def test_the_order_of_values(sort_by: str, values: list[Json], ascending: str, descending: str) -> None:
    """Strings are compared as filters compare them, the rest by value; the primary value counts, else the first; what
    has no value is last ascending and first descending; equals stay as they were, by id.
    """
    resources = [resource(number, **attributes) for number, attributes in enumerate(values, 1)]
    assert order(sort_by, *resources) == ascending
    assert order(sort_by, *resources, descending=True) == descending


def test_the_beginning_of_a_long_text_decides() -> None:
    """Of a text its first 1024 characters count, so that a place in a list fits into an address."""
    long = "x" * MAX_KEY_CHARACTERS
    values = [resource(1, title=f"{long}b"), resource(2, title=f"{long}a"), resource(3, title=f"{long[1:]}a")]
    assert order("title", *values) == "312"


@pytest.mark.parametrize(
    "sort_by",
    [
        "nothing",
        "name",
        "name.nothing",
        "addresses",
        "meta",
        "meta.version",
        "meta.location",
        URN,
        "a b",
        "urn:x:y",
        f"{URN}:manager",
        "userName.x",
        'emails[type eq "work"]',
        "password",
    ],
)
def test_what_cannot_be_sorted_by(sort_by: str) -> None:
    """Unknown attributes, complex ones without a sub-attribute, and what clients cannot read give no order: 400."""
    with pytest.raises(InvalidValueError, match="'sortBy' must name an attribute of User with simple values"):
        parse_sort(sort_by, None, USER)


@pytest.mark.parametrize(
    "text, descending",
    [
        ("sortBy=title", False),
        ("sortBy=title&sortOrder=", False),
        ("sortBy=title&sortOrder=ascending", False),
        ("SORTBY=+title&sortorder=DESCENDING", True),
    ],
)
def test_an_order_ascends_unless_it_is_said_to_descend(text: str, *, descending: bool) -> None:
    """``sortOrder`` defaults to ascending; names and order are taken in any case."""
    sort = parse_query(parse_parameters(text), USER, Tolerance()).sort
    assert sort is not None
    assert (str(sort.path), sort.descending) == ("title", descending)


@pytest.mark.parametrize("text", ["", "sortBy=", "sortBy=+&sortOrder=descending", "sortOrder=descending"])
def test_a_list_without_an_order(text: str) -> None:
    """Without ``sortBy`` a list is in the order of the ids, whatever ``sortOrder`` says."""
    assert parse_query(parse_parameters(text), USER, Tolerance()) == Query(count=1000)


@pytest.mark.parametrize("sort_order", ["asc", "up", "descending,ascending"])
def test_another_order_is_refused(sort_order: str) -> None:
    """An order that is neither is refused rather than guessed."""
    with pytest.raises(InvalidValueError, match="'sortOrder' must be ascending or descending"):
        parse_sort("title", sort_order, USER)


def test_a_sort_of_several_values_names_their_value() -> None:
    """``emails`` alone means ``emails.value``."""
    assert parse_sort("emails", None, USER) == parse_sort("Emails.Value", "ascending", USER)
    assert str(Sort(parse_sort("emails", None, USER).path).path) == "emails.value"
