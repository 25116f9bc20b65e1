"""*Cookies.* Decides which cookies a browser is given, under which names and with which attributes.

Knows names and attributes; knows neither session nor form. Over https every name begins with ``__Host-``: the browser
then takes the cookie only from this very host, over TLS and for the whole of it, so that no neighbour on a subdomain
can put one of its own in its place (RFC 6265bis §4.1.3.2). Over plain http, which is for a developer's own machine,
no browser takes such a name, and the plain one is used. Which it is, is decided by the base URL alone.

The cookies of what is under way at an identity provider come back with a form that its page posts to us, so they are
sent from other sites too (``SameSite=None``), which browsers allow over TLS only. Over plain http it is left out:
browsers then send them with a foreign POST for the first two minutes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from starlette.responses import Response

MAX_VALUE_LENGTH = 256
"""Ours are shorter; what is longer is none of ours."""
_PREFIX = "__Host-"


class Cookie(Enum):
    """What a cookie is for; the value is its plain name."""

    SESSION = "musterbook-session"
    """The token of somebody who is signed in."""
    BROWSER = "musterbook-browser"
    """What ties forms to a browser in which nobody is signed in."""
    ATTEMPT = "musterbook-attempt"
    """The token of a sign-in that is under way in this browser, at an identity provider."""
    LOGOUT = "musterbook-logout"
    """The id of the request with which somebody went to be signed out at the identity provider."""
    TICKET = "musterbook-ticket"
    """A sign-in by password that waits for a code."""
    DEVICE = "musterbook-device"
    """That somebody has signed in by password in this browser before."""


_FROM_ELSEWHERE = frozenset({Cookie.ATTEMPT, Cookie.LOGOUT})
"""Those that come back with a form on another site's page."""


@dataclass(frozen=True, slots=True)
class Cookies:
    """The cookies of a server that is reached over TLS, or not."""

    is_secure: bool

    def name(self, cookie: Cookie) -> str:
        """Return under which name a browser has it."""
        return _PREFIX + cookie.value if self.is_secure else cookie.value

    def read(self, sent: Mapping[str, str], cookie: Cookie) -> str | None:
        """Return the value that a browser sent, unless it can be none of ours."""
        value = sent.get(self.name(cookie), "")
        return value if 0 < len(value) <= MAX_VALUE_LENGTH and value.isascii() else None

    def set(self, response: Response, cookie: Cookie, value: str, *, seconds: int | None = None) -> None:
        """Give the browser a cookie, for so long or until it is closed."""
        self._write(response, cookie, value, seconds)

    def drop(self, response: Response, cookie: Cookie) -> None:
        """Have the browser forget a cookie."""
        self._write(response, cookie, "", 0)

    def _write(self, response: Response, cookie: Cookie, value: str, seconds: int | None) -> None:
        response.set_cookie(
            self.name(cookie),
            value,
            max_age=seconds,
            secure=self.is_secure,
            httponly=True,
            samesite=(("none" if self.is_secure else None) if cookie in _FROM_ELSEWHERE else "lax"),
        )
