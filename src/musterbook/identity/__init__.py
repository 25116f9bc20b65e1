"""*Who is knocking*: API keys of SCIM clients, and people who sign in.

Knows the directory's tenants; knows no HTTP and no SQL. Beside the names below, the modules of the ways of signing in
are imported as they are by the pages, and ``identity.store`` and ``identity.stores`` by ``storage``, which implements
those ports.
"""

from musterbook.identity.keys import (
    DEFAULT_EXPIRY_DAYS,
    MAX_EXPIRY_DAYS,
    IssuedKey,
    KeyRefusal,
    KeyRefusedError,
    Keys,
)
from musterbook.identity.passwords import Argon2Hashes
from musterbook.identity.signing_in import SigningIn, make_signing_in
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
    "SigningIn",
    "make_signing_in",
]
