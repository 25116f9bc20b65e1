"""*Our keys for SAML.* Decides with which key a tenant's side signs, and how one key follows another.

Knows a port, the seal and time; knows no connection and no message. A tenant has one key pair of RSA, whose certificate
its own metadata shows: it signs what we send, and opens assertions that are encrypted for us. The certificate is signed
by itself and says nothing but its key, because the provider takes it from our metadata and trusts no authority for it
(SAML 2.0 Metadata §2.4.1). A key follows another in three steps, so that nobody is kept out:

* **begin**: there is a second key. The metadata shows both, and the first one goes on to sign, until the provider has
  taken the new metadata.
* **let_sign**: the second one signs. The first one still opens what the provider encrypts for it.
* **finish**: the first one is gone.

A private key that the server's secret does not open any more is as none: sign-ins go on that need no key of ours.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from musterbook.directory import Clock, RandomBytes, Tenant, TenantId, make_id, parse_time, render_time
from musterbook.identity.saml_key_store import SamlKeyRow, SamlKeyStore
from musterbook.identity.sealing import Seal, UnsealError
from musterbook.saml import Certificate, ServiceKey, parse_certificate, read_service_key

RSA_BITS: Final = 3072
VALID_DAYS: Final = 5 * 365
_PUBLIC_EXPONENT = 65537
_SERIAL_BYTES = 19
"""A serial number has at most 20 octets and is positive (RFC 5280 §4.1.2.2)."""
_MAX_OPENED = 512
_TICK = timedelta(milliseconds=1)

MakePrivateKey: TypeAlias = Callable[[], rsa.RSAPrivateKey]


def make_private_key() -> rsa.RSAPrivateKey:
    """Return a private key by the chance of the machine; it takes some tenths of a second."""
    return rsa.generate_private_key(_PUBLIC_EXPONENT, RSA_BITS)


class KeyStage(Enum):
    """What a key is for."""

    SIGNS = "signs"
    """It signs, and opens."""
    NEXT = "next"
    """The metadata shows it already, and it opens; it signs nothing yet."""
    FORMER = "former"
    """It signs nothing any more, and still opens."""


class KeyChangeError(Exception):
    """A step of a change of keys that is not the next one; the message says which is."""


@dataclass(frozen=True, slots=True)
class SamlKey:
    """A key of a tenant, as administrators see it."""

    id: str
    stage: KeyStage
    certificate: Certificate


class SamlKeys:
    """The keys of all tenants."""

    def __init__(
        self, store: SamlKeyStore, seal: Seal, make_key: MakePrivateKey, clock: Clock, random_bytes: RandomBytes
    ) -> None:
        """Work on ``store``; time and chance are arguments."""
        self._store = store
        self._seal = seal
        self._make_key = make_key
        self._clock = clock
        self._random_bytes = random_bytes
        self._opened: dict[tuple[str, ...], ServiceKey] = {}

    async def keys(self, tenant_id: TenantId) -> tuple[ServiceKey, ...]:
        """Return the keys that can be opened: first the one that signs."""
        rows = _in_order(await self._store.list(tenant_id))
        opened = [await self._open(row) for row in rows]
        return tuple(key for key in opened if key is not None)

    async def list(self, tenant_id: TenantId) -> Sequence[SamlKey]:
        """Return the keys as administrators see them, in the same order; it needs no secret."""
        rows = _in_order(await self._store.list(tenant_id))
        return [SamlKey(row.id, _stage(row, rows), parse_certificate(row.certificate)) for row in rows]

    async def can_open(self, tenant_id: TenantId) -> bool:
        """Return whether the server's secret opens every key of the tenant."""
        try:
            for row in await self._store.list(tenant_id):
                self._seal.open(row.private_key, *_owner(row.tenant_id, row.id))
        except UnsealError:
            return False
        return True

    async def ensure(self, tenant: Tenant) -> None:
        """Make the tenant's first key, where it has none."""
        if not await self._store.list(tenant.id):
            row = await self._make(tenant, slot=0)
            # Somebody may have been faster, which is as good.
            await self._store.add(replace(row, signs_since=row.created_at))

    async def begin(self, tenant: Tenant) -> None:
        """Make a second key, which is only shown so far; where there is no first one, make that.

        Raises:
            KeyChangeError: there is a second one already.
        """
        rows = await self._store.list(tenant.id)
        if not rows:
            await self.ensure(tenant)
            return
        if len(rows) > 1 or not await self._store.add(await self._make(tenant, slot=1 - rows[0].slot)):
            raise KeyChangeError(
                "A change of keys is under way already. Let the new key sign, then finish: the former one goes."
            )

    async def let_sign(self, tenant: Tenant) -> None:
        """Sign with the second key from now on.

        Raises:
            KeyChangeError: no key waits to sign.
        """
        rows = _in_order(await self._store.list(tenant.id))
        waiting = [row for row in rows if row.signs_since is None]
        # Later than the other one's, also where the clock was set back since.
        since = max([self._clock(), *(parse_time(row.signs_since) + _TICK for row in rows if row.signs_since)])
        if not waiting or not await self._store.let_sign(tenant.id, waiting[0].id, render_time(since)):
            raise KeyChangeError("No new key waits to sign. Begin a change of keys first.")

    async def finish(self, tenant: Tenant) -> None:
        """Remove the former key.

        Raises:
            KeyChangeError: there is none.
        """
        rows = _in_order(await self._store.list(tenant.id))
        former = [row for row in rows if _stage(row, rows) is KeyStage.FORMER]
        if not former or not await self._store.remove(tenant.id, former[0].id):
            raise KeyChangeError("There is no former key to remove. Begin a change of keys, and let the new key sign.")

    async def _make(self, tenant: Tenant, *, slot: int) -> SamlKeyRow:
        moment = self._clock()
        key_id = make_id(moment, self._random_bytes)
        private_key = await asyncio.to_thread(self._make_key)
        pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        serial = int.from_bytes(self._random_bytes(_SERIAL_BYTES)) | 1
        return SamlKeyRow(
            tenant_id=tenant.id,
            slot=slot,
            id=key_id,
            private_key=self._seal.close(pem, *_owner(tenant.id, key_id)),
            certificate=_self_signed(private_key, tenant.slug, moment, serial),
            created_at=render_time(moment),
            signs_since=None,
        )

    async def _open(self, row: SamlKeyRow) -> ServiceKey | None:
        known = (*_owner(row.tenant_id, row.id), row.private_key, row.certificate)
        opened = self._opened.get(known)
        if opened is not None:
            return opened
        try:
            pem = self._seal.open(row.private_key, *_owner(row.tenant_id, row.id))
            # Its numbers are checked, which takes a tenth of a second.
            opened = await asyncio.to_thread(read_service_key, pem.encode(), row.certificate)
        except (UnsealError, ValueError):
            return None
        if len(self._opened) >= _MAX_OPENED:
            self._opened.clear()
        self._opened[known] = opened
        return opened


def _in_order(rows: Sequence[SamlKeyRow]) -> list[SamlKeyRow]:
    """Return the keys, the one first that began to sign last."""
    return sorted(rows, key=lambda row: row.signs_since or "", reverse=True)


def _stage(row: SamlKeyRow, in_order: Sequence[SamlKeyRow]) -> KeyStage:
    if row.signs_since is None:
        return KeyStage.NEXT
    return KeyStage.SIGNS if row == in_order[0] else KeyStage.FORMER


def _owner(tenant_id: TenantId, key_id: str) -> tuple[str, str]:
    return tenant_id, key_id


def _self_signed(private_key: rsa.RSAPrivateKey, name: str, now: datetime, serial: int) -> str:
    """Return the certificate, which begins a little earlier: the provider's clock may be behind ours."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private_key.public_key())
        .serial_number(serial)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .sign(private_key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM).decode()
