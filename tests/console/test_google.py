"""Signing in by Google over HTTP: out, back at the one address for all organizations, and in."""

import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from musterbook.directory import operator_actor
from musterbook.directory.operation import ChangeSignInSettings
from musterbook.directory.sign_in_settings import SingleSignOn
from musterbook.simulator.google import Client, GoogleAccounts, GooglePerson, serve_google, workspace_person
from tests.console.browser import Browser
from tests.identity.saml.organization import add_person, connect
from tests.web.site import Prepared, SteppingClock, open_site

BASE_URL = "http://localhost:8000"
"""Google sends people to https, and to a developer's own machine."""
ADA = workspace_person("ada@acme.example")
EVE = workspace_person("eve@globex.example")
CLIENT = Client(
    id="1234.apps.googleusercontent.com", secret="client-secret", redirect_uris=(f"{BASE_URL}/google/callback",)
)


@pytest.fixture
def google() -> Iterator[GoogleAccounts]:
    """Run a Google that knows Ada and Eve, at the time of the tests."""
    with serve_google(CLIENT, [ADA, EVE], clock=SteppingClock().now.timestamp) as running:
        yield running


@pytest.fixture
async def registered(prepared: Prepared, tmp_path: Path, google: GoogleAccounts) -> AsyncIterator[Browser]:
    """Yield a browser in front of a server that is registered with Google, where acme's people sign in by it."""
    async with open_site(
        prepared,
        tmp_path,
        base_url=BASE_URL,
        google_client_id=CLIENT.id,
        google_client_secret=CLIENT.secret,
        google_discovery_url=google.discovery_url,
        outbound_networks=("127.0.0.0/8",),
    ) as site:
        actor = operator_actor(site.acme.tenant.id, "request-1")
        await site.services.directory.perform(actor, ChangeSignInSettings(google_domain="acme.example"))
        browser = Browser(site, BASE_URL)
        async with browser.client:
            yield browser


async def at_google(browser: Browser, person: GooglePerson, path: str = "/google/acme/login") -> str:
    """Set out for Google, sign in there, and return the address that it sends the browser back to."""
    answer = await browser.client.get(path)
    assert answer.status_code == 303, answer.text
    form = {"identifier": person.email, "password": person.password, "action": "next"}
    # The certificates of the machine are not needed here, and take a while to read.
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with httpx.AsyncClient(trust_env=False, verify=tls) as client:
        back = await client.post(answer.headers["Location"], data=form)
    return back.headers["Location"].removeprefix(BASE_URL)


async def test_who_signs_in_by_google_is_inside(registered: Browser) -> None:
    """From the organization's page to Google and back, to the page that was asked for."""
    await add_person(registered.site, ADA.email)
    page = await registered.open("/login/acme")
    assert 'href="/google/acme/login"' in page.text
    await registered.open(await at_google(registered, ADA, "/google/acme/login?to=/me?done=ended"))
    assert (registered.page.url.raw_path, registered.title) == (b"/me?done=ended", "Your account")
    assert "Google, 23 November 2026, 12:00 UTC" in registered.page.text


async def test_who_is_not_let_in_gets_the_calm_page(registered: Browser) -> None:
    """Unknown, of another organization, or with an answer for another browser: the reason is in the log."""
    await registered.open(await at_google(registered, ADA))
    assert (registered.page.status_code, registered.title) == (403, "You could not be signed in")
    await registered.open(await at_google(registered, EVE))
    assert registered.title == "You could not be signed in"
    answer = await at_google(registered, ADA)
    victim = Browser(registered.site, BASE_URL)
    async with victim.client:
        await victim.open(answer)
        assert victim.title == "You could not be signed in"
    entries = await registered.site.services.signing_in.log.list(registered.site.acme.tenant.id)
    assert {entry.reason for entry in entries} == {"unknown", "other-domain", "attempt"}


@pytest.mark.parametrize("query", ["", "?state=x", "?code=1&state=acme." + "x" * 42, "?code=1&code=2&state=y"])
async def test_what_is_no_answer_of_googles_is_no_page(registered: Browser, query: str) -> None:
    """An answer that names no sign-in of ours leads nowhere."""
    await registered.open(f"/google/callback{query}")
    assert registered.page.status_code == 400


async def test_google_is_offered_only_where_it_can_be(registered: Browser, browser: Browser) -> None:
    """Not where single sign-on is the only way, and not by a server that is not registered."""
    await connect(registered.site, sso=SingleSignOn.ONLY)
    assert "/google/" not in (await registered.open("/login/acme")).text
    for each in (registered, browser):
        await each.open("/google/acme/login")
        assert (each.page.status_code, each.title) == (403, "You could not be signed in")
