"""The door: which forms are taken, and what every page tells the browser."""

from pathlib import Path

import pytest

from tests.console.browser import Browser, heading
from tests.web.site import Prepared, open_site

FORM = "application/x-www-form-urlencoded"
OURS = "http://directory.test"


@pytest.mark.parametrize(
    "headers, status",
    [
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Origin": OURS}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Origin": OURS}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": OURS}, 403),
        ({"Origin": "http://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
async def test_a_form_is_taken_from_a_page_of_ours(browser: Browser, headers: dict[str, str], status: int) -> None:
    """A form with a good token is still refused where the browser does not say that it comes from a page of ours."""
    await browser.open("/login")
    fields = {"form_token": browser.token, "email": "ada@nowhere.example"}
    answer = await browser.client.post("/login", data=fields, headers=headers)
    assert answer.status_code == status


async def test_a_form_carries_the_token_of_its_page(browser: Browser) -> None:
    """A form without the token, with a wrong one, or with that of another browser is refused; and says what to do."""
    await browser.open("/login")
    stranger = Browser(browser.site)
    async with stranger.client:
        await stranger.open("/login")
    email = {"email": "ada@nowhere.example"}
    for fields in (email, {**email, "form_token": "wrong"}, {**email, "form_token": stranger.token}):
        answer = await browser.post("/login", fields)
        assert (answer.status_code, heading(answer)) == (403, "This was refused")
        assert "Go back, load it again, and try once more." in answer.text
    assert (await browser.post("/login", {**email, "form_token": browser.token})).status_code == 200


async def test_a_browser_without_cookies_sends_no_form(browser: Browser) -> None:
    """A token is worth nothing without the cookie that it was made of."""
    await browser.open("/login")
    token = browser.token
    browser.client.cookies.clear()
    answer = await browser.post("/login", {"form_token": token, "email": "ada@nowhere.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize("media_type", ["text/plain", "application/json", "multipart/form-data; boundary=x", ""])
async def test_only_a_form_is_a_form(browser: Browser, media_type: str) -> None:
    """Bodies that another site's page can send without asking, or by script, are 415."""
    answer = await browser.client.post("/login", content=b"x", headers={"Content-Type": media_type, "Origin": OURS})
    assert answer.status_code == 415


@pytest.mark.parametrize("body, status", [(b"email=%ff", 400), (b"a=1&" * 101, 400), (b"a=" + b"x" * (64 * 1024), 413)])
async def test_what_is_no_form_of_ours_is_refused(browser: Browser, body: bytes, status: int) -> None:
    """What is not UTF-8, has more fields than any of our forms, or is larger, is refused before anything reads it."""
    answer = await browser.client.post("/login", content=body, headers={"Content-Type": FORM, "Origin": OURS})
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")


async def test_a_browser_gets_one_cookie_that_no_script_reads(browser: Browser) -> None:
    """The first page sets the cookie that ties forms to the browser; later pages leave it."""
    first = await browser.client.get("/login")
    assert first.headers["set-cookie"].endswith("; HttpOnly; Path=/; SameSite=lax")
    assert "set-cookie" not in (await browser.client.get("/login")).headers


@pytest.mark.parametrize("path", ["/login", "/nowhere"])
async def test_every_page_tells_the_browser_to_trust_nothing_else(browser: Browser, path: str) -> None:
    """No script, frame or foreign content, no cache, and no address that the page leads to learns of it."""
    headers = (await browser.client.get(path)).headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "base_url, expected", [("https://directory.test", "no-referrer"), ("http://directory.test", "same-origin")]
)
async def test_no_other_site_learns_from_where_somebody_comes(
    prepared: Prepared, tmp_path: Path, base_url: str, expected: str
) -> None:
    """Over https nobody does; over plain http our own pages do, because some browsers only then say whose a form is."""
    async with open_site(prepared, tmp_path, base_url=base_url) as site:
        browser = Browser(site, base_url)
        async with browser.client:
            assert (await browser.open("/login")).headers["Referrer-Policy"] == expected
