"""*Sign-in by password on SQLite.* Keeps second factors, tries and links; only hashes of tokens ever come here."""

import sqlite3
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
from musterbook.storage.sqlite.connection import Reader, Value
from musterbook.storage.sqlite.lookups import find_link
from musterbook.storage.sqlite.writer import Writer

_OF_ACCOUNT: Final = "tenant_id = ?1 AND resource_type = ?2 AND account_id = ?3"
_FIND: Final = f"SELECT {FACTOR_COLUMNS} FROM second_factors WHERE {_OF_ACCOUNT}"
_BEGIN: Final = f"""
INSERT INTO second_factors ({FACTOR_COLUMNS}) VALUES (?1, ?2, ?3, ?4, NULL, NULL, '[]')
ON CONFLICT (tenant_id, resource_type, account_id) DO UPDATE SET secret = excluded.secret
WHERE second_factors.confirmed_at IS NULL
"""
_CONFIRM: Final = f"""
UPDATE second_factors SET confirmed_at = ?5, last_step = ?6, recovery = ?7
WHERE {_OF_ACCOUNT} AND secret = ?4 AND confirmed_at IS NULL
"""
_SPEND_STEP: Final = f"""
UPDATE second_factors SET last_step = ?4 WHERE {_OF_ACCOUNT} AND (last_step IS NULL OR last_step < ?4)
"""
_REPLACE_RECOVERY: Final = f"UPDATE second_factors SET recovery = ?5 WHERE {_OF_ACCOUNT} AND recovery = ?4"
_REPLACE_SECRET: Final = f"UPDATE second_factors SET secret = ?5 WHERE {_OF_ACCOUNT} AND secret = ?4"
_REMOVE: Final = f"""
DELETE FROM second_factors WHERE {_OF_ACCOUNT} AND (?4 IS NULL OR confirmed_at < ?4)
"""

_TRIES: Final = """
SELECT failures, blocked_until, at FROM password_tries WHERE tenant_id = ? AND subject_hash = ?
"""
_FIRST_TRY: Final = """
INSERT INTO password_tries (tenant_id, subject_hash, failures, blocked_until, at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""
_NEXT_TRY: Final = """
UPDATE password_tries SET failures = ?3, blocked_until = ?4, at = ?5
WHERE tenant_id = ?1 AND subject_hash = ?2 AND failures = ?6 AND at = ?7
"""
_PRUNE_TRIES: Final = """
DELETE FROM password_tries WHERE rowid IN (
    SELECT rowid FROM password_tries WHERE tenant_id = ?1 AND at < ?2 ORDER BY at LIMIT 20
)
"""
_FORGET: Final = "DELETE FROM password_tries WHERE tenant_id = ? AND subject_hash = ?"

_REMOVE_LINKS: Final = f"DELETE FROM setup_links WHERE {_OF_ACCOUNT}"
_ADD_LINK: Final = f"INSERT INTO setup_links ({LINK_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"
_REDEEM: Final = """
UPDATE setup_links SET redeemed_at = ?3 WHERE tenant_id = ?1 AND link_hash = ?2 AND redeemed_at IS NULL
"""


class SqliteSecondFactorStore:
    """The port :class:`musterbook.identity.password_store.SecondFactorStore`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def find(self, account: AccountRef) -> SecondFactor | None:
        """Return the factor of an account, also one that was not confirmed, or ``None``."""
        row = self._reader.row(_FIND, account_values(account))
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
        return await self._writer.run(lambda connection: connection.execute(sql, values).rowcount > 0)


class SqliteTryStore:
    """The port :class:`musterbook.identity.password_store.TryStore`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def find(self, tenant_id: TenantId, subject_hashes: Sequence[bytes]) -> Mapping[bytes, Tries]:
        """Return what is known of these subjects; those with no failure are left out."""
        rows = {subject_hash: self._reader.row(_TRIES, (tenant_id, subject_hash)) for subject_hash in subject_hashes}
        return {subject_hash: read_tries(row) for subject_hash, row in rows.items() if row is not None}

    async def replace(
        self, tenant_id: TenantId, subject_hash: bytes, before: Tries | None, after: Tries, *, forget_before: str
    ) -> bool:
        """Store ``after`` where what is stored is ``before``; otherwise change nothing and return ``False``."""
        values = (tenant_id, subject_hash, after.failures, after.blocked_until, after.at)

        def work(connection: sqlite3.Connection) -> bool:
            if before is not None:
                return connection.execute(_NEXT_TRY, (*values, before.failures, before.at)).rowcount > 0
            connection.execute(_PRUNE_TRIES, (tenant_id, forget_before))
            return connection.execute(_FIRST_TRY, values).rowcount > 0

        return await self._writer.run(work)

    async def forget(self, tenant_id: TenantId, subject_hash: bytes) -> None:
        """Remove what is known of a subject."""
        await self._writer.run(lambda connection: connection.execute(_FORGET, (tenant_id, subject_hash)).rowcount)


class SqliteLinkStore:
    """The port :class:`musterbook.identity.password_store.LinkStore`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def add(self, link: Link) -> None:
        """Store a link in place of any other of its account."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(_REMOVE_LINKS, account_values(link.account))
            connection.execute(_ADD_LINK, link_values(link))

        await self._writer.run(work)

    async def find(self, link_hash: bytes) -> FoundLink | None:
        """Return the link with this hash unless it was redeemed, also an expired one."""
        return find_link(self._reader, link_hash)

    async def redeem(self, tenant_id: TenantId, link_hash: bytes, at: str) -> bool:
        """Redeem a link; return whether it was there and not redeemed."""
        values = (tenant_id, link_hash, at)
        return await self._writer.run(lambda connection: connection.execute(_REDEEM, values).rowcount > 0)
