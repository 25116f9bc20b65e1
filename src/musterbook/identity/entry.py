"""*Why somebody is not let in.* Decides the names of the reasons that have nothing to do with one way of signing in.

Knows no request. Outside there is one page for all of them; the reason and its detail are for the tenant's
administrators, in the log of sign-ins. A detail holds no secret.
"""

from dataclasses import dataclass
from enum import Enum

from musterbook.identity.accounts import AccountRef


class EntryRefusal(Enum):
    """Every reason, one value each."""

    NOT_OFFERED = "not-offered"
    """The tenant does not let people in by this way, or not any more."""
    ATTEMPT = "attempt"
    """This browser did not begin the sign-in, or too long ago, or has ended it already."""
    UNKNOWN = "unknown"
    """Nobody in the directory has this name."""
    AMBIGUOUS = "ambiguous"
    """Several people have this address, and none of them this user name."""
    BOUND_OTHERWISE = "bound-otherwise"
    """The account that has this address belongs to somebody else at the identity provider."""
    SUSPENDED = "suspended"
    REMOVED = "removed"
    """Somebody with this name was removed, and signing in does not bring them back."""
    NOT_CONFIRMED = "not-confirmed"
    """Nobody clicked that they want to be signed in."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody says to be, as far as it is known."""

    name: str | None = None
    """As the browser or the identity provider has it; it may be anything."""
    account: AccountRef | None = None


class NotLetInError(Exception):
    """Somebody is not let in. ``reason`` is a value of one of the enums of reasons."""

    def __init__(self, reason: str, detail: str, claim: Claim | None = None) -> None:
        """Keep the reason, and a sentence for administrators."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.claim = claim or Claim()
