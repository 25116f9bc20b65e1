"""*Bindings.* Decides how a message becomes an address or a form, and how it is taken out again (Bindings §3.4, §3.5).

Knows no message. A form field is base64 of the document; a query parameter is base64 of the document, compressed by
DEFLATE, and the query is signed as it was sent: the signature is over its octets, not over what they mean, so nothing
is decoded and encoded again before it is verified.
"""

import base64
import zlib
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from lxml import etree

from musterbook.saml.certificates import Certificate, ServiceKey
from musterbook.saml.errors import Refusal, SamlError
from musterbook.saml.parties import Binding, Endpoint
from musterbook.saml.signature import RSA_SHA256, Verified, sign_element, sign_octets, verify_element, verify_query
from musterbook.saml.xml import MESSAGE, Element, parse_message, read_base64

REQUEST: Final = "SAMLRequest"
RESPONSE: Final = "SAMLResponse"
MAX_RELAY_STATE_BYTES: Final = 80
"""SAML 2.0 Bindings §3.4.3."""
_MAX_BASE64 = 2 * MESSAGE.size_bytes
_MAX_QUERY = 64 * 1024
_RAW_DEFLATE = -15


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A message on its way through the browser: an address to send it to, or a form that it sends."""

    url: str
    """Where the browser goes: for a redirect with the message in its query, for a form its ``action``."""
    fields: tuple[tuple[str, str], ...] = ()
    """The form's hidden fields; none for a redirect."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message that has arrived and is signed, and what came along with it."""

    verified: Verified
    parameter: str
    """``REQUEST`` or ``RESPONSE``."""
    relay_state: str | None


def dispatch(
    message: Element, endpoint: Endpoint, *, parameter: str, relay_state: str | None, key: ServiceKey | None
) -> Dispatch:
    """Return how a message goes to an endpoint, signed by ``key`` where there is one.

    Raises:
        ValueError: ``relay_state`` is longer than the bindings allow.
    """
    if relay_state is not None and len(relay_state.encode()) > MAX_RELAY_STATE_BYTES:
        raise ValueError(f"RelayState may have {MAX_RELAY_STATE_BYTES} bytes.")
    is_answer = parameter == RESPONSE and endpoint.response_url is not None
    url = endpoint.response_url if is_answer and endpoint.response_url is not None else endpoint.url
    if endpoint.binding is Binding.REDIRECT:
        return Dispatch(_redirect(url, message, parameter, relay_state, key))
    document = _document(message if key is None else sign_element(message, key))
    fields = [(parameter, base64.b64encode(document).decode())]
    if relay_state is not None:
        fields.append(("RelayState", relay_state))
    return Dispatch(url, tuple(fields))


def decode_form_field(text: str) -> bytes:
    """Return the document of a form field; some identity providers fold the lines of the base64.

    Raises:
        SamlError: the field is too long, or not base64.
    """
    if len(text) > _MAX_BASE64:
        raise SamlError(Refusal.TOO_LARGE, f"The message has more than {_MAX_BASE64} characters.")
    return _decode_base64(text)


def receive_form(text: str, parameter: str, relay_state: str | None, certificates: tuple[Certificate, ...]) -> Received:
    """Return the message of a form, whose document must be signed.

    Raises:
        SamlError: it cannot be read, or is not signed with one of the certificates.
    """
    root = parse_message(decode_form_field(text))
    return Received(verify_element(root, certificates), parameter, relay_state)


def receive_query(query: str, certificates: tuple[Certificate, ...]) -> Received:
    """Return the message of a query, just as it stood in the address, which must be signed.

    Raises:
        SamlError: it cannot be read, or is not signed with one of the certificates.
    """
    raw = _raw_parameters(query)
    parameter = REQUEST if REQUEST in raw else RESPONSE
    # What is signed has an order of its own, whatever the order in the address is, and the values as they were sent.
    signed = [name for name in (parameter, "RelayState", "SigAlg") if name in raw]
    verified = verify_query(
        "&".join(f"{name}={raw[name]}" for name in signed).encode(),
        _inflate(_decode_base64(_unquote(raw[parameter]))),
        algorithm=_unquote(raw["SigAlg"]),
        signature=_decode_base64(_unquote(raw["Signature"])),
        certificates=certificates,
    )
    return Received(verified, parameter, _unquote(raw["RelayState"]) if "RelayState" in raw else None)


def _raw_parameters(query: str) -> dict[str, str]:
    """Return the parameters of a signed query, not decoded: one message, and each once (Bindings §3.4.4.1)."""
    if len(query) > _MAX_QUERY:
        raise SamlError(Refusal.TOO_LARGE, f"The query has more than {_MAX_QUERY} characters.")
    pairs = [(name, value) for name, _, value in (part.partition("=") for part in query.split("&"))]
    raw = dict(pairs)
    if not query.isascii() or len(raw) < len(pairs) or len({REQUEST, RESPONSE} & set(raw)) != 1:
        raise SamlError(Refusal.BAD_ENCODING, "The query does not hold one message, with each parameter once.")
    if "SigAlg" not in raw or "Signature" not in raw:
        raise SamlError(Refusal.UNSIGNED, "The query is not signed.")
    if not {REQUEST, RESPONSE, "RelayState", "SigAlg", "Signature"}.issuperset(raw):
        raise SamlError(Refusal.BAD_ENCODING, "The query holds parameters that are not signed.")
    return raw


def _redirect(url: str, message: Element, parameter: str, relay_state: str | None, key: ServiceKey | None) -> str:
    deflated = zlib.compress(_document(message), wbits=_RAW_DEFLATE)
    pairs = [(parameter, base64.b64encode(deflated).decode())]
    if relay_state is not None:
        pairs.append(("RelayState", relay_state))
    if key is not None:
        pairs.append(("SigAlg", RSA_SHA256))
    query = _query(pairs)
    if key is not None:
        query += "&" + _query([("Signature", base64.b64encode(sign_octets(query.encode(), key)).decode())])
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _query(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)


def _document(message: Element) -> bytes:
    return etree.tostring(message, encoding="utf-8")


def _unquote(value: str) -> str:
    try:
        return unquote_to_bytes(value.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError:
        raise SamlError(Refusal.BAD_ENCODING, "A parameter of the query is not UTF-8.") from None


def _decode_base64(text: str) -> bytes:
    try:
        return read_base64(text)
    except ValueError:
        raise SamlError(Refusal.BAD_ENCODING, "The message is not base64.") from None


def _inflate(data: bytes) -> bytes:
    """Return what was compressed, and never more than a message may have: a thousand bytes can hold a million."""
    decompressor = zlib.decompressobj(wbits=_RAW_DEFLATE)
    try:
        document = decompressor.decompress(data, MESSAGE.size_bytes + 1)
    except zlib.error:
        raise SamlError(Refusal.BAD_ENCODING, "The message is not compressed by DEFLATE.") from None
    if len(document) > MESSAGE.size_bytes:
        raise SamlError(Refusal.TOO_LARGE, f"The message has more than {MESSAGE.size_bytes} bytes when unpacked.")
    if not decompressor.eof or decompressor.unused_data:
        raise SamlError(Refusal.BAD_ENCODING, "The message ends too early, or something follows it.")
    return document
