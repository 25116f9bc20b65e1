"""*Failures in the standard's words.* Decides which HTTP status and ``scimType`` each failure has (RFC 7644 §3.12).

Knows nothing of HTTP servers, databases or tenants. One class is one meaning; the tree is::

    ScimError
    ├── BadRequestError                 400
    │   ├── InvalidFilterError              invalidFilter, with the column
    │   ├── TooManyError                    tooMany
    │   ├── MutabilityError                 mutability
    │   ├── InvalidSyntaxError              invalidSyntax
    │   ├── InvalidPathError                invalidPath
    │   ├── NoTargetError                   noTarget
    │   ├── InvalidValueError               invalidValue
    │   ├── InvalidCursorError              invalidCursor
    │   ├── ExpiredCursorError              expiredCursor
    │   └── InvalidCountError               invalidCount
    ├── UnauthorizedError               401
    ├── ForbiddenError                  403
    ├── NotFoundError                   404
    ├── MethodNotAllowedError           405, with the methods that are allowed
    ├── ConflictError                   409
    │   └── UniquenessError                 uniqueness
    ├── PreconditionFailedError         412
    ├── PayloadTooLargeError            413
    ├── UriTooLongError                 414
    ├── UnsupportedMediaTypeError       415
    ├── TooManyRequestsError            429, with the seconds after which to try again
    ├── NotSupportedError               501
    └── UnavailableError                503, with the seconds after which to try again

``detail`` is written for the client's administrator: it says what to change, and never holds a secret or tells
that another tenant's resource exists.
"""

from enum import Enum


class ScimType(Enum):
    """The error types of RFC 7644 §3.12, Table 9, and RFC 9865 §2.1 that occur here.

    Another version of the protocol is a 404, as any unknown path; and no attribute is ``sensitive``.
    """

    INVALID_FILTER = "invalidFilter"
    TOO_MANY = "tooMany"
    UNIQUENESS = "uniqueness"
    MUTABILITY = "mutability"
    INVALID_SYNTAX = "invalidSyntax"
    INVALID_PATH = "invalidPath"
    NO_TARGET = "noTarget"
    INVALID_VALUE = "invalidValue"
    INVALID_CURSOR = "invalidCursor"
    EXPIRED_CURSOR = "expiredCursor"
    INVALID_COUNT = "invalidCount"


class ScimError(Exception):
    """A failure that a SCIM client is told about."""

    status: int = 500
    scim_type: ScimType | None = None

    def __init__(self, detail: str) -> None:
        """Keep ``detail``, one sentence or two for the client's administrator."""
        super().__init__(detail)
        self.detail = detail


class BadRequestError(ScimError):
    """The request cannot be carried out as it is written."""

    status = 400


class InvalidFilterError(BadRequestError):
    """A filter that cannot be parsed, or that names what cannot be compared."""

    scim_type = ScimType.INVALID_FILTER

    def __init__(self, detail: str, *, column: int | None = None) -> None:
        """Add the 1-based ``column`` of the filter's text at which it goes wrong, where there is one."""
        super().__init__(detail if column is None else f"{detail} (column {column})")
        self.column = column


class TooManyError(BadRequestError):
    """A query that yields, or has to look at, more than the server is willing to."""

    scim_type = ScimType.TOO_MANY


class MutabilityError(BadRequestError):
    """A change of what may not be changed (RFC 7643 §7, ``mutability``)."""

    scim_type = ScimType.MUTABILITY


class InvalidSyntaxError(BadRequestError):
    """A body that is not JSON, or not the message that the endpoint takes."""

    scim_type = ScimType.INVALID_SYNTAX


class InvalidPathError(BadRequestError):
    """A PATCH path that is malformed or names no attribute."""

    scim_type = ScimType.INVALID_PATH


class NoTargetError(BadRequestError):
    """A PATCH path that selects nothing to work on."""

    scim_type = ScimType.NO_TARGET


class InvalidValueError(BadRequestError):
    """A value that is missing, of the wrong type, or out of bounds."""

    scim_type = ScimType.INVALID_VALUE


class InvalidCursorError(BadRequestError):
    """A cursor that was not given out for this list, or not by this server.

    Whether it is forged, garbled, of another query or of another tenant is not told: one answer for all.
    """

    scim_type = ScimType.INVALID_CURSOR

    def __init__(self) -> None:
        """Say the same whatever is wrong."""
        super().__init__(
            "The cursor does not belong to this query. Repeat the query exactly, or begin anew with an empty cursor."
        )


class ExpiredCursorError(BadRequestError):
    """A cursor that was given out too long ago."""

    scim_type = ScimType.EXPIRED_CURSOR


class InvalidCountError(BadRequestError):
    """A ``count`` that is none, or another one than the list was begun with (RFC 9865 §2.1)."""

    scim_type = ScimType.INVALID_COUNT


class UnauthorizedError(ScimError):
    """No key, or one that does not open anything.

    The answer is the same for every reason: whoever guesses learns nothing. The log says which it was.
    """

    status = 401

    def __init__(self, *, credentials_sent: bool) -> None:
        """Choose the challenge: ``error`` is left out where no credentials were sent (RFC 6750 §3.1)."""
        super().__init__("This needs a valid API key, sent as 'Authorization: Bearer' and the key.")
        self.challenge = 'Bearer realm="musterbook"' + (', error="invalid_token"' if credentials_sent else "")
        """The value of ``WWW-Authenticate``."""


class ForbiddenError(ScimError):
    """The actor is known, and may not do this."""

    status = 403


class NotFoundError(ScimError):
    """No such resource or endpoint for this client."""

    status = 404


class MethodNotAllowedError(ScimError):
    """An endpoint that does not take this method."""

    status = 405

    def __init__(self, detail: str, *, allowed: tuple[str, ...]) -> None:
        """Name the methods for the ``Allow`` header."""
        super().__init__(detail)
        self.allowed = allowed


class ConflictError(ScimError):
    """The change cannot be made in the present state."""

    status = 409


class UniquenessError(ConflictError):
    """A value that another resource of the tenant holds already."""

    scim_type = ScimType.UNIQUENESS


class PreconditionFailedError(ScimError):
    """The resource is not at a version at which the client wants the request carried out."""

    status = 412


class PayloadTooLargeError(ScimError):
    """A body over the endpoint's limit."""

    status = 413


class UriTooLongError(ScimError):
    """A request line over the limit."""

    status = 414


class UnsupportedMediaTypeError(ScimError):
    """A body whose ``Content-Type`` is not JSON."""

    status = 415


class TooManyRequestsError(ScimError):
    """A client that sends more than it is given room for (RFC 6585 §4); the same request may succeed later."""

    status = 429

    def __init__(self, detail: str, *, retry_after_seconds: int = 1) -> None:
        """Say after how many whole seconds to try again: some clients read no other form of ``Retry-After``."""
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class NotSupportedError(ScimError):
    """A part of the protocol that this server does not offer."""

    status = 501


class UnavailableError(ScimError):
    """The server cannot do it now; the same request may succeed later."""

    status = 503

    def __init__(self, detail: str, *, retry_after_seconds: int = 1) -> None:
        """Say after how many whole seconds to try again."""
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds
