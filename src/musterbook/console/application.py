"""*The pages, put together.* Decides which page answers at which path, and how a failure looks to people.

Knows every page; knows no server. The shell mounts the routes.
"""

from starlette.requests import Request
from starlette.responses import Response

from musterbook.console.cookies import Cookies
from musterbook.console.door import Access, Door, headed
from musterbook.console.links import LinkPages
from musterbook.console.login import LoginPages
from musterbook.console.pages import Asset, Pages, read_assets
from musterbook.console.rooms import Arrival, RoomsOpener
from musterbook.console.route import Answer, Route
from musterbook.directory import Clock, RandomBytes


class Console:
    """The pages of one server."""

    def __init__(self, open_rooms: RoomsOpener, base_url: str, clock: Clock, random_bytes: RandomBytes) -> None:
        """Make the pages of a server at ``base_url``; the rooms are opened by the first page that needs them."""
        assets = read_assets()
        self._pages = Pages(base_url, assets)
        cookies = Cookies(is_secure=base_url.startswith("https://"))
        door = Door(self._pages, cookies, open_rooms, base_url, random_bytes)
        links = LinkPages(clock)
        login = LoginPages(base_url)
        self.routes = (
            door.route("/login", access=Access.OUTSIDE, show=login.show, submit=login.submit),
            door.route("/setup/{token}", access=Access.OUTSIDE, show=links.show),
            *(Route(asset.path, ("GET",), _giving(asset)) for asset in assets.values()),
        )
        """Every path that a page answers at."""

    def answer_failure(self, status: int, detail: str, request_id: str) -> Response:
        """Return the page for a request that came to nothing; ``detail`` says why, to whoever asked."""
        return headed(self._pages.failure(status, detail, request_id))


def _giving(asset: Asset) -> Answer:
    async def answer(_request: Request, _arrival: Arrival) -> Response:
        return asset.answer()

    return answer
