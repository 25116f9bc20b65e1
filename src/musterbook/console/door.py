"""*The door.* Decides, for every page alike, who is let through to it and which forms are taken.

Knows routes, cookies and forms; knows no page. A page cannot be mounted except through :meth:`Door.route`, so none can
forget what stands here:

* A page *inside* is for somebody who is signed in; others are sent to the sign-in page.
* Whatever changes something comes by POST, from a page of ours, with the token of that page. Forms that identity
  providers post to us (*foreign*) cannot have one: what they carry has to prove itself.
* Every answer says what a browser may do with it, and that it is not to be kept.
"""

from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from musterbook.console.cookies import Cookie, Cookies
from musterbook.console.forgery import FIELD, form_token, is_from_our_page, is_token_of
from musterbook.console.form import MEDIA_TYPE, Form, UnreadableFormError, parse_form
from musterbook.console.pages import PAGE_HEADERS, Pages
from musterbook.console.rooms import Arrival, Rooms, RoomsOpener
from musterbook.console.route import FORM_BYTES, Route
from musterbook.directory import RandomBytes

_TOKEN_BYTES = 32
_AGED_PAGE = "The page was open for too long, or it is not one of ours. Go back, load it again, and try once more."


class Access(Enum):
    """For whom a route is."""

    OUTSIDE = "outside"
    """For anybody."""
    FOREIGN = "foreign"
    """For anybody, also for forms on pages of others."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page, let through."""

    rooms: Rooms
    arrival: Arrival
    pages: Pages
    path: Mapping[str, str]
    """What stands in the variable parts of the path."""
    query: Mapping[str, str] = field(repr=False)
    form: Form
    sent_cookies: Mapping[str, str] = field(repr=False)
    user_agent: str
    anchor: str = field(repr=False)
    """The cookie that the tokens of this visit's forms are made of."""

    def page(self, template: str, status: int = 200, *, form_targets: Sequence[str] = (), **values: object) -> Response:
        """Return a page whose forms will be taken, here or at ``form_targets``."""
        token = form_token(self.anchor)
        return self.pages.page(template, status, form_targets=form_targets, form_token=token, **values)


PageAnswer: TypeAlias = Callable[[Visit], Awaitable[Response]]


class Door:
    """Stands before every page of a server at ``base_url``."""

    def __init__(
        self, pages: Pages, cookies: Cookies, open_rooms: RoomsOpener, base_url: str, chance: RandomBytes
    ) -> None:
        """Let through to the rooms that ``open_rooms`` returns."""
        self._pages = pages
        self._cookies = cookies
        self._open_rooms = open_rooms
        parts = urlsplit(base_url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._chance = chance

    def route(
        self,
        path: str,
        *,
        access: Access,
        show: PageAnswer | None = None,
        submit: PageAnswer | None = None,
        body_limit: int = FORM_BYTES,
    ) -> Route:
        """Return a route: ``show`` answers GET and changes nothing, ``submit`` answers POST."""
        answers = {method: each for method, each in (("GET", show), ("POST", submit)) if each is not None}

        async def answer(request: Request, arrival: Arrival) -> Response:
            chosen = answers["POST" if request.method == "POST" else "GET"]
            return headed(await self._let_through(request, arrival, access, chosen))

        return Route(path, tuple(answers), answer, body_limit)

    async def _let_through(self, request: Request, arrival: Arrival, access: Access, answer: PageAnswer) -> Response:
        cookie = self._cookies.read(request.cookies, Cookie.BROWSER)
        form = Form()
        if request.method == "POST":
            media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if media_type != MEDIA_TYPE:
                return self._refuse(415, f"A form is sent as {MEDIA_TYPE}.", arrival)
            try:
                form = parse_form(arrival.body)
            except UnreadableFormError as error:
                return self._refuse(400, str(error), arrival)
            if access is not Access.FOREIGN and not self._is_ours(request, form, cookie):
                return self._refuse(403, _AGED_PAGE, arrival)
        anchor = cookie or urlsafe_b64encode(self._chance(_TOKEN_BYTES)).rstrip(b"=").decode()
        visit = Visit(
            rooms=await self._open_rooms(),
            arrival=arrival,
            pages=self._pages,
            path=request.path_params,
            query=request.query_params,
            form=form,
            sent_cookies=request.cookies,
            user_agent=request.headers.get("user-agent", ""),
            anchor=anchor,
        )
        response = await answer(visit)
        if cookie is None:
            self._cookies.set(response, Cookie.BROWSER, anchor)
        return response

    def _is_ours(self, request: Request, form: Form, cookie: str | None) -> bool:
        return is_from_our_page(
            fetch_site=request.headers.get("sec-fetch-site"),
            origin=request.headers.get("origin"),
            our_origin=self._origin,
        ) and is_token_of(form.exactly(FIELD), cookie)

    def _refuse(self, status: int, text: str, arrival: Arrival) -> Response:
        return self._pages.failure(status, text, arrival.request_id)


def headed(response: Response) -> Response:
    """Return the response with what every page tells the browser."""
    for name, value in PAGE_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
