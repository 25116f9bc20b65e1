"""*Looking at every row.* Decides how a page is put together where SQL alone cannot say which resources match.

Shared by the engines: they bring candidates in chunks, in the order of their ids; here each is decoded and asked. The
loop breathes between chunks, and the time is limited, so that one client's filter is not every client's wait.
"""

import asyncio
import time
from collections.abc import AsyncIterable, Sequence

from musterbook.directory.store import QueryTooExpensiveError
from musterbook.scim import ResourceType, StoredResource, read_document
from musterbook.scim.filter import Filter
from musterbook.scim.match import compile_filter
from musterbook.scim.operation import Page, Query

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


async def page_of_matching(
    candidates: AsyncIterable[Sequence[StoredResource]], filter_: Filter, resource_type: ResourceType, query: Query
) -> Page:
    """Return the page of those candidates that match ``filter_``; every candidate is looked at, for the total."""
    matches = compile_filter(filter_)
    first = query.start_index - 1
    found: list[StoredResource] = []
    total = 0
    async for chunk in candidates:
        for stored in chunk:
            if matches(read_document(resource_type, stored)):
                if first <= total < first + query.count:
                    found.append(stored)
                total += 1
    return Page(resource_type, total, query.start_index, found)
