"""*The log of sign-ins on SQLite.* Keeps the log within its limits, and the sign-in domains of tenants."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from musterbook.directory import Tenant, TenantId
from musterbook.identity.accounts import AccountRef
from musterbook.identity.log_store import DomainTakenError, LogLimits, LogRow
from musterbook.storage.identity_rows import LOG_COLUMNS, account_values, log_values, read_log_row
from musterbook.storage.rows import may_be_stored
from musterbook.storage.sqlite.connection import Reader
from musterbook.storage.sqlite.lookups import find_tenant_of_domain
from musterbook.storage.sqlite.writer import Writer

_PRUNE: Final = """
DELETE FROM sign_in_log WHERE rowid IN (
    SELECT rowid FROM sign_in_log WHERE tenant_id = ?1 AND id < ?2 ORDER BY id LIMIT 20
)
"""
_ADD: Final = f"""
INSERT INTO sign_in_log ({LOG_COLUMNS})
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12
WHERE (
    SELECT count(*) FROM (SELECT 1 FROM sign_in_log WHERE tenant_id = ?1 AND id >= ?13 AND outcome = ?4 LIMIT ?14)
) < ?14
"""

# Behind every id.
_END: Final = "~"
_LIST: Final = f"SELECT {LOG_COLUMNS} FROM sign_in_log WHERE tenant_id = ? AND id < ? ORDER BY id DESC LIMIT ?"
_LIST_OF_ACCOUNT: Final = f"""
SELECT {LOG_COLUMNS} FROM sign_in_log WHERE tenant_id = ? AND resource_type = ? AND account_id = ?
ORDER BY id DESC LIMIT ?
"""

_DOMAINS: Final = "SELECT domain FROM sign_in_domains WHERE tenant_id = ? ORDER BY domain"
_REMOVE_DOMAIN: Final = "DELETE FROM sign_in_domains WHERE tenant_id = ? AND domain = ?"
_ADD_DOMAIN: Final = "INSERT INTO sign_in_domains (tenant_id, domain) VALUES (?, ?) ON CONFLICT DO NOTHING"


class SqliteLogStore:
    """The port :class:`musterbook.identity.log_store.LogStore`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def add(self, row: LogRow, limits: LogLimits) -> bool:
        """Write a row within the limits; return whether it was written."""

        def work(connection: sqlite3.Connection) -> bool:
            connection.execute(_PRUNE, (row.tenant_id, limits.forget_before))
            return connection.execute(_ADD, (*log_values(row), limits.first_id, limits.most)).rowcount > 0

        return await self._writer.run(work)

    async def list(self, tenant_id: TenantId, *, before: str | None = None, limit: int = 100) -> Sequence[LogRow]:
        """Return rows of a tenant, newest first, from before the id ``before``."""
        end = _END if before is None else before
        if not may_be_stored(end):
            return []
        return [read_log_row(row) for row in self._reader.rows(_LIST, (tenant_id, end, limit))]

    async def list_of(self, account: AccountRef, *, limit: int = 100) -> Sequence[LogRow]:
        """Return the latest rows about an account, newest first."""
        return [read_log_row(row) for row in self._reader.rows(_LIST_OF_ACCOUNT, (*account_values(account), limit))]


class SqliteDomainStore:
    """The port :class:`musterbook.identity.log_store.DomainStore`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def find(self, domain: str) -> Tenant | None:
        """Return the tenant with this domain unless it was deleted."""
        return find_tenant_of_domain(self._reader, domain)

    async def list(self, tenant_id: TenantId) -> Sequence[str]:
        """Return the domains of a tenant in the order of their letters."""
        return [domain for (domain,) in self._reader.rows(_DOMAINS, (tenant_id,))]

    async def set(self, tenant_id: TenantId, domains: Sequence[str]) -> None:
        """Let a tenant have these domains and no others.

        Raises:
            DomainTakenError: one belongs to another tenant; nothing is changed.
        """

        def work(connection: sqlite3.Connection) -> None:
            present = {domain for (domain,) in connection.execute(_DOMAINS, (tenant_id,))}
            for domain in sorted(present - set(domains)):
                connection.execute(_REMOVE_DOMAIN, (tenant_id, domain))
            for domain in sorted(set(domains) - present):
                if connection.execute(_ADD_DOMAIN, (tenant_id, domain)).rowcount == 0:
                    raise DomainTakenError(domain)

        await self._writer.run(work)
