"""*What an id token must say.* Decides whether verified claims are about this sign-in (OpenID Connect Core §3.1.3.7).

Knows claims and the time; knows no signature: whatever comes here was signed by the issuer. Each check is one condition
and refuses with a reason of its own. A claim that is missing fails its check.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

import msgspec

from musterbook.identity.google.client import GoogleClient
from musterbook.identity.google.entry import GoogleIdentity
from musterbook.identity.google.refusal import GoogleRefusal, GoogleRefusedError

SKEW_SECONDS = 60
"""How far the clocks may differ."""
_MAX_SUBJECT_CHARACTERS = 255
"""OpenID Connect Core §2: at most 255 ASCII characters."""
_MAX_EMAIL_CHARACTERS = 512


class Claims(msgspec.Struct, frozen=True):
    """What is read of an id token; a value of another type is no id token."""

    iss: str | None = None
    sub: str | None = None
    aud: str | list[str] | None = None
    azp: str | None = None
    exp: float | None = None
    iat: float | None = None
    nonce: str | None = None
    at_hash: str | None = None
    email: str | None = None
    email_verified: bool = False
    hd: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must fit."""

    client: GoogleClient
    nonce: str = field(repr=False)
    access_token: str = field(repr=False)
    begun_at: float
    now: float


def read_claims(payload: bytes) -> Claims:
    """Return the claims of a verified token.

    Raises:
        GoogleRefusedError: ``MALFORMED_TOKEN``: they are no JSON object, or one has another type.
    """
    try:
        return msgspec.json.decode(payload, type=Claims)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise GoogleRefusedError(GoogleRefusal.MALFORMED_TOKEN, f"The id token's claims: {error}.") from error


def check_claims(claims: Claims, expected: Expected) -> GoogleIdentity:
    """Return whom the claims are about.

    Raises:
        GoogleRefusedError: they are not about this sign-in.
    """
    client = expected.client
    if claims.iss not in client.issuer_names:
        raise GoogleRefusedError(GoogleRefusal.ISSUER, f"The id token was made by {claims.iss!r}.")
    # A token for this and another application could be presented here by the other one.
    if claims.aud not in (client.client_id, [client.client_id]):
        raise GoogleRefusedError(GoogleRefusal.AUDIENCE, f"The id token was made for {claims.aud!r}.")
    if claims.azp not in (None, client.client_id):
        raise GoogleRefusedError(GoogleRefusal.AUTHORIZED_PARTY, f"The id token was asked for by {claims.azp!r}.")
    _check_times(claims, expected)
    if claims.nonce is None or not hmac.compare_digest(claims.nonce.encode(), expected.nonce.encode()):
        raise GoogleRefusedError(GoogleRefusal.NONCE, "The id token was made for another sign-in.")
    # The access token is used for nothing; but tokens that do not belong together were put together by somebody.
    if claims.at_hash != half_hash(expected.access_token):
        raise GoogleRefusedError(GoogleRefusal.ACCESS_TOKEN_HASH, "The id token does not belong to its access token.")
    return _identity(claims, client.issuer)


def _check_times(claims: Claims, expected: Expected) -> None:
    if claims.exp is None:
        raise GoogleRefusedError(GoogleRefusal.EXPIRED, "The id token does not say until when it is valid.")
    if claims.iat is None:
        raise GoogleRefusedError(GoogleRefusal.ISSUED_AT, "The id token does not say when it was made.")
    if claims.exp + SKEW_SECONDS <= expected.now:
        raise GoogleRefusedError(GoogleRefusal.EXPIRED, "The id token has expired. Is this machine's clock right?")
    if claims.iat - SKEW_SECONDS > expected.now:
        raise GoogleRefusedError(
            GoogleRefusal.ISSUED_AT, "The id token was made in the future. Is this machine's clock right?"
        )
    if claims.iat + SKEW_SECONDS < expected.begun_at:
        raise GoogleRefusedError(GoogleRefusal.ISSUED_AT, "The id token was made before the sign-in began.")


def _identity(claims: Claims, issuer: str) -> GoogleIdentity:
    subject, email = claims.sub or "", claims.email or ""
    if not 0 < len(subject) <= _MAX_SUBJECT_CHARACTERS or not subject.isascii() or not subject.isprintable():
        raise GoogleRefusedError(GoogleRefusal.SUBJECT, "The id token does not say whose it is.")
    if "@" not in email or len(email) > _MAX_EMAIL_CHARACTERS or not email.isprintable():
        raise GoogleRefusedError(GoogleRefusal.EMAIL, "The id token has no e-mail address.")
    return GoogleIdentity(
        issuer=issuer,
        subject=subject,
        email=email,
        email_verified=claims.email_verified,
        hosted_domain=claims.hd,
        name=claims.name,
    )


def half_hash(access_token: str) -> str:
    """Return what ``at_hash`` must be for RS256 (OpenID Connect Core §3.1.3.6)."""
    digest = hashlib.sha256(access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode("ascii")
