"""*Logout messages.* Decides how OneLogin asks for a logout and answers one, also in ways that must not be believed.

Knows texts, keys and queries; knows no session. OneLogin sends both by redirect, signed over the octets of the query
(Bindings §3.4.4.1).
"""

import base64
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import escape
from urllib.parse import quote

from musterbook.simulator.onelogin.saml.changing import COMMENT
from musterbook.simulator.onelogin.saml.draft import EMAIL_FORMAT, NAMESPACES, STATUS
from musterbook.simulator.onelogin.saml.faults import Fault
from musterbook.simulator.onelogin.saml.saying import OTHER, OTHER_REQUEST
from musterbook.simulator.onelogin.saml.signing import RSA_SHA256, KeyPair, sign_query

RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
_LASTS_SECONDS = 300
_RAW_DEFLATE = -15
_BOMB_BYTES = 20_000_000
_LONG_AGO_SECONDS = -900


@dataclass(frozen=True, slots=True, kw_only=True)
class Logout:
    """A logout message before it is signed: its values."""

    moment: datetime
    id: str
    issuer: str
    destination: str
    name: str = ""
    """Who is to be signed out: in a request."""
    session_index: str = ""
    in_response_to: str = ""
    """Which request is answered: in an answer."""
    lasts_seconds: int = _LASTS_SECONDS
    is_done: bool = True

    def stamp(self, seconds: int = 0) -> str:
        """Return the time so many seconds from now as a message has it."""
        return (self.moment + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def request(self) -> str:
        """The document of a request."""
        return (
            f'<samlp:LogoutRequest {self._head} NotOnOrAfter="{self.stamp(self.lasts_seconds)}">'
            f'{self._issuer}<saml:NameID Format="{EMAIL_FORMAT}">{escape(self.name)}</saml:NameID>'
            f"<samlp:SessionIndex>{escape(self.session_index)}</samlp:SessionIndex></samlp:LogoutRequest>"
        )

    @property
    def answer(self) -> str:
        """The document of an answer."""
        status = STATUS if self.is_done else STATUS.replace("Success", "Responder")
        answers = f'InResponseTo="{escape(self.in_response_to)}"'
        return f"<samlp:LogoutResponse {self._head} {answers}>{self._issuer}{status}</samlp:LogoutResponse>"

    @property
    def _head(self) -> str:
        return (
            f'xmlns:samlp="{NAMESPACES["samlp"]}" xmlns:saml="{NAMESPACES["saml"]}" ID="{self.id}" Version="2.0" '
            f'IssueInstant="{self.stamp()}" Destination="{escape(self.destination)}"'
        )

    @property
    def _issuer(self) -> str:
        return f"<saml:Issuer>{escape(self.issuer)}</saml:Issuer>"


def logout_request(
    logout: Logout, relay_state: str, key: KeyPair, fault: Fault | None, other_key: Callable[[], KeyPair]
) -> str:
    """Return the query of a request, with a fault or without."""
    document = _said(logout, fault).request
    if fault is Fault.LOGOUT_WITH_COMMENT:
        document = document.replace("</saml:NameID>", f"{COMMENT}</saml:NameID>")
    if fault is Fault.LOGOUT_BOMB:
        document = document.replace("</samlp:LogoutRequest>", " " * _BOMB_BYTES + "</samlp:LogoutRequest>")
    message, state = f"SAMLRequest={_packed(document)}", f"RelayState={quote(relay_state, safe='')}"
    algorithm = f"SigAlg={quote(RSA_SHA1 if fault is Fault.LOGOUT_BY_SHA1 else RSA_SHA256, safe='')}"
    if fault is Fault.LOGOUT_UNSIGNED:
        return f"{message}&{state}"
    if fault is Fault.LOGOUT_REORDERED:
        return sign_query(f"{message}&{algorithm}&{state}", key)
    signed = sign_query(f"{message}&{state}&{algorithm}", other_key() if fault is Fault.LOGOUT_OF_OTHER_KEY else key)
    if fault is Fault.LOGOUT_CHANGED:
        other = replace(logout, name="eve@evil.example").request
        return signed.replace(message, f"SAMLRequest={_packed(other)}")
    return signed


def logout_answer(logout: Logout, relay_state: str | None, key: KeyPair, fault: Fault | None) -> str:
    """Return the query of an answer, with a fault or without."""
    if fault is Fault.LOGOUT_ANSWER_TO_ANOTHER:
        logout = replace(logout, in_response_to=OTHER_REQUEST)
    if fault is Fault.LOGOUT_FAILED:
        logout = replace(logout, is_done=False)
    octets = f"SAMLResponse={_packed(logout.answer)}"
    if relay_state is not None:
        octets += f"&RelayState={quote(relay_state, safe='')}"
    if fault is Fault.LOGOUT_ANSWER_UNSIGNED:
        return octets
    return sign_query(f"{octets}&SigAlg={quote(RSA_SHA256, safe='')}", key)


def _said(logout: Logout, fault: Fault | None) -> Logout:
    if fault is Fault.LOGOUT_OF_OTHER_ISSUER:
        return replace(logout, issuer=OTHER)
    if fault is Fault.LOGOUT_ELSEWHERE:
        return replace(logout, destination=OTHER)
    if fault is Fault.LOGOUT_OF_LONG_AGO:
        return replace(logout, moment=logout.moment + timedelta(seconds=_LONG_AGO_SECONDS))
    if fault is Fault.LOGOUT_EXPIRED:
        return replace(logout, lasts_seconds=-_LASTS_SECONDS)
    return logout


def _packed(document: str) -> str:
    return quote(base64.b64encode(zlib.compress(document.encode(), wbits=_RAW_DEFLATE)).decode(), safe="")
