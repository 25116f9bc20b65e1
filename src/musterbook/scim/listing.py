"""*Lists.* Decides what a list request asks, of one resource type or of all, and how its pages follow each other.

Pages by ``startIndex`` are those of RFC 7644 §3.4.2.4; a request with a ``cursor``, empty or not, is answered by
cursors (RFC 9865). Knows parameters and resource types; knows no HTTP server, storage or clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from musterbook.scim.cursor import Cursor, Walk, read_cursor, write_cursor
from musterbook.scim.dialects import Tolerance
from musterbook.scim.errors import InvalidCursorError, NotSupportedError
from musterbook.scim.operation import Page, Projection, Query, RootPage, SearchResources, SearchRoot
from musterbook.scim.projection import shows_related
from musterbook.scim.query import Parameters, parse_projection, parse_query
from musterbook.scim.resource import StoredResource
from musterbook.scim.root import parse_root
from musterbook.scim.schema import ResourceType
from musterbook.scim.service import Service
from musterbook.scim.sorting import Position, position_of

_OF_THE_PAGE = frozenset({"cursor", "count", "startindex"})
"""The parameters that say which page is meant, and not of which list."""


class Reader(NamedTuple):
    """Who reads a list, and when."""

    tenant: str = ""
    now: int = 0
    """In seconds."""


NOBODY: Final = Reader()


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list request asks."""

    operation: SearchResources | SearchRoot
    projections: Mapping[str, Projection]
    """Which attributes are shown, by the name of the resource type."""
    walk: Walk | None = None
    """``None`` where the list is not read by cursors."""
    now: int = 0


def parse_list(
    parameters: Parameters, resource_type: ResourceType | None, service: Service, tolerance: Tolerance, reader: Reader
) -> Listing:
    """Return what a query of ``resource_type`` asks, or one of the root where it is ``None``.

    Raises:
        ScimError: a parameter cannot be read, or the cursor is not one of this list.
    """
    operation: SearchResources | SearchRoot
    if resource_type is None:
        operation, projections = parse_root(parameters, service, tolerance)
        query = operation.page
    else:
        query = parse_query(parameters, resource_type, tolerance)
        projection = parse_projection(parameters, resource_type)
        projections = {resource_type.name: projection}
        is_by_memberships = query.sort is not None and query.sort.is_by_memberships
        with_related = is_by_memberships or shows_related(projection, resource_type)
        operation = SearchResources(resource_type, query, with_related)
    text = parameters.get("cursor")
    if text is None:
        return Listing(operation, projections)
    if not service.cursor_keys:
        raise NotSupportedError("Lists are not read by cursors here; use startIndex.")
    walk = _walk(parameters, resource_type, query, reader)
    query = replace(query, cursor=read_cursor(text, walk, reader.now, service.cursor_keys))
    return Listing(_at(operation, query), projections, walk, reader.now)


def _walk(parameters: Parameters, resource_type: ResourceType | None, query: Query, reader: Reader) -> Walk:
    asked = sorted(f"{name}={value}" for name, value in parameters.values.items() if name not in _OF_THE_PAGE)
    return Walk(reader.tenant, ("" if resource_type is None else resource_type.name, *asked), query.count)


def _at(operation: SearchResources | SearchRoot, query: Query) -> SearchResources | SearchRoot:
    if isinstance(operation, SearchResources):
        return replace(operation, query=query)
    position = None if query.cursor is None else query.cursor.position
    if position is not None and position.resource_type not in {item.resource_type.name for item in operation.searches}:
        raise InvalidCursorError  # The type is served no longer.
    return replace(operation, page=query)


def resources_of(page: Page | RootPage) -> list[tuple[ResourceType, StoredResource]]:
    """Return the resources of a page, each with its type."""
    if isinstance(page, RootPage):
        return list(page.resources)
    return [(page.resource_type, stored) for stored in page.resources]


def write_cursors(listing: Listing, page: Page | RootPage, service: Service) -> dict[str, str]:
    """Return ``previousCursor`` and ``nextCursor`` of a page, as far as there are such pages (RFC 9865 §2)."""
    walk, operation = listing.walk, listing.operation
    query = operation.query if isinstance(operation, SearchResources) else operation.page
    if walk is None or query.cursor is None:
        return {}
    searches = (operation,) if isinstance(operation, SearchResources) else operation.searches
    sorts = {item.resource_type.name: item.query.sort for item in searches}
    found = resources_of(page)
    ends = [position_of(sorts[item.name], item, stored) for item, stored in (found[:1] + found[-1:])]
    # Without a filter the total costs nothing, so each page says how many there are by then.
    is_filtered = any(item.query.filter is not None for item in searches)
    total = page.total_results if is_filtered else None
    neighbours = zip(("previousCursor", "nextCursor"), _neighbours(query.cursor, ends, page, total), strict=True)
    return {
        name: write_cursor(cursor, walk, listing.now, service.cursor_keys)
        for name, cursor in neighbours
        if cursor is not None
    }


def _neighbours(
    cursor: Cursor, ends: Sequence[Position], page: Page | RootPage, total: int | None
) -> tuple[Cursor | None, Cursor | None]:
    if not ends:
        # Everything before has gone meanwhile: the page that follows is the first one.
        return None, Cursor(total=total) if cursor.backward else None
    first, last = ends
    has_previous = page.continues if cursor.backward else cursor.position is not None
    has_next = cursor.backward or page.continues
    return (
        Cursor(first, backward=True, total=total) if has_previous else None,
        Cursor(last, total=total) if has_next else None,
    )
