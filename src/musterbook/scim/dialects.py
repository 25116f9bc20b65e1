"""*Tolerated deviations, by name.* Decides what a client may send that the RFCs do not foresee.

Knows no request and no resource. Every deviation is a :class:`Dialect` with who needs it and why. The code that meets
one asks ``tolerance.permits(DIALECT)``; to ask is to record, so the log can say which rules a request needed.
A profile switches entries on and off; nothing here touches who may do what.
"""

from dataclasses import dataclass, field
from enum import Enum


class Profile(Enum):
    """How closely a key's client is held to the standards."""

    LENIENT = "lenient"
    """Take what real providers send."""
    RFC = "rfc"
    """RFC 7643 and RFC 7644 as they are written."""
    INTEROP_STRICT = "interop-strict"
    """The SCIM interoperability profile, which refuses what the RFCs leave open."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One tolerated deviation."""

    name: str
    """Kebab-case; appears in logs and in the documentation."""
    needed_by: tuple[str, ...]
    """The clients known to send it."""
    reason: str
    """One sentence: what it is and what breaks without it."""
    profiles: frozenset[Profile] = frozenset({Profile.LENIENT})
    """The profiles in which it is tolerated."""


@dataclass(slots=True)
class Tolerance:
    """What one request's client may deviate in, and what it did deviate in.

    One is made for each request; ``applied`` and ``ignored`` are for the log and hold no values.
    """

    profile: Profile = Profile.LENIENT
    idp: str | None = None
    """The provider that the key was made for, such as ``onelogin``."""
    applied: list[str] = field(default_factory=list)
    """Names of the dialects that the request needed, in order, without repetition."""
    ignored: list[str] = field(default_factory=list)
    """Paths of attributes that were left out: unknown or read-only."""

    def permits(self, dialect: Dialect) -> bool:
        """Return whether ``dialect`` is tolerated, and record that the request needed it."""
        if self.profile not in dialect.profiles:
            return False
        if dialect.name not in self.applied:
            self.applied.append(dialect.name)
        return True

    def ignore(self, path: str) -> None:
        """Record that the attribute at ``path`` was left out."""
        if len(self.ignored) < MAX_IGNORED_PATHS:
            self.ignored.append(path[:MAX_IGNORED_PATH_LENGTH])


MAX_IGNORED_PATHS = 20
"""A request with a thousand unknown attributes needs no thousand names in the log."""
MAX_IGNORED_PATH_LENGTH = 200
