"""*The set-up page.* What the holder of a set-up link sees.

Knows links; knows no account. The token in the address is a secret: only its hash is looked up, the page is not kept by
any cache, and no address that the page leads to learns it.
"""

from datetime import datetime
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from musterbook.directory import Clock, parse_time
from musterbook.web.rooms import Rooms

STYLESHEET_PATH = "/assets/musterbook.css"
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
"""What a browser is told with every page: load and send nothing but ours, be framed by nobody, tell nobody from where
one comes (OWASP ASVS 5.0 §3.4)."""
_MAX_TOKEN_LENGTH = 256


class SetupPage:
    """The answer to ``/setup/{token}``."""

    def __init__(self, rooms: Rooms, base_url: str, clock: Clock) -> None:
        """Look links up in ``rooms`` and compare their end with ``clock``."""
        self._rooms = rooms
        self._clock = clock
        # A path, not an address: the browser may have come by another name of the same server.
        self._stylesheet = urlsplit(base_url).path.rstrip("/") + STYLESHEET_PATH
        self._templates = Environment(
            loader=PackageLoader("musterbook.web"), autoescape=True, undefined=StrictUndefined, auto_reload=False
        )

    async def answer(self, request: Request) -> Response:
        """Answer with the page for a link that is good, has expired (410) or never was (404)."""
        token: str = request.path_params["token"]
        if len(token) > _MAX_TOKEN_LENGTH:
            return self._page("setup_unknown.html", 404)
        services = await self._rooms.open()
        link = await services.tenants.find_setup_link(token)
        if link is None:
            return self._page("setup_unknown.html", 404)
        expires_at = parse_time(link.expires_at)
        if expires_at <= self._clock():
            return self._page("setup_expired.html", 410, expires_at)
        return self._page("setup.html", 200, expires_at)

    def _page(self, template: str, status: int, expires_at: datetime | None = None) -> Response:
        html = self._templates.get_template(template).render(
            stylesheet=self._stylesheet,
            expires_at=None if expires_at is None else f"{expires_at.day} {expires_at:%B %Y, %H:%M} UTC",
        )
        return HTMLResponse(html, status, PAGE_HEADERS)


class Stylesheet:
    """The answer to the address of the style sheet."""

    def __init__(self, text: str) -> None:
        """Answer with ``text``."""
        self._text = text

    async def answer(self, _request: Request) -> Response:
        """Answer with the style sheet, which a browser may keep for a while."""
        return Response(self._text, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})
