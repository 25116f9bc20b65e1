"""*Several statements as one.* Decides how a transaction ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from musterbook.directory.store import StoreError
from musterbook.storage.postgres.connection import Connection


@asynccontextmanager
async def transaction(connection: Connection) -> AsyncIterator[None]:
    """Commit what the block does; roll it back where it refuses the change.

    After any other failure the transaction stays open: the pool closes the connection, and the server rolls back when
    it notices. Sending anything more could only wait for a server that does not answer.
    """
    await connection.execute("BEGIN")
    try:
        yield
    except StoreError:
        await connection.execute("ROLLBACK")
        raise
    await connection.execute("COMMIT")
