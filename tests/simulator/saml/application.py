"""An application that people sign in to at the simulated OneLogin: what it asks, and how it reads the answers."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from urllib.parse import urlsplit

import httpx

from musterbook.saml import (
    Assertion,
    AuthnRequest,
    Binding,
    Endpoint,
    IdentityProvider,
    LogoutRequest,
    LogoutResponse,
    NameId,
    ServiceProvider,
    make_id,
    read_idp_metadata,
    receive_logout_query,
    send_authn_request,
    send_logout_request,
    validate_response,
)
from musterbook.simulator.onelogin.saml import PASSWORD, OneLoginSignIn, SamlConnector

ROOT = "https://muster.example/saml/acme"
SP = ServiceProvider(f"{ROOT}/metadata", f"{ROOT}/acs", f"{ROOT}/slo")
CONNECTOR = SamlConnector(audience=SP.entity_id, acs_url=SP.acs_url, slo_url=SP.slo_url)
REQUEST_ID = make_id(bytes(16))
_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@dataclass
class Visitor:
    """Somebody with a browser, and the application that they sign in to."""

    onelogin: OneLoginSignIn
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.onelogin.addresses.origin, trust_env=False, follow_redirects=True)

    @property
    def idp(self) -> IdentityProvider:
        """OneLogin, as its metadata describe it now."""
        return read_idp_metadata(self.onelogin.metadata.encode(), now=datetime.now(UTC))

    def ask(self, *, binding: Binding = Binding.REDIRECT, forces_authn: bool = False) -> httpx.Response:
        """Bring a request for a sign-in; return what is seen then."""
        request = AuthnRequest(REQUEST_ID, datetime.now(UTC), forces_authn)
        idp = self.idp
        at = IdentityProvider(idp.entity_id, Endpoint(idp.sso.url, binding), idp.certificates)
        sent = send_authn_request(request, sp=SP, idp=at, relay_state="handle")
        return self.http.post(sent.url, data=dict(sent.fields)) if sent.fields else self.http.get(sent.url)

    def type_in(self, form: httpx.Response, username: str, password: str = PASSWORD) -> httpx.Response:
        """Fill in the sign-in form; return what is seen then."""
        return self.http.post(str(form.url), data={"username": username, "password": password})

    def read(self, page: httpx.Response, *, is_asked: bool = True, sp: ServiceProvider = SP) -> Assertion:
        """Return what the response on a page says, as an application reads it that takes unsolicited ones, too."""
        idp = self.idp
        taken = IdentityProvider(idp.entity_id, idp.sso, idp.certificates, allows_idp_initiated=True)
        now = datetime.now(UTC)
        requests = (AuthnRequest(REQUEST_ID, now),) if is_asked else ()
        return validate_response(fields_of(page)["SAMLResponse"], sp=sp, idp=taken, requests=requests, now=now)

    def log_out(self) -> str:
        """Press Log out in the portal; return the query that the application is sent, or an empty one."""
        location: str = self.http.post("/logout", follow_redirects=False).headers.get("Location", "")
        return urlsplit(location).query

    def read_logout(self, query: str, request_id: str | None = None) -> LogoutRequest | LogoutResponse:
        """Return what a logout message says, as an application reads it."""
        return receive_logout_query(query, sp=SP, idp=self.idp, request_id=request_id, now=datetime.now(UTC))

    def ask_for_logout(self, name_id: NameId, session_index: str | None) -> str:
        """Bring a request for a logout; return the query of the answer."""
        sent = send_logout_request(
            REQUEST_ID, sp=SP, idp=self.idp, name_id=name_id, session_index=session_index, now=datetime.now(UTC)
        )
        assert sent is not None
        return urlsplit(self.http.get(sent.url, follow_redirects=False).headers["Location"]).query


def fields_of(page: httpx.Response) -> dict[str, str]:
    """Return the hidden fields of the form on a page."""
    return {name: unescape(value) for name, value in _FIELD.findall(page.text)}
