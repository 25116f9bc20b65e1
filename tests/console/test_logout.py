"""Single logout over HTTP, begun here and at the identity provider; and what is not believed of it."""

import base64
import re
import zlib
from html import unescape
from urllib.parse import parse_qs, urlsplit

from lxml import etree

from musterbook.directory.sign_in_settings import SingleSignOn
from tests.console.browser import Browser
from tests.console.signing_in import sign_in_by_saml
from tests.identity.saml.organization import add_person, connect, logout_request, logout_response, signed_query
from tests.saml import idp

ADA = "ada@acme.example"


async def signed_in(browser: Browser, *, slo_url: str | None = idp.SLO) -> None:
    """Have Ada sign in."""
    await connect(browser.site, slo_url=slo_url)
    await add_person(browser.site, ADA)
    await sign_in_by_saml(browser)
    assert browser.title == "Your account"


async def leave(browser: Browser) -> etree._Element:
    """Sign out here; return the request that goes to the identity provider."""
    page = await browser.submit("/logout")
    assert browser.title == "You are signed out"
    address = page.headers["Refresh"].removeprefix("0; url=")
    link = re.search(r'<a class="button" href="([^"]*)"', page.text)
    assert link is not None
    assert unescape(link[1]) == address
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == idp.SLO
    return etree.fromstring(zlib.decompress(base64.b64decode(parse_qs(parts.query)["SAMLRequest"][0]), -15))


async def answered(browser: Browser, query: str) -> etree._Element:
    """Bring the provider's request by redirect; return our answer."""
    answer = await browser.client.get(f"/saml/acme/slo?{query}")
    assert answer.status_code == 303, answer.text
    parts = parse_qs(urlsplit(answer.headers["Location"]).query)
    return etree.fromstring(zlib.decompress(base64.b64decode(parts["SAMLResponse"][0]), -15))


async def test_signing_out_here_tells_the_provider(browser: Browser) -> None:
    """The session has ended before the browser goes; the request names person and session; the answer leads home."""
    await signed_in(browser)
    token = browser.client.cookies["musterbook-session"]
    request = await leave(browser)
    assert (request.findtext("{*}NameID"), request.findtext("{*}SessionIndex")) == (ADA, "_s1")
    browser.client.cookies.set("musterbook-session", token)
    assert (await browser.open("/me")).url.path == "/login"
    query = signed_query(logout_response(request.get("ID", "")), "SAMLResponse")
    page = await browser.open(f"/saml/acme/slo?{query}")
    assert (page.url.path, "You are signed out." in page.text) == ("/login/acme", True)


async def test_an_answer_to_nobody_is_not_believed(browser: Browser) -> None:
    """An answer in a browser that did not go, or to another request, is refused; it could only say that it is done."""
    await connect(browser.site)
    page = await browser.open(f"/saml/acme/slo?{signed_query(logout_response('_other'), 'SAMLResponse')}")
    assert page.status_code == 403


async def test_a_provider_without_single_logout_is_told_nothing(browser: Browser) -> None:
    """Signed out here is then all there is."""
    await signed_in(browser, slo_url=None)
    await browser.submit("/logout")
    assert (browser.page.url.path, "You are signed out." in browser.page.text) == ("/login/acme", True)


async def test_where_single_sign_on_was_switched_off_nobody_is_told(browser: Browser) -> None:
    """Another connection, or none, has no say about a session of the former one."""
    await signed_in(browser)
    await connect(browser.site, entity_id="https://other.example/metadata")
    await browser.submit("/logout")
    assert browser.page.url.path == "/login/acme"


async def test_the_provider_ends_the_sessions_of_a_person(browser: Browser) -> None:
    """Every browser of the person is out, colleagues are not, and the provider gets its answer and its state back."""
    await signed_in(browser)
    await add_person(browser.site, "grace@acme.example")
    other, grace = Browser(browser.site), Browser(browser.site)
    async with other.client, grace.client:
        await sign_in_by_saml(other)
        await sign_in_by_saml(grace, name="grace@acme.example")
        answer = await answered(grace, signed_query(logout_request(), relay_state="their-state"))
        assert (answer.get("InResponseTo"), answer.find(".//{*}StatusCode") is not None) == ("_l1", True)
        for each, expected in ((browser, "Sign in"), (other, "Sign in"), (grace, "Your account")):
            await each.open("/me")
            assert each.title == expected


async def test_the_provider_ends_one_of_its_sessions(browser: Browser) -> None:
    """A request that names a session ends those of ours that belong to it."""
    await signed_in(browser)
    await answered(browser, signed_query(logout_request(session_index="_another")))
    await browser.open("/me")
    assert browser.title == "Your account"
    await answered(browser, signed_query(logout_request(session_index="_s1", id_="_l3")))
    await browser.open("/me")
    assert browser.title == "Sign in"


async def test_a_request_comes_by_post_too(browser: Browser) -> None:
    """As a signed document in a form on the provider's page."""
    await signed_in(browser)
    answer = await browser.client.post("/saml/acme/slo", data={"SAMLRequest": idp.encode(idp.sign(logout_request()))})
    assert answer.status_code == 303
    await browser.open("/me")
    assert browser.title == "Sign in"


async def test_what_is_not_signed_or_seen_before_ends_nothing(browser: Browser) -> None:
    """Anybody could sign anybody out otherwise: unsigned, changed, by another key, repeated, or of another tenant."""
    await signed_in(browser)
    good = signed_query(logout_request())
    unsigned = good.partition("&SigAlg")[0]
    for query in ("", unsigned, good.replace("&SigAlg", "&RelayState=x&SigAlg"), signed_query("<x/>")):
        page = await browser.open(f"/saml/acme/slo?{query}")
        assert (page.status_code, browser.title) == (403, "You could not be signed in")
    assert (await browser.client.get(f"/saml/globex/slo?{good}")).status_code == 403
    await browser.open("/me")
    assert browser.title == "Your account"
    await answered(browser, good)
    await sign_in_by_saml(browser)
    assert (await browser.open(f"/saml/acme/slo?{good}")).status_code == 403
    await browser.open("/me")
    assert browser.title == "Your account"


async def test_where_single_sign_on_is_off_nothing_is_taken(browser: Browser) -> None:
    """A provider that has no say any more ends nothing."""
    await signed_in(browser)
    await connect(browser.site, sso=SingleSignOn.OFF)
    assert (await browser.open(f"/saml/acme/slo?{signed_query(logout_request())}")).status_code == 403
