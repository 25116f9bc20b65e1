"""*Sealing.* Decides how what must be read again, and so cannot be hashed, is kept: encrypted (AES-256-GCM).

Knows keys and text; knows no purpose and no storage. A key is derived for one purpose by ``musterbook.secret``; several
may be given, newest first: the first seals, all open. What is sealed for one owner opens for no other: whoever can
write to the database cannot put one person's secret in another's place.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from musterbook.directory import RandomBytes

_VERSION = "s1."
_NONCE_BYTES = 12
_TAG_BYTES = 16


class UnsealError(Exception):
    """The text was sealed with no key that is given now, for another owner, or is damaged."""


class Seal:
    """Seals and opens texts."""

    def __init__(self, keys: Sequence[bytes], random_bytes: RandomBytes) -> None:
        """Seal with the first of ``keys``, of 32 bytes each."""
        self._ciphers = [AESGCM(key) for key in keys]
        self._random_bytes = random_bytes

    def close(self, text: str, *owner: str) -> str:
        """Return ``text`` sealed for its owner."""
        nonce = self._random_bytes(_NONCE_BYTES)
        sealed = self._ciphers[0].encrypt(nonce, text.encode(), _context(owner))
        return _VERSION + urlsafe_b64encode(nonce + sealed).decode()

    def is_outdated(self, sealed: str, *owner: str) -> bool:
        """Return whether a text that opens was sealed with another key than the first, so that it should be anew."""
        return _opened(self._ciphers[0], _content(sealed), owner) is None

    def open(self, sealed: str, *owner: str) -> str:
        """Return the text that was sealed for this owner.

        Raises:
            UnsealError: it was not, or by none of the keys.
        """
        content = _content(sealed)
        for cipher in self._ciphers:
            text = _opened(cipher, content, owner)
            if text is not None:
                return text
        raise UnsealError


def _content(sealed: str) -> bytes:
    if not sealed.startswith(_VERSION):
        raise UnsealError
    try:
        content = urlsafe_b64decode(sealed.removeprefix(_VERSION))
    except ValueError as error:
        raise UnsealError from error
    if len(content) < _NONCE_BYTES + _TAG_BYTES:
        raise UnsealError
    return content


def _opened(cipher: AESGCM, content: bytes, owner: tuple[str, ...]) -> str | None:
    try:
        return cipher.decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], _context(owner)).decode()
    except InvalidTag:
        return None


def _context(owner: tuple[str, ...]) -> bytes:
    """Return the owner as bytes that no other owner has: each part with its length."""
    return b"".join(len(part).to_bytes(4) + part.encode() for part in owner)
