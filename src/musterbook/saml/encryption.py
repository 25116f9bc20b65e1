"""*Encrypted assertions.* Decides what is opened, and with which algorithms (SAML 2.0 Core §6, XML Encryption 1.1).

Pure: the keys are arguments. AES-GCM for the content and RSA-OAEP for the key, nothing else: with CBC or with RSA of
PKCS #1 v1.5, whoever may send altered messages and see whether they were understood can read what is encrypted.
Whatever goes wrong while opening is one refusal, with one sentence. What comes out is bytes that nobody has signed
yet: encrypting needs only our public key, which is in our metadata.
"""

from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from musterbook.saml.certificates import ServiceKey
from musterbook.saml.errors import Refusal, SamlError, shown
from musterbook.saml.xml import DS, XENC, XENC11, Element, needed_child, only_child, read_base64, text_of

CONTENT_ALGORITHMS: Final = {
    "http://www.w3.org/2009/xmlenc11#aes128-gcm": 16,
    "http://www.w3.org/2009/xmlenc11#aes192-gcm": 24,
    "http://www.w3.org/2009/xmlenc11#aes256-gcm": 32,
}
"""The bytes of the key, by the name of the algorithm."""
RSA_OAEP_MGF1P: Final = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
RSA_OAEP: Final = "http://www.w3.org/2009/xmlenc11#rsa-oaep"
KEY_ALGORITHMS: Final = (RSA_OAEP, RSA_OAEP_MGF1P)

_ELEMENT = "http://www.w3.org/2001/04/xmlenc#Element"
_NONCE_BYTES = 12
# SHA-1 masks a random key here and signs nothing; it is the hash that OAEP has unless another is named.
_DIGESTS: dict[str | None, hashes.HashAlgorithm] = {
    None: hashes.SHA1(),  # noqa: S303  no signature: see above
    "http://www.w3.org/2000/09/xmldsig#sha1": hashes.SHA1(),  # noqa: S303  no signature: see above
    "http://www.w3.org/2001/04/xmlenc#sha256": hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384(),
    "http://www.w3.org/2001/04/xmlenc#sha512": hashes.SHA512(),
}
_MASKS: dict[str | None, hashes.HashAlgorithm] = {
    None: hashes.SHA1(),  # noqa: S303  no signature: see above
    "http://www.w3.org/2009/xmlenc11#mgf1sha1": hashes.SHA1(),  # noqa: S303  no signature: see above
    "http://www.w3.org/2009/xmlenc11#mgf1sha256": hashes.SHA256(),
    "http://www.w3.org/2009/xmlenc11#mgf1sha384": hashes.SHA384(),
    "http://www.w3.org/2009/xmlenc11#mgf1sha512": hashes.SHA512(),
}


def decrypt(encrypted: Element, keys: Sequence[ServiceKey]) -> bytes:
    """Return the document in an ``EncryptedAssertion`` that one of our keys opens.

    Raises:
        SamlError: the algorithms are others than ours, or it cannot be opened.
    """
    content = needed_child(encrypted, f"{XENC}EncryptedData")
    if content.get("Type", _ELEMENT) != _ELEMENT:
        raise SamlError(Refusal.ENCRYPTION_ALGORITHM, "Something else than an element is encrypted.")
    key_bytes = CONTENT_ALGORITHMS.get(_method(content).get("Algorithm", ""))
    if key_bytes is None:
        raise _refused_algorithm(_method(content))
    wrapped = _encrypted_key(encrypted, content)
    oaep = _oaep(_method(wrapped))
    sealed, wrapped_key = _cipher_value(content), _cipher_value(wrapped)
    for key in keys:
        opened = _open(key, oaep, wrapped_key, sealed, key_bytes)
        if opened is not None:
            return opened
    raise SamlError(
        Refusal.DECRYPTION,
        "The assertion cannot be decrypted. Give the identity provider the certificate of our metadata again.",
    )


def _open(key: ServiceKey, oaep: padding.OAEP, wrapped_key: bytes, sealed: bytes, key_bytes: int) -> bytes | None:
    try:
        content_key = key.private_key.decrypt(wrapped_key, oaep)
        if len(content_key) != key_bytes:
            return None
        return AESGCM(content_key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except (ValueError, InvalidTag):
        return None


def _encrypted_key(encrypted: Element, content: Element) -> Element:
    """Return the wrapped key, which stands in the content's KeyInfo or beside the content."""
    key_info = only_child(content, f"{DS}KeyInfo")
    inside = None if key_info is None else only_child(key_info, f"{XENC}EncryptedKey")
    return needed_child(encrypted, f"{XENC}EncryptedKey") if inside is None else inside


def _method(element: Element) -> Element:
    return needed_child(element, f"{XENC}EncryptionMethod")


def _oaep(method: Element) -> padding.OAEP:
    algorithm = method.get("Algorithm")
    digest_method, mask_method = only_child(method, f"{DS}DigestMethod"), only_child(method, f"{XENC11}MGF")
    digest = _DIGESTS.get(None if digest_method is None else digest_method.get("Algorithm", ""))
    mask = _MASKS.get(None if mask_method is None else mask_method.get("Algorithm", ""))
    # The older name is for a mask by SHA-1 only (XML Encryption 1.1 §5.5.2).
    is_known = algorithm == RSA_OAEP or (algorithm == RSA_OAEP_MGF1P and mask_method is None)
    if not is_known or digest is None or mask is None or only_child(method, f"{XENC}OAEPparams") is not None:
        raise _refused_algorithm(method)
    return padding.OAEP(mgf=padding.MGF1(mask), algorithm=digest, label=None)


def _refused_algorithm(method: Element) -> SamlError:
    return SamlError(
        Refusal.ENCRYPTION_ALGORITHM,
        f"The assertion is encrypted by {shown(method.get('Algorithm'))}. Choose AES-GCM with RSA-OAEP.",
    )


def _cipher_value(element: Element) -> bytes:
    value = needed_child(needed_child(element, f"{XENC}CipherData"), f"{XENC}CipherValue")
    try:
        return read_base64(text_of(value))
    except ValueError:
        return b""  # Refused where it is opened, in the words of everything that cannot be opened.
