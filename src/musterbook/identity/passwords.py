"""*Passwords.* Decides how passwords are hashed: argon2id (RFC 9106), with what RFC 8265 §4.2 makes of the text.

Knows text and argon2; knows no account. A hash takes tens of milliseconds and 64 MiB, both on purpose, so it is made
in a thread, and no more than a few at once: others wait for their turn, and not for the processor.
"""

import asyncio
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MAX_AT_ONCE = 2


class Argon2Hashes:
    """The port :class:`musterbook.directory.passwords.PasswordHashes`."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Hash with ``hasher``, by default with the parameters that RFC 9106 §4 recommends where memory is short."""
        self._hasher = PasswordHasher() if hasher is None else hasher
        self._turns = asyncio.Semaphore(MAX_AT_ONCE)

    async def make(self, password: str) -> str:
        """Return the hash of a password, with its salt and parameters."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, prepare(password))

    async def matches(self, password: str, stored: str) -> bool:
        """Return whether ``stored`` is a hash of this password."""
        async with self._turns:
            return await asyncio.to_thread(self._verify, prepare(password), stored)

    def _verify(self, password: bytes, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def prepare(password: str) -> bytes:
    """Return the bytes of a password that people type the same way on every keyboard (OpaqueString, RFC 8265 §4.2.1).

    Spaces of any kind are one kind, and a letter is one letter however it is composed. Case stays. The refusals of the
    profile are left out: what an identity provider has accepted is no password that we could send back.
    """
    spaced = "".join(" " if unicodedata.category(character) == "Zs" else character for character in password)
    return unicodedata.normalize("NFC", spaced).encode("utf-8", "surrogatepass")
