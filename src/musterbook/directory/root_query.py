"""*Lists of several resource types.* Decides in which order resources of different types come (RFC 7644 §3.4.2.1).

Asks the store for each type, and knows no SQL. The order is that of the sort keys, among equal keys that of the types,
then that of the ids; without ``sortBy`` no resource has a key, so one type follows the other. Every page is made of the
pages of the types that begin at the same place, so cursors lead through all types at the cost of one page of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Final

from musterbook.directory.actor import TenantId
from musterbook.directory.store import ResourceStore
from musterbook.scim import ResourceType, StoredResource
from musterbook.scim.cursor import Cursor
from musterbook.scim.errors import TooManyError
from musterbook.scim.operation import Page, Query, RootPage, SearchResources, SearchRoot
from musterbook.scim.sorting import NO_VALUE, Position, SortKey, position_of

MAX_MERGED: Final = 10_000
"""How far ``startIndex`` leads into a sorted list of several types: everything before the page has to be merged."""
_STEP: Final = 1000
"""How much of each type is read at once on the way there."""
_BEFORE_ALL_IDS, _AFTER_ALL_IDS = "", "~"


@dataclass(frozen=True, slots=True)
class _Listed:
    """A resource and its place."""

    key: SortKey
    at: tuple[int, str]
    """Among equal keys."""
    resource_type: ResourceType
    stored: StoredResource


async def search_root(store: ResourceStore, tenant_id: TenantId, operation: SearchRoot) -> RootPage:
    """Return the page that ``operation`` asks for.

    Raises:
        TooManyError: ``startIndex`` leads too far into a sorted list.
        QueryTooExpensiveError: looking at the rows of a type took too long.
    """
    search = _RootSearch(store, tenant_id, operation)
    if operation.page.cursor is not None:
        return await search.behind(operation.page.cursor, operation.page.count)
    return await (search.in_turn() if operation.descending is None else search.merged())


class _RootSearch:
    def __init__(self, store: ResourceStore, tenant_id: TenantId, operation: SearchRoot) -> None:
        self._store = store
        self._tenant_id = tenant_id
        self._searches = operation.searches
        self._page = operation.page
        self._is_sorted = operation.descending is not None
        self._descending = operation.descending or False

    async def _read(self, search: SearchResources, page: Query, *, is_shown: bool = True) -> Page:
        """Return a page of one type; ``page`` says which."""
        query = replace(search.query, start_index=page.start_index, count=page.count, cursor=page.cursor)
        decide = search.query.sort is not None and search.query.sort.is_by_memberships
        with_related = search.shows_related and (is_shown or decide)
        return await self._store.search(self._tenant_id, search.resource_type, query, with_related=with_related)

    async def in_turn(self) -> RootPage:
        """Return a page by ``startIndex`` of a list in which one type follows the other."""
        found: list[tuple[ResourceType, StoredResource]] = []
        total = 0
        wanted = self._page.count
        for search in self._searches:
            first = max(1, self._page.start_index - total)
            page = await self._read(search, Query(start_index=first, count=wanted))
            found += [(search.resource_type, stored) for stored in page.resources]
            total += page.total_results
            # A page that the store has cut short ends the whole: what follows would leave a gap.
            is_cut = len(page.resources) < min(wanted, max(0, page.total_results - first + 1))
            wanted = 0 if is_cut else wanted - len(page.resources)
        return RootPage(total, self._page.start_index, found)

    async def merged(self) -> RootPage:
        """Return a page by ``startIndex`` of a sorted list."""
        skipped, count = self._page.start_index - 1, self._page.count
        if count and skipped + count > MAX_MERGED:
            raise TooManyError(
                f"By startIndex, {MAX_MERGED} resources of a sorted list of several types can be read. Read it by "
                "cursors (RFC 9865), or ask for one type."
            )
        skipped = skipped if count else 0
        found: list[tuple[ResourceType, StoredResource]] = []
        total = 0
        cursor: Cursor | None = Cursor()
        while cursor is not None:
            page = await self.behind(cursor, min(skipped, _STEP) or count - len(found), is_shown=not skipped)
            total = page.total_results
            if skipped:
                skipped -= len(page.resources)
            else:
                found += page.resources
            is_last = not page.continues or (not skipped and len(found) == count)
            cursor = None if is_last else Cursor(self._end_of(page), total=total)
        return RootPage(total, self._page.start_index, found)

    def _end_of(self, page: RootPage) -> Position:
        resource_type, stored = page.resources[-1]
        sort = self._searches[self._index(resource_type.name)].query.sort
        return position_of(sort, resource_type, stored)

    async def behind(self, cursor: Cursor, count: int, *, is_shown: bool = True) -> RootPage:
        """Return the page at ``cursor``; one that is only passed by needs no memberships."""
        searches = list(enumerate(self._searches))
        listed: list[_Listed] = []
        pages: list[tuple[int, Page]] = []
        wanted = count
        for index, search in reversed(searches) if cursor.backward else searches:
            # One more is asked for where the page is full: whether there is one says whether the list goes on.
            asked = Query(count=max(wanted, min(count, 1)), cursor=self._at(cursor, index))
            page = await self._read(search, asked, is_shown=is_shown)
            pages.append((index, page))
            listed += [self._listed(index, stored) for stored in page.resources]
            if not self._is_sorted:
                wanted = max(0, wanted - len(page.resources))
        listed.sort(key=attrgetter("at"))
        listed.sort(key=attrgetter("key"), reverse=self._descending)
        way = -1 if cursor.backward else 1
        travelled = listed[::way]
        shown = travelled[: min(count, self._end(travelled, pages, way))]
        total = sum(page.total_results for _, page in pages) if cursor.total is None else cursor.total
        resources = [(item.resource_type, item.stored) for item in shown[::way]]
        continues = len(shown) < len(listed) or any(page.continues for _, page in pages)
        return RootPage(total, self._page.start_index, resources, continues=continues and count > 0)

    def _end(self, travelled: Sequence[_Listed], pages: Sequence[tuple[int, Page]], way: int) -> int:
        """Return how much of what was read is without a gap: no further than any type that goes on was read."""
        places = {item.at: place for place, item in enumerate(travelled, 1)}
        ends = [
            places[index, page.resources[::way][-1].id] for index, page in pages if page.continues and page.resources
        ]
        return min(ends, default=len(travelled))

    def _listed(self, index: int, stored: StoredResource) -> _Listed:
        search = self._searches[index]
        key = position_of(search.query.sort, search.resource_type, stored).key
        return _Listed(key, (index, stored.id), search.resource_type, stored)

    def _at(self, cursor: Cursor, index: int) -> Cursor:
        """Return the cursor that leads to the same place in the list of one type."""
        # What was counted for all is counted for none.
        counted = None if cursor.total is None else 0
        position = cursor.position
        if position is None:
            return replace(cursor, total=counted)
        search = self._searches[index]
        name = search.resource_type.name
        here = self._index(position.resource_type)
        id_ = position.id if index == here else _BEFORE_ALL_IDS if index > here else _AFTER_ALL_IDS
        key = position.key
        if search.query.sort is None and key != NO_VALUE:
            # Nothing of the type has a value, and all of that comes after whatever has one, or before it.
            id_, key = (_AFTER_ALL_IDS if self._descending else _BEFORE_ALL_IDS), NO_VALUE
        return replace(cursor, position=Position(key, name, id_), total=counted)

    def _index(self, name: str) -> int:
        return [search.resource_type.name for search in self._searches].index(name)
