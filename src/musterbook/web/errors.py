"""*From exception to answer.* The one place where a failure becomes something that a client may see.

Every request runs inside :func:`attempt`. What is meant for the client is a :class:`ScimError` already; a database that
is away is a 503; everything else is a bug, of which the client learns the request id and the log learns the rest.
"""

from collections.abc import Awaitable
from http import HTTPStatus
from typing import TypeVar

import structlog

from musterbook.directory.store import StoreUnavailableError
from musterbook.scim.errors import ScimError, UnavailableError
from musterbook.web.services import NotReadyError

Answer = TypeVar("Answer")

UNAVAILABLE_SECONDS = 5
"""When a client is asked to come back. A failover of the database takes longer, a restart less."""


class RequestTimeoutError(ScimError):
    """A body that came too slowly (RFC 9110 §15.5.9)."""

    status = HTTPStatus.REQUEST_TIMEOUT.value


class InternalError(ScimError):
    """A bug. The request id leads to it in the log."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR.value

    def __init__(self, request_id: str) -> None:
        """Name the request, and nothing of what went wrong."""
        super().__init__(f"The server failed to answer. Its operator finds the reason under request id {request_id}.")


class ClientDisconnectedError(Exception):
    """The client went away before its request was whole. There is nobody to answer and nothing was done."""


def is_outage(error: ScimError) -> bool:
    """Return whether the reason of a failure is that the database cannot be reached."""
    return isinstance(error.__cause__, StoreUnavailableError)


def database_away() -> UnavailableError:
    """Return what a client is told while the database cannot be reached."""
    return UnavailableError("The database cannot be reached.", retry_after_seconds=UNAVAILABLE_SECONDS)


async def attempt(
    work: Awaitable[Answer], request_id: str, log: structlog.typing.FilteringBoundLogger
) -> Answer | ScimError | None:
    """Return what ``work`` returns, or the failure that the client is told; ``None`` if the client is gone."""
    try:
        return await work
    except ScimError as error:
        if isinstance(error.__cause__, StoreUnavailableError):
            _log_outage(log, request_id, error.__cause__)
        return error
    except ClientDisconnectedError:
        return None
    except (StoreUnavailableError, NotReadyError) as error:
        # The directory translates this for itself; it comes here from authentication and from opening the database.
        _log_outage(log, request_id, error)
        return database_away()
    except Exception as error:
        # The border of the program: whatever escapes here would end as a closed connection and tell nobody.
        log.exception("request failed", request_id=request_id, error=type(error).__name__)
        return InternalError(request_id)


def _log_outage(
    log: structlog.typing.FilteringBoundLogger, request_id: str, error: StoreUnavailableError | NotReadyError
) -> None:
    """Tell the operator what the client is not told: whether the disk is full, the server gone or the schema old."""
    log.warning("database unavailable", request_id=request_id, reason=str(error))
