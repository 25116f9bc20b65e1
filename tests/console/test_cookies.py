"""Cookies: names and attributes, over https and on a developer's machine."""

import pytest
from starlette.responses import Response

from musterbook.console.cookies import Cookie, Cookies


def set_cookie(cookies: Cookies, cookie: Cookie, *, seconds: int | None = None) -> str:
    """Return the header field that gives a browser a cookie."""
    response = Response()
    cookies.set(response, cookie, "token", seconds=seconds)
    return response.headers["set-cookie"]


@pytest.mark.parametrize(
    "cookie, expected",
    [
        (Cookie.SESSION, "__Host-musterbook-session=token; HttpOnly; Path=/; SameSite=lax; Secure"),
        (Cookie.BROWSER, "__Host-musterbook-browser=token; HttpOnly; Path=/; SameSite=lax; Secure"),
        (Cookie.LOGOUT, "__Host-musterbook-logout=token; HttpOnly; Path=/; SameSite=none; Secure"),
        (Cookie.ATTEMPT, "__Host-musterbook-attempt=token; HttpOnly; Path=/; SameSite=none; Secure"),
    ],
)
def test_over_https_a_cookie_is_of_this_host_alone(cookie: Cookie, expected: str) -> None:
    """Every cookie has the prefix ``__Host-`` with what it demands, and no script reads it. Only the one that must come
    back with the identity provider's POST is sent from other sites.
    """
    assert set_cookie(Cookies(is_secure=True), cookie) == expected


@pytest.mark.parametrize(
    "cookie, expected",
    [
        (Cookie.SESSION, "musterbook-session=token; HttpOnly; Path=/; SameSite=lax"),
        (Cookie.ATTEMPT, "musterbook-attempt=token; HttpOnly; Path=/"),
    ],
)
def test_over_http_a_cookie_has_a_plain_name(cookie: Cookie, expected: str) -> None:
    """On a developer's machine no browser takes the prefix, nor ``SameSite=None`` without TLS."""
    assert set_cookie(Cookies(is_secure=False), cookie) == expected


def test_a_cookie_may_end_by_itself_or_be_dropped() -> None:
    """A cookie with a time is kept so long; one that is dropped is forgotten at once."""
    cookies = Cookies(is_secure=True)
    assert "Max-Age=600" in set_cookie(cookies, Cookie.ATTEMPT, seconds=600)
    response = Response()
    cookies.drop(response, Cookie.SESSION)
    assert response.headers["set-cookie"] == (
        '__Host-musterbook-session=""; HttpOnly; Max-Age=0; Path=/; SameSite=lax; Secure'
    )


@pytest.mark.parametrize(
    "sent, expected",
    [
        ({"__Host-musterbook-session": "token"}, "token"),
        ({"musterbook-session": "token"}, None),
        ({"__Host-musterbook-session": ""}, None),
        ({"__Host-musterbook-session": "x" * 257}, None),
        ({"__Host-musterbook-session": "tökén"}, None),
        ({}, None),
    ],
)
def test_what_cannot_be_a_cookie_of_ours_is_none(sent: dict[str, str], expected: str | None) -> None:
    """Over https a cookie without the prefix does not count: a neighbour on a subdomain could have set it."""
    assert Cookies(is_secure=True).read(sent, Cookie.SESSION) == expected
