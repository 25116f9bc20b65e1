"""*Entering an identity provider.* Decides what becomes of a metadata document and of single fields: a connection.

Knows metadata, the present connection and the client for strangers' addresses; knows no form and no command. Whatever
is entered is checked by the same rules as what a document says, all of it before anything is stored, and everything
that is wrong is named at once. A document may come from the provider's own address, such as OneLogin's Issuer URL: then
it is as much to be believed as that address, which an administrator has typed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from musterbook.directory.operation import SetSamlConnection
from musterbook.directory.saml_connection import SamlBinding, SamlConnection
from musterbook.identity.saml_parties import BINDINGS
from musterbook.outbound import Outbound
from musterbook.saml import Binding, Endpoint, IdentityProvider, make_identity_provider, read_idp_metadata

MAX_METADATA_BYTES: Final = 1024 * 1024
_ACCEPT = "application/samlmetadata+xml, application/xml, text/xml"
_STORED: Final = {binding: stored for stored, binding in BINDINGS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What an administrator has entered of an identity provider; ``None``: nothing."""

    metadata: bytes | None = None
    """A document. Single fields go before what it says."""
    entity_id: str | None = None
    sso_url: str | None = None
    slo_url: str | None = None
    """Empty: the provider takes no requests to sign out."""
    certificate: str | None = None
    """PEM or bare base64, in place of all that there are."""
    second_certificate: str | None = None
    """Beside those that there are: none is given up before the provider uses the next one."""


@dataclass(frozen=True, slots=True)
class _Beginning:
    """What holds where nothing was entered."""

    entity_id: str
    sso: Endpoint
    slo: Endpoint | None = None
    certificates: tuple[str, ...] = ()
    signs_requests: bool = False


async def fetch_metadata(outbound: Outbound, url: str) -> bytes:
    """Return the document at an address.

    Raises:
        OutboundError: the address may not be asked, does not answer, or gives too much.
    """
    return await outbound.get(url, limit_bytes=MAX_METADATA_BYTES, accept=_ACCEPT)


def make_connection(entered: Entered, present: SamlConnection | None, now: datetime) -> SetSamlConnection:
    """Return the operation that sets what was entered; what was not stays as it is at ``present``.

    Raises:
        saml.errors.SettingsError: something cannot be used; it names everything that cannot.
    """
    beginning = _beginning(entered.metadata, present, now)
    first = beginning.certificates if entered.certificate is None else (entered.certificate,)
    second = () if entered.second_certificate is None else (entered.second_certificate,)
    idp = make_identity_provider(
        entity_id=beginning.entity_id if entered.entity_id is None else entered.entity_id,
        sso=beginning.sso if entered.sso_url is None else Endpoint(entered.sso_url, beginning.sso.binding),
        slo=_sign_out(entered.slo_url, beginning.slo),
        certificates=(*first, *second),
        requires_signed_assertion=present is None or present.wants_signed_assertion,
        wants_signed_requests=beginning.signs_requests,
    )
    return _operation(idp)


def _beginning(metadata: bytes | None, present: SamlConnection | None, now: datetime) -> _Beginning:
    if metadata is not None:
        idp = read_idp_metadata(metadata, now=now)
        pins = tuple(certificate.pem for certificate in idp.certificates)
        return _Beginning(idp.entity_id, idp.sso, idp.slo, pins, idp.wants_signed_requests)
    if present is None:
        return _Beginning("", Endpoint("", Binding.REDIRECT))
    slo = None if present.slo_url is None else Endpoint(present.slo_url, BINDINGS[present.slo_binding])
    sso = Endpoint(present.sso_url, BINDINGS[present.sso_binding])
    return _Beginning(present.entity_id, sso, slo, present.certificates, present.signs_requests)


def _sign_out(entered: str | None, present: Endpoint | None) -> Endpoint | None:
    if entered is None:
        return present
    return Endpoint(entered, Binding.REDIRECT if present is None else present.binding) if entered else None


def _operation(idp: IdentityProvider) -> SetSamlConnection:
    return SetSamlConnection(
        entity_id=idp.entity_id,
        sso_url=idp.sso.url,
        sso_binding=_STORED[idp.sso.binding],
        slo_url=None if idp.slo is None else idp.slo.url,
        slo_binding=SamlBinding.REDIRECT if idp.slo is None else _STORED[idp.slo.binding],
        certificates=tuple(certificate.pem for certificate in idp.certificates),
        wants_signed_assertion=idp.requires_signed_assertion,
        signs_requests=idp.wants_signed_requests,
    )
