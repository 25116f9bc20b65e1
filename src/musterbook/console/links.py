"""*The set-up page.* What the holder of a set-up link sees.

Knows links; knows no account. The token in the address is a secret: only its hash is looked up, the page is not kept by
any cache, and no address that the page leads to learns it.
"""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from musterbook.console.pages import Pages
from musterbook.console.rooms import Arrival, RoomsOpener
from musterbook.directory import Clock, parse_time

_MAX_TOKEN_LENGTH = 256


class LinkPages:
    """The answer to ``/setup/{token}``."""

    def __init__(self, pages: Pages, open_rooms: RoomsOpener, clock: Clock) -> None:
        """Look links up in the rooms and compare their end with ``clock``."""
        self._pages = pages
        self._open_rooms = open_rooms
        self._clock = clock

    async def answer(self, request: Request, _arrival: Arrival) -> Response:
        """Answer with the page for a link that is good, has expired (410) or never was (404)."""
        token: str = request.path_params["token"]
        if len(token) > _MAX_TOKEN_LENGTH:
            return self._pages.page("setup_unknown.html", 404)
        rooms = await self._open_rooms()
        link = await rooms.tenants.find_setup_link(token)
        if link is None:
            return self._pages.page("setup_unknown.html", 404)
        expires_at = parse_time(link.expires_at)
        if expires_at <= self._clock():
            return self._pages.page("setup_expired.html", 410, expires_at=_shown(expires_at))
        return self._pages.page("setup.html", expires_at=_shown(expires_at))


def _shown(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
