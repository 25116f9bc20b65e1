"""*Sign-ins under way on SQLite.* Keeps attempts, used assertions and bindings."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from musterbook.directory import TenantId
from musterbook.identity.accounts import AccountRef
from musterbook.identity.attempt_store import Attempt, Binding
from musterbook.storage.identity_rows import (
    ATTEMPT_COLUMNS,
    BINDING_COLUMNS,
    account_values,
    attempt_values,
    binding_values,
    read_attempt,
    read_binding,
)
from musterbook.storage.rows import may_be_stored
from musterbook.storage.sqlite.connection import Reader
from musterbook.storage.sqlite.writer import Writer

_ADD: Final = f"INSERT INTO sign_in_attempts ({ATTEMPT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"
_PRUNE: Final = """
DELETE FROM sign_in_attempts WHERE rowid IN (
    SELECT rowid FROM sign_in_attempts WHERE tenant_id = ?1 AND expires_at <= ?2 ORDER BY expires_at LIMIT 20
)
"""
_FIND: Final = f"SELECT {ATTEMPT_COLUMNS} FROM sign_in_attempts WHERE tenant_id = ? AND id = ?"
_TAKE: Final = f"DELETE FROM sign_in_attempts WHERE tenant_id = ? AND id = ? RETURNING {ATTEMPT_COLUMNS}"

_SPEND: Final = """
INSERT INTO used_assertions (tenant_id, connection_id, assertion_id, expires_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO NOTHING
"""
_PRUNE_ASSERTIONS: Final = """
DELETE FROM used_assertions WHERE rowid IN (
    SELECT rowid FROM used_assertions WHERE tenant_id = ?1 AND expires_at <= ?2 ORDER BY expires_at LIMIT 20
)
"""

_BOUND: Final = f"""
SELECT {BINDING_COLUMNS} FROM bindings WHERE tenant_id = ? AND connection_id = ? AND subject_key = ?
"""
_BIND: Final = f"INSERT INTO bindings ({BINDING_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_TOUCH: Final = """
UPDATE bindings SET last_used_at = ?4
WHERE tenant_id = ?1 AND connection_id = ?2 AND subject_key = ?3 AND last_used_at <= ?5
"""
_BINDINGS: Final = f"""
SELECT {BINDING_COLUMNS} FROM bindings WHERE tenant_id = ? AND resource_type = ? AND account_id = ?
"""
_UNBIND: Final = "DELETE FROM bindings WHERE tenant_id = ? AND connection_id = ? AND subject_key = ?"


class SqliteAttemptStore:
    """The port :class:`musterbook.identity.attempt_store.AttemptStore`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def add(self, attempt: Attempt) -> None:
        """Store an attempt, and remove some of the tenant's that have expired when it begins."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(_PRUNE, (attempt.tenant_id, attempt.created_at))
            connection.execute(_ADD, attempt_values(attempt))

        await self._writer.run(work)

    async def find(self, tenant_id: TenantId, attempt_id: str) -> Attempt | None:
        """Return an attempt, also an expired one, and leave it."""
        row = self._reader.row(_FIND, (tenant_id, attempt_id)) if may_be_stored(attempt_id) else None
        return None if row is None else read_attempt(row)

    async def take(self, tenant_id: TenantId, attempt_id: str) -> Attempt | None:
        """Remove an attempt and return it, also an expired one; of several who take it, one gets it."""
        if not may_be_stored(attempt_id):
            return None
        rows = await self._writer.run(lambda connection: connection.execute(_TAKE, (tenant_id, attempt_id)).fetchall())
        return read_attempt(rows[0]) if rows else None


class SqliteAssertionStore:
    """The port :class:`musterbook.identity.attempt_store.AssertionStore`."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def spend(
        self, tenant_id: TenantId, connection_id: str, assertion_id: str, *, now: str, expires_at: str
    ) -> bool:
        """Keep an assertion until ``expires_at``; return whether this was its first use."""

        def work(connection: sqlite3.Connection) -> bool:
            connection.execute(_PRUNE_ASSERTIONS, (tenant_id, now))
            return connection.execute(_SPEND, (tenant_id, connection_id, assertion_id, expires_at)).rowcount > 0

        return await self._writer.run(work)


class SqliteBindingStore:
    """The port :class:`musterbook.identity.attempt_store.BindingStore`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def find(self, tenant_id: TenantId, connection_id: str, subject_key: str) -> Binding | None:
        """Return the binding of a subject, or ``None``."""
        row = self._reader.row(_BOUND, (tenant_id, connection_id, subject_key))
        return None if row is None else read_binding(row)

    async def bind(self, binding: Binding) -> Binding:
        """Store a binding and return it; where the subject is bound already, return the binding that holds."""
        subject = (binding.account.tenant_id, binding.connection_id, binding.subject_key)

        def work(connection: sqlite3.Connection) -> Binding:
            connection.execute(_BIND, binding_values(binding))
            return read_binding(connection.execute(_BOUND, subject).fetchone())

        return await self._writer.run(work)

    async def touch(self, binding: Binding, at: str, *, not_since: str) -> None:
        """Set ``last_used_at`` unless it is later than ``not_since``."""
        values = (binding.account.tenant_id, binding.connection_id, binding.subject_key, at, not_since)
        await self._writer.run(lambda connection: connection.execute(_TOUCH, values).rowcount)

    async def list(self, account: AccountRef) -> Sequence[Binding]:
        """Return the bindings of an account, by connection and subject."""
        # Sorted here: for the order's sake a database might read every binding of the tenant.
        bindings = [read_binding(row) for row in self._reader.rows(_BINDINGS, account_values(account))]
        return sorted(bindings, key=lambda binding: (binding.connection_id, binding.subject_key))

    async def remove(self, tenant_id: TenantId, connection_id: str, subject_key: str) -> bool:
        """Remove a binding; return whether there was one."""
        values = (tenant_id, connection_id, subject_key)
        return await self._writer.run(lambda connection: connection.execute(_UNBIND, values).rowcount) > 0
