"""*Sessions on PostgreSQL.* Keeps who is signed in; only the hashes of tokens ever come here."""

from collections.abc import Sequence
from typing import Final

from musterbook.directory import TenantId
from musterbook.identity.accounts import AccountRef
from musterbook.identity.session_store import Session, SessionRecord
from musterbook.storage.identity_rows import (
    ADD_SESSION,
    SESSION_RECORD_COLUMNS,
    SESSION_RECORD_TABLES,
    account_values,
    read_session_record,
    session_values,
)
from musterbook.storage.postgres.lookups import find_session
from musterbook.storage.postgres.pool import Pool
from musterbook.storage.rows import may_be_stored

# Rows that another session is removing at the moment are left to it.
_ADD: Final = f"""
WITH pruned AS (
    DELETE FROM sessions WHERE tenant_id = $1 AND id IN (
        SELECT id FROM sessions WHERE tenant_id = $1 AND expires_at <= $8
        ORDER BY expires_at LIMIT 20 FOR UPDATE SKIP LOCKED
    )
)
{ADD_SESSION} VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""

_LIST: Final = f"""
SELECT {SESSION_RECORD_COLUMNS} FROM {SESSION_RECORD_TABLES}
WHERE sessions.tenant_id = $1 AND sessions.id > $2
ORDER BY sessions.id LIMIT $3
"""
LIST_OF_ACCOUNT: Final = f"""
SELECT {SESSION_RECORD_COLUMNS} FROM {SESSION_RECORD_TABLES}
WHERE sessions.tenant_id = $1 AND sessions.resource_type = $2 AND sessions.account_id = $3
ORDER BY sessions.id LIMIT $4
"""

_TOUCH: Final = "UPDATE sessions SET last_seen_at = $3 WHERE tenant_id = $1 AND id = $2 AND last_seen_at <= $4"

_END: Final = """
DELETE FROM sessions WHERE tenant_id = $1 AND resource_type = $2 AND account_id = $3 AND id = $4 RETURNING 1
"""
_END_ALL: Final = """
DELETE FROM sessions WHERE tenant_id = $1 AND resource_type = $2 AND account_id = $3 AND id <> $4 RETURNING 1
"""
_END_OF_SUBJECT: Final = """
DELETE FROM sessions WHERE tenant_id = $1 AND connection_id = $2 AND subject = $3
    AND ($4::text[] IS NULL OR session_index = ANY ($4))
RETURNING 1
"""


class PostgresSessionStore:
    """The port :class:`musterbook.identity.session_store.SessionStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, session: Session) -> None:
        """Store a session, and remove some of the tenant's that have expired when it begins."""
        await self._pool.rows(_ADD, *session_values(session))

    async def find(self, token_hash: bytes) -> SessionRecord | None:
        """Return the session with this hash, whatever is wrong with it, or ``None``."""
        return await find_session(self._pool, token_hash)

    async def list(self, tenant_id: TenantId, *, after: str = "", limit: int = 100) -> Sequence[SessionRecord]:
        """Return the sessions of a tenant by their ids, from after ``after``."""
        if not may_be_stored(after):
            return []
        return [read_session_record(row) for row in await self._pool.rows(_LIST, tenant_id, after, limit)]

    async def list_of(self, account: AccountRef, *, limit: int = 100) -> Sequence[SessionRecord]:
        """Return the sessions of an account by their ids."""
        return [
            read_session_record(row) for row in await self._pool.rows(LIST_OF_ACCOUNT, *account_values(account), limit)
        ]

    async def touch(self, tenant_id: TenantId, session_id: str, at: str, *, not_since: str) -> None:
        """Set ``last_seen_at`` unless it is later than ``not_since``."""
        await self._pool.rows(_TOUCH, tenant_id, session_id, at, not_since)

    async def end(self, account: AccountRef, session_id: str) -> bool:
        """End one session of an account; return whether it has one with this id."""
        if not may_be_stored(session_id):
            return False
        return bool(await self._pool.rows(_END, *account_values(account), session_id))

    async def end_all(self, account: AccountRef, *, keep: str | None = None) -> int:
        """End the sessions of an account, but not the one with the id ``keep``; return how many there were."""
        return len(await self._pool.rows(_END_ALL, *account_values(account), keep or ""))

    async def end_of_subject(
        self, tenant_id: TenantId, connection_id: str, subject: str, session_indexes: Sequence[str] = ()
    ) -> int:
        """End the sessions that a connection opened for a subject; return how many there were."""
        indexes = list(session_indexes) or None
        return len(await self._pool.rows(_END_OF_SUBJECT, tenant_id, connection_id, subject, indexes))
