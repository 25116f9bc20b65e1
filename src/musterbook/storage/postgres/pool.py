"""*Connections.* Decides how many connections to PostgreSQL are open, who gets one, and which are never used again.

Knows no table and no statement of the store. Four ideas:

* **The connection used last is used next.** Few connections stay warm, with their prepared statements. Nothing here
  leaves anything behind in a session, so a connection comes back without the round trip that would reset it.
* **Nobody waits long.** Waiting for a connection, opening one included, and working with it have a deadline each; their
  sum stays below the five seconds within which a client is told that the database is away.
* **A connection whose last statement did not end is closed.** Whether that statement took effect is unknown. It is not
  cancelled on the server either: cancelling a commit that waits for a standby would make it visible, yet unreplicated.
* **The server has limits of its own**, so that a process which is stopped holds no lock for long. They are sent as the
  connection starts and cost no statement.

Prepared statements and start-up settings belong to a session. A pooler between Musterbook and PostgreSQL must give each
connection a session of its own (PgBouncer: ``pool_mode = session``, and ``ignore_startup_parameters``).
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from musterbook.directory.store import StoreError, StoreUnavailableError
from musterbook.storage.postgres.connection import Connection, Value, connect
from musterbook.storage.postgres.failures import DRIVER_ERRORS, ended_statement_only, unavailable
from musterbook.storage.rows import Row

T = TypeVar("T")

_CLOSE_SECONDS = 1.0
"""For saying goodbye to a server that may be gone."""


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How many connections, and how long everything may take."""

    size: int = 10
    acquire_seconds: float = 2.4
    """For waiting for a connection and, where none is open, for opening one."""
    work_seconds: float = 2.4
    """For the work on a connection: somewhat longer than a statement, so that the server's limit comes first."""
    statement_seconds: float = 2.0
    """For one statement, with its waiting for locks, as the server counts."""

    def for_server(self) -> dict[str, str]:
        """Return the settings that a connection starts with."""
        return {
            "application_name": "musterbook",
            # The guard of the last administrator counts in a statement after the lock and must see what was committed
            # while it waited; under any other level it would see the past.
            "default_transaction_isolation": "read committed",
            "statement_timeout": str(round(self.statement_seconds * 1000)),
            "idle_in_transaction_session_timeout": "5000",
            # Compiling a plan costs more than any statement of ours takes.
            "jit": "off",
            # An index serves every statement. A plan made while a table was small must not read it from end to end
            # when it has grown.
            "enable_seqscan": "off",
            # A dead client is noticed within a minute, and the traffic keeps firewalls from forgetting an idle one.
            "tcp_keepalives_idle": "30",
            "tcp_keepalives_interval": "10",
            "tcp_keepalives_count": "3",
            "tcp_user_timeout": "30000",
        }


class Pool:
    """Open connections to one database, at most ``settings.size``."""

    def __init__(self, url: str, settings: PoolSettings) -> None:
        self._url = url
        self._settings = settings
        self._permits = asyncio.Semaphore(settings.size)
        self._idle: list[Connection] = []
        self._is_closed = False

    async def rows(self, sql: str, *values: Value) -> list[Row]:
        """Run one statement, prepared once on each connection; return its rows. Raises what :meth:`run` raises."""
        return await self.run(lambda connection: connection.fetch(sql, *values))

    async def row(self, sql: str, *values: Value) -> Row | None:
        """Run one statement; return its first row. Raises what :meth:`run` raises."""
        rows = await self.rows(sql, *values)
        return rows[0] if rows else None

    async def run(self, work: Callable[[Connection], Awaitable[T]], *, more_seconds: float = 0.0) -> T:
        """Lend a connection to ``work`` and return what it returns.

        ``work`` ends the transactions that it begins; where it fails to, the connection is closed. ``more_seconds``:
        how much longer than usual it may take, because there is so much to do.

        Raises:
            StoreUnavailableError: the database is away or too busy. What was being written may or may not be stored.
        """
        connection = await self._acquire()
        # A timer costs a third of `asyncio.timeout`, and it closes where that would ask the server to cancel.
        deadline = asyncio.get_running_loop().call_later(
            self._settings.work_seconds + more_seconds, self._give_up, connection
        )
        try:
            result = await work(connection)
        except BaseException as error:
            failure = unavailable(error, is_lost=connection.is_closed())
            self._give_back(connection, is_sound=isinstance(error, StoreError) or ended_statement_only(error))
            if failure is None:
                raise
            raise failure from error
        finally:
            deadline.cancel()
        self._give_back(connection, is_sound=True)
        return result

    async def close(self) -> None:
        """Wait for the work that has begun, as long as it may take, and close the connections. May be repeated."""
        if self._is_closed:
            return
        self._is_closed = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.work_seconds):
                for _ in range(self._settings.size):
                    await self._permits.acquire()
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_close(connection) for connection in idle))

    async def _acquire(self) -> Connection:
        if self._is_closed:
            raise StoreUnavailableError("the database is closed")
        if self._idle and not self._permits.locked():
            # As a rule nobody waits, and this needs no deadline.
            await self._permits.acquire()
            if (connection := self._pop_idle()) is not None:
                return connection
            self._permits.release()
        try:
            async with asyncio.timeout(self._settings.acquire_seconds):
                await self._permits.acquire()
                try:
                    return self._pop_idle() or await self._open()
                except BaseException:
                    self._permits.release()
                    raise
        except TimeoutError as error:
            raise StoreUnavailableError("no connection to PostgreSQL became free in time") from error

    def _pop_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    async def _open(self) -> Connection:
        return await connect(
            self._url, seconds=self._settings.acquire_seconds, server_settings=self._settings.for_server()
        )

    def _give_back(self, connection: Connection, *, is_sound: bool) -> None:
        if is_sound and not (connection.is_closed() or connection.is_in_transaction()):
            self._idle.append(connection)
        else:
            connection.terminate()
        self._permits.release()

    def _give_up(self, connection: Connection) -> None:
        # The way to the server is gone without a word, and the other connections most likely with it.
        idle, self._idle = self._idle, []
        for lost in (connection, *idle):
            lost.terminate()


async def _close(connection: Connection) -> None:
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await connection.close()
    except DRIVER_ERRORS:
        connection.terminate()
