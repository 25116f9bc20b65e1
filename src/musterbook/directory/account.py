"""*The account: what is ours about a person.* Decides display name, status, source and roles of a person.

Knows nothing of storage or HTTP. The SCIM resource stays the client's; the account beside it is the tenant's: the
display name that the product shows, whether the person may sign in, where the record came from, and the roles. A
change of the account alone makes a revision and no new version of the resource.
"""

from dataclasses import dataclass, field, replace
from enum import Enum

import msgspec
from msgspec import UNSET, UnsetType


class Status(Enum):
    """Whether a person may sign in."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Data kept, no sign-in, every session ended."""
    REMOVED = "removed"
    """Deprovisioned: gone for clients, kept in the history, restorable."""


class Source(Enum):
    """Where a person's record came from."""

    SCIM = "scim"
    CONSOLE = "console"
    COMMAND_LINE = "command-line"
    BREAK_GLASS = "break-glass"


class Role(Enum):
    """What a person may be granted."""

    ADMINISTRATOR = "Administrator"
    MEMBER = "Member"


class DisplayNameOrigin(Enum):
    """What a display name was made of; decides whether a later sync may replace it."""

    FALLBACK = "fallback"
    """No name had come yet: the SCIM ``displayName``, ``name.formatted`` or ``userName``."""
    NAME = "name"
    """The first and last name of the first sync that carried one. Later syncs leave it."""
    ADMINISTRATOR = "administrator"
    """Set by an administrator. Syncs leave it."""


@dataclass(frozen=True, slots=True)
class Password:
    """The password that a client set for a person."""

    hash: str | None = field(repr=False)
    """``None`` in the history, which tells when there was another password and not which."""
    set_at: str
    """UTC, ``YYYY-MM-DDTHH:MM:SS.mmmZ``."""


@dataclass(frozen=True, slots=True)
class Account:
    """What Musterbook itself keeps of a person."""

    display_name: str
    display_name_origin: DisplayNameOrigin
    status: Status
    source: Source
    roles: tuple[Role, ...] = ()
    """The roles granted to the person alone, sorted; what Everyone is granted comes on top."""
    setup_expires_at: str | None = None
    """Until when a break-glass account that was not set up yet can be; ``None`` once it is, and for everybody else."""
    password: Password | UnsetType = UNSET
    """Only where the tenant takes passwords. What is ``UNSET`` is not written, so most accounts do not mention it."""


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Account)


def render_account(account: Account) -> str:
    """Return the account as the JSON text that is stored."""
    return _ENCODER.encode(account).decode()


def without_secrets(account: Account) -> Account:
    """Return what the history keeps of an account."""
    return account if account.password is UNSET else replace(account, password=replace(account.password, hash=None))


def read_account(text: str) -> Account:
    """Return the account of a stored text."""
    return _DECODER.decode(text)
