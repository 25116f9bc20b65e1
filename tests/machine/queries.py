"""What clients ask: filters and orders, with what each must find in the model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from hypothesis import strategies as st

from tests.machine.model import ENTERPRISE, GROUPS, USERS, Attributes, Json, key

Predicate: TypeAlias = Callable[[Attributes], bool]
ROOT = ""
"""Both kinds at once."""
KINDS = {USERS: (USERS,), GROUPS: (GROUPS,), ROOT: (USERS, GROUPS)}


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


PEOPLE = [
    Filter('userName eq "ADA"', lambda a: key(a.get("userName", "")) == "ada"),
    Filter('USERNAME sw "z"', lambda a: key(a.get("userName", "")).startswith("z")),
    Filter('userName ew "ea"', lambda a: key(a.get("userName", "")).endswith("ea")),
    Filter("title pr", lambda a: "title" in a),
    Filter('title co "a"', lambda a: "a" in _title(a)),
    Filter('title co "%"', lambda a: "%" in _title(a)),
    Filter('title co "_"', lambda a: "_" in _title(a)),
    Filter('title eq "say \\"hi\\""', lambda a: _title(a) == 'say "hi"'),
    Filter('title ne "ada"', lambda a: _title(a) != "ada"),
    Filter("title eq null", lambda a: "title" not in a),
    Filter("active eq false", lambda a: a.get("active") is False),
    Filter("active ne false", lambda a: a.get("active") is not False),
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
            key(item.get("type", "")) == "work" and key(item.get("value", "")).startswith("a") for item in _emails(a)
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
"""Of people."""


def _related(attributes: Attributes, name: str, part: str) -> list[str]:
    return [key(item[part]) for item in attributes.get(name, []) if part in item]


def _memberships(kind: str, ids: Sequence[str]) -> list[Filter]:
    """Return filters on the members of a group, or on the groups of a person."""
    name, type_ = ("members", "group") if kind == GROUPS else ("groups", "indirect")
    found = [
        Filter(f"{name} pr", lambda a: name in a),
        Filter(f'{name}.type eq "{type_}"', lambda a: type_ in _related(a, name, "type")),
        Filter(f'{name}.display sw "a"', lambda a: any(each.startswith("a") for each in _related(a, name, "display"))),
        Filter(f'{name}.display co "ew"', lambda a: any("ew" in each for each in _related(a, name, "display"))),
    ]
    for id_ in ids:
        found += _with_member(name, type_, id_)
    return found


def _with_member(name: str, type_: str, id_: str) -> list[Filter]:
    return [
        Filter(f'{name}.value eq "{id_}"', lambda a: id_ in _related(a, name, "value")),
        Filter(f'{name} eq "{id_.upper()}"', lambda a: id_ in _related(a, name, "value")),
        Filter(f'{name}.value ne "{id_}"', lambda a: _related(a, name, "value") != [id_]),
        Filter(
            f'{name}[value eq "{id_}" and not (type eq "{type_}")]',
            lambda a: any(item["value"] == id_ and key(item["type"]) != type_ for item in a.get(name, [])),
        ),
        Filter(
            f'{name}[value ne "{id_}" and display pr]',
            lambda a: any(item["value"] != id_ and "display" in item for item in a.get(name, [])),
        ),
    ]


ALL_KINDS = [
    Filter('displayName eq "CREW"', lambda a: key(a.get("displayName", "")) == "crew"),
    Filter('displayName co "a"', lambda a: "a" in key(a.get("displayName", ""))),
    Filter("displayName pr", lambda a: "displayName" in a),
    Filter('externalId sw "g"', lambda a: a.get("externalId", "").startswith("g")),
    Filter('meta.resourceType eq "Group"', lambda a: a["meta"]["resourceType"] == "Group"),
    Filter(
        f'not (meta.resourceType eq "User") or schemas eq "{ENTERPRISE}"',
        lambda a: "userName" not in a or ENTERPRISE in a,
    ),
]
"""Of people as well as of groups."""


def _not(inner: Filter) -> Filter:
    return Filter(f"not ({inner.text})", lambda a: not inner.finds(a))


def _and(left: Filter, right: Filter) -> Filter:
    return Filter(f"({left.text}) and ({right.text})", lambda a: left.finds(a) and right.finds(a))


def _or(left: Filter, right: Filter) -> Filter:
    return Filter(f"{left.text} or {right.text}", lambda a: left.finds(a) or right.finds(a))


def filters(kind: str, ids: Sequence[str]) -> st.SearchStrategy[Filter]:
    """Return filters for resources of one kind, or of all."""
    atoms = [*(PEOPLE if kind != GROUPS else ()), *ALL_KINDS]
    related = [atom for each in KINDS[kind] for atom in _memberships(each, ids)]
    return st.recursive(
        st.sampled_from(atoms) | st.sampled_from(related),
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


PEOPLE_ORDERS = [
    Order("userName", lambda a: key(a["userName"]) if "userName" in a else None),
    Order("TITLE", lambda a: key(a["title"]) if "title" in a else None),
    Order("active", lambda a: a.get("active")),
    Order("externalId", lambda a: a.get("externalId")),
    Order("name.familyName", lambda a: key(a["name"]["familyName"]) if "familyName" in a.get("name", {}) else None),
    Order("emails", _first_email),
    Order(
        f"{ENTERPRISE}:department",
        lambda a: key(a[ENTERPRISE]["department"]) if "department" in a.get(ENTERPRISE, {}) else None,
    ),
]
ORDERS = [
    Order("displayName", lambda a: key(a["displayName"]) if "displayName" in a else None),
    Order("externalId", lambda a: a.get("externalId")),
    Order("meta.resourceType", lambda a: a["meta"]["resourceType"].lower()),
    Order("id", lambda a: a["id"]),
]
"""For people as well as for groups."""
RELATED_ORDERS = {
    USERS: Order("groups.value", lambda a: next(iter(_related(a, "groups", "value")), None)),
    GROUPS: Order("members", lambda a: next(iter(_related(a, "members", "value")), None)),
}


@dataclass(frozen=True)
class Query:
    """What one list asks for."""

    kind: str
    filter: Filter | None
    order: Order | None
    descending: bool
    leaves_out: str
    """What is not shown."""

    def find(self, documents: dict[str, Json]) -> list[Json]:
        """Return what the query finds among all resources of its kind, in its order."""
        found = [document for document in documents.values() if self.filter is None or self.filter.finds(document)]
        if self.order is not None:
            found = self._ordered(found, self.order)
        return [{name: item for name, item in each.items() if name != self.leaves_out} for each in found]

    def _ordered(self, found: list[Json], order: Order) -> list[Json]:
        with_value = [document for document in found if order.key(document) is not None]
        without = [document for document in found if order.key(document) is None]
        # A sort of Python keeps the order of equal ones, also where it is reversed: that of their kinds and ids.
        with_value.sort(key=order.key, reverse=self.descending)
        return without + with_value if self.descending else with_value + without

    @property
    def parameters(self) -> dict[str, Json]:
        """What a search message holds; a query has the same, as text."""
        asked: dict[str, Json] = {}
        if self.filter is not None:
            asked["filter"] = self.filter.text
        if self.order is not None:
            asked |= {"sortBy": self.order.sort_by, "sortOrder": "descending" if self.descending else "ascending"}
        return asked | ({"excludedAttributes": [self.leaves_out]} if self.leaves_out else {})


@st.composite
def queries(draw: st.DrawFn, ids: Sequence[str]) -> Query:
    """Draw a query, which may name one of these ids."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    orders = [*ORDERS, *(PEOPLE_ORDERS if kind != GROUPS else ()), *filter(None, [RELATED_ORDERS.get(kind)])]
    return Query(
        kind,
        draw(st.none() | filters(kind, [draw(st.sampled_from(ids))])),
        draw(st.none() | st.sampled_from(orders)),
        draw(st.booleans()),
        draw(st.sampled_from(["", "", "members", "groups"])),
    )
