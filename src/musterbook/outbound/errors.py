"""*Why a request was not made, or its answer not taken.* Decides the names of the reasons.

Knows nothing of HTTP. The sentences are for the administrator who typed the address. None tells which address a name
leads to: whoever may type addresses must not learn from us how the network inside looks.
"""

from enum import Enum


class OutboundFailure(Enum):
    """What was wrong."""

    NOT_AN_ADDRESS = "not-an-address"
    """It cannot be read, holds a user name, or is too long."""
    NOT_HTTPS = "not-https"
    UNKNOWN_NAME = "unknown-name"
    """No address was found for the name."""
    NOT_PUBLIC = "not-public"
    """The name leads into a network that the operator has not allowed."""
    UNREACHABLE = "unreachable"
    NOT_TRUSTED = "not-trusted"
    """TLS failed: the certificate is somebody else's, has expired, or nobody known vouches for it."""
    TIME_OUT = "time-out"
    NOT_HTTP = "not-http"
    """The connection broke, or what came is no HTTP."""
    REDIRECT = "redirect"
    STATUS = "status"
    """The answer's status is not 200."""
    COMPRESSED = "compressed"
    """The answer is compressed, although that was not offered."""
    TOO_LARGE = "too-large"


class OutboundError(Exception):
    """The request was not made, or its answer was not taken; the text says why."""

    def __init__(self, failure: OutboundFailure, detail: str) -> None:
        """Keep the reason, and the sentence for administrators."""
        super().__init__(detail)
        self.failure = failure
        self.detail = detail
