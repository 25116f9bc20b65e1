"""*Connections.* Decides how a SQLite file is opened, when it counts as lost, and what its errors mean.

Knows the file and SQLite's result codes; knows no table. Three ideas:

* A file that was removed or replaced under a running server would go on to take writes that nobody finds again. So each
  use of a connection first asks whether the path still leads to the file that was opened.
* A file is made by the migration alone. A connection never makes one: a path that leads nowhere is a failure.
* What nobody could have caused by asking is the database being unavailable; what is left is a bug and passes through.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

from musterbook.directory.store import QueryTooExpensiveError, StoreError, StoreUnavailableError

Row: TypeAlias = tuple[Any, ...]
"""`Any`: SQLite's driver knows no types of columns; ``storage.rows`` states them."""
Value: TypeAlias = str | int | bytes | None

CACHED_STATEMENTS: Final = 256
"""More than the statements of this package; the rest is for filters, each of which is a text of its own."""
CACHE_KIBIBYTES: Final = 32 * 1024
READER_BUSY_SECONDS: Final = 0.25
"""In WAL mode a reader waits only while another process recovers the file, and it makes the event loop wait."""
WRITER_BUSY_SECONDS: Final = 0.25
"""How long one attempt to become the writer lasts; ``writer`` decides how many follow."""
CHECKPOINT_PAGES: Final = 4000
"""The log is carried over into the file every 16 MiB: four times less often than by default, since a page that many
commits have changed is then written once."""
INSTRUCTIONS_BETWEEN_CHECKS: Final = 100_000
"""About a millisecond of SQLite's virtual machine."""

_UNAVAILABLE: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)
_PRIMARY_CODE: Final = 0xFF
"""The low byte of an extended result code."""


class DatabaseBusyError(StoreUnavailableError):
    """Another process is writing."""


def store_error(error: sqlite3.Error) -> StoreError | None:
    """Return the failure that ``error`` means for whoever asked; ``None``: it is a bug of ours."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & _PRIMARY_CODE
    if code == sqlite3.SQLITE_BUSY:
        return DatabaseBusyError("another process has been writing to the SQLite database for too long")
    if code == sqlite3.SQLITE_INTERRUPT:
        return QueryTooExpensiveError()
    if code in _UNAVAILABLE:
        # SQLite's own text holds no values: it says "disk I/O error" or "database or disk is full".
        return StoreUnavailableError(f"SQLite: {error}")
    return None


@contextmanager
def store_errors() -> Iterator[None]:
    """Raise SQLite's errors in the block as what they mean for whoever asked."""
    try:
        yield
    except sqlite3.Error as error:
        failure = store_error(error)
        if failure is None:
            raise
        raise failure from error


Identity: TypeAlias = tuple[int, int]
"""Device and inode: what a path leads to."""


def identity(path: Path) -> Identity:
    """Return which file ``path`` leads to.

    Raises:
        StoreUnavailableError: none.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise StoreUnavailableError(f"the SQLite database {path} cannot be reached: {error.strerror}") from error
    return status.st_dev, status.st_ino


def connect(path: Path, *, busy_seconds: float, pragmas: Sequence[str] = ()) -> sqlite3.Connection:
    """Return a connection to an existing file, used by the calling thread alone, on which nothing begins implicitly.

    Raises:
        StoreUnavailableError: the file cannot be opened.
    """
    with store_errors():
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=busy_seconds,
            isolation_level=None,
            cached_statements=CACHED_STATEMENTS,
        )
        try:
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            connection.close()
            raise
    return connection


def connect_writer(path: Path) -> sqlite3.Connection:
    """Return a connection whose commits survive a loss of power."""
    pragmas = (
        "synchronous = FULL",
        # On macOS fsync alone leaves the data in the drive's cache; elsewhere this says nothing.
        "fullfsync = ON",
        "foreign_keys = ON",
        f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
        f"cache_size = -{CACHE_KIBIBYTES}",
    )
    return connect(path, busy_seconds=WRITER_BUSY_SECONDS, pragmas=pragmas)


def connect_reader(path: Path) -> sqlite3.Connection:
    """Return a connection that cannot write."""
    pragmas = ("query_only = ON", f"cache_size = -{CACHE_KIBIBYTES}")
    return connect(path, busy_seconds=READER_BUSY_SECONDS, pragmas=pragmas)


class Reader:
    """Reads on the event loop's own thread: a look-up takes less time than handing it to another one."""

    def __init__(self, path: Path, *, seconds: float) -> None:
        self._path = path
        self._seconds = seconds
        self._stops_at = 0.0
        self._opened: tuple[Identity, sqlite3.Connection] | None = None
        self._is_closed = False

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> list[Row]:
        """Return all rows of a statement.

        Raises:
            StoreUnavailableError: the file is gone or cannot be read.
            QueryTooExpensiveError: it takes longer than the time for a search.
        """
        connection = self._connection()
        self._stops_at = time.monotonic() + self._seconds
        with store_errors():
            return connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Value] = ()) -> Row | None:
        """Return the first row of a statement, or ``None``; raises what :meth:`rows` raises."""
        rows = self.rows(sql, parameters)
        return rows[0] if rows else None

    def close(self) -> None:
        """Close the connection for good."""
        self._is_closed = True
        self._let_go()

    def _connection(self) -> sqlite3.Connection:
        if self._is_closed:
            raise StoreUnavailableError("the SQLite database was closed")
        current = identity(self._path)
        if self._opened is not None and self._opened[0] == current:
            return self._opened[1]
        # The first use, or the file was replaced, as by restoring a backup.
        self._let_go()
        connection = connect_reader(self._path)
        connection.set_progress_handler(self._is_over, INSTRUCTIONS_BETWEEN_CHECKS)
        self._opened = (current, connection)
        return connection

    def _is_over(self) -> bool:
        return time.monotonic() >= self._stops_at

    def _let_go(self) -> None:
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None
