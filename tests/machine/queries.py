"""What clients ask: filters and orders, with what each must find in the model."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from hypothesis import strategies as st

from tests.machine.model import ENTERPRISE, Attributes, Json, key

Predicate: TypeAlias = Callable[[Attributes], bool]


@dataclass(frozen=True)
class Filter:
    """A filter's text, and whom it finds."""

    text: str
    finds: Predicate = field(repr=False)


def _emails(attributes: Attributes) -> list[Json]:
    found: list[Json] = attributes.get("emails", [])
    return found


def _values(attributes: Attributes, part: str) -> list[str]:
    return [key(item[part]) for item in _emails(attributes) if part in item]


def _title(attributes: Attributes) -> str:
    return key(attributes.get("title", ""))


ATOMS = st.sampled_from(
    [
        Filter('userName eq "ADA"', lambda a: key(a["userName"]) == "ada"),
        Filter('USERNAME sw "z"', lambda a: key(a["userName"]).startswith("z")),
        Filter('userName ew "ea"', lambda a: key(a["userName"]).endswith("ea")),
        Filter("title pr", lambda a: "title" in a),
        Filter('title co "a"', lambda a: "a" in _title(a)),
        Filter('title co "%"', lambda a: "%" in _title(a)),
        Filter('title co "_"', lambda a: "_" in _title(a)),
        Filter('title eq "say \\"hi\\""', lambda a: _title(a) == 'say "hi"'),
        Filter('title ne "ada"', lambda a: _title(a) != "ada"),
        Filter("title eq null", lambda a: "title" not in a),
        Filter("active eq false", lambda a: a["active"] is False),
        Filter("active ne false", lambda a: a["active"] is True),
        Filter('externalId eq "X1"', lambda a: a.get("externalId") == "X1"),
        Filter('name.familyName gt "b"', lambda a: key(a.get("name", {}).get("familyName", "")) > "b"),
        Filter('name.givenName le "bea"', lambda a: "" < key(a.get("name", {}).get("givenName", "")) <= "bea"),
        Filter("name pr", lambda a: "name" in a),
        Filter('emails co "b@"', lambda a: any("b@" in value for value in _values(a, "value"))),
        Filter('emails.value eq "a@x.example"', lambda a: "a@x.example" in _values(a, "value")),
        Filter('emails.type eq "WORK"', lambda a: "work" in _values(a, "type")),
        Filter("emails pr", lambda a: bool(_emails(a))),
        Filter(
            'emails[type eq "work" and value sw "a"]',
            lambda a: any(
                key(item.get("type", "")) == "work" and key(item.get("value", "")).startswith("a")
                for item in _emails(a)
            ),
        ),
        Filter("emails[primary eq true]", lambda a: any(item.get("primary") is True for item in _emails(a))),
        Filter(f"{ENTERPRISE}:department pr", lambda a: "department" in a.get(ENTERPRISE, {})),
        Filter(
            f'{ENTERPRISE}:manager.value eq "m1"',
            lambda a: a.get(ENTERPRISE, {}).get("manager", {}).get("value") == "m1",
        ),
        Filter(f'schemas eq "{ENTERPRISE}"', lambda a: ENTERPRISE in a),
    ]
)


def _not(inner: Filter) -> Filter:
    return Filter(f"not ({inner.text})", lambda a: not inner.finds(a))


def _and(left: Filter, right: Filter) -> Filter:
    return Filter(f"({left.text}) and ({right.text})", lambda a: left.finds(a) and right.finds(a))


def _or(left: Filter, right: Filter) -> Filter:
    return Filter(f"{left.text} or {right.text}", lambda a: left.finds(a) or right.finds(a))


FILTERS = st.recursive(
    ATOMS,
    lambda inner: st.builds(_not, inner) | st.builds(_and, inner, inner) | st.builds(_or, inner, inner),
    max_leaves=4,
)


@dataclass(frozen=True)
class Order:
    """A ``sortBy``, and the key of a person; ``None``: without a value."""

    sort_by: str
    key: Callable[[Attributes], Json] = field(repr=False)


def _first_email(attributes: Attributes) -> Json:
    emails = _emails(attributes)
    first = next((item for item in emails if item.get("primary") is True), emails[0] if emails else {})
    return key(first["value"]) if "value" in first else None


ORDERS = st.sampled_from(
    [
        Order("userName", lambda a: key(a["userName"])),
        Order("TITLE", lambda a: key(a["title"]) if "title" in a else None),
        Order("active", lambda a: a["active"]),
        Order("externalId", lambda a: a.get("externalId")),
        Order("name.familyName", lambda a: key(a["name"]["familyName"]) if "familyName" in a.get("name", {}) else None),
        Order("emails", _first_email),
        Order(
            f"{ENTERPRISE}:department",
            lambda a: key(a[ENTERPRISE]["department"]) if "department" in a.get(ENTERPRISE, {}) else None,
        ),
    ]
)


@dataclass(frozen=True)
class Query:
    """What one list asks for."""

    filter: Filter | None
    order: Order | None
    descending: bool
    start: int
    count: int

    def ids(self, people: dict[str, Attributes]) -> list[str]:
        """Return the ids of everybody whom the query finds, in its order."""
        found = [id_ for id_ in people if self.filter is None or self.filter.finds(people[id_])]
        if self.order is None:
            return found
        keys = {id_: self.order.key(people[id_]) for id_ in found}
        with_value = [id_ for id_ in found if keys[id_] is not None]
        without = [id_ for id_ in found if keys[id_] is None]
        # A sort of Python keeps the order of equal ones, also where it is reversed: that of their ids.
        ordered = sorted(with_value, key=keys.__getitem__, reverse=self.descending)
        return without + ordered if self.descending else ordered + without

    @property
    def parameters(self) -> dict[str, Json]:
        """What a search message holds; a query has the same, as text."""
        asked: dict[str, Json] = {"startIndex": self.start, "count": self.count}
        if self.filter is not None:
            asked["filter"] = self.filter.text
        if self.order is not None:
            asked |= {"sortBy": self.order.sort_by, "sortOrder": "descending" if self.descending else "ascending"}
        return asked


QUERIES = st.builds(
    Query, st.none() | FILTERS, st.none() | ORDERS, st.booleans(), st.integers(-1, 5), st.integers(0, 6)
)
