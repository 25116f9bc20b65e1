"""*Failures of SAML.* Decides which failures exist: one value of :class:`Refusal` for each check, and no other.

Knows no message, no HTTP and no log. The tree is::

    SamlError          a message is refused: the check, and what an administrator should know
    SettingsError      what an administrator entered about an identity provider cannot be used: every problem at once

Whoever signs in sees one sentence, whatever the cause, so that nobody learns from it which check stopped them. The
refusal and its detail are for administrators: the sign-in log and the console. A detail may quote what a stranger
sent, shortened and with everything unprintable escaped; it is text, never HTML, and it holds no secret.
"""

from dataclasses import dataclass
from enum import Enum

_SHOWN_CHARACTERS = 200


class Refusal(Enum):
    """Why a message is refused. Sections are of SAML 2.0 Core (``core``), Bindings and Profiles, where there is one."""

    # What arrives, before it is read.
    TOO_LARGE = "too-large"
    """More bytes than a message has, before or after it is unpacked."""
    BAD_ENCODING = "bad-encoding"
    """Not base64, not DEFLATE, or a query that has other parameters than the binding knows (Bindings §3.4, §3.5)."""
    DOCUMENT_TYPE = "document-type"
    """A document type declaration: the door to entities and to other files."""
    NOT_XML = "not-xml"
    """Not well-formed XML in UTF-8."""
    TOO_COMPLEX = "too-complex"
    """More elements, attributes or levels than a message has."""
    COMMENT = "comment"
    """A comment or processing instruction, which would cut a text in two for other readers."""

    # The shape of the message.
    WRONG_MESSAGE = "wrong-message"
    """Another message than the one that belongs here."""
    VERSION = "version"
    """Not SAML 2.0 (core §4)."""
    UNEXPECTED_ELEMENT = "unexpected-element"
    """An element where the schema has none, twice where it has one, or missing where it must be."""
    ASSERTION_COUNT = "assertion-count"
    """Not exactly one assertion, or one in another place."""
    DUPLICATE_ID = "duplicate-id"
    """Two elements with one ID, or an ID that is none."""
    STATUS = "status"
    """The identity provider says that it did not work (core §3.2.2.1)."""

    # The signature (core §5.4, XML Signature).
    UNSIGNED = "unsigned"
    """No signature where one must be."""
    SIGNATURE_PLACE = "signature-place"
    """A signature, or a part of one, where none belongs."""
    SIGNATURE_SHAPE = "signature-shape"
    """A signature that has other parts than it must have."""
    REFERENCE = "reference"
    """A signature that does not speak of the element it stands in."""
    TRANSFORM = "transform"
    """A transform or canonicalization besides the two that SAML has (core §5.4.4)."""
    ALGORITHM = "algorithm"
    """An algorithm that is too weak, or not one for signatures by certificate."""
    SIGNATURE = "signature"
    """Not signed with a certificate of this connection, or changed after it was signed."""

    # Encryption (core §6, XML Encryption).
    ENCRYPTION_ALGORITHM = "encryption-algorithm"
    """Not AES-GCM with a key wrapped by RSA-OAEP."""
    DECRYPTION = "decryption"
    """Encrypted for somebody else, or changed. One value: whoever probes learns nothing."""

    # What the message says.
    ISSUER = "issuer"
    """From another identity provider than the connection's, or from nobody."""
    DESTINATION = "destination"
    """Meant for another address (core §3.2)."""
    BAD_VALUE = "bad-value"
    """A time or another value that cannot be read."""
    ISSUE_INSTANT = "issue-instant"
    """Made too long ago, or in the future."""
    SUBJECT_CONFIRMATION = "subject-confirmation"
    """Not confirmed by bearer, in the form of Profiles §4.1.4.2."""
    RECIPIENT = "recipient"
    """Confirmed for another address than this assertion consumer service."""
    AUDIENCE = "audience"
    """Meant for another service provider, or for nobody by name (core §2.5.1.4)."""
    CONDITION = "condition"
    """Conditions that are missing, or that nobody here understands (core §2.5.1)."""
    NOT_YET_VALID = "not-yet-valid"
    """Before its time."""
    EXPIRED = "expired"
    """After its time."""
    IN_RESPONSE_TO = "in-response-to"
    """The answer to a request that this browser did not make, or to two."""
    UNSOLICITED = "unsolicited"
    """The answer to no request, where the tenant does not allow that."""
    NAME_ID = "name-id"
    """No name, an encrypted one, or one that is too long (core §2.2.3)."""
    AUTHN_STATEMENT = "authn-statement"
    """No statement, or more than one, of how the person signed in (core §2.7.2)."""
    SESSION_ENDED = "session-ended"
    """The session at the identity provider is over already."""
    AUTHN_CONTEXT = "authn-context"
    """Signed in by another method than was asked for."""
    NOT_FRESH = "not-fresh"
    """Not signed in anew, where that was asked for."""

    # For the caller, who knows what has been seen before.
    REPLAYED = "replayed"
    """A message that was accepted once already."""


class SamlError(Exception):
    """A message that is refused. ``str()`` is for everybody, ``refusal`` and ``detail`` are for administrators."""

    def __init__(self, refusal: Refusal, detail: str) -> None:
        """Keep the check that failed, and a sentence or two that say what to change."""
        super().__init__("This did not work. Please try again, and ask your administrator if it goes on.")
        self.refusal = refusal
        self.detail = detail


class SettingsField(Enum):
    """What of an identity provider's settings a problem is about."""

    METADATA = "metadata"
    ENTITY_ID = "entity_id"
    SSO_URL = "sso_url"
    SLO_URL = "slo_url"
    CERTIFICATES = "certificates"


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """One thing that is wrong, and what to do about it."""

    field: SettingsField
    detail: str


class SettingsError(Exception):
    """Settings of an identity provider that cannot be used, with everything that is wrong with them."""

    def __init__(self, problems: tuple[SettingsProblem, ...]) -> None:
        """Keep the problems in the order of the form."""
        super().__init__(" ".join(problem.detail for problem in problems))
        self.problems = problems


def shown(text: str | None) -> str:
    """Return a stranger's text as a detail quotes it: shortened, in quotation marks, nothing unprintable in it."""
    if text is None:
        return "nothing"
    return ascii(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…")
