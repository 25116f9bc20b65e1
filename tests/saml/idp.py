"""A small identity provider: it answers as OneLogin does, signs, encrypts, and errs where a test tells it to.

Its documents are texts, so that a test names a fault by one replacement. It shares no code with the room under test.
"""

import base64
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
IDP = "https://app.onelogin.example/saml/metadata/6c1f7a0e"
SSO = "https://acme.onelogin.example/trust/saml2/http-post/sso/6c1f7a0e"
SLO = "https://acme.onelogin.example/trust/saml2/http-redirect/slo/1234567"
SP = "https://muster.example/saml/acme/metadata"
ACS = "https://muster.example/saml/acme/acs"
SP_SLO = "https://muster.example/saml/acme/slo"
REQUEST_ID = "_0123456789abcdef0123456789abcdef"
EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
NAMESPACES = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
}
DS_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Element = etree._Element


def stamp(seconds: float = 0) -> str:
    """Return the time so many seconds after noon as a message has it."""
    return (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


ISSUER = f"<saml:Issuer>{IDP}</saml:Issuer>"
STATUS = f'<samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status>'
NAME_ID = f'<saml:NameID Format="{EMAIL_FORMAT}">ada@acme.example</saml:NameID>'
CONFIRMATION = (
    f'<saml:SubjectConfirmation Method="{BEARER}"><saml:SubjectConfirmationData NotOnOrAfter="{stamp(180)}" '
    f'Recipient="{ACS}" InResponseTo="{REQUEST_ID}"/></saml:SubjectConfirmation>'
)
SUBJECT = f"<saml:Subject>{NAME_ID}{CONFIRMATION}</saml:Subject>"
AUDIENCE = f"<saml:AudienceRestriction><saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction>"
CONDITIONS = f'<saml:Conditions NotBefore="{stamp(-180)}" NotOnOrAfter="{stamp(180)}">{AUDIENCE}</saml:Conditions>'
AUTHN_STATEMENT = (
    f'<saml:AuthnStatement AuthnInstant="{stamp(-1)}" SessionNotOnOrAfter="{stamp(86400)}" SessionIndex="_s1">'
    f"<saml:AuthnContext><saml:AuthnContextClassRef>{PASSWORD}</saml:AuthnContextClassRef></saml:AuthnContext>"
    "</saml:AuthnStatement>"
)


def attribute(name: str, *values: str) -> str:
    """Return an attribute as OneLogin writes it."""
    texts = "".join(f'<saml:AttributeValue xsi:type="xs:string">{value}</saml:AttributeValue>' for value in values)
    form = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
    return f'<saml:Attribute NameFormat="{form}" Name="{name}">{texts}</saml:Attribute>'


ATTRIBUTES = (
    "<saml:AttributeStatement>"
    + attribute("User.email", "ada@acme.example")
    + attribute("User.FirstName", "Ada")
    + attribute("User.LastName", "Lovelace")
    + attribute("memberOf", "Engineering;Mathematics")
    + "</saml:AttributeStatement>"
)
ASSERTION = (
    '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xs="http://www.w3.org/2001/XMLSchema" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    f'Version="2.0" ID="_a1" IssueInstant="{stamp()}">{ISSUER}{SUBJECT}{CONDITIONS}{AUTHN_STATEMENT}{ATTRIBUTES}'
    "</saml:Assertion>"
)
RESPONSE = (
    '<samlp:Response xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" '
    'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
    f'ID="_r1" Version="2.0" IssueInstant="{stamp()}" Destination="{ACS}" InResponseTo="{REQUEST_ID}">'
    f"{ISSUER}{STATUS}{ASSERTION}</samlp:Response>"
)


@dataclass(frozen=True)
class KeyPair:
    """A private key with its certificate."""

    private: PrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        """Return the certificate in PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def private_pem(self) -> bytes:
        """Return the private key in PEM, not encrypted."""
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


@cache
def key_pair(name: str, kind: str = "rsa-2048") -> KeyPair:
    """Return the key pair of a name, made at its first use: keys that lie in a repository are found by scanners."""
    family, _, size = kind.partition("-")
    private: PrivateKey = (
        rsa.generate_private_key(65537, int(size))
        if family == "rsa"
        else ec.generate_private_key({"p256": ec.SECP256R1(), "k256": ec.SECP256K1()}[size])
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=300))
        .not_valid_after(NOW + timedelta(days=100))
        .sign(private, hashes.SHA256())
    )
    return KeyPair(private, certificate)


def acme() -> KeyPair:
    """Return the key pair of the tenant's identity provider."""
    return key_pair("acme")


def sign(
    xml: str,
    *,
    key: KeyPair | None = None,
    method: SignatureMethod = SignatureMethod.RSA_SHA256,
    digest: DigestAlgorithm = DigestAlgorithm.SHA256,
    c14n: CanonicalizationMethod = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
) -> str:
    """Return a document with a signature of its root behind its first child, the issuer."""
    root = etree.fromstring(xml)
    root[0].addnext(etree.Element(DS_SIGNATURE, {"Id": "placeholder"}, nsmap={"ds": NAMESPACES["ds"]}))
    chosen = key or acme()
    signer = LaxSigner(signature_algorithm=method, digest_algorithm=digest, c14n_algorithm=c14n)
    signed = signer.sign(
        root,
        key=chosen.private,
        cert=[chosen.certificate],
        reference_uri="#" + root.get("ID", ""),
        id_attribute="ID",
    )
    return etree.tostring(signed).decode()


class LaxSigner(XMLSigner):
    """A signer that takes the old algorithms too, as some identity providers do unless told otherwise."""

    def check_deprecated_methods(self) -> None:
        """Take every algorithm."""


def signed_assertion(response: str = RESPONSE, *, key: KeyPair | None = None) -> str:
    """Return a response whose assertion is signed and which is not itself: OneLogin's way."""
    start = response.index("<saml:Assertion")
    end = response.rindex("</saml:Assertion>") + len("</saml:Assertion>")
    return response[:start] + sign(response[start:end], key=key) + response[end:]


def signed_response(response: str = RESPONSE, *, key: KeyPair | None = None) -> str:
    """Return a response that is signed, with an assertion that has no signature of its own."""
    return sign(response, key=key)


def signed_twice(response: str = RESPONSE) -> str:
    """Return a response that is signed, with an assertion that is signed."""
    return sign(signed_assertion(response))


def encode(document: str | bytes) -> str:
    """Return a document as the browser posts it."""
    return base64.b64encode(document.encode() if isinstance(document, str) else document).decode()


@dataclass(frozen=True)
class Sealing:
    """How an assertion is encrypted."""

    content: str = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
    key_bytes: int = 32
    wrapping: str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
    digest: str = "http://www.w3.org/2000/09/xmldsig#sha1"
    mask: str = ""
    hash: type[hashes.HashAlgorithm] = hashes.SHA1
    """What the key is really wrapped with, for the content and for the mask."""
    beside: bool = False
    """Whether the wrapped key stands beside the content and is referred to from there."""

    def oaep(self) -> padding.OAEP:
        """Return the padding."""
        return padding.OAEP(padding.MGF1(self.hash()), self.hash(), None)


def encrypt(response: str, key: KeyPair, sealing: Sealing | None = None) -> str:
    """Return a response with its assertion encrypted for ``key``."""
    how = sealing or Sealing()
    start = response.index("<saml:Assertion")
    end = response.rindex("</saml:Assertion>") + len("</saml:Assertion>")
    content_key, nonce = os.urandom(how.key_bytes), os.urandom(12)
    public = key.certificate.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    wrapped = base64.b64encode(public.encrypt(content_key, how.oaep())).decode()
    sealed = base64.b64encode(nonce + AESGCM(content_key).encrypt(nonce, response[start:end].encode(), None)).decode()
    mask = f'<xenc11:MGF xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" Algorithm="{how.mask}"/>' if how.mask else ""
    encrypted_key = (
        f'<xenc:EncryptedKey Id="_k1"><xenc:EncryptionMethod Algorithm="{how.wrapping}">'
        f'<ds:DigestMethod Algorithm="{how.digest}"/>{mask}</xenc:EncryptionMethod>'
        f"<xenc:CipherData><xenc:CipherValue>{wrapped}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>"
    )
    inside = '<ds:RetrievalMethod URI="#_k1"/>' if how.beside else encrypted_key
    encrypted = (
        f'<saml:EncryptedAssertion xmlns:xenc="{NAMESPACES["xenc"]}" xmlns:ds="{NAMESPACES["ds"]}">'
        f'<xenc:EncryptedData Type="http://www.w3.org/2001/04/xmlenc#Element">'
        f'<xenc:EncryptionMethod Algorithm="{how.content}"/><ds:KeyInfo>{inside}</ds:KeyInfo>'
        f"<xenc:CipherData><xenc:CipherValue>{sealed}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>"
        f"{encrypted_key if how.beside else ''}</saml:EncryptedAssertion>"
    )
    return response[:start] + encrypted + response[end:]


def metadata(certificates: Iterable[KeyPair] = ()) -> str:
    """Return the identity provider's metadata, as OneLogin offers it."""
    keys = "".join(
        '<KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
        f"<ds:X509Certificate>{''.join(pair.pem.splitlines()[1:-1])}</ds:X509Certificate>"
        "</ds:X509Data></ds:KeyInfo></KeyDescriptor>"
        for pair in (list(certificates) or [acme()])
    )
    binding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP"
    return (
        '<?xml version="1.0"?>\n'
        f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{IDP}">'
        '<IDPSSODescriptor xmlns:ds="http://www.w3.org/2000/09/xmldsig#" '
        'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f'{keys}<SingleLogoutService Binding="{binding}-Redirect" Location="{SLO}"/>'
        f"<NameIDFormat>{EMAIL_FORMAT}</NameIDFormat>"
        f'<SingleSignOnService Binding="{binding}-Redirect" Location="{SSO}"/>'
        f'<SingleSignOnService Binding="{binding}-POST" Location="{SSO}"/>'
        f'<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" Location="{SSO}/soap"/>'
        "</IDPSSODescriptor></EntityDescriptor>"
    )
