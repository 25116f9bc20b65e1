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
from musterbook.console.own_password import OwnPasswordPages
from musterbook.console.own_second_factor import OwnSecondFactorPages
from musterbook.console.pages import Asset, Pages, read_assets
from musterbook.console.password import PasswordPages
from musterbook.console.rooms import Arrival, RoomsOpener
from musterbook.console.route import Answer, Route
from musterbook.console.saml import RESPONSE_BYTES, SamlPages
from musterbook.console.tenant_login import TenantLoginPages
from musterbook.directory import RandomBytes
from musterbook.directory.permissions import Permission
from musterbook.identity.google import CALLBACK_PATH


class Console:
    """The pages of one server."""

    def __init__(self, open_rooms: RoomsOpener, base_url: str, random_bytes: RandomBytes) -> None:
        """Make the pages of a server at ``base_url``; the rooms are opened by the first page that needs them."""
        assets = read_assets()
        self._pages = Pages(base_url, assets)
        cookies = Cookies(is_secure=base_url.startswith("https://"))
        door = Door(self._pages, cookies, open_rooms, base_url, random_bytes)
        self.routes = (
            *_sign_in_routes(door, base_url),
            *_password_routes(door),
            *_saml_routes(door),
            *_own_routes(door),
            *(Route(asset.path, ("GET",), _giving(asset)) for asset in assets.values()),
        )
        """Every path that a page answers at."""

    def answer_failure(self, status: int, detail: str, request_id: str) -> Response:
        """Return the page for a request that came to nothing; ``detail`` says why, to whoever asked."""
        return headed(self._pages.failure(status, detail, request_id))


def _sign_in_routes(door: Door, base_url: str) -> list[Route]:
    login, organization, google = LoginPages(base_url), TenantLoginPages(), GooglePages()
    outside = Access.OUTSIDE
    return [
        door.route("/login", access=outside, show=login.show, submit=login.submit),
        door.route("/login/{slug}", access=outside, show=organization.show, submit=PasswordPages().submit),
        door.route("/login/{slug}/emergency", access=outside, show=organization.show_emergency),
        door.route("/google/{slug}/login", access=outside, show=google.begin),
        door.route(CALLBACK_PATH, access=outside, show=google.finish),
    ]


def _password_routes(door: Door) -> list[Route]:
    pages, links, outside = PasswordPages(), LinkPages(), Access.OUTSIDE
    path = "/login/{slug}"
    return [
        door.route(f"{path}/code", access=outside, show=pages.show_code, submit=pages.submit_code),
        door.route(f"{path}/recovery", access=outside, show=pages.show_recovery, submit=pages.submit_recovery),
        door.route(f"{path}/second-factor", access=outside, show=pages.show_enrolment, submit=pages.submit_enrolment),
        door.route(f"{path}/forgot", access=outside, show=links.show_forgot, submit=links.submit_forgot),
        door.route("/setup/{token}", access=outside, show=links.show, submit=links.submit),
    ]


def _saml_routes(door: Door) -> list[Route]:
    pages, outside, path = SamlPages(), Access.OUTSIDE, "/saml/{slug}"
    return [
        door.route(f"{path}/metadata", access=outside, show=pages.metadata),
        door.route(f"{path}/login", access=outside, show=pages.begin),
        door.route(f"{path}/acs", access=Access.FOREIGN, submit=pages.finish, body_limit=RESPONSE_BYTES),
        door.route(
            f"{path}/slo",
            access=Access.FOREIGN,
            show=pages.receive_query,
            submit=pages.receive_form,
            body_limit=RESPONSE_BYTES,
        ),
        door.route(f"{path}/confirm", access=outside, show=pages.ask, submit=pages.confirm),
    ]


def _own_routes(door: Door) -> list[Route]:
    pages, password, factor = MePages(), OwnPasswordPages(), OwnSecondFactorPages()
    inside, change, path = Access.INSIDE, Permission.PROFILE_WRITE, "/me/second-factor"
    return [
        door.route("/", access=inside, show=pages.go_home),
        door.route("/me", access=inside, needs=Permission.PROFILE_READ, show=pages.show),
        door.route("/me/sessions/end-others", access=inside, needs=change, submit=pages.end_others),
        door.route("/me/sessions/{id}/end", access=inside, needs=change, submit=pages.end_session),
        door.route("/me/password", access=inside, needs=change, show=password.show, submit=password.submit),
        door.route(path, access=inside, needs=change, show=factor.show),
        door.route(f"{path}/set-up", access=inside, needs=change, submit=factor.begin),
        door.route(f"{path}/confirm", access=inside, needs=change, submit=factor.confirm),
        door.route(f"{path}/recovery-codes", access=inside, needs=change, submit=factor.renew_recovery_codes),
        door.route(f"{path}/remove", access=inside, needs=change, submit=factor.remove),
        door.route("/logout", access=inside, submit=pages.sign_out),
    ]


def _giving(asset: Asset) -> Answer:
    async def answer(_request: Request, _arrival: Arrival) -> Response:
        return asset.answer()

    return answer
