"""*Opening and closing the rooms.* Sees to it that they are opened once, when they are first needed, and closed once.

Knows how to open; knows no request. A server that runs the application opens them before it takes requests. A product
that mounts it may not tell us when it starts, so the first request opens them too, and requests that come meanwhile
wait for the same opening.
"""

import asyncio
from contextlib import AsyncExitStack

from musterbook.web.services import NotReadyError, Services, ServicesOpener


class Rooms:
    """The services, or the way to them."""

    def __init__(self, open_services: ServicesOpener) -> None:
        """Open with ``open_services``; nothing is opened yet."""
        self.opened: Services | None = None
        """Read by every request: a plain attribute, so the usual case waits for nothing."""
        self._open_services = open_services
        self._stack = AsyncExitStack()
        self._opening: asyncio.Task[Services] | None = None
        self._is_closed = False

    async def open(self) -> Services:
        """Return the services, opened by now. After a failure the next call tries again.

        Raises:
            NotReadyError: they were closed, or the database has a schema that this release cannot use.
            StoreUnavailableError: the database is away.
        """
        if self._is_closed:
            raise NotReadyError("The server is shutting down.")
        if self.opened is not None:
            return self.opened
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(self._end_opening)
        # Whoever gives up waiting leaves the opening to the others: a probe that is impatient must not prevent it.
        return await asyncio.shield(self._opening)

    async def _open(self) -> Services:
        self.opened = await self._stack.enter_async_context(self._open_services())
        return self.opened

    def _end_opening(self, opening: asyncio.Task[Services]) -> None:
        self._opening = None
        if not opening.cancelled():
            opening.exception()  # Looked at, so that asyncio does not complain when nobody waited to the end.

    async def close(self) -> None:
        """Close what was opened, for good."""
        self._is_closed = True
        if self._opening is not None:
            await asyncio.wait([self._opening])
        self.opened = None
        await self._stack.aclose()
