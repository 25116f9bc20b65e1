"""*Tolerated deviations, by name.* Decides what a client may send that the RFCs do not foresee.

Knows no request and no resource. Every deviation is a :class:`Dialect` with who needs it and why. The code that meets
one asks ``tolerance.permits(DIALECT)``; to ask is to record, so the log can say which rules a request needed.
A profile switches entries on and off, and the provider that a key was made for adds a few; nothing here touches who
may do what.

The entries for resources (POST and PUT bodies, and the values of PATCH) stand here; those for filters and for PATCH
messages stand in ``filter_dialects`` and ``patch_dialects``; ``dialect_registry`` lists them all.
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
    presets: frozenset[str] = frozenset()
    """The providers for which a key must have been made, such as ``onelogin``; none: it is there for every key."""


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
        if self.profile not in dialect.profiles or (dialect.presets and self.idp not in dialect.presets):
            return False
        if dialect.name not in self.applied:
            self.applied.append(dialect.name)
        return True

    def would_permit(self, dialect: Dialect) -> bool:
        """Return whether ``dialect`` is tolerated, where it does not show yet whether the request needs it."""
        return self.profile in dialect.profiles and (not dialect.presets or self.idp in dialect.presets)

    def ignore(self, path: str) -> None:
        """Record that the attribute at ``path`` was left out."""
        if len(self.ignored) < MAX_IGNORED_PATHS:
            self.ignored.append(path[:MAX_IGNORED_PATH_LENGTH])


MAX_IGNORED_PATHS = 20
"""A request with a thousand unknown attributes needs no thousand names in the log."""
MAX_IGNORED_PATH_LENGTH = 200

ALL_PROFILES = frozenset(Profile)
LENIENT_AND_RFC = frozenset({Profile.LENIENT, Profile.RFC})

# ---------------------------------------------------------------------------------------------------------------------
# Values

STRING_BOOLEANS = Dialect(
    "string-booleans",
    ("Entra ID", "OneLogin custom templates"),
    'A boolean arrives as the string "True" or "False" in any case; refused, a suspension would never take effect.',
)
SURROUNDING_SPACES = Dialect(
    "surrounding-spaces",
    ("OneLogin",),
    "User names and the parts of a name arrive with spaces around them, such as a family name that begins with one; "
    "kept, the person would not be found by the name that people type.",
)
EMPTY_STRINGS = Dialect(
    "empty-strings",
    ("OneLogin", "Entra ID"),
    "An attribute that the provider has no value for arrives as an empty string; it means what null means, unassigned.",
)
EMPTY_ELEMENTS = Dialect(
    "empty-elements",
    ("OneLogin", "Entra ID"),
    "An e-mail address that the provider does not have arrives as an element with a type and an empty value; kept, the "
    "person would have an address that is none.",
)
SINGLE_ELEMENT = Dialect(
    "single-element",
    ("OneLogin",),
    "A multi-valued attribute with one element arrives without the array around it, as emails do from the "
    "SCIM v1.1 Enterprise template.",
)
BARE_ELEMENTS = Dialect(
    "bare-elements",
    ("Entra ID",),
    "The elements of a complex multi-valued attribute arrive as strings where an object with a value is due.",
)
MANAGER_AS_STRING = Dialect(
    "manager-as-string",
    ("Entra ID",),
    "The manager arrives as an identifier alone where an object with a value is due.",
)
MANAGER_IN_ARRAY = Dialect(
    "manager-in-array",
    ("Entra ID",),
    "The manager, who is one, arrives as an array with one element.",
)
MANAGER_ID = Dialect(
    "manager-id",
    ("OneLogin",),
    "The manager arrives as managerId, its name in SCIM 1.1.",
)
UNKNOWN_ATTRIBUTES = Dialect(
    "unknown-attributes",
    ("OneLogin custom templates", "Entra ID", "Okta"),
    "Attributes that no schema here defines are left out, as RFC 7644 §3.3 lets a server do; refused, one extra line "
    "in a template would stop all provisioning.",
    LENIENT_AND_RFC,
)
UNLISTED_CANONICAL_VALUES = Dialect(
    "unlisted-canonical-values",
    ("Entra ID", "JumpCloud"),
    "A type such as work or home is one that the schema does not list; RFC 7643 §7 calls the list suggested.",
    LENIENT_AND_RFC,
)

# ---------------------------------------------------------------------------------------------------------------------
# Resources

MISSING_SCHEMAS = Dialect(
    "missing-schemas",
    ("OneLogin custom templates",),
    "A resource arrives without schemas; the endpoint says of which type it is.",
)
UNREGISTERED_SCHEMAS = Dialect(
    "unregistered-schemas",
    ("OneLogin",),
    "The schemas do not name the base schema, but others, such as urn:scim:schemas:core:1.0 and "
    "urn:scim:schemas:core:2.0 in OneLogin's own templates; the endpoint says of which type it is.",
)
UNKNOWN_SCHEMAS = Dialect(
    "unknown-schemas",
    ("Entra ID", "OneLogin custom templates"),
    "The schemas name one, beside the base schema, that this server does not have; its attributes are left out.",
    LENIENT_AND_RFC,
)
UNDECLARED_EXTENSION = Dialect(
    "undeclared-extension",
    ("Entra ID",),
    "Attributes of an extension arrive while schemas does not name it; it is added.",
    LENIENT_AND_RFC,
)
ENTERPRISE_ALIASES = Dialect(
    "enterprise-aliases",
    ("OneLogin",),
    "The attributes of the enterprise extension stand under its URN of SCIM 1.1, or one that OneLogin made of it.",
)
CORE_URN_OBJECT = Dialect(
    "core-urn-object",
    ("Entra ID custom mappings",),
    "Attributes of the base schema stand in an object under the schema's URN, as only an extension's should.",
)
PATHS_AS_NAMES = Dialect(
    "paths-as-names",
    ("Entra ID",),
    'Attributes are named by a path, such as "name.givenName" or the extension\'s URN with ":department".',
)
NULL_MEMBERS = Dialect(
    "null-members",
    ("Okta", "clients that write null for what they did not load"),
    "A group arrives with null for its members; they stay as they are, for whoever wants none sends an empty array.",
)
UNKNOWN_MEMBERS = Dialect(
    "unknown-members",
    ("Okta",),
    "Some of the ids sent as members are nobody's; the others become members, because Okta never repeats what is "
    "refused, and one stale id would cost the whole push. Where none of them is known, the change is refused.",
)
PASSWORD = Dialect(
    "password",
    ("Okta",),
    "A password arrives with every new person; it is left out in silence, for people sign in with their provider.",
    ALL_PROFILES,
)
