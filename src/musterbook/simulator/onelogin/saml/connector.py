"""*Both sides' addresses.* Decides where OneLogin answers, and what its administrator has entered of the application.

Knows addresses alone. The paths are those of OneLogin's SSO tab; the names of the settings are those of its
Configuration tab.
"""

import base64
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from cryptography import x509
from lxml import etree

from musterbook.simulator.errors import SimulatorError
from musterbook.simulator.onelogin.saml.draft import EMAIL_FORMAT, NAMESPACES
from musterbook.simulator.onelogin.saml.signing import KeyPair

CONNECTOR_ID = "6c1f7a0e-3b5d-4e0f-9a52-7d8c1b2e4f60"
APP_ID = "1234567"
METADATA_PATH = f"/saml/metadata/{CONNECTOR_ID}"
SSO_PATH = f"/trust/saml2/http-post/sso/{CONNECTOR_ID}"
SLO_PATH = f"/trust/saml2/http-redirect/slo/{APP_ID}"
SLO_RETURN_PATH = f"/trust/saml2/http-redirect/slo_return/{APP_ID}"
_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP"
_METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
_SOAP = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlConnector:
    """The application, as OneLogin's administrator has entered it."""

    audience: str
    """Audience (EntityID): the application's."""
    acs_url: str
    """ACS (Consumer) URL: where responses go. The ACS (Consumer) URL Validator takes this one alone."""
    slo_url: str | None = None
    """Single Logout URL: where logout messages go."""
    login_url: str | None = None
    """Login URL: where the portal sends people, for a sign-in that the application begins."""
    name: str = "Musterbook"
    """What the portal calls it."""
    encryption_certificate: str | None = None
    """The certificate for which assertions can be encrypted, in base64."""
    encrypts: bool = False
    """SAML encryption: whether assertions are encrypted for that certificate."""

    @property
    def sealed_for(self) -> x509.Certificate | None:
        """The certificate for which assertions are encrypted, if they are."""
        if not self.encrypts or self.encryption_certificate is None:
            return None
        return x509.load_der_x509_certificate(base64.b64decode(self.encryption_certificate))


def read_connector(metadata: bytes, name: str = "Musterbook") -> SamlConnector:
    """Return what an administrator enters who has an application's metadata before them.

    Raises:
        SimulatorError: these are no metadata of an application.
    """
    try:
        entity = etree.fromstring(metadata, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError as error:
        raise SimulatorError("The application's metadata are no XML.") from error
    role = f"{{{_METADATA}}}SPSSODescriptor"
    consumer = entity.find(f"{role}/{{{_METADATA}}}AssertionConsumerService")
    logout = entity.find(f"{role}/{{{_METADATA}}}SingleLogoutService")
    if consumer is None:
        raise SimulatorError("The application's metadata name no assertion consumer service.")
    certificate = entity.find(f"{role}/{{{_METADATA}}}KeyDescriptor[@use='encryption']//{{*}}X509Certificate")
    return SamlConnector(
        audience=entity.get("entityID", ""),
        acs_url=consumer.get("Location", ""),
        slo_url=None if logout is None else logout.get("Location"),
        name=name,
        encryption_certificate=None if certificate is None else certificate.text,
    )


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a OneLogin at an origin answers."""

    origin: str

    @property
    def issuer(self) -> str:
        """Issuer URL: the entity ID, which is also where the metadata are."""
        return self.origin + METADATA_PATH

    @property
    def sso(self) -> str:
        """SAML 2.0 Endpoint (HTTP), by redirect and by POST."""
        return self.origin + SSO_PATH

    @property
    def slo(self) -> str:
        """SLO Endpoint (HTTP)."""
        return self.origin + SLO_PATH

    @property
    def portal(self) -> str:
        """Where people find their applications."""
        return f"{self.origin}/portal"


def render_metadata(issuer: str, sso: str, slo: str, keys: tuple[KeyPair, ...]) -> str:
    """Return the metadata, as OneLogin offers them."""
    descriptors = "".join(
        f'<KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{NAMESPACES["ds"]}"><ds:X509Data>'
        f"<ds:X509Certificate>{''.join(pair.pem.splitlines()[1:-1])}</ds:X509Certificate>"
        "</ds:X509Data></ds:KeyInfo></KeyDescriptor>"
        for pair in keys
    )
    return (
        '<?xml version="1.0"?>\n'
        f'<EntityDescriptor xmlns="{_METADATA}" entityID={quoteattr(issuer)}>'
        f'<IDPSSODescriptor xmlns:ds="{NAMESPACES["ds"]}" '
        'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f'{descriptors}<SingleLogoutService Binding="{_BINDING}-Redirect" Location={quoteattr(slo)}/>'
        f"<NameIDFormat>{EMAIL_FORMAT}</NameIDFormat>"
        f'<SingleSignOnService Binding="{_BINDING}-Redirect" Location={quoteattr(sso)}/>'
        f'<SingleSignOnService Binding="{_BINDING}-POST" Location={quoteattr(sso)}/>'
        f'<SingleSignOnService Binding="{_SOAP}" Location={quoteattr(f"{sso}/soap")}/>'
        "</IDPSSODescriptor></EntityDescriptor>"
    )
