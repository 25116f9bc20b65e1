"""*Who is knocking*: API keys of SCIM clients, and people who sign in.

Knows the directory's tenants; knows no HTTP and no SQL. ``identity.store`` is the vocabulary of the port that
``storage`` implements.
"""

from musterbook.identity.domains import SignInDomains
from musterbook.identity.keys import (
    DEFAULT_EXPIRY_DAYS,
    MAX_EXPIRY_DAYS,
    IssuedKey,
    KeyRefusal,
    KeyRefusedError,
    Keys,
)
from musterbook.identity.passwords import Argon2Hashes
from musterbook.identity.store import Key, KeyRecord

__all__ = [
    "DEFAULT_EXPIRY_DAYS",
    "MAX_EXPIRY_DAYS",
    "Argon2Hashes",
    "IssuedKey",
    "Key",
    "KeyRecord",
    "KeyRefusal",
    "KeyRefusedError",
    "Keys",
    "SignInDomains",
]
