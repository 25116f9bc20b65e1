"""*Passwords.* Decides what becomes of an account when a client sends a password (RFC 7643 §4.1.1, §9.2).

Knows accounts and edits; knows no algorithm: that stands behind :class:`PasswordHashes`, which ``identity`` implements.
Nothing signs in with these passwords yet, so they are kept for the day when a tenant's people do, and only where the
tenant takes them at all. The hash is in the account and nowhere else: no revision, event or log has it.
"""

from dataclasses import replace
from typing import Protocol

from msgspec import UNSET

from musterbook.directory.account import Account, Password
from musterbook.scim.password import PasswordEdit


class PasswordHashes(Protocol):
    """How passwords are kept. What takes long is done where it holds nobody up."""

    async def make(self, password: str) -> str:
        """Return what is stored of a password."""

    async def matches(self, password: str, stored: str) -> bool:
        """Return whether ``stored`` was made of this password."""


class SentPassword:
    """A password that came with a request. It is hashed once, however often the change is computed again."""

    def __init__(self, hashes: PasswordHashes, edit: PasswordEdit) -> None:
        """Keep what the client sent for as long as the request lasts."""
        self._hashes = hashes
        self._password = edit.password
        self._hash: str | None = None

    async def follow(self, account: Account, now: str) -> Account:
        """Return the account with this password; the same account where it has it already."""
        if self._password is None:
            return replace(account, password=UNSET)
        present = None if account.password is UNSET else account.password.hash
        if present is not None and await self._hashes.matches(self._password, present):
            return account
        if self._hash is None:
            self._hash = await self._hashes.make(self._password)
        return replace(account, password=Password(self._hash, now))
