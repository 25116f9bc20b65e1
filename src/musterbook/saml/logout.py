"""*Single logout.* Decides which logout messages are believed, and writes ours (SAML 2.0 Core §3.7, Profiles §4.4).

Pure: chance and time are arguments. Either side may begin: a person signs out here and we send a request, or they sign
out at the identity provider and we get one. What arrives must be signed, in its query or in its document; otherwise
anybody could sign anybody out. It ends sessions and opens nothing. Which sessions, and whether the request was seen
before, is for the caller, who keeps both.
"""

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from musterbook.saml.assertion import UNSPECIFIED, NameId, check_issuer, read_name_id
from musterbook.saml.bindings import REQUEST, RESPONSE, Dispatch, Received, dispatch, receive_form, receive_query
from musterbook.saml.errors import Refusal, SamlError, shown
from musterbook.saml.parties import IdentityProvider, ServiceProvider
from musterbook.saml.request import render_message
from musterbook.saml.response import SUCCESS, check_destination, check_status
from musterbook.saml.signature import SIGNATURE
from musterbook.saml.structure import ISSUER, check_message
from musterbook.saml.times import MAX_AGE, SKEW, check_issue_instant, check_not_ended, parse_time, render_time
from musterbook.saml.xml import SAML, SAMLP, Element, text_of

_RESPONDER = "urn:oasis:names:tc:SAML:2.0:status:Responder"
_SESSION_INDEX = f"{SAMLP}SessionIndex"
_NAMES = frozenset(SAML + name for name in ("NameID", "EncryptedID", "BaseID"))
_IN_REQUEST = frozenset({ISSUER, SIGNATURE, f"{SAMLP}Extensions", _SESSION_INDEX}) | _NAMES
_IN_RESPONSE = frozenset({ISSUER, SIGNATURE, f"{SAMLP}Extensions", f"{SAMLP}Status"})


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A person is to be signed out. Every check has been made but whether it is new."""

    id: str
    """Unique with the issuer. It is kept until ``replay_until``, and obeyed no second time."""
    replay_until: datetime
    name_id: NameId
    session_indexes: tuple[str, ...]
    """The sessions to end; none: every session of the person."""
    relay_state: str | None
    """To be sent back with the answer."""


@dataclass(frozen=True, slots=True)
class LogoutResponse:
    """The identity provider's answer to a request of ours."""

    in_response_to: str
    relay_state: str | None


def send_logout_request(
    id_: str,
    *,
    sp: ServiceProvider,
    idp: IdentityProvider,
    name_id: NameId,
    session_index: str | None,
    now: datetime,
    relay_state: str | None = None,
) -> Dispatch | None:
    """Return how a request to end the person's session goes out; ``None`` where the identity provider takes none."""
    if idp.slo is None:
        return None
    message = render_message("LogoutRequest", id_=id_, now=now, destination=idp.slo.url, issuer=sp.entity_id)
    message.set("NotOnOrAfter", render_time(now + MAX_AGE))
    _append_name_id(message, name_id)
    if session_index is not None:
        etree.SubElement(message, _SESSION_INDEX).text = session_index
    key = sp.keys[0] if sp.keys else None
    return dispatch(message, idp.slo, parameter=REQUEST, relay_state=relay_state, key=key)


def send_logout_response(
    id_: str, *, sp: ServiceProvider, idp: IdentityProvider, request: LogoutRequest, is_done: bool, now: datetime
) -> Dispatch | None:
    """Return how the answer to a request goes out; ``None`` where the identity provider has no address for it."""
    if idp.slo is None:
        return None
    destination = idp.slo.response_url or idp.slo.url
    message = render_message("LogoutResponse", id_=id_, now=now, destination=destination, issuer=sp.entity_id)
    message.set("InResponseTo", request.id)
    status = etree.SubElement(message, f"{SAMLP}Status")
    etree.SubElement(status, f"{SAMLP}StatusCode", {"Value": SUCCESS if is_done else _RESPONDER})
    key = sp.keys[0] if sp.keys else None
    return dispatch(message, idp.slo, parameter=RESPONSE, relay_state=request.relay_state, key=key)


def receive_logout_query(
    query: str,
    *,
    sp: ServiceProvider,
    idp: IdentityProvider,
    request_id: str | None,
    now: datetime,
) -> LogoutRequest | LogoutResponse:
    """Return the message that came by redirect; ``query`` is the query of the address as it was sent.

    ``request_id`` is our request that this browser has been sent away with, if any.

    Raises:
        SamlError: a check fails.
    """
    return _validate(receive_query(query, idp.certificates), sp=sp, idp=idp, request_id=request_id, now=now)


def receive_logout_form(
    field: str,
    *,
    parameter: str,
    relay_state: str | None,
    sp: ServiceProvider,
    idp: IdentityProvider,
    request_id: str | None,
    now: datetime,
) -> LogoutRequest | LogoutResponse:
    """Return the message that came by POST; ``parameter`` is the field's name, ``SAMLRequest`` or ``SAMLResponse``.

    Raises:
        SamlError: a check fails.
    """
    received = receive_form(field, parameter, relay_state, idp.certificates)
    return _validate(received, sp=sp, idp=idp, request_id=request_id, now=now)


def _validate(
    received: Received, *, sp: ServiceProvider, idp: IdentityProvider, request_id: str | None, now: datetime
) -> LogoutRequest | LogoutResponse:
    root = received.verified.root
    if received.parameter == REQUEST:
        check_message(root, f"{SAMLP}LogoutRequest", _IN_REQUEST)
    else:
        check_message(root, f"{SAMLP}LogoutResponse", _IN_RESPONSE)
    check_issuer(root, idp)
    check_destination(root, sp.slo_url, is_signed=True)
    issued = parse_time(root.get("IssueInstant"))
    check_issue_instant(issued, now)
    if received.parameter == RESPONSE:
        return _read_response(root, received.relay_state, request_id)
    if root.get("NotOnOrAfter") is not None:
        check_not_ended(parse_time(root.get("NotOnOrAfter")), now)
    return LogoutRequest(
        id=root.get("ID", ""),
        replay_until=issued + MAX_AGE + SKEW,
        name_id=read_name_id(root),
        session_indexes=tuple(text_of(index) for index in root.iterchildren(_SESSION_INDEX)),
        relay_state=received.relay_state,
    )


def _read_response(root: Element, relay_state: str | None, request_id: str | None) -> LogoutResponse:
    in_response_to = root.get("InResponseTo")
    if in_response_to is None or in_response_to != request_id:
        raise SamlError(Refusal.IN_RESPONSE_TO, f"It answers {shown(in_response_to)}, which this browser did not ask.")
    check_status(root)
    return LogoutResponse(in_response_to, relay_state)


def _append_name_id(message: Element, name_id: NameId) -> None:
    element = etree.SubElement(message, f"{SAML}NameID")
    if name_id.format != UNSPECIFIED:
        element.set("Format", name_id.format)
    for name, qualifier in (("NameQualifier", name_id.name_qualifier), ("SPNameQualifier", name_id.sp_name_qualifier)):
        if qualifier is not None:
            element.set(name, qualifier)
    element.text = name_id.value
