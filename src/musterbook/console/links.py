"""*The set-up page.* What the holder of a set-up link sees.

Knows links; knows no account. The token in the address is a secret: only its hash is looked up, the page is not kept by
any cache, and no address that the page leads to learns it.
"""

from starlette.responses import Response

from musterbook.console.door import Visit
from musterbook.console.words import tell_time
from musterbook.directory import Clock, parse_time

_MAX_TOKEN_LENGTH = 256


class LinkPages:
    """The answer to ``/setup/{token}``."""

    def __init__(self, clock: Clock) -> None:
        """Compare the end of links with ``clock``."""
        self._clock = clock

    async def show(self, visit: Visit) -> Response:
        """Answer with the page for a link that is good, has expired (410) or never was (404)."""
        token = visit.path["token"]
        if len(token) > _MAX_TOKEN_LENGTH:
            return visit.page("setup_unknown.html", 404)
        link = await visit.rooms.tenants.find_setup_link(token)
        if link is None:
            return visit.page("setup_unknown.html", 404)
        expires_at = parse_time(link.expires_at)
        if expires_at <= self._clock():
            return visit.page("setup_expired.html", 410, expires_at=tell_time(expires_at))
        return visit.page("setup.html", expires_at=tell_time(expires_at))
