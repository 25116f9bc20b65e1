"""*Sessions on SQLite.* Keeps who is signed in; only the hashes of tokens ever come here."""

import sqlite3
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
from musterbook.storage.rows import may_be_stored
from musterbook.storage.sqlite.connection import Reader
from musterbook.storage.sqlite.lookups import find_session
from musterbook.storage.sqlite.writer import Writer

_ADD: Final = f"{ADD_SESSION} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_PRUNE: Final = """
DELETE FROM sessions WHERE rowid IN (
    SELECT rowid FROM sessions WHERE tenant_id = ?1 AND expires_at <= ?2 ORDER BY expires_at LIMIT 20
)
"""

_LIST: Final = f"""
SELECT {SESSION_RECORD_COLUMNS} FROM {SESSION_RECORD_TABLES}
WHERE sessions.tenant_id = ?1 AND sessions.id > ?2
ORDER BY sessions.id LIMIT ?3
"""
_LIST_OF_ACCOUNT: Final = f"""
SELECT {SESSION_RECORD_COLUMNS} FROM {SESSION_RECORD_TABLES}
WHERE sessions.tenant_id = ?1 AND sessions.resource_type = ?2 AND sessions.account_id = ?3
ORDER BY sessions.id LIMIT ?4
"""

_TOUCH: Final = "UPDATE sessions SET last_seen_at = ?3 WHERE tenant_id = ?1 AND id = ?2 AND last_seen_at <= ?4"

_END: Final = "DELETE FROM sessions WHERE tenant_id = ?1 AND resource_type = ?2 AND account_id = ?3 AND id = ?4"
_END_ALL: Final = "DELETE FROM sessions WHERE tenant_id = ?1 AND resource_type = ?2 AND account_id = ?3 AND id <> ?4"
_END_OF_SUBJECT: Final = "DELETE FROM sessions WHERE tenant_id = ?1 AND connection_id = ?2 AND subject = ?3"
_END_AT_INDEX: Final = f"{_END_OF_SUBJECT} AND session_index = ?4"


class SqliteSessionStore:
    """The port :class:`musterbook.identity.session_store.SessionStore`."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def add(self, session: Session) -> None:
        """Store a session, and remove some of the tenant's that have expired when it begins."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(_PRUNE, (session.account.tenant_id, session.created_at))
            connection.execute(_ADD, session_values(session))

        await self._writer.run(work)

    async def find(self, token_hash: bytes) -> SessionRecord | None:
        """Return the session with this hash, whatever is wrong with it, or ``None``."""
        return find_session(self._reader, token_hash)

    async def list(self, tenant_id: TenantId, *, after: str = "", limit: int = 100) -> Sequence[SessionRecord]:
        """Return the sessions of a tenant by their ids, from after ``after``."""
        if not may_be_stored(after):
            return []
        return [read_session_record(row) for row in self._reader.rows(_LIST, (tenant_id, after, limit))]

    async def list_of(self, account: AccountRef, *, limit: int = 100) -> Sequence[SessionRecord]:
        """Return the sessions of an account by their ids."""
        return [
            read_session_record(row) for row in self._reader.rows(_LIST_OF_ACCOUNT, (*account_values(account), limit))
        ]

    async def touch(self, tenant_id: TenantId, session_id: str, at: str, *, not_since: str) -> None:
        """Set ``last_seen_at`` unless it is later than ``not_since``."""
        await self._change(_TOUCH, tenant_id, session_id, at, not_since)

    async def end(self, account: AccountRef, session_id: str) -> bool:
        """End one session of an account; return whether it has one with this id."""
        if not may_be_stored(session_id):
            return False
        return await self._change(_END, *account_values(account), session_id) > 0

    async def end_all(self, account: AccountRef, *, keep: str | None = None) -> int:
        """End the sessions of an account, but not the one with the id ``keep``; return how many there were."""
        return await self._change(_END_ALL, *account_values(account), keep or "")

    async def end_of_subject(
        self, tenant_id: TenantId, connection_id: str, subject: str, session_indexes: Sequence[str] = ()
    ) -> int:
        """End the sessions that a connection opened for a subject; return how many there were."""
        owner = (tenant_id, connection_id, subject)

        def work(connection: sqlite3.Connection) -> int:
            if not session_indexes:
                return connection.execute(_END_OF_SUBJECT, owner).rowcount
            # An index that is named twice has nothing left the second time.
            return sum(connection.execute(_END_AT_INDEX, (*owner, index)).rowcount for index in session_indexes)

        return await self._writer.run(work)

    async def _change(self, sql: str, *values: str) -> int:
        return await self._writer.run(lambda connection: connection.execute(sql, values).rowcount)
