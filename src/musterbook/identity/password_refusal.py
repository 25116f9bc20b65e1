"""*Why a password lets nobody in.* The reasons that only this way of signing in has, and the errors that carry them.

Knows no request. What is common to all ways is in ``entry``.
"""

from enum import Enum

from musterbook.identity.entry import Claim, NotLetInError


class PasswordRefusal(Enum):
    """Every reason, one value each."""

    NO_PASSWORD = "no-password"  # noqa: S105 - a reason, and no password
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - as above, a reason
    WRONG_CODE = "wrong-code"
    """Of the second factor."""
    TOO_MANY_TRIES = "too-many-tries"
    BUSY = "busy"
    """More came at once than passwords can be checked."""
    OVERTAKEN = "overtaken"
    """The person's sessions were ended while the sign-in was under way."""
    LINK_UNKNOWN = "link-unknown"
    """A link that was never made, was used, or was replaced by another."""
    LINK_EXPIRED = "link-expired"


class TryLaterError(NotLetInError):
    """Nothing was looked at; whoever asks may come back."""

    def __init__(self, reason: PasswordRefusal, detail: str, claim: Claim, *, retry_after_seconds: int) -> None:
        """Say after how long it is worth coming back."""
        super().__init__(reason.value, detail, claim)
        self.retry_after_seconds = retry_after_seconds
        self.is_busy = reason is PasswordRefusal.BUSY
        """Whether it is the server that is busy (503), and not the one who asks (429)."""


class WrongCodeError(NotLetInError):
    """The code of the second factor is wrong."""

    def __init__(self, claim: Claim, *, is_over: bool = False) -> None:
        """Say whether the sign-in is over, and the password has to be entered again."""
        super().__init__(PasswordRefusal.WRONG_CODE.value, "The code of the second factor is wrong.", claim)
        self.is_over = is_over


class LinkUnknownError(NotLetInError):
    """The link opens nothing."""

    def __init__(self) -> None:
        """Name nobody: whose link it would be is not known."""
        super().__init__(PasswordRefusal.LINK_UNKNOWN.value, "The link was never made, was used, or was replaced.")


class LinkExpiredError(NotLetInError):
    """The link has expired."""

    def __init__(self, claim: Claim) -> None:
        """Say whose it was."""
        super().__init__(PasswordRefusal.LINK_EXPIRED.value, "The link has expired.", claim)


def too_many_tries(retry_after_seconds: int, claim: Claim) -> TryLaterError:
    """Return the refusal to look at one more guess."""
    detail = f"The next try is possible in {retry_after_seconds} s."
    return TryLaterError(PasswordRefusal.TOO_MANY_TRIES, detail, claim, retry_after_seconds=retry_after_seconds)


def too_busy(retry_after_seconds: int, claim: Claim) -> TryLaterError:
    """Return the refusal to let the line grow."""
    detail = "Too many passwords were being checked."
    return TryLaterError(PasswordRefusal.BUSY, detail, claim, retry_after_seconds=retry_after_seconds)
