"""*Queries of the root.* Decides what a query asks of each resource type (RFC 7644 §3.4.2.1, §3.4.3).

Knows the server's resource types and what filters mean; knows no storage. What is the same for all resources of a type
is decided here: an attribute that the type has not got has no value, and ``meta.resourceType`` is its name. So a filter
by type reads nothing of the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias, assert_never

from musterbook.scim.dialects import Tolerance
from musterbook.scim.errors import InvalidValueError
from musterbook.scim.filter import Comparison, Conjunction, Disjunction, Filter, Negation, Presence, ValuePath
from musterbook.scim.match import matches
from musterbook.scim.operation import Projection, Query, SearchResources, SearchRoot
from musterbook.scim.projection import shows_related
from musterbook.scim.query import Parameters, parse_projection, parse_query
from musterbook.scim.resource import Meta, Resource
from musterbook.scim.schema import AttributeType, ResourceType
from musterbook.scim.service import Service
from musterbook.scim.sorting import Sort
from musterbook.scim.views import is_of

_RESOURCE_TYPE: Final = "meta.resourceType"
_NO_META: Final = Meta("", "", 0)
_NO_TEXT: Final = frozenset({AttributeType.BOOLEAN, AttributeType.INTEGER, AttributeType.DECIMAL})

Narrowed: TypeAlias = Filter | bool
"""What is left of a filter for one type; ``True`` and ``False``: every resource of the type matches, or none does."""


def parse_root(
    parameters: Parameters, service: Service, tolerance: Tolerance
) -> tuple[SearchRoot, Mapping[str, Projection]]:
    """Return what a query of the root asks, and which attributes of each type it shows, by the type's name.

    Raises:
        ScimError: as :func:`musterbook.scim.query.parse_query` and ``parse_projection``; an attribute that one type has
            is known.
        InvalidValueError: what ``sortBy`` names is of types that have no order among each other.
    """
    searches: list[SearchResources] = []
    projections: dict[str, Projection] = {}
    page, descending = Query(), None
    for resource_type, view in zip(service.resource_types, service.views, strict=True):
        query = parse_query(parameters, view, tolerance)
        page = replace(query, filter=None, sort=None)
        descending = None if query.sort is None else query.sort.descending
        projection = projections[resource_type.name] = parse_projection(parameters, resource_type)
        rest = True if query.filter is None else narrow(query.filter, resource_type)
        if rest is False:
            continue
        sort = None if query.sort is None or not is_of(query.sort.path, resource_type) else query.sort
        asked = Query(filter=None if rest is True else rest, sort=sort)
        with_related = shows_related(projection, resource_type) or (sort is not None and sort.is_by_memberships)
        searches.append(SearchResources(resource_type, asked, with_related))
    _check_comparable([item.query.sort for item in searches])
    return SearchRoot(tuple(searches), page, descending), projections


def _check_comparable(sorts: Sequence[Sort | None]) -> None:
    """Check that what the types call by the same name can be put in one order.

    Raises:
        InvalidValueError: in one type it is a number or a boolean, and text in another.
    """
    leaves = [sort.path.leaf for sort in sorts if sort is not None]
    if len({leaf.type in _NO_TEXT for leaf in leaves if leaf is not None}) > 1:
        raise InvalidValueError("'sortBy' names what is text in one resource type and none in another.")


def narrow(filter_: Filter, resource_type: ResourceType) -> Narrowed:
    """Return what is left to ask of a resource of ``resource_type``; the filter is bound to the type's view."""
    match filter_:
        case Comparison(path) | Presence(path) | ValuePath(path):
            if is_of(path, resource_type) and str(path) != _RESOURCE_TYPE:
                return filter_
            # The same for every resource of the type, so one that has nothing answers for all.
            return matches(filter_, Resource(resource_type, {}, meta=_NO_META))
        case Negation(inner):
            rest = narrow(inner, resource_type)
            return not rest if isinstance(rest, bool) else Negation(rest)
        case Conjunction(filters):
            return _join([narrow(item, resource_type) for item in filters], Conjunction, neutral=True)
        case Disjunction(filters):
            return _join([narrow(item, resource_type) for item in filters], Disjunction, neutral=False)
        case _:
            assert_never(filter_)


def _join(parts: list[Narrowed], kind: type[Conjunction | Disjunction], *, neutral: bool) -> Narrowed:
    """Return the parts joined without those that decide nothing, or the answer where one part decides everything."""
    if any(part is (not neutral) for part in parts):
        return not neutral
    rest = tuple(part for part in parts if not isinstance(part, bool))
    if not rest:
        return neutral
    return rest[0] if len(rest) == 1 else kind(rest)
