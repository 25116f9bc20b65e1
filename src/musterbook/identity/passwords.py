"""*Passwords.* Decides how passwords are hashed: argon2id (RFC 9106), with what RFC 8265 §4.2 makes of the text.

Knows text and argon2; knows no account. A hash takes tens of milliseconds and 64 MiB, both on purpose, so it is made
in a thread, and no more than a few at once: others wait for their turn, and not for the processor. Two ideas more:

* **The line is short.** Whoever signs in is let into it only while few are waiting, so that a crowd of guesses costs a
  bounded amount of memory and time, and everybody else an honest "try again".
* **Nobody is told apart by time.** Where there is nothing to compare with, a hash is computed all the same.
"""

import asyncio
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MAX_AT_ONCE = 2
MAX_WAITING = 20
"""How many may wait for their turn when somebody comes to sign in: about a second's work."""
BUSY_SECONDS = 2
"""After how long it is worth coming back."""
MAX_PASSWORD_LENGTH = 1024
"""What is longer is nobody's password; making a hash of a megabyte would take longer than of a word."""
_NOBODYS_PASSWORD = "what nobody's password is compared with"  # noqa: S105 - it opens nothing, whoever knows it


class HashingBusyError(Exception):
    """Too many passwords are being checked at this moment."""

    def __init__(self) -> None:
        """Say after how long it is worth coming back."""
        super().__init__("too many passwords are being checked")
        self.retry_after_seconds = BUSY_SECONDS


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of comparing a password with a stored hash."""

    is_right: bool
    is_outdated: bool = False
    """Whether the hash was made with other parameters than those of today. Only a right password tells."""


class Argon2Hashes:
    """The port :class:`musterbook.directory.passwords.PasswordHashes`, and what signing in asks beside it."""

    def __init__(self, hasher: PasswordHasher | None = None, *, max_waiting: int = MAX_WAITING) -> None:
        """Hash with ``hasher``, by default with the parameters that RFC 9106 §4 recommends where memory is short."""
        self._hasher = PasswordHasher() if hasher is None else hasher
        self._turns = asyncio.Semaphore(MAX_AT_ONCE)
        self._max_waiting = max_waiting
        self._waiting = 0
        self._nobodys: str | None = None

    async def make(self, password: str) -> str:
        """Return the hash of a password, with its salt and parameters."""
        async with self._turn():
            return await asyncio.to_thread(self._hasher.hash, prepare(password))

    async def matches(self, password: str, stored: str) -> bool:
        """Return whether ``stored`` is a hash of this password."""
        async with self._turn():
            return await asyncio.to_thread(self._verify, prepare(password), stored)

    def check_room(self) -> None:
        """Return if few enough are waiting.

        Raises:
            HashingBusyError: too many are.
        """
        if self._waiting >= self._max_waiting:
            raise HashingBusyError

    async def verify(self, password: str, stored: str | None) -> Verdict:
        """Compare a password with a hash; where there is none, with nobody's, which takes as long.

        Raises:
            HashingBusyError: too many are waiting.
        """
        self.check_room()
        if self._nobodys is None:
            # Made by whoever comes first, so that it costs one person once, and no start of a command.
            self._nobodys = await self.make(_NOBODYS_PASSWORD)
        is_right = await self.matches(password[:MAX_PASSWORD_LENGTH], self._nobodys if stored is None else stored)
        if stored is None or not is_right or len(password) > MAX_PASSWORD_LENGTH:
            return Verdict(is_right=False)
        return Verdict(is_right=True, is_outdated=self._hasher.check_needs_rehash(stored))

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

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
