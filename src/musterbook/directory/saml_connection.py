"""*The SAML connection.* Decides what is kept of the identity provider by which a tenant's people sign in.

It is kept as a resource of our own, with revisions and events, under a type that no SCIM endpoint serves. A provider is
its entity id: with another one the connection gets another id, and what is bound to the old id is bound no more.
Nothing here is secret. What the values mean, and whether a certificate can be used, is decided where SAML is spoken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final, NewType
from urllib.parse import urlsplit

import msgspec

from musterbook.directory.actor import ResourceId
from musterbook.scim import Json, ResourceType, make_resource_type, make_schema
from musterbook.scim.errors import InvalidValueError
from musterbook.scim.schema import Attribute, AttributeType

SAML_CONNECTION_URN: Final = "urn:musterbook:schemas:core:1.0:SamlConnection"
SAML_CONNECTION_ID: Final = ResourceId("saml")
"""Under which the tenant's connection is kept. Its own id stands in ``connectionId``, because it changes."""
MAX_NAME_LENGTH: Final = 1024
MAX_URL_LENGTH: Final = 2048
MAX_CERTIFICATES: Final = 10
MAX_CERTIFICATE_LENGTH: Final = 16 * 1024
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

ConnectionId = NewType("ConnectionId", str)


class SamlBinding(Enum):
    """How a message goes to the identity provider (SAML 2.0 Bindings §3.4, §3.5)."""

    REDIRECT = "redirect"
    POST = "post"


@dataclass(frozen=True, slots=True)
class SamlConnection:
    """The identity provider of a tenant."""

    id: ConnectionId
    entity_id: str
    sso_url: str
    """Where a request to sign in is sent."""
    certificates: tuple[str, ...]
    """PEM; a response may be signed by any of them, so that the provider can change its key."""
    sso_binding: SamlBinding = SamlBinding.REDIRECT
    slo_url: str | None = None
    """Where a request to sign out is sent; ``None``: the provider takes none."""
    slo_binding: SamlBinding = SamlBinding.REDIRECT
    wants_signed_assertion: bool = True
    """Whether the assertion itself must be signed; otherwise a signed response is enough."""
    signs_requests: bool = False
    """Whether what is sent to the provider is signed."""


_NAMES: Final[Mapping[str, str]] = {
    "id": "connectionId",
    "entity_id": "entityId",
    "sso_url": "ssoUrl",
    "sso_binding": "ssoBinding",
    "slo_url": "sloUrl",
    "slo_binding": "sloBinding",
    "certificates": "certificates",
    "wants_signed_assertion": "wantsSignedAssertion",
    "signs_requests": "signsRequests",
}
"""The attribute of each field. Statements of ``storage`` read ``connectionId``."""
_BOOLEANS: Final = frozenset({"wants_signed_assertion", "signs_requests"})


@cache
def saml_connection_type() -> ResourceType:
    """Return the resource type of the SAML connection."""
    attributes = [
        Attribute(
            name,
            AttributeType.BOOLEAN if field in _BOOLEANS else AttributeType.STRING,
            multi_valued=field == "certificates",
        )
        for field, name in _NAMES.items()
    ]
    base = make_schema(SAML_CONNECTION_URN, "SamlConnection", "The identity provider for signing in.", attributes)
    return make_resource_type("SamlConnection", "", base)


def attributes_of_connection(connection: SamlConnection) -> dict[str, Json]:
    """Return the attributes under which a connection is stored."""
    # A list, as it is read: otherwise a connection that is set again as it is would look changed.
    values = {**msgspec.to_builtins(connection), "certificates": [*connection.certificates]}
    return {name: values[field] for field, name in _NAMES.items() if values[field] is not None}


def connection_of(attributes: Mapping[str, Json]) -> SamlConnection | None:
    """Return the connection of stored attributes; ``None`` where there is none yet."""
    values = {field: attributes[name] for field, name in _NAMES.items() if name in attributes}
    return msgspec.convert(values, SamlConnection) if values else None


def check_connection(connection: SamlConnection) -> None:
    """Return if the connection has the form that is stored.

    Raises:
        InvalidValueError: it has not.
    """
    entity_id = connection.entity_id
    if not 0 < len(entity_id) <= MAX_NAME_LENGTH or not entity_id.isprintable() or entity_id != entity_id.strip():
        raise InvalidValueError(f"The entity id of the provider has 1 to {MAX_NAME_LENGTH} printable characters.")
    for title, url in (("sign-in", connection.sso_url), ("sign-out", connection.slo_url)):
        if url is not None and not _is_safe_url(url):
            raise InvalidValueError(f"The {title} address of the provider must begin with https:// and name a host.")
    certificates = connection.certificates
    if not 0 < len(certificates) <= MAX_CERTIFICATES or len(set(certificates)) < len(certificates):
        raise InvalidValueError(f"The provider has 1 to {MAX_CERTIFICATES} certificates, each once.")
    for certificate in certificates:
        if len(certificate) > MAX_CERTIFICATE_LENGTH or "-----BEGIN CERTIFICATE-----" not in certificate:
            raise InvalidValueError("A certificate of the provider is not in PEM form.")


def _is_safe_url(url: str) -> bool:
    """Return whether a browser may be sent there with a request. Over plain HTTP only to this machine, for trying."""
    if len(url) > MAX_URL_LENGTH or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
