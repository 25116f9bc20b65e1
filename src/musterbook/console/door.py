"""*The door.* Decides, for every page alike, who is let through to it and which forms are taken.

Knows routes, cookies and forms; knows no page. A page cannot be mounted except through :meth:`Door.route`, so none can
forget what stands here:

* A page *inside* is for somebody who is signed in and holds the permission that the page needs; who is not signed in
  is sent to the sign-in page.
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

from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response

from musterbook.console.cookies import Cookie, Cookies
from musterbook.console.forgery import FIELD, form_token, is_from_our_page, is_token_of
from musterbook.console.form import MEDIA_TYPE, Form, UnreadableFormError, parse_form
from musterbook.console.pages import PAGE_HEADERS, Pages
from musterbook.console.rooms import Arrival, Rooms, RoomsOpener
from musterbook.console.route import FORM_BYTES, Route
from musterbook.directory import Actor, RandomBytes, Tenant, break_glass_type
from musterbook.directory.actor import sign_in_actor
from musterbook.directory.operation import Held, HeldPermissions
from musterbook.directory.permissions import Permission
from musterbook.directory.person import person_actor
from musterbook.identity.session_store import Session, SignInMethod
from musterbook.identity.sessions import Authenticated, SessionRefusedError, Visitor, allows
from musterbook.scim import user_type

PEOPLE_TYPES = {each.name: each for each in (user_type(), break_glass_type())}
"""The types of those who sign in, by name."""
_TOKEN_BYTES = 32
_AGED_PAGE = "The page was open for too long, or it is not one of ours. Go back, load it again, and try once more."


class Access(Enum):
    """For whom a route is."""

    INSIDE = "inside"
    """For whoever is signed in."""
    OUTSIDE = "outside"
    """For anybody."""
    FOREIGN = "foreign"
    """For anybody, also for forms on pages of others."""


@dataclass(frozen=True, slots=True)
class Inside:
    """Somebody who is signed in."""

    found: Authenticated = field(repr=False)
    """By the session."""
    held: Held
    """The person, and what they may do."""
    actor: Actor
    """As whom they act."""

    @property
    def session(self) -> Session:
        """The session of this browser."""
        return self.found.session

    @property
    def tenant(self) -> Tenant:
        """Where they belong."""
        return self.found.tenant

    @property
    def has_password(self) -> bool:
        """Whether they can sign in by password, and so have one, and a second factor, to look after."""
        has_one = self.found.account.password is not UNSET
        return has_one and allows(self.found.settings, SignInMethod.PASSWORD, self.session.account)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page, let through."""

    rooms: Rooms
    arrival: Arrival
    pages: Pages
    cookies: Cookies
    path: Mapping[str, str]
    """What stands in the variable parts of the path."""
    query: Mapping[str, str] = field(repr=False)
    raw_query: str = field(repr=False)
    """As it was sent: a signature may be over its octets."""
    form: Form
    sent_cookies: Mapping[str, str] = field(repr=False)
    user_agent: str
    anchor: str = field(repr=False)
    """The cookie that the tokens of this visit's forms are made of."""
    chance: RandomBytes
    signed_in: Inside | None = None

    @property
    def inside(self) -> Inside:
        """Who is signed in, on a page inside."""
        assert self.signed_in is not None, "the door lets nobody else through to a page inside"
        return self.signed_in

    @property
    def visitor(self) -> Visitor:
        """The browser, as signing in wants to know it."""
        return Visitor(
            address=self.arrival.address,
            user_agent=self.user_agent,
            request_id=self.arrival.request_id,
            session_token=self.cookie(Cookie.SESSION),
            device=self.cookie(Cookie.DEVICE),
        )

    def go_on(self, below: str, title: str) -> Response:
        """Return a page that leads on by itself, to where a form may not lead by a redirect.

        Browsers hold every address that a form is redirected to against the page's ``form-action``, and an identity
        provider's is not in it. What a page leads on to is no form's business.
        """
        return self.lead_to(self.pages.path(below), title)

    def lead_to(self, address: str, title: str) -> Response:
        """Return a page that leads on to an address by itself, or by a click where a browser does not."""
        response = self.page("onward.html", title=title, address=address)
        response.headers["Refresh"] = f"0; url={address}"
        return response

    def new_token(self) -> str:
        """Return a token that nobody has seen."""
        return new_token(self.chance)

    def cookie(self, cookie: Cookie) -> str | None:
        """Return what the browser sent of a cookie."""
        return self.cookies.read(self.sent_cookies, cookie)

    def page(self, template: str, status: int = 200, *, form_targets: Sequence[str] = (), **values: object) -> Response:
        """Return a page whose forms will be taken, here or at ``form_targets``."""
        if self.signed_in is not None:
            values |= {"tenant": self.signed_in.tenant, "person": self.signed_in.held.person}
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
        needs: Permission | None = None,
        show: PageAnswer | None = None,
        submit: PageAnswer | None = None,
        body_limit: int = FORM_BYTES,
    ) -> Route:
        """Return a route: ``show`` answers GET and changes nothing, ``submit`` answers POST.

        ``needs``: what somebody must be allowed to do who is inside.
        """
        answers = {method: each for method, each in (("GET", show), ("POST", submit)) if each is not None}

        async def answer(request: Request, arrival: Arrival) -> Response:
            chosen = answers["POST" if request.method == "POST" else "GET"]
            if access is Access.INSIDE:
                response = await self._let_inside(request, arrival, needs, chosen)
            else:
                response = await self._let_outside(request, arrival, chosen, is_foreign=access is Access.FOREIGN)
            if not self._cookies.is_secure:
                # Not every browser sends `Sec-Fetch-Site` over plain http, and one that is to name no referrer sends
                # no `Origin` with a form either: then nobody could sign in on a developer's own machine.
                response.headers["Referrer-Policy"] = "same-origin"
            return headed(response)

        return Route(path, tuple(answers), answer, body_limit)

    async def _let_inside(
        self, request: Request, arrival: Arrival, needs: Permission | None, answer: PageAnswer
    ) -> Response:
        token = self._cookies.read(request.cookies, Cookie.SESSION)
        rooms = await self._open_rooms()
        try:
            inside = await self._recognise(rooms, token or "", arrival)
        except SessionRefusedError:
            response = self._pages.redirect("/login")
            if token is not None:
                self._cookies.drop(response, Cookie.SESSION)
            return response
        assert token is not None, "a session was found by it"
        if needs is not None and needs not in inside.held.permissions:
            return self._refuse(403, "You may not see this page. Ask an administrator of your organization.", arrival)
        form = self._form(request, arrival, token)
        if isinstance(form, Response):
            return form
        return await answer(self._visit(request, arrival, rooms, form, anchor=token, signed_in=inside))

    async def _let_outside(
        self, request: Request, arrival: Arrival, answer: PageAnswer, *, is_foreign: bool
    ) -> Response:
        cookie = self._cookies.read(request.cookies, Cookie.BROWSER)
        form = self._form(request, arrival, cookie, is_foreign=is_foreign)
        if isinstance(form, Response):
            return form
        anchor = cookie or new_token(self._chance)
        response = await answer(self._visit(request, arrival, await self._open_rooms(), form, anchor=anchor))
        # Cookies do not come with another site's form, so there it is not known whether the browser has one.
        if cookie is None and not is_foreign:
            self._cookies.set(response, Cookie.BROWSER, anchor)
        return response

    async def _recognise(self, rooms: Rooms, token: str, arrival: Arrival) -> Inside:
        found = await rooms.signing_in.sessions.authenticate(token)
        account = found.session.account
        resource_type = PEOPLE_TYPES[account.resource_type]
        operation = HeldPermissions(resource_type, account.id)
        actor = sign_in_actor(found.tenant.id, arrival.request_id)
        held = await rooms.directory.perform(actor, operation)
        actor = person_actor(found.tenant.id, held.person, held.permissions, arrival.request_id)
        return Inside(found, held, actor)

    def _form(
        self, request: Request, arrival: Arrival, cookie: str | None, *, is_foreign: bool = False
    ) -> Form | Response:
        """Return the form that was sent, an empty one with a GET, or the answer that refuses it."""
        if request.method != "POST":
            return Form()
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != MEDIA_TYPE:
            return self._refuse(415, f"A form is sent as {MEDIA_TYPE}.", arrival)
        try:
            form = parse_form(arrival.body)
        except UnreadableFormError as error:
            return self._refuse(400, str(error), arrival)
        if not is_foreign and not self._is_ours(request, form, cookie):
            return self._refuse(403, _AGED_PAGE, arrival)
        return form

    def _visit(
        self,
        request: Request,
        arrival: Arrival,
        rooms: Rooms,
        form: Form,
        *,
        anchor: str,
        signed_in: Inside | None = None,
    ) -> Visit:
        return Visit(
            rooms=rooms,
            arrival=arrival,
            pages=self._pages,
            cookies=self._cookies,
            path=request.path_params,
            query=request.query_params,
            raw_query=request.url.query,
            form=form,
            sent_cookies=request.cookies,
            user_agent=request.headers.get("user-agent", ""),
            anchor=anchor,
            chance=self._chance,
            signed_in=signed_in,
        )

    def _is_ours(self, request: Request, form: Form, cookie: str | None) -> bool:
        return is_from_our_page(
            fetch_site=request.headers.get("sec-fetch-site"),
            origin=request.headers.get("origin"),
            our_origin=self._origin,
        ) and is_token_of(form.exactly(FIELD), cookie)

    def _refuse(self, status: int, text: str, arrival: Arrival) -> Response:
        return self._pages.failure(status, text, arrival.request_id)


def new_token(chance: RandomBytes) -> str:
    """Return a token that nobody has seen: 256 random bits."""
    return urlsafe_b64encode(chance(_TOKEN_BYTES)).rstrip(b"=").decode()


def headed(response: Response) -> Response:
    """Return the response with what every page tells the browser."""
    for name, value in PAGE_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
