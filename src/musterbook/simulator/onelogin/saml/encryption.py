"""*Encrypted assertions.* Decides how an assertion is sealed for an application (XML Encryption 1.1).

Knows documents and keys. What is named and what is really done are two things here, so that an application can be
told of algorithms that it must refuse before it opens anything.
"""

import base64
import os
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from musterbook.simulator.onelogin.saml.draft import NAMESPACES
from musterbook.simulator.onelogin.saml.faults import Fault
from musterbook.simulator.onelogin.saml.signing import ASSERTION_END, ASSERTION_START

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
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


SEALINGS: dict[Fault, Sealing] = {
    Fault.CBC: Sealing(content="http://www.w3.org/2001/04/xmlenc#aes256-cbc"),
    Fault.RSA_1_5: Sealing(wrapping="http://www.w3.org/2001/04/xmlenc#rsa-1_5"),
    Fault.ENCRYPTED_FOR_ANOTHER: Sealing(),
}
"""How the faults of encryption seal, each with a key that no application has."""


def encrypt(response: str, certificate: x509.Certificate, sealing: Sealing | None = None) -> str:
    """Return a response with its assertion encrypted for whoever has the key of a certificate, which is one of RSA."""
    public = certificate.public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise TypeError("Only for a key of RSA is anything encrypted.")
    how = sealing or Sealing()
    start = response.index(ASSERTION_START)
    end = response.rindex(ASSERTION_END) + len(ASSERTION_END)
    content_key, nonce = os.urandom(how.key_bytes), os.urandom(_NONCE_BYTES)
    wrapped = base64.b64encode(public.encrypt(content_key, how.oaep())).decode()
    sealed = base64.b64encode(nonce + AESGCM(content_key).encrypt(nonce, response[start:end].encode(), None)).decode()
    return response[:start] + _element(how, wrapped, sealed) + response[end:]


def _element(how: Sealing, wrapped: str, sealed: str) -> str:
    mask = f'<xenc11:MGF xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" Algorithm="{how.mask}"/>' if how.mask else ""
    encrypted_key = (
        f'<xenc:EncryptedKey Id="_k1"><xenc:EncryptionMethod Algorithm="{how.wrapping}">'
        f'<ds:DigestMethod Algorithm="{how.digest}"/>{mask}</xenc:EncryptionMethod>'
        f"<xenc:CipherData><xenc:CipherValue>{wrapped}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>"
    )
    inside = '<ds:RetrievalMethod URI="#_k1"/>' if how.beside else encrypted_key
    return (
        f'<saml:EncryptedAssertion xmlns:xenc="{NAMESPACES["xenc"]}" xmlns:ds="{NAMESPACES["ds"]}">'
        f'<xenc:EncryptedData Type="http://www.w3.org/2001/04/xmlenc#Element">'
        f'<xenc:EncryptionMethod Algorithm="{how.content}"/><ds:KeyInfo>{inside}</ds:KeyInfo>'
        f"<xenc:CipherData><xenc:CipherValue>{sealed}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>"
        f"{encrypted_key if how.beside else ''}</saml:EncryptedAssertion>"
    )
