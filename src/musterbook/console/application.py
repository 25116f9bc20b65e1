"""*The pages, put together.* Decides which page answers at which path, and how a failure looks to people.

Knows every page; knows no server. The shell mounts the routes.
"""

from starlette.requests import Request
from starlette.responses import Response

from musterbook.console.cookies import Cookies
from musterbook.console.door import Access, Door, headed
from musterbook.console.google import GooglePages
from musterbook.console.links import LinkPages
from musterbook.console.login import LoginPages
from musterbook.console.me import MePages
from musterbook.console.pages import Asset, Pages, read_assets
from musterbook.console.rooms import Arrival, RoomsOpener
from musterbook.console.route import Answer, Route
from musterbook.console.saml import RESPONSE_BYTES, SamlPages
from musterbook.console.tenant_login import TenantLoginPages
from musterbook.directory import Clock, RandomBytes
from musterbook.directory.permissions import Permission
from musterbook.identity.google import CALLBACK_PATH


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
        organization = TenantLoginPages()
        google = GooglePages()
        saml = SamlPages(base_url)
        me = MePages()
        self.routes = (
            door.route("/login", access=Access.OUTSIDE, show=login.show, submit=login.submit),
            door.route("/login/{slug}", access=Access.OUTSIDE, show=organization.show),
            door.route("/login/{slug}/emergency", access=Access.OUTSIDE, show=organization.show_emergency),
            door.route("/google/{slug}/login", access=Access.OUTSIDE, show=google.begin),
            door.route(CALLBACK_PATH, access=Access.OUTSIDE, show=google.finish),
            door.route("/saml/{slug}/metadata", access=Access.OUTSIDE, show=saml.metadata),
            door.route("/saml/{slug}/login", access=Access.OUTSIDE, show=saml.begin),
            door.route("/saml/{slug}/acs", access=Access.FOREIGN, submit=saml.finish, body_limit=RESPONSE_BYTES),
            door.route("/saml/{slug}/confirm", access=Access.OUTSIDE, show=saml.ask, submit=saml.confirm),
            door.route("/me", access=Access.INSIDE, needs=Permission.PROFILE_READ, show=me.show),
            door.route(
                "/me/sessions/end-others",
                access=Access.INSIDE,
                needs=Permission.PROFILE_WRITE,
                submit=me.end_others,
            ),
            door.route(
                "/me/sessions/{id}/end", access=Access.INSIDE, needs=Permission.PROFILE_WRITE, submit=me.end_session
            ),
            door.route("/logout", access=Access.INSIDE, submit=me.sign_out),
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
