"""*The order of a list.* Decides which of two resources comes first (RFC 7644 §3.4.2.3).

Knows resources and the keys of ``match``; knows no request and no storage. What is equal to a filter is equal here, so
a list that is sorted by a name can be walked with ``gt``. Resources without a value come last, or first where the order
descends; those with equal values come in the order of their ids either way, so that pages are stable. Without an order
no resource has a value: all come in the order of their ids, which is that of their creation.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from musterbook.scim.errors import InvalidValueError
from musterbook.scim.match import key_of
from musterbook.scim.path import BoundPath, parse_attr_path, resolve
from musterbook.scim.resource import Json, Resource, StoredResource, read_document, value_at
from musterbook.scim.schema import AttributeType, ResourceType, is_hidden

SortKey: TypeAlias = tuple[bool, str | bool | int | float]
"""Whether there is no value, then the value's key: of one type for all resources that have one."""

_OF_THE_RESPONSE = frozenset({"meta.location", "meta.version", "members.$ref", "groups.$ref"})
NO_VALUE: Final[SortKey] = (True, "")
"""The key where there is no value."""
MAX_KEY_CHARACTERS: Final = 1024
"""How much of a string counts: a cursor holds a key, and travels in an address. Longer than any key in a column."""


@dataclass(frozen=True, slots=True)
class Sort:
    """By which attribute a list is sorted. Always a simple one: of a complex attribute, a sub-attribute."""

    path: BoundPath
    descending: bool = False

    @property
    def is_by_memberships(self) -> bool:
        """Whether memberships decide; then they are read, whether or not they are shown."""
        return self.path.attribute is not None and self.path.attribute.kept_as_rows


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a list: that of a resource, which may have gone since."""

    key: SortKey
    resource_type: str
    """Its name; in a list of several types."""
    id: str
    """Among the resources of the type with the same key."""


def parse_sort(sort_by: str, sort_order: str | None, resource_type: ResourceType) -> Sort:
    """Return the order that ``sortBy`` and ``sortOrder`` ask for.

    Raises:
        InvalidValueError: no attribute by which clients can sort, or no order.
    """
    written = parse_attr_path(sort_by, resource_type)
    path = None if written is None else resolve(written, resource_type)
    if path is not None and path.attribute is not None and path.attribute.type is AttributeType.COMPLEX:
        path = _with_value(path)
    if path is None or path.attribute is None or not _is_readable(path):
        raise InvalidValueError(
            f"'sortBy' must name an attribute of {resource_type.name} with simple values, such as name.familyName."
        )
    order = (sort_order or "ascending").lower()
    if order not in {"ascending", "descending"}:
        raise InvalidValueError("'sortOrder' must be ascending or descending.")
    return Sort(path, order == "descending")


def _with_value(path: BoundPath) -> BoundPath | None:
    """Return the path of simple values: of a multi-valued complex attribute alone, ``value`` is meant."""
    attribute = path.attribute
    if path.sub_attribute is not None or attribute is None:
        return path
    value = attribute.sub_attribute("value") if attribute.multi_valued else None
    return None if value is None else BoundPath(path.extension, attribute, value)


def _is_readable(path: BoundPath) -> bool:
    # An order tells of the values that it is made from, so what is not shown is not sorted by.
    parts = [part for part in (path.attribute, path.sub_attribute) if part is not None]
    return not any(map(is_hidden, parts)) and str(path) not in _OF_THE_RESPONSE


def sort_key(sort: Sort) -> Callable[[Resource], SortKey]:
    """Return what gives the key of a resource; keys are compared upwards, or downwards where the order descends."""
    whole = BoundPath(sort.path.extension, sort.path.attribute)
    sub = sort.path.sub_attribute
    key_of_value = key_of(sort.path)

    def key(resource: Resource) -> SortKey:
        value = value_at(resource, whole)
        if isinstance(value, list):
            value = _first(value)
        if sub is not None:
            value = value.get(sub.name) if isinstance(value, dict) else None
        found = key_of_value(value)
        if found is None:
            return NO_VALUE
        return False, found[:MAX_KEY_CHARACTERS] if isinstance(found, str) else found

    return key


def position_of(sort: Sort | None, resource_type: ResourceType, stored: StoredResource) -> Position:
    """Return where a resource stands in a list."""
    if sort is None:
        return Position(NO_VALUE, resource_type.name, stored.id)
    if stored.related is not None and not sort.is_by_memberships:
        stored = replace(stored, related=None)  # There may be a hundred thousand, which decide nothing.
    return Position(sort_key(sort)(read_document(resource_type, stored)), resource_type.name, stored.id)


def _first(values: list[Json]) -> Json:
    """Return the primary value, else the first."""
    primary = (value for value in values if isinstance(value, dict) and value.get("primary") is True)
    return next(primary, values[0] if values else None)
