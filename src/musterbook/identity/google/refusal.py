"""*Why a sign-in with Google is refused.* Decides the names of the reasons.

Knows nothing of requests. Outside there is one page for all of them; the reason and its detail are for the tenant's
administrators and for the log. A detail holds no code, token or secret.
"""

from enum import Enum


class GoogleRefusal(Enum):
    """Every way in which it can fail, one value each."""

    # The way back from Google
    MALFORMED_CALLBACK = "malformed-callback"
    STATE = "state"
    """It is not the answer to this sign-in."""
    ATTEMPT_EXPIRED = "attempt-expired"
    OTHER_ISSUER_ANSWERS = "other-issuer-answers"
    """The answer comes from another provider (mix-up, RFC 9207)."""
    CANCELLED = "cancelled"
    GOOGLE_REFUSED = "google-refused"
    NO_CODE = "no-code"

    # Google's servers
    UNAVAILABLE = "unavailable"
    CODE_REFUSED = "code-refused"
    """Used before, expired, or meant for somebody else (PKCE)."""
    CLIENT_REFUSED = "client-refused"
    """Google does not know our client id, secret or redirect URI."""
    MALFORMED_ANSWER = "malformed-answer"

    # The id token
    MALFORMED_TOKEN = "malformed-token"  # noqa: S105 the name of a reason
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown-key"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    AUTHORIZED_PARTY = "authorized-party"
    EXPIRED = "expired"
    ISSUED_AT = "issued-at"
    NONCE = "nonce"
    ACCESS_TOKEN_HASH = "access-token-hash"  # noqa: S105 the name of a reason
    SUBJECT = "subject"
    EMAIL = "email"

    # Entering a tenant
    NO_DOMAIN_DECLARED = "no-domain-declared"
    CONSUMER_ACCOUNT = "consumer-account"
    OTHER_DOMAIN = "other-domain"
    EMAIL_NOT_VERIFIED = "email-not-verified"


class GoogleRefusedError(Exception):
    """Nobody is signed in."""

    def __init__(self, reason: GoogleRefusal, detail: str) -> None:
        """Keep the reason, and a sentence for administrators."""
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail
