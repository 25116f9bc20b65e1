"""*The account: what is ours about a person.* Decides display name, status, source and roles of a person.

Knows nothing of storage or HTTP. The SCIM resource stays the client's; the account beside it is the tenant's: the
display name that the product shows, whether the person may sign in, where the record came from, and the roles. A
change of the account alone makes a revision and no new version of the resource. Of a group, and of Everyone, the
account holds the roles that were granted and nothing else.
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
    SIGN_IN = "sign-in"
    """Made at the first sign-in, where the tenant wants that."""
    BREAK_GLASS = "break-glass"


class Role(Enum):
    """What a person, a group or Everyone may be granted; ``permissions`` says what each role allows."""

    ADMINISTRATOR = "Administrator"
    USER_MANAGER = "User manager"
    AUDITOR = "Auditor"
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
    """A person's password, whoever set it."""

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
    """What is ``UNSET`` is not written, so most accounts mention neither this nor what follows."""
    session_epoch: int | UnsetType = UNSET
    """Counts how often all sessions of the person were ended. A session is good only in the epoch in which it began.
    ``UNSET``: never."""
    second_factor_at: str | UnsetType = UNSET
    """Since when a second factor is set up."""

    @property
    def epoch(self) -> int:
        """The epoch of a session that begins now."""
        return 0 if self.session_epoch is UNSET else self.session_epoch


@dataclass(frozen=True, slots=True)
class _Granted:
    """The account of a group, or of Everyone."""

    roles: tuple[Role, ...]


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Account)
_GRANTED_DECODER = msgspec.json.Decoder(_Granted)


def render_account(account: Account) -> str:
    """Return the account as the JSON text that is stored."""
    return _ENCODER.encode(account).decode()


def without_secrets(account: Account) -> Account:
    """Return what the history keeps of an account."""
    return account if account.password is UNSET else replace(account, password=replace(account.password, hash=None))


def read_account(text: str) -> Account:
    """Return the account of a stored text."""
    return _DECODER.decode(text)


def render_granted(roles: tuple[Role, ...]) -> str:
    """Return the account of a group, or of Everyone, as the JSON text that is stored."""
    return _ENCODER.encode(_Granted(roles)).decode()


def read_granted(text: str) -> tuple[Role, ...]:
    """Return the roles in the stored account of a group, or of Everyone."""
    return _GRANTED_DECODER.decode(text).roles
