"""*Asking for a sign-in.* Decides what an AuthnRequest says (SAML 2.0 Core §3.4.1) and what is kept of it.

Pure: chance and time are arguments. What is asked for beyond a sign-in, a fresh one or one by a certain method, is
checked again in the answer: the identity provider is asked, not trusted, to do so.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from musterbook.saml.bindings import REQUEST, Dispatch, dispatch
from musterbook.saml.parties import Binding, IdentityProvider, ServiceProvider
from musterbook.saml.times import render_time
from musterbook.saml.xml import SAML, SAMLP, Element

_ID_BYTES = 16
NAMESPACES: Final = {"samlp": SAMLP[1:-1], "saml": SAML[1:-1]}


@dataclass(frozen=True, slots=True)
class AuthnRequest:
    """A request for a sign-in, as it is stored with the attempt until it is answered."""

    id: str
    """Of :func:`make_id`. An answer to it is taken once."""
    issued_at: datetime
    forces_authn: bool = False
    """Whether the person must sign in anew, also where the identity provider knows them still."""
    authn_contexts: tuple[str, ...] = ()
    """The methods, one of which must be used; none: any."""


def make_id(chance: bytes) -> str:
    """Return the ID of a message, of at least 128 random bits; an XML ID begins with no digit.

    Raises:
        ValueError: there are fewer bits.
    """
    if len(chance) < _ID_BYTES:
        raise ValueError(f"An ID needs {_ID_BYTES} random bytes.")
    return "_" + chance.hex()


def send_authn_request(
    request: AuthnRequest, *, sp: ServiceProvider, idp: IdentityProvider, relay_state: str | None = None
) -> Dispatch:
    """Return how the request goes to the identity provider; signed, where we have a key.

    Raises:
        ValueError: the identity provider takes signed requests only, and there is no key; or ``relay_state`` is longer
            than the bindings allow.
    """
    if idp.wants_signed_requests and not sp.keys:
        raise ValueError("The identity provider takes signed requests only, and there is no key to sign with.")
    key = sp.keys[0] if sp.keys else None
    message = _render(request, sp, idp)
    return dispatch(message, idp.sso, parameter=REQUEST, relay_state=relay_state, key=key)


def render_message(kind: str, *, id_: str, now: datetime, destination: str, issuer: str) -> Element:
    """Return the beginning that all messages of ours have (SAML 2.0 Core §3.2.1, §3.2.2)."""
    attributes = {"ID": id_, "Version": "2.0", "IssueInstant": render_time(now), "Destination": destination}
    message = etree.Element(SAMLP + kind, attributes, nsmap=NAMESPACES)
    etree.SubElement(message, f"{SAML}Issuer").text = issuer
    return message


def _render(request: AuthnRequest, sp: ServiceProvider, idp: IdentityProvider) -> Element:
    message = render_message(
        "AuthnRequest", id_=request.id, now=request.issued_at, destination=idp.sso.url, issuer=sp.entity_id
    )
    message.set("ProtocolBinding", Binding.POST.value)
    message.set("AssertionConsumerServiceURL", sp.acs_url)
    if request.forces_authn:
        message.set("ForceAuthn", "true")
    # No format is asked for: which name to send is the administrator's choice at the identity provider.
    etree.SubElement(message, f"{SAMLP}NameIDPolicy", {"AllowCreate": "true"})
    if request.authn_contexts:
        requested = etree.SubElement(message, f"{SAMLP}RequestedAuthnContext", {"Comparison": "exact"})
        for context in request.authn_contexts:
            etree.SubElement(requested, f"{SAML}AuthnContextClassRef").text = context
    return message
