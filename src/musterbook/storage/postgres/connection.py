"""*One connection.* Decides how a connection to PostgreSQL is opened, and what of the driver is used.

The driver ships no types: what is used of it is typed here, once.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

import asyncpg

from musterbook.storage.errors import DatabaseUrlError
from musterbook.storage.postgres.failures import DRIVER_ERRORS, cannot_connect
from musterbook.storage.rows import Row

Value: TypeAlias = str | int | bool | bytes | Sequence[str | None] | Sequence[bytes] | None
"""What is passed to a statement."""


class Connection(Protocol):
    """What is used of ``asyncpg.Connection``, which ships no types."""

    async def fetch(self, query: str, *args: Value) -> list[Row]:
        """Run a prepared statement; return its rows."""
        ...

    async def execute(self, query: str) -> str:
        """Run a statement, or several, that take no values."""
        ...

    async def close(self) -> None:
        """Say goodbye to the server."""
        ...

    def terminate(self) -> None:
        """Drop the connection at once."""
        ...

    def is_closed(self) -> bool:
        """Return whether either side has closed the connection."""
        ...

    def is_in_transaction(self) -> bool:
        """Return whether a transaction is open."""
        ...


async def connect(url: str, *, seconds: float, server_settings: Mapping[str, str]) -> Connection:
    """Open a connection within ``seconds``; it starts with ``server_settings``.

    Raises:
        DatabaseUrlError: the address is malformed.
        StoreUnavailableError: the server cannot be reached, or refuses the connection.
    """
    try:
        connection: Connection = await asyncpg.connect(
            url,
            timeout=seconds,
            server_settings=dict(server_settings),
            # Statements stay prepared for as long as the connection lives.
            max_cached_statement_lifetime=0,
        )
    except ValueError as error:
        # Not its text: a malformed address may hold a password in the wrong place.
        raise DatabaseUrlError("the PostgreSQL address is malformed: postgresql://user:password@host/name") from error
    except DRIVER_ERRORS as error:
        raise cannot_connect(error) from error
    return connection
