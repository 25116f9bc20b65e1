"""*Looking at every row.* Decides how a page is put together where SQL alone cannot say which resources match.

Shared by the engines: they bring candidates in chunks, in the order of their ids, with their memberships where
:func:`looks_at_memberships` says so; here each is decoded, asked, and put in its place where the list is sorted. Kept
are those of the page, without memberships. The loop breathes between chunks, and the time is limited, so that one
client's filter is not every client's wait.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from operator import itemgetter
from typing import assert_never

from musterbook.directory.store import QueryTooExpensiveError
from musterbook.scim import Resource, ResourceType, StoredResource, read_document
from musterbook.scim.cursor import Cursor
from musterbook.scim.filter import Comparison, Conjunction, Disjunction, Filter, Negation, Presence, ValuePath
from musterbook.scim.match import compile_filter
from musterbook.scim.operation import Page, Query
from musterbook.scim.path import BoundPath
from musterbook.scim.sorting import Sort, SortKey, sort_key

CHUNK_ROWS = 200
"""About a millisecond of decoding."""
MANY = 5000
"""From how many matches on it costs less to walk along the order until a page is full than to find them all for it."""


class TimeBudget:
    """The time that one query may take."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    async def breathe(self) -> None:
        """Let others run.

        Raises:
            QueryTooExpensiveError: the time is used up.
        """
        await asyncio.sleep(0)
        if time.monotonic() >= self._ends_at:
            raise QueryTooExpensiveError


def looks_at_memberships(query: Query, resource_type: ResourceType) -> bool:
    """Return whether memberships decide which resources ``query`` finds, or in which order."""
    name = resource_type.related_attribute
    sorts = query.sort is not None and _is_called(query.sort.path, name)
    return name is not None and (sorts or (query.filter is not None and _mentions(query.filter, name)))


def _mentions(filter_: Filter, name: str) -> bool:
    match filter_:
        case Comparison(path) | Presence(path) | ValuePath(path):
            return _is_called(path, name)
        case Conjunction(filters) | Disjunction(filters):
            return any(_mentions(item, name) for item in filters)
        case Negation(inner):
            return _mentions(inner, name)
        case _:
            assert_never(filter_)


def _is_called(path: BoundPath, name: str | None) -> bool:
    return path.extension is None and path.attribute is not None and path.attribute.name == name


async def page_of_matching(
    candidates: AsyncGenerator[Sequence[StoredResource], None], resource_type: ResourceType, query: Query
) -> Page:
    """Return the page of those candidates that match the filter.

    Every candidate is looked at, for the total and for the order; but not where the total is known and the candidates
    come in the direction in which the list is read, from where the page begins.
    """
    matches = None if query.filter is None else compile_filter(query.filter)
    wanted = _wanted(query)
    async with aclosing(candidates):
        async for chunk in candidates:
            for stored in chunk:
                resource = read_document(resource_type, stored)
                if matches is None or matches(resource):
                    wanted.add(stored if stored.related is None else replace(stored, related=None), resource)
            wanted.trim()
            if wanted.is_complete():
                break
    return wanted.page(resource_type)


def counts_apart(query: Query) -> bool:
    """Return whether the total has to be counted apart: whoever begins in the middle meets one part of the list."""
    cursor = query.cursor
    begins_inside = cursor is not None and cursor.position is not None and cursor.total is None
    return begins_inside and query.filter is not None


def has_many(query: Query) -> bool:
    """Return whether so much matches that an index which finds it all is no help for one page of it."""
    cursor = query.cursor
    return cursor is not None and cursor.total is not None and cursor.total > MANY


def with_total(query: Query, total: int) -> Query:
    """Return the query of a list that is known to hold ``total`` resources."""
    return query if query.cursor is None else replace(query, cursor=replace(query.cursor, total=total))


def page_that_was_read(
    found: Sequence[StoredResource], resource_type: ResourceType, query: Query, cursor: Cursor, total: int
) -> Page:
    """Return a page of ``found``, which came in the direction in which the list is read, and one more than fit."""
    resources = found[: query.count]
    continues = len(found) > query.count > 0
    return Page(resource_type, total, query.start_index, resources[:: -1 if cursor.backward else 1], continues)


def _wanted(query: Query) -> "_Wanted":
    if query.cursor is None:
        return _Stretch(query) if query.sort is None else _Sorted(query, query.sort)
    return _Behind(query, query.cursor) if query.sort is None else _SortedBehind(query, query.sort, query.cursor)


class _Wanted(ABC):
    """What is kept of the candidates that match."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self.total = 0

    @abstractmethod
    def add(self, stored: StoredResource, resource: Resource, /) -> None:
        """Count one more that matches, and keep it if it may be on the page."""

    def trim(self) -> None:  # noqa: B027 most keep nothing that could be dropped
        """Drop what cannot be on the page any more."""

    def is_complete(self) -> bool:
        """Return whether no further candidate can change anything."""
        return False

    @abstractmethod
    def page(self, resource_type: ResourceType) -> Page:
        """Return the page."""


class _Stretch(_Wanted):
    """The page of a list in the order of the ids: matches are counted, and kept where the page lies."""

    def __init__(self, query: Query) -> None:
        super().__init__(query)
        self._first = query.start_index - 1
        self._end = self._first + query.count
        self._found: list[StoredResource] = []

    def add(self, stored: StoredResource, _resource: Resource, /) -> None:
        if self._first <= self.total < self._end:
            self._found.append(stored)
        self.total += 1

    def page(self, resource_type: ResourceType) -> Page:
        return Page(resource_type, self.total, self._query.start_index, self._found)


class _Sorted(_Wanted):
    """The page of a sorted list: as many matches are kept as there are up to its end."""

    def __init__(self, query: Query, sort: Sort) -> None:
        super().__init__(query)
        self._first = query.start_index - 1
        self._end = self._first + query.count
        self._descending = sort.descending
        self._key = sort_key(sort)
        self._found: list[tuple[SortKey, StoredResource]] = []

    def add(self, stored: StoredResource, resource: Resource, /) -> None:
        self._found.append((self._key(resource), stored))
        self.total += 1

    def trim(self) -> None:
        """Drop what lies behind the page. Sorting keeps the order of equals, in either direction: that of the ids."""
        self._found.sort(key=itemgetter(0), reverse=self._descending)
        del self._found[self._end :]

    def page(self, resource_type: ResourceType) -> Page:
        resources = [stored for _, stored in self._found[self._first :]]
        return Page(resource_type, self.total, self._query.start_index, resources)


class _Behind(_Wanted):
    """The page that follows a place in a list in the order of the ids; candidates begin behind that place."""

    def __init__(self, query: Query, cursor: Cursor) -> None:
        super().__init__(query)
        self._cursor = cursor
        self._found: list[StoredResource] = []

    def add(self, stored: StoredResource, _resource: Resource, /) -> None:
        if not self._is_full():
            self._found.append(stored)
        self.total += 1

    def _is_full(self) -> bool:
        # One more than the page holds says that the list goes on.
        return len(self._found) > self._query.count

    def is_complete(self) -> bool:
        return self._cursor.total is not None and self._is_full()

    def page(self, resource_type: ResourceType) -> Page:
        total = self.total if self._cursor.total is None else self._cursor.total
        return page_that_was_read(self._found, resource_type, self._query, self._cursor, total)


class _SortedBehind(_Sorted):
    """The page that follows a place in a sorted list: the nearest matches behind it are kept."""

    def __init__(self, query: Query, sort: Sort, cursor: Cursor) -> None:
        super().__init__(query, sort)
        self._cursor = cursor

    def add(self, stored: StoredResource, resource: Resource, /) -> None:
        if self._lies_behind(self._key(resource), stored.id):
            super().add(stored, resource)
        else:
            self.total += 1

    def _lies_behind(self, key: SortKey, id_: str) -> bool:
        position, backward = self._cursor.position, self._cursor.backward
        if position is None:
            return True
        if key == position.key:
            return id_ < position.id if backward else id_ > position.id
        return (key > position.key) == (self._descending == backward)

    def trim(self) -> None:
        self._found.sort(key=itemgetter(0), reverse=self._descending)
        kept = self._query.count + 1
        del self._found[: -kept if self._cursor.backward else 0]
        if not self._cursor.backward:
            del self._found[kept:]

    def page(self, resource_type: ResourceType) -> Page:
        found = [stored for _, stored in self._found]
        travelled = found[:: -1 if self._cursor.backward else 1]
        return page_that_was_read(travelled, resource_type, self._query, self._cursor, self.total)
