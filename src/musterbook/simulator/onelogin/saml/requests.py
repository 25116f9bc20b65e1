"""*What an application asks.* Decides how its messages are read: requests for a sign-in, and logout messages.

Knows bindings and documents; verifies no signature, because this application signs none. Whatever cannot be read is
refused with a sentence for whoever connects the application.
"""

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from musterbook.simulator.errors import SimulatorError
from musterbook.simulator.onelogin.saml.draft import NAMESPACES, SUCCESS

_MAX_BYTES = 1_000_000
_RAW_DEFLATE = -15


@dataclass(frozen=True, slots=True)
class AskedSignIn:
    """A request for a sign-in (SAML 2.0 Core §3.4.1)."""

    id: str
    issuer: str
    acs_url: str | None
    forces_authn: bool
    relay_state: str | None


@dataclass(frozen=True, slots=True)
class AskedLogout:
    """A request for a logout (core §3.7.1)."""

    id: str
    name: str
    session_indexes: tuple[str, ...]
    relay_state: str | None


@dataclass(frozen=True, slots=True)
class LogoutAnswer:
    """The application's answer to a request for a logout (core §3.7.2)."""

    in_response_to: str
    is_done: bool


def read_sign_in(parameters: Mapping[str, str], *, is_form: bool) -> AskedSignIn:
    """Return the request for a sign-in among the parameters of a query or a form.

    Raises:
        SimulatorError: there is none that can be read.
    """
    root = _document(parameters.get("SAMLRequest", ""), "AuthnRequest", is_form=is_form)
    return AskedSignIn(
        root.get("ID", ""),
        root.findtext("saml:Issuer", "", NAMESPACES).strip(),
        root.get("AssertionConsumerServiceURL"),
        root.get("ForceAuthn") in {"true", "1"},
        parameters.get("RelayState"),
    )


def read_logout(parameters: Mapping[str, str], *, is_form: bool) -> AskedLogout | LogoutAnswer:
    """Return the logout message among the parameters of a query or a form.

    Raises:
        SimulatorError: there is none that can be read.
    """
    if "SAMLResponse" in parameters:
        root = _document(parameters["SAMLResponse"], "LogoutResponse", is_form=is_form)
        code = root.find("samlp:Status/samlp:StatusCode", NAMESPACES)
        return LogoutAnswer(root.get("InResponseTo", ""), code is not None and code.get("Value") == SUCCESS)
    root = _document(parameters.get("SAMLRequest", ""), "LogoutRequest", is_form=is_form)
    indexes = (each.text or "" for each in root.findall("samlp:SessionIndex", NAMESPACES))
    name = root.findtext("saml:NameID", "", NAMESPACES).strip()
    return AskedLogout(root.get("ID", ""), name, tuple(indexes), parameters.get("RelayState"))


def _document(text: str, kind: str, *, is_form: bool) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        raw = base64.b64decode(text, validate=True)
        raw = raw if is_form else zlib.decompressobj(_RAW_DEFLATE).decompress(raw, _MAX_BYTES)
        root = etree.fromstring(raw, parser)
    except (binascii.Error, zlib.error, etree.XMLSyntaxError) as error:
        raise SimulatorError(f"The application's {kind} cannot be read.") from error
    if root.tag != f"{{{NAMESPACES['samlp']}}}{kind}":
        raise SimulatorError(f"The application sent {root.tag}, not a {kind}.")
    return root
