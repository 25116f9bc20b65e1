"""*Keys and signatures.* Decides how documents and queries are signed, also in ways in which none should be.

Knows XML Signature by signxml; knows nothing of what a document says. Keys are made when they are needed: keys that
lie in a repository are found by scanners.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from musterbook.simulator.onelogin.saml.draft import NAMESPACES

DS_SIGNATURE = f"{{{NAMESPACES['ds']}}}Signature"
ASSERTION_START = "<saml:Assertion"
ASSERTION_END = "</saml:Assertion>"
RSA_SHA256 = SignatureMethod.RSA_SHA256.value
_KEY_BITS = 2048
_VALID_BEFORE = timedelta(days=300)
_VALID_AFTER = timedelta(days=1500)

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class KeyPair:
    """A private key with its certificate."""

    private: PrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        """The certificate in PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def private_pem(self) -> bytes:
        """The private key in PEM, not encrypted."""
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def rsa_key(self) -> rsa.RSAPrivateKey:
        """The private key, which is one of RSA."""
        if not isinstance(self.private, rsa.RSAPrivateKey):
            raise TypeError("Only a key of RSA does this.")
        return self.private


def make_key_pair(
    name: str, moment: datetime, private: PrivateKey | None = None, *, valid_after: timedelta = _VALID_AFTER
) -> KeyPair:
    """Return a key with a certificate in this name that holds since long before ``moment``."""
    private = private or rsa.generate_private_key(65537, _KEY_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - _VALID_BEFORE)
        .not_valid_after(moment + valid_after)
        .sign(private, hashes.SHA256())
    )
    return KeyPair(private, certificate)


class LaxSigner(XMLSigner):
    """A signer that takes the old algorithms too, as some identity providers do unless told otherwise."""

    def check_deprecated_methods(self) -> None:
        """Take every algorithm."""


def sign(
    xml: str,
    key: KeyPair,
    *,
    method: SignatureMethod = SignatureMethod.RSA_SHA256,
    digest: DigestAlgorithm = DigestAlgorithm.SHA256,
    c14n: CanonicalizationMethod = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
) -> str:
    """Return a document with a signature of its root behind its first child, the issuer."""
    root = etree.fromstring(xml)
    root[0].addnext(etree.Element(DS_SIGNATURE, {"Id": "placeholder"}, nsmap={"ds": NAMESPACES["ds"]}))
    signer = LaxSigner(signature_algorithm=method, digest_algorithm=digest, c14n_algorithm=c14n)
    signed = signer.sign(
        root,
        key=key.private,
        cert=[key.certificate],
        reference_uri="#" + root.get("ID", ""),
        id_attribute="ID",
    )
    return etree.tostring(signed).decode()


def sign_assertion(
    response: str,
    key: KeyPair,
    *,
    method: SignatureMethod = SignatureMethod.RSA_SHA256,
    digest: DigestAlgorithm = DigestAlgorithm.SHA256,
    c14n: CanonicalizationMethod = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
) -> str:
    """Return a response whose assertion is signed and which is not itself: OneLogin's way."""
    start = response.index(ASSERTION_START)
    end = response.rindex(ASSERTION_END) + len(ASSERTION_END)
    signed = sign(response[start:end], key, method=method, digest=digest, c14n=c14n)
    return response[:start] + signed + response[end:]


def sign_again(document: str, key: KeyPair) -> str:
    """Return a document whose SignedInfo was edited with a signature value that is right for what it says now."""
    return with_signature_value(document, lambda octets: key.rsa_key.sign(octets, padding.PKCS1v15(), hashes.SHA256()))


def with_signature_value(document: str, sign_octets: Callable[[bytes], bytes]) -> str:
    """Return a document whose first signature has the value that ``sign_octets`` makes of its SignedInfo."""
    root = etree.fromstring(document.encode())
    signed_info = root.find(".//ds:SignedInfo", NAMESPACES)
    value = root.find(".//ds:SignatureValue", NAMESPACES)
    if signed_info is None or value is None:
        raise ValueError("The document is not signed.")
    octets = etree.tostring(signed_info, method="c14n", exclusive=True)
    value.text = base64.b64encode(sign_octets(octets)).decode()
    return etree.tostring(root).decode()


def sign_query(octets: str, key: KeyPair) -> str:
    """Return a query with the signature over its octets (Bindings §3.4.4.1)."""
    value = key.rsa_key.sign(octets.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{octets}&Signature={quote(base64.b64encode(value).decode(), safe='')}"
