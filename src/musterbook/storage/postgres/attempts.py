"""*Sign-ins under way on PostgreSQL.* Keeps attempts, used assertions and bindings."""

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
from musterbook.storage.postgres.pool import Pool
from musterbook.storage.rows import may_be_stored

_ADD: Final = f"""
WITH pruned AS (
    DELETE FROM sign_in_attempts WHERE tenant_id = $1 AND id IN (
        SELECT id FROM sign_in_attempts WHERE tenant_id = $1 AND expires_at <= $6
        ORDER BY expires_at LIMIT 20 FOR UPDATE SKIP LOCKED
    )
)
INSERT INTO sign_in_attempts ({ATTEMPT_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_FIND: Final = f"SELECT {ATTEMPT_COLUMNS} FROM sign_in_attempts WHERE tenant_id = $1 AND id = $2"
_TAKE: Final = f"DELETE FROM sign_in_attempts WHERE tenant_id = $1 AND id = $2 RETURNING {ATTEMPT_COLUMNS}"

# A row that this statement removes stands in its own way: the assertion was refused as expired before it came here.
_SPEND: Final = """
WITH pruned AS (
    DELETE FROM used_assertions WHERE tenant_id = $1 AND (connection_id, assertion_id) IN (
        SELECT connection_id, assertion_id FROM used_assertions WHERE tenant_id = $1 AND expires_at <= $5
        ORDER BY expires_at LIMIT 20 FOR UPDATE SKIP LOCKED
    )
)
INSERT INTO used_assertions (tenant_id, connection_id, assertion_id, expires_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
RETURNING 1
"""

_BOUND: Final = f"""
SELECT {BINDING_COLUMNS} FROM bindings WHERE tenant_id = $1 AND connection_id = $2 AND subject_key = $3
"""
_BIND: Final = f"""
INSERT INTO bindings ({BINDING_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING
RETURNING 1
"""
_TOUCH: Final = """
UPDATE bindings SET last_used_at = $4
WHERE tenant_id = $1 AND connection_id = $2 AND subject_key = $3 AND last_used_at <= $5
"""
_BINDINGS: Final = f"""
SELECT {BINDING_COLUMNS} FROM bindings WHERE tenant_id = $1 AND resource_type = $2 AND account_id = $3
"""
_UNBIND: Final = "DELETE FROM bindings WHERE tenant_id = $1 AND connection_id = $2 AND subject_key = $3 RETURNING 1"


class PostgresAttemptStore:
    """The port :class:`musterbook.identity.attempt_store.AttemptStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, attempt: Attempt) -> None:
        """Store an attempt, and remove some of the tenant's that have expired when it begins."""
        await self._pool.rows(_ADD, *attempt_values(attempt))

    async def find(self, tenant_id: TenantId, attempt_id: str) -> Attempt | None:
        """Return an attempt, also an expired one, and leave it."""
        row = await self._pool.row(_FIND, tenant_id, attempt_id) if may_be_stored(attempt_id) else None
        return None if row is None else read_attempt(row)

    async def take(self, tenant_id: TenantId, attempt_id: str) -> Attempt | None:
        """Remove an attempt and return it, also an expired one; of several who take it, one gets it."""
        row = await self._pool.row(_TAKE, tenant_id, attempt_id) if may_be_stored(attempt_id) else None
        return None if row is None else read_attempt(row)


class PostgresAssertionStore:
    """The port :class:`musterbook.identity.attempt_store.AssertionStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def spend(
        self, tenant_id: TenantId, connection_id: str, assertion_id: str, *, now: str, expires_at: str
    ) -> bool:
        """Keep an assertion until ``expires_at``; return whether this was its first use."""
        return bool(await self._pool.rows(_SPEND, tenant_id, connection_id, assertion_id, expires_at, now))


class PostgresBindingStore:
    """The port :class:`musterbook.identity.attempt_store.BindingStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, tenant_id: TenantId, connection_id: str, subject_key: str) -> Binding | None:
        """Return the binding of a subject, or ``None``."""
        row = await self._pool.row(_BOUND, tenant_id, connection_id, subject_key)
        return None if row is None else read_binding(row)

    async def bind(self, binding: Binding) -> Binding:
        """Store a binding and return it; where the subject is bound already, return the binding that holds."""
        account = binding.account
        while not await self._pool.rows(_BIND, *binding_values(binding)):
            # Whoever was faster may have been removed again since; then this one is tried once more.
            present = await self.find(account.tenant_id, binding.connection_id, binding.subject_key)
            if present is not None:
                return present
        return binding

    async def touch(self, binding: Binding, at: str, *, not_since: str) -> None:
        """Set ``last_used_at`` unless it is later than ``not_since``."""
        tenant_id = binding.account.tenant_id
        await self._pool.rows(_TOUCH, tenant_id, binding.connection_id, binding.subject_key, at, not_since)

    async def list(self, account: AccountRef) -> Sequence[Binding]:
        """Return the bindings of an account, by connection and subject."""
        # Sorted here: for the order's sake a database might read every binding of the tenant.
        bindings = [read_binding(row) for row in await self._pool.rows(_BINDINGS, *account_values(account))]
        return sorted(bindings, key=lambda binding: (binding.connection_id, binding.subject_key))

    async def remove(self, tenant_id: TenantId, connection_id: str, subject_key: str) -> bool:
        """Remove a binding; return whether there was one."""
        return bool(await self._pool.rows(_UNBIND, tenant_id, connection_id, subject_key))
