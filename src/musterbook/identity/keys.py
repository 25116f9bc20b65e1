"""*API keys.* Decides what a SCIM key looks like, and whom it lets in.

Knows tenants and the port for keys; knows no HTTP and no SQL. A key is ``mbk_``, 43 characters of base62 (256 random
bits) and a checksum of 6 characters. Secret scanners recognise it, and a truncated or mistyped one is refused before
any database is asked. Only the SHA-256 of a key is stored: it is random and long, so a fast hash is right.
"""

import hashlib
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from musterbook.directory import Clock, KeyId, RandomBytes, TenantId, TenantStatus, make_id, render_time
from musterbook.directory.store import StoreUnavailableError
from musterbook.identity.store import Key, KeyRecord, KeyStore
from musterbook.scim import Profile

KEY_PREFIX = "mbk_"
DEFAULT_EXPIRY_DAYS = 365
MAX_EXPIRY_DAYS = 3650
SHOWN_CHARACTERS = 12
"""How much of a key is kept readable, the prefix included, so that people can tell keys apart."""
CACHE_SECONDS = 0.5
"""How long a key that was let in is not asked for again; revocation takes effect within this time everywhere."""
TOUCH_SECONDS = 60
"""``last_used_at`` is written at most this often."""
_MAX_KNOWN_KEYS = 10_000
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_BYTES = 32
_SECRET_LENGTH = 43
_CHECKSUM_LENGTH = 6
_KEY_LENGTH = len(KEY_PREFIX) + _SECRET_LENGTH + _CHECKSUM_LENGTH


class KeyRefusal(Enum):
    """Why a key opens nothing. For the log; the client is told the same for all of them."""

    MISSING = "missing"
    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    SCIM_OFF = "scim-off"
    TENANT_NOT_SERVED = "tenant-not-served"


class KeyRefusedError(Exception):
    """The key opens nothing."""

    def __init__(self, reason: KeyRefusal, key: Key | None = None) -> None:
        """Keep the reason, and the key where it is known."""
        super().__init__(reason.value)
        self.reason = reason
        self.key = key


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key that was just made. ``secret`` is shown once and kept nowhere."""

    key: Key
    secret: str

    def __repr__(self) -> str:
        """Leave the secret out, so that no log can hold it."""
        return f"IssuedKey({self.key.prefix}…)"


class _KnownKey(NamedTuple):
    """A key as it was found in the database, and when, in seconds since the epoch."""

    checked_at: float
    record: KeyRecord


class Keys:
    """The keys of all tenants."""

    def __init__(self, store: KeyStore, clock: Clock, random_bytes: RandomBytes) -> None:
        """Work on ``store``; time and chance are arguments."""
        self._store = store
        self._clock = clock
        self._random_bytes = random_bytes
        self._known: dict[bytes, _KnownKey] = {}
        self._touched: dict[KeyId, float] = {}

    async def issue(
        self,
        tenant_id: TenantId,
        *,
        label: str = "",
        idp: str | None = None,
        profile: Profile = Profile.LENIENT,
        expires_in_days: int = DEFAULT_EXPIRY_DAYS,
    ) -> IssuedKey:
        """Make a key and turn SCIM on for its tenant."""
        moment = self._clock()
        secret = make_secret(self._random_bytes)
        key = Key(
            tenant_id=tenant_id,
            id=KeyId(make_id(moment, self._random_bytes)),
            key_hash=hash_secret(secret),
            prefix=secret[:SHOWN_CHARACTERS],
            label=label,
            idp=idp,
            profile=profile.value,
            created_at=render_time(moment),
            expires_at=render_time(moment + timedelta(days=expires_in_days)),
        )
        await self._store.add(key)
        return IssuedKey(key, secret)

    def is_stranger(self, secret: str) -> bool:
        """Return whether ``secret`` may be a key, and is none that was found here before."""
        return len(secret) == _KEY_LENGTH and hash_secret(secret) not in self._known and is_well_formed(secret)

    async def authenticate(self, secret: str) -> KeyRecord:
        """Return the key that ``secret`` is, with what its tenant decided, and note that it was used.

        Raises:
            KeyRefusedError: it opens nothing; with the reason.
            StoreUnavailableError: the database is away and the key is not known from a moment ago.
        """
        if not is_well_formed(secret):
            raise KeyRefusedError(KeyRefusal.MALFORMED)
        moment = self._clock()
        timestamp = moment.timestamp()
        key_hash = hash_secret(secret)
        known = self._known.get(key_hash)
        if known is None or not 0 <= timestamp - known.checked_at < CACHE_SECONDS:
            known = await self._look_up(key_hash, timestamp)
        now = render_time(moment)
        refusal = _refusal(known.record, now)
        key = known.record.key
        if refusal is not None:
            raise KeyRefusedError(refusal, key)
        await self._touch(key, moment)
        return known.record

    async def _touch(self, key: Key, moment: datetime) -> None:
        """Note that the key was used, unless that was done within the last minute."""
        timestamp = moment.timestamp()
        touched = self._touched.get(key.id)
        # A clock that was set back must not keep the time of the last use from being written until it has caught up.
        if touched is not None and 0 <= timestamp - touched < TOUCH_SECONDS:
            return
        self._touched[key.id] = timestamp
        not_since = render_time(moment - timedelta(seconds=TOUCH_SECONDS))
        # A database that cannot be written to, such as one on a full disk, can still be read: the client must not be
        # kept from that by our own book-keeping.
        with suppress(StoreUnavailableError):
            await self._store.touch(key.tenant_id, key.id, render_time(moment), not_since=not_since)

    async def _look_up(self, key_hash: bytes, timestamp: float) -> _KnownKey:
        record = await self._store.find(key_hash)
        if record is None:
            self._known.pop(key_hash, None)
            raise KeyRefusedError(KeyRefusal.UNKNOWN)
        if len(self._known) >= _MAX_KNOWN_KEYS:
            self._known.clear()
            self._touched.clear()
        known = self._known[key_hash] = _KnownKey(timestamp, record)
        return known

    async def list(self, tenant_id: TenantId) -> Sequence[Key]:
        """Return the tenant's keys, oldest first, also expired and revoked ones."""
        return await self._store.list(tenant_id)

    async def revoke(self, tenant_id: TenantId, key_id: KeyId) -> bool:
        """Revoke a key; return whether the tenant has it."""
        self._known.clear()
        return await self._store.revoke(tenant_id, key_id, render_time(self._clock()))


def _refusal(record: KeyRecord, now: str) -> KeyRefusal | None:
    key = record.key
    if key.revoked_at is not None:
        return KeyRefusal.REVOKED
    if key.expires_at <= now:
        return KeyRefusal.EXPIRED
    if record.tenant_status is not TenantStatus.ACTIVE:
        return KeyRefusal.TENANT_NOT_SERVED
    if not record.scim_enabled:
        return KeyRefusal.SCIM_OFF
    return None


def make_secret(random_bytes: RandomBytes) -> str:
    """Return a new key."""
    body = _base62(int.from_bytes(random_bytes(_SECRET_BYTES)), _SECRET_LENGTH)
    return f"{KEY_PREFIX}{body}{_checksum(body)}"


def is_well_formed(secret: str) -> bool:
    """Return whether ``secret`` has the form of a key and the right checksum."""
    if len(secret) != _KEY_LENGTH or not secret.startswith(KEY_PREFIX) or not secret.isascii():
        return False
    body = secret[len(KEY_PREFIX) : -_CHECKSUM_LENGTH]
    return secret[-_CHECKSUM_LENGTH:] == _checksum(body)


def hash_secret(secret: str) -> bytes:
    """Return what is stored of a key."""
    return hashlib.sha256(secret.encode()).digest()


def _checksum(body: str) -> str:
    # CRC-32 finds typing and copying errors; it is no protection and needs none.
    return _base62(zlib.crc32((KEY_PREFIX + body).encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
