"""*Health.* Says whether the process lives and whether it can serve.

Knows the rooms' readiness; knows no database. The two questions are apart because they have different consequences: a
process that is not alive is restarted, one that is not ready is left alone and sent no requests.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from musterbook.directory.store import StoreUnavailableError
from musterbook.web.rooms import Rooms
from musterbook.web.services import NotReadyError

READY_SECONDS = 2.0
"""A load balancer asks every few seconds; what takes longer than this will not serve requests in time either."""


class Health:
    """The answers to ``/healthz`` and ``/readyz``."""

    def __init__(self, rooms: Rooms) -> None:
        """Ask about ``rooms``; asking opens them, so that a server without traffic becomes ready too."""
        self._rooms = rooms

    async def answer_alive(self, _request: Request) -> Response:
        """Answer 200: who can answer is alive. Nothing else is looked at, so nothing else can cause a restart."""
        return JSONResponse({"status": "alive"})

    async def answer_ready(self, _request: Request) -> Response:
        """Answer 200 if the database answers in time and its schema fits, else 503 and which of them is wrong."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                services = await self._rooms.open()
                durability = await services.check_ready()
        except TimeoutError:
            return _not_ready("database", f"The database did not answer within {READY_SECONDS:g} seconds.")
        except StoreUnavailableError:
            return _not_ready("database", "The database cannot be reached.")
        except NotReadyError as error:
            return _not_ready("schema", str(error))
        return JSONResponse({"status": "ready", "durability": durability})


def _not_ready(failed: str, detail: str) -> Response:
    return JSONResponse({"status": "not ready", "failed": failed, "detail": detail}, 503)
