"""*Looking at every row.* Decides how a page is put together where SQL alone cannot say which resources match.

Shared by the engines: they bring candidates in chunks, in the order of their ids, with their memberships where
:func:`looks_at_memberships` says so; here each is decoded, asked, and put in its place where the list is sorted. Kept
are those of the page, without memberships. The loop breathes between chunks, and the time is limited, so that one
client's filter is not every client's wait.
"""

import asyncio
import time
from collections.abc import AsyncIterable, Callable, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import TypeAlias, assert_never

from musterbook.directory.store import QueryTooExpensiveError
from musterbook.scim import Resource, ResourceType, StoredResource, read_document
from musterbook.scim.filter import Comparison, Conjunction, Disjunction, Filter, Negation, Presence, ValuePath
from musterbook.scim.match import compile_filter
from musterbook.scim.operation import Page, Query
from musterbook.scim.path import BoundPath
from musterbook.scim.sorting import SortKey, sort_key

CHUNK_ROWS = 200
"""About a millisecond of decoding."""


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
    candidates: AsyncIterable[Sequence[StoredResource]], resource_type: ResourceType, query: Query
) -> Page:
    """Return the page of those candidates that match the filter; every candidate is looked at, for the total."""
    matches = None if query.filter is None else compile_filter(query.filter)
    wanted: _Wanted = _Stretch(query) if query.sort is None else _Sorted(query, sort_key(query.sort))
    async for chunk in candidates:
        for stored in chunk:
            resource = read_document(resource_type, stored)
            if matches is None or matches(resource):
                wanted.add(stored if stored.related is None else replace(stored, related=None), resource)
        wanted.trim()
    return Page(resource_type, wanted.total, query.start_index, wanted.page())


class _Stretch:
    """The page of a list in the order of the ids: matches are counted, and kept where the page lies."""

    def __init__(self, query: Query) -> None:
        self._first = query.start_index - 1
        self._end = self._first + query.count
        self._found: list[StoredResource] = []
        self.total = 0

    def add(self, stored: StoredResource, _resource: Resource) -> None:
        if self._first <= self.total < self._end:
            self._found.append(stored)
        self.total += 1

    def trim(self) -> None:
        """Keep everything: nothing else was kept."""

    def page(self) -> list[StoredResource]:
        return self._found


class _Sorted:
    """The page of a sorted list: as many matches are kept as there are up to its end."""

    def __init__(self, query: Query, key: Callable[[Resource], SortKey]) -> None:
        self._first = query.start_index - 1
        self._end = self._first + query.count
        self._descending = query.sort is not None and query.sort.descending
        self._key = key
        self._found: list[tuple[SortKey, StoredResource]] = []
        self.total = 0

    def add(self, stored: StoredResource, resource: Resource) -> None:
        self._found.append((self._key(resource), stored))
        self.total += 1

    def trim(self) -> None:
        """Drop what lies behind the page. Sorting keeps the order of equals, in either direction: that of the ids."""
        self._found.sort(key=itemgetter(0), reverse=self._descending)
        del self._found[self._end :]

    def page(self) -> list[StoredResource]:
        return [stored for _, stored in self._found[self._first :]]


_Wanted: TypeAlias = _Stretch | _Sorted
