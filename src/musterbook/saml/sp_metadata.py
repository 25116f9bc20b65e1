"""*Our metadata.* Decides what a tenant's identity provider is told of us (SAML 2.0 Metadata §2).

Pure: who we are is an argument. It is not signed: an administrator gets it from the console over https, and its
addresses are what the identity provider shows them for comparison.
"""

from typing import Final

from lxml import etree

from musterbook.saml.assertion import UNSPECIFIED
from musterbook.saml.certificates import ServiceKey
from musterbook.saml.encryption import CONTENT_ALGORITHMS, KEY_ALGORITHMS
from musterbook.saml.parties import EMAIL_NAME_ID, Binding, ServiceProvider
from musterbook.saml.xml import DS, METADATA, SAMLP, Element

METADATA_MEDIA_TYPE: Final = "application/samlmetadata+xml"

_NAMESPACES = {"md": METADATA[1:-1], "ds": DS[1:-1]}
_NAME_ID_FORMATS = (EMAIL_NAME_ID, "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", UNSPECIFIED)


def render_sp_metadata(sp: ServiceProvider) -> bytes:
    """Return the document that an identity provider is set up with; the same for the same service provider."""
    entity = etree.Element(f"{METADATA}EntityDescriptor", {"entityID": sp.entity_id}, nsmap=_NAMESPACES)
    role = etree.SubElement(
        entity,
        f"{METADATA}SPSSODescriptor",
        {
            "AuthnRequestsSigned": "true" if sp.keys else "false",
            "WantAssertionsSigned": "true",
            "protocolSupportEnumeration": SAMLP[1:-1],
        },
    )
    for use in ("signing", "encryption"):
        for key in sp.keys:
            _append_key(role, key, use)
    for binding in Binding:
        etree.SubElement(role, f"{METADATA}SingleLogoutService", {"Binding": binding.value, "Location": sp.slo_url})
    for name_id_format in _NAME_ID_FORMATS:
        etree.SubElement(role, f"{METADATA}NameIDFormat").text = name_id_format
    etree.SubElement(
        role,
        f"{METADATA}AssertionConsumerService",
        {"Binding": Binding.POST.value, "Location": sp.acs_url, "index": "0", "isDefault": "true"},
    )
    return etree.tostring(entity, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _append_key(role: Element, key: ServiceKey, use: str) -> None:
    descriptor = etree.SubElement(role, f"{METADATA}KeyDescriptor", {"use": use})
    data = etree.SubElement(etree.SubElement(descriptor, f"{DS}KeyInfo"), f"{DS}X509Data")
    etree.SubElement(data, f"{DS}X509Certificate").text = key.certificate.base64
    if use == "encryption":
        for algorithm in (*CONTENT_ALGORITHMS, *KEY_ALGORITHMS):
            etree.SubElement(descriptor, f"{METADATA}EncryptionMethod", {"Algorithm": algorithm})
