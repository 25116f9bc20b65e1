"""*What went wrong at PostgreSQL.* Decides which of the store's failures an error of the server or the driver is.

Knows SQLSTATE codes (PostgreSQL documentation, appendix A) and the driver's exceptions; knows no statement. Three
ideas:

* A failure is recognised by its SQLSTATE or its constraint's name, never by its text.
* What nobody could have caused by asking is the database being unavailable; what is left is a bug and passes through.
* A deadlock's victim has been rolled back whole, so the same statement may be tried again.
"""

import asyncpg

from musterbook.directory.store import StoreUnavailableError

DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""Everything that the driver raises when the database or the way to it fails; ``TimeoutError`` is an ``OSError``."""

_ROLLED_BACK = frozenset({"40001", "40P01"})
"""serialization_failure and deadlock_detected: nothing was stored, and trying again may succeed."""

_UNAVAILABLE_CLASSES = frozenset({"08", "53", "58"})
"""Connection exception; insufficient resources (disk full, memory, too many connections); system error (I/O)."""

_UNAVAILABLE_STATES = _ROLLED_BACK | {
    "25006",  # read_only_sql_transaction: the server is a standby, as in the middle of a failover
    "25P03",  # idle_in_transaction_session_timeout: this process was stopped for so long that the server gave up
    "25P04",  # transaction_timeout
    "40003",  # statement_completion_unknown
    "55P03",  # lock_not_available
    "57014",  # query_canceled: the statement's time is over
    "57P01",  # admin_shutdown
    "57P02",  # crash_shutdown
    "57P03",  # cannot_connect_now: starting or stopping
    "57P05",  # idle_session_timeout
    "XX001",  # data_corrupted: a checksum did not match; wrong data is never served
    "XX002",  # index_corrupted
}


def was_rolled_back(error: BaseException | None) -> bool:
    """Return whether the server undid the statement for the sake of another, so that it may be tried again."""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate in _ROLLED_BACK


def is_still_member(error: BaseException) -> bool:
    """Return whether the server refused to remove somebody who is in a group, or to add somebody who is not there.

    Such a write was computed from what had passed by then, so it may be done again.
    """
    return isinstance(error, asyncpg.ForeignKeyViolationError) and error.constraint_name == "members_member_fkey"


def ended_statement_only(error: BaseException) -> bool:
    """Return whether the server refused one statement and nothing more.

    After a FATAL error, such as its shutdown, the server closes the connection a moment later.
    """
    return isinstance(error, asyncpg.PostgresError) and error.severity_en == "ERROR"


def unavailable(error: BaseException, *, is_lost: bool = False) -> StoreUnavailableError | None:
    """Return the failure that ``error`` means for whoever asked; ``None``: it is none, or a bug of ours.

    ``is_lost`` tells that the connection is closed: only then is the driver's refusal to use it no misuse.
    """
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        if state[:2] in _UNAVAILABLE_CLASSES or state in _UNAVAILABLE_STATES:
            # Not the server's own text: it may quote values.
            return StoreUnavailableError(f"PostgreSQL: {state} ({type(error).__name__})")
    elif isinstance(error, asyncpg.InternalClientError):
        # The driver has lost its place in the protocol, as when the server dies between two messages.
        return StoreUnavailableError("the connection to PostgreSQL broke in the middle of an answer")
    elif isinstance(error, OSError) or (is_lost and isinstance(error, asyncpg.InterfaceError)):
        return StoreUnavailableError(f"PostgreSQL cannot be reached: {str(error) or type(error).__name__}")
    return None


def cannot_connect(error: BaseException) -> StoreUnavailableError:
    """Return the failure that ``error`` of an attempt to connect means, such as a wrong password."""
    if isinstance(error, asyncpg.PostgresError):
        return StoreUnavailableError(f"PostgreSQL refuses the connection: {error.sqlstate} ({type(error).__name__})")
    return StoreUnavailableError(f"PostgreSQL cannot be reached: {str(error) or type(error).__name__}")
