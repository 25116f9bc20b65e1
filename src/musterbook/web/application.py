"""*The ASGI application.* Decides which half of the server a request goes to, and when the rooms are opened and closed.

Knows ASGI; knows no route below ``/scim`` and no page. It runs by itself, or mounted in a product under any prefix. A
mounted application is told nothing of the host's start and end (ASGI has no lifespan for it): a host that wants to fail
early and to close cleanly runs :meth:`Application.lifespan` in its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import Receive, Scope, Send

from musterbook.settings import Settings
from musterbook.web.observer import Observer
from musterbook.web.pages import PagesApplication
from musterbook.web.paths import request_path
from musterbook.web.rooms import Rooms
from musterbook.web.scim import PREFIX, ScimApplication
from musterbook.web.services import ServicesOpener

DRAIN_SECONDS = 30.0
"""How long closing waits for requests under way. They finish in milliseconds; while a database fails over it takes
longer, and what has begun should end."""


class Application:
    """Musterbook as an ASGI application."""

    def __init__(self, open_services: ServicesOpener, settings: Settings, observer: Observer) -> None:
        """Prepare to serve; nothing is opened yet."""
        self.log = observer.log
        self.metrics = observer.metrics
        self._rooms = Rooms(open_services)
        self._scim = ScimApplication(self._rooms, settings, observer)
        self._pages = PagesApplication(self._rooms, settings, observer)
        self._in_flight = 0
        self._idle = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] == "lifespan":
            await self._follow_lifespan(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        self._in_flight += 1
        try:
            path = request_path(scope)
            if path.startswith(PREFIX) and path[len(PREFIX) : len(PREFIX) + 1] in {"", "/"}:
                await self._scim(scope, receive, send, path)
            else:
                await self._pages(scope, receive, send, path)
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Open the rooms on entering; on leaving let requests under way finish, then close.

        Raises:
            NotReadyError: on entering, the database has a schema that this release cannot use.
            StoreUnavailableError: on entering, the database is away.
        """
        await self._rooms.open()
        try:
            yield
        finally:
            await self._drain()
            await self._rooms.close()

    async def _drain(self) -> None:
        self._idle.clear()
        if not self._in_flight:
            return
        try:
            await asyncio.wait_for(self._idle.wait(), DRAIN_SECONDS)
        except TimeoutError:
            self.log.warning("closing with requests under way", requests=self._in_flight)

    async def _follow_lifespan(self, receive: Receive, send: Send) -> None:
        """Speak ASGI's lifespan protocol with a server whose only application this is."""
        await receive()
        async with self.lifespan():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})
