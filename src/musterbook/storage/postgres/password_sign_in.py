"""*Sign-in by password on PostgreSQL.* Keeps second factors, tries and links; only hashes of tokens ever come here."""

from collections.abc import Mapping, Sequence
from typing import Final

from musterbook.directory import TenantId
from musterbook.identity.accounts import AccountRef
from musterbook.identity.password_store import FoundLink, Link, SecondFactor, Tries
from musterbook.storage.identity_rows import (
    FACTOR_COLUMNS,
    LINK_COLUMNS,
    account_values,
    link_values,
    read_factor,
    read_tries,
    texts_text,
)
from musterbook.storage.postgres.connection import Value
from musterbook.storage.postgres.lookups import find_link
from musterbook.storage.postgres.pool import Pool

_OF_ACCOUNT: Final = "tenant_id = $1 AND resource_type = $2 AND account_id = $3"
_FIND: Final = f"SELECT {FACTOR_COLUMNS} FROM second_factors WHERE {_OF_ACCOUNT}"
_BEGIN: Final = f"""
INSERT INTO second_factors ({FACTOR_COLUMNS}) VALUES ($1, $2, $3, $4, NULL, NULL, '[]')
ON CONFLICT (tenant_id, resource_type, account_id) DO UPDATE SET secret = excluded.secret
WHERE second_factors.confirmed_at IS NULL
RETURNING 1
"""
_CONFIRM: Final = f"""
UPDATE second_factors SET confirmed_at = $5, last_step = $6, recovery = $7
WHERE {_OF_ACCOUNT} AND secret = $4 AND confirmed_at IS NULL
RETURNING 1
"""
_SPEND_STEP: Final = f"""
UPDATE second_factors SET last_step = $4 WHERE {_OF_ACCOUNT} AND (last_step IS NULL OR last_step < $4) RETURNING 1
"""
_REPLACE_RECOVERY: Final = f"UPDATE second_factors SET recovery = $5 WHERE {_OF_ACCOUNT} AND recovery = $4 RETURNING 1"
_REPLACE_SECRET: Final = f"UPDATE second_factors SET secret = $5 WHERE {_OF_ACCOUNT} AND secret = $4 RETURNING 1"
_REMOVE: Final = f"""
DELETE FROM second_factors WHERE {_OF_ACCOUNT} AND ($4::text IS NULL OR confirmed_at < $4) RETURNING 1
"""

_TRIES: Final = """
SELECT subject_hash, failures, blocked_until, at FROM password_tries
WHERE tenant_id = $1 AND subject_hash = ANY ($2)
"""
_FIRST_TRY: Final = """
WITH pruned AS (
    DELETE FROM password_tries WHERE tenant_id = $1 AND subject_hash IN (
        SELECT subject_hash FROM password_tries WHERE tenant_id = $1 AND at < $6
        ORDER BY at LIMIT 20 FOR UPDATE SKIP LOCKED
    )
)
INSERT INTO password_tries (tenant_id, subject_hash, failures, blocked_until, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
RETURNING 1
"""
_NEXT_TRY: Final = """
UPDATE password_tries SET failures = $3, blocked_until = $4, at = $5
WHERE tenant_id = $1 AND subject_hash = $2 AND failures = $6 AND at = $7
RETURNING 1
"""
_FORGET: Final = "DELETE FROM password_tries WHERE tenant_id = $1 AND subject_hash = $2"

_ADD_LINK: Final = f"""
WITH others AS (DELETE FROM setup_links WHERE {_OF_ACCOUNT})
INSERT INTO setup_links ({LINK_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_REDEEM: Final = """
UPDATE setup_links SET redeemed_at = $3 WHERE tenant_id = $1 AND link_hash = $2 AND redeemed_at IS NULL RETURNING 1
"""


class PostgresSecondFactorStore:
    """The port :class:`musterbook.identity.password_store.SecondFactorStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, account: AccountRef) -> SecondFactor | None:
        """Return the factor of an account, also one that was not confirmed, or ``None``."""
        row = await self._pool.row(_FIND, *account_values(account))
        return None if row is None else read_factor(row)

    async def begin(self, account: AccountRef, secret: str) -> bool:
        """Store a secret to be confirmed, in place of another such; return ``False`` where one was confirmed."""
        return await self._change(_BEGIN, *account_values(account), secret)

    async def confirm(self, factor: SecondFactor) -> bool:
        """Confirm a factor; return ``False`` where the secret is another by now, or was confirmed already."""
        recovery = texts_text(factor.recovery)
        values = (*account_values(factor.account), factor.secret, factor.confirmed_at, factor.last_step, recovery)
        return await self._change(_CONFIRM, *values)

    async def spend_step(self, account: AccountRef, step: int) -> bool:
        """Note that the code of a step was used; return ``False`` where it, or a later one, was used before."""
        return await self._change(_SPEND_STEP, *account_values(account), step)

    async def replace_recovery(self, account: AccountRef, before: Sequence[str], after: Sequence[str]) -> bool:
        """Store other hashes of recovery codes; return ``False`` where they are no longer as ``before``."""
        return await self._change(_REPLACE_RECOVERY, *account_values(account), texts_text(before), texts_text(after))

    async def replace_secret(self, account: AccountRef, before: str, after: str) -> bool:
        """Store a secret that was encrypted anew; return ``False`` where it is no longer as ``before``."""
        return await self._change(_REPLACE_SECRET, *account_values(account), before, after)

    async def remove(self, account: AccountRef, *, confirmed_before: str | None = None) -> bool:
        """Remove the factor of an account, if it was confirmed before that time; return whether it had one."""
        return await self._change(_REMOVE, *account_values(account), confirmed_before)

    async def _change(self, sql: str, *values: Value) -> bool:
        return bool(await self._pool.rows(sql, *values))


class PostgresTryStore:
    """The port :class:`musterbook.identity.password_store.TryStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, tenant_id: TenantId, subject_hashes: Sequence[bytes]) -> Mapping[bytes, Tries]:
        """Return what is known of these subjects; those with no failure are left out."""
        rows = await self._pool.rows(_TRIES, tenant_id, list(subject_hashes))
        return {subject_hash: read_tries(tries) for subject_hash, *tries in rows}

    async def replace(
        self, tenant_id: TenantId, subject_hash: bytes, before: Tries | None, after: Tries, *, forget_before: str
    ) -> bool:
        """Store ``after`` where what is stored is ``before``; otherwise change nothing and return ``False``."""
        values = (tenant_id, subject_hash, after.failures, after.blocked_until, after.at)
        if before is None:
            return bool(await self._pool.rows(_FIRST_TRY, *values, forget_before))
        return bool(await self._pool.rows(_NEXT_TRY, *values, before.failures, before.at))

    async def forget(self, tenant_id: TenantId, subject_hash: bytes) -> None:
        """Remove what is known of a subject."""
        await self._pool.rows(_FORGET, tenant_id, subject_hash)


class PostgresLinkStore:
    """The port :class:`musterbook.identity.password_store.LinkStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, link: Link) -> None:
        """Store a link in place of any other of its account."""
        await self._pool.rows(_ADD_LINK, *link_values(link))

    async def find(self, link_hash: bytes) -> FoundLink | None:
        """Return the link with this hash unless it was redeemed, also an expired one."""
        return await find_link(self._pool, link_hash)

    async def redeem(self, tenant_id: TenantId, link_hash: bytes, at: str) -> bool:
        """Redeem a link; return whether it was there and not redeemed."""
        return bool(await self._pool.rows(_REDEEM, tenant_id, link_hash, at))
