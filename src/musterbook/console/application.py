"""*The pages, put together.* Decides which page answers at which path, and how a failure looks to people.

Knows every page; knows no server. The shell mounts the routes.
"""

from starlette.requests import Request
from starlette.responses import Response

from musterbook.console.links import LinkPages
from musterbook.console.pages import PAGE_HEADERS, Asset, Pages, read_assets
from musterbook.console.rooms import Arrival, RoomsOpener
from musterbook.console.route import Answer, Route
from musterbook.directory import Clock

_TITLES = {
    403: "This was refused",
    404: "There is no such page",
    405: "There is no such page",
    429: "That was too much at once",
    500: "Something went wrong",
    503: "Not available right now",
}
_OTHER_TITLE = "This request cannot be answered"


class Console:
    """The pages of one server."""

    def __init__(self, open_rooms: RoomsOpener, base_url: str, clock: Clock) -> None:
        """Make the pages of a server at ``base_url``; the rooms are opened by the first page that needs them."""
        assets = read_assets()
        self._pages = Pages(base_url, assets)
        links = LinkPages(self._pages, open_rooms, clock)
        self.routes = (
            Route("/setup/{token}", ("GET",), _with_headers(links.answer)),
            *(Route(asset.path, ("GET",), _giving(asset)) for asset in assets.values()),
        )
        """Every path that a page answers at."""

    def answer_failure(self, status: int, detail: str, request_id: str) -> Response:
        """Return the page for a request that came to nothing; ``detail`` says why, to whoever asked."""
        title = _TITLES.get(status, _OTHER_TITLE)
        return _headed(self._pages.page("failure.html", status, title=title, text=detail, reference=request_id))


def _giving(asset: Asset) -> Answer:
    async def answer(_request: Request, _arrival: Arrival) -> Response:
        return asset.answer()

    return answer


def _with_headers(answer: Answer) -> Answer:
    async def answer_with_headers(request: Request, arrival: Arrival) -> Response:
        return _headed(await answer(request, arrival))

    return answer_with_headers


def _headed(response: Response) -> Response:
    for name, value in PAGE_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
