"""*Who would be locked out.* Decides who can sign in where single sign-on is the only way, and why others cannot.

Knows accounts; knows no storage. The rule is the one by which the store counts administrators, told of each person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from msgspec import UNSET

from musterbook.directory.account import Account, Source, Status
from musterbook.directory.actor import ResourceId
from musterbook.directory.person import Person


class LockoutReason(Enum):
    """Why somebody cannot sign in."""

    SUSPENDED = "suspended"
    """Whoever is suspended signs in by no way."""
    NO_CONNECTION = "no-connection"
    """There is no identity provider yet."""
    NOT_BOUND = "not-bound"
    """They have never signed in by the identity provider, so it is not known under which name it knows them."""
    NOT_SET_UP = "not-set-up"
    """A break-glass account that was not set up, and whose set-up link has expired."""


@dataclass(frozen=True, slots=True)
class Lockout:
    """One person who could not sign in."""

    person: Person
    reason: LockoutReason


@dataclass(frozen=True, slots=True)
class Overview:
    """How an organization stands before single sign-on is made the only way."""

    administrators: Sequence[Person]
    """Administrators who still could sign in, at most ``MAX_ADMINISTRATORS``; if there is none, it is refused."""
    locked_out_administrators: Sequence[Lockout]
    """Administrators who could not, at most as many."""
    people: int
    """How many people the tenant has, break-glass accounts not counted."""
    bound: int
    """How many accounts are bound to the provider, also of people who were removed or suspended since."""


@dataclass(frozen=True, slots=True)
class Lockouts:
    """Part of the people who could not sign in if single sign-on were the only way."""

    overview: Overview | None
    """With the first part alone."""
    locked_out: Sequence[Lockout]
    """Those who could not, of the people that were looked at, by their ids."""
    next: ResourceId | None
    """After whom the next part begins; ``None``: that was all."""


MAX_ADMINISTRATORS = 100


def lockout_reason(account: Account, now: str, *, is_bound: bool, has_connection: bool) -> LockoutReason | None:
    """Return why somebody could not sign in if single sign-on were the only way; ``None``: they could."""
    if account.status is not Status.ACTIVE:
        return LockoutReason.SUSPENDED
    if account.source is Source.BREAK_GLASS:
        can_be_set_up = account.setup_expires_at is not None and account.setup_expires_at > now
        return None if can_be_set_up or account.password is not UNSET else LockoutReason.NOT_SET_UP
    if is_bound:
        return None
    return LockoutReason.NOT_BOUND if has_connection else LockoutReason.NO_CONNECTION
