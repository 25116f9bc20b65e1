"""The set-up page: what the holder of a set-up link sees, and what the page tells the browser."""

import hashlib
import re

import httpx
import pytest

from tests.web.site import Site

ROOT = "http://directory.test"


def title_of(answer: httpx.Response) -> str:
    """Return the heading of a page."""
    found = re.search(r"<h1>(.*?)</h1>", answer.text)
    assert found is not None
    return found[1]


async def test_a_good_link_says_until_when_and_what_to_do(site: Site, stranger: httpx.AsyncClient) -> None:
    """The page says how long the link is good, that signing in is not there yet, and to keep the link."""
    answer = await stranger.get(f"{ROOT}/setup/{site.acme.setup_token}")
    assert (answer.status_code, title_of(answer)) == (200, "Your set-up link is valid")
    assert "valid until <strong>30 November 2026, 12:00 UTC</strong>" in answer.text
    assert "Signing in is not set up yet in this release" in answer.text
    assert "share it with nobody" in answer.text


async def test_an_expired_link_is_gone(site: Site, stranger: httpx.AsyncClient) -> None:
    """From its end on a link is 410, and the page says when that was."""
    site.clock.advance(days=7)
    answer = await stranger.get(f"{ROOT}/setup/{site.acme.setup_token}")
    assert (answer.status_code, title_of(answer)) == (410, "Your set-up link has expired")
    assert "30 November 2026, 12:00 UTC" in answer.text


@pytest.mark.parametrize("token", ["wrong", "x" * 5000, "%00", "%ff", "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "..%2f"])
async def test_what_is_no_link_is_404_and_not_repeated(stranger: httpx.AsyncClient, token: str) -> None:
    """An unknown token gets a page that says so, and nothing of what was sent comes back."""
    answer = await stranger.get(f"{ROOT}/setup/{token}")
    assert answer.status_code == 404
    assert "script" not in answer.text


async def test_a_page_tells_the_browser_to_trust_nothing_else(site: Site, stranger: httpx.AsyncClient) -> None:
    """No script, frame or foreign content; no cache; and no address that the page leads to learns the token."""
    for token in (site.acme.setup_token, "wrong"):
        headers = (await stranger.get(f"{ROOT}/setup/{token}")).headers
        assert headers["Content-Security-Policy"] == (
            "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
        )
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Type"] == "text/html; charset=utf-8"


async def test_the_page_is_styled_by_a_file_of_ours(site: Site, stranger: httpx.AsyncClient) -> None:
    """The page asks for a style sheet and a picture, which are there and kept for good under addresses that change with
    them; it has no style or script of its own.
    """
    page = (await stranger.get(f"{ROOT}/setup/{site.acme.setup_token}")).text
    loaded = sorted(set(re.findall(r'(?:href|src)="([^"]*)"', page)))
    assert [address.partition("?")[0] for address in loaded] == ["/assets/mark.svg", "/assets/musterbook.css"]
    assert re.findall(r"<(script|style)|style=", page) == []
    answers = [await stranger.get(f"{ROOT}{address}") for address in loaded]
    assert [(answer.status_code, answer.headers["Content-Type"]) for answer in answers] == [
        (200, "image/svg+xml"),
        (200, "text/css; charset=utf-8"),
    ]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"public, max-age=31536000, immutable"}
    digests = [hashlib.sha256(answer.content).hexdigest()[:12] for answer in answers]
    assert [address.partition("?")[2] for address in loaded] == digests


async def test_the_page_can_be_read_by_everybody(site: Site, stranger: httpx.AsyncClient) -> None:
    """The page names its language and has one main part, one heading and a title that says the same."""
    page = (await stranger.get(f"{ROOT}/setup/{site.acme.setup_token}")).text
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert page.count("<h1>") == page.count("<main ") == 1
    assert "<title>Your set-up link is valid - Musterbook</title>" in page


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_page_changes_nothing(site: Site, stranger: httpx.AsyncClient, method: str) -> None:
    """The page is for reading: every other method is 405."""
    answer = await stranger.request(method, f"{ROOT}/setup/{site.acme.setup_token}")
    assert answer.status_code == 405
