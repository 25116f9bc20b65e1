"""Signing in as a person does, in a browser without a window."""

import base64
import zlib
from urllib.parse import parse_qs, urlsplit

import httpx
from lxml import etree

from tests.console.browser import Browser
from tests.identity.saml.organization import response
from tests.saml import idp


async def leave_for_provider(browser: Browser, path: str = "/saml/acme/login") -> tuple[str, str]:
    """Set out for the identity provider; return the id of the request and the relay state that go along."""
    answer = await browser.client.get(path)
    assert answer.status_code == 303, answer.text
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    request = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15))
    return request.get("ID", ""), query["RelayState"][0]


async def come_back(browser: Browser, message: str, relay_state: str) -> httpx.Response:
    """Come back from the identity provider's page with a response; follow where it leads."""
    return await browser.post_from_elsewhere("/saml/acme/acs", {"SAMLResponse": message, "RelayState": relay_state})


async def sign_in_by_saml(browser: Browser, *, name: str = "ada@acme.example", path: str = "/saml/acme/login") -> None:
    """Sign in by the identity provider of acme."""
    request_id, relay_state = await leave_for_provider(browser, path)
    message = response(request_id, name=name, email=name, assertion_id=f"_a{request_id}")
    await come_back(browser, message, relay_state)
    browser.site.clock.now = max(browser.site.clock.now, idp.NOW)
