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
        self._lock = asyncio.Lock()
        self._is_closed = False

    async def open(self) -> Services:
        """Return the services, opened by now. After a failure the next call tries again.

        Raises:
            NotReadyError: they were closed, or the database has a schema that this release cannot use.
            StoreUnavailableError: the database is away.
        """
        async with self._lock:
            if self._is_closed:
                raise NotReadyError("The server is shutting down.")
            if self.opened is None:
                self.opened = await self._stack.enter_async_context(self._open_services())
            return self.opened

    async def close(self) -> None:
        """Close what was opened, for good."""
        async with self._lock:
            self._is_closed = True
            self.opened = None
            await self._stack.aclose()
