"""*What this Google can do wrong.* Decides the names of the faults, and the one edit that each makes in what is right.

Knows claims and parameters; knows no requests. Each fault is a forgery, a mix-up or an outage that whoever relies on
Google must notice. Faults of the signature are made in ``google.tokens``, those of an endpoint in ``google.app``.
"""

from collections.abc import Callable, Collection
from enum import Enum, auto
from typing import TypeAlias

from musterbook.simulator.google.people import Claims

Edit: TypeAlias = Callable[[Claims], object]

_HOUR = 3600


class Fault(Enum):
    """One thing that is wrong."""

    # The token's header and signature
    ALGORITHM_NONE = auto()
    """An unsigned token that says so."""
    HS256_WITH_PUBLIC_KEY = auto()
    """Signed with the published key as if that were a shared secret."""
    RS512 = auto()
    """Signed by Google's key with an algorithm that Google does not announce."""
    OTHER_SIGNATURE = auto()
    """Signed by somebody else's key under the name of Google's."""
    CHANGED_AFTER_SIGNING = auto()
    """Another person's address was put into a token that Google signed."""
    UNPUBLISHED_KEY = auto()
    """Signed by a key whose name is in no list."""
    KEY_IN_HEADER = auto()
    """Brings the key to check it with."""
    NO_KEY_ID = auto()
    CRITICAL_EXTENSION = auto()
    """Has a header that must be understood (RFC 7515 §4.1.11) and cannot be."""
    NOT_A_TOKEN = auto()
    NO_TOKEN = auto()
    LONG_TOKEN = auto()

    # The token's claims
    OTHER_ISSUER = auto()
    NO_ISSUER = auto()
    OTHER_AUDIENCE = auto()
    """Made for another application."""
    TWO_AUDIENCES = auto()
    NO_AUDIENCE = auto()
    OTHER_AUTHORIZED_PARTY = auto()
    OTHER_NONCE = auto()
    """Made for another sign-in."""
    NO_NONCE = auto()
    EXPIRED = auto()
    NO_EXPIRY = auto()
    ISSUED_LATER = auto()
    """Made in the future."""
    ISSUED_EARLIER = auto()
    """Made before the sign-in began."""
    NO_ISSUE_TIME = auto()
    OTHER_ACCESS_TOKEN_HASH = auto()
    NO_ACCESS_TOKEN_HASH = auto()
    NO_SUBJECT = auto()
    EMPTY_SUBJECT = auto()
    NO_EMAIL = auto()
    EMAIL_NOT_VERIFIED = auto()
    EMAIL_VERIFIED_AS_TEXT = auto()
    NO_HOSTED_DOMAIN = auto()
    OTHER_HOSTED_DOMAIN = auto()

    # The way back to the application
    OTHER_STATE = auto()
    NO_STATE = auto()
    OTHER_ISS_PARAMETER = auto()
    """Says that another provider answers (RFC 9207)."""
    NO_ISS_PARAMETER = auto()
    NO_CODE = auto()
    OTHER_CODE = auto()

    # Endpoints
    DISCOVERY_DOWN = auto()
    DISCOVERY_NOT_JSON = auto()
    DISCOVERY_OF_OTHER_ISSUER = auto()
    DISCOVERY_WITHOUT_KEYS = auto()
    """The document does not say where the keys are."""
    DISCOVERY_SENDS_ELSEWHERE = auto()
    """The form stands at an address without https that is not the issuer's."""
    KEYS_DOWN = auto()
    KEYS_NOT_JSON = auto()
    KEYS_EMPTY = auto()
    KEYS_WEAK = auto()
    """A key of 1024 bits."""
    TOKEN_DOWN = auto()
    TOKEN_NOT_JSON = auto()
    TOKEN_REDIRECTS = auto()
    TOKEN_SECOND_ANSWER = auto()
    """A code is answered as often as it is presented."""
    SILENT = auto()
    """Takes requests and never answers."""


CLAIM_EDITS: dict[Fault, Edit] = {
    Fault.OTHER_ISSUER: lambda claims: claims.update(iss="https://accounts.example.com"),
    Fault.NO_ISSUER: lambda claims: claims.pop("iss"),
    Fault.OTHER_AUDIENCE: lambda claims: claims.update(aud="other.apps.googleusercontent.com"),
    Fault.TWO_AUDIENCES: lambda claims: claims.update(aud=[claims["aud"], "other.apps.googleusercontent.com"]),
    Fault.NO_AUDIENCE: lambda claims: claims.pop("aud"),
    Fault.OTHER_AUTHORIZED_PARTY: lambda claims: claims.update(azp="other.apps.googleusercontent.com"),
    Fault.OTHER_NONCE: lambda claims: claims.update(nonce="of-another-sign-in"),
    Fault.NO_NONCE: lambda claims: claims.pop("nonce", None),
    Fault.EXPIRED: lambda claims: _move(claims, -_HOUR - 120, "exp"),
    Fault.NO_EXPIRY: lambda claims: claims.pop("exp"),
    Fault.ISSUED_LATER: lambda claims: _move(claims, 120, "iat"),
    Fault.ISSUED_EARLIER: lambda claims: _move(claims, -_HOUR, "iat"),
    Fault.NO_ISSUE_TIME: lambda claims: claims.pop("iat"),
    Fault.OTHER_ACCESS_TOKEN_HASH: lambda claims: claims.update(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    Fault.NO_ACCESS_TOKEN_HASH: lambda claims: claims.pop("at_hash"),
    Fault.NO_SUBJECT: lambda claims: claims.pop("sub"),
    Fault.EMPTY_SUBJECT: lambda claims: claims.update(sub=""),
    Fault.NO_EMAIL: lambda claims: claims.pop("email"),
    Fault.EMAIL_NOT_VERIFIED: lambda claims: claims.update(email_verified=False),
    Fault.EMAIL_VERIFIED_AS_TEXT: lambda claims: claims.update(email_verified="true"),
    Fault.NO_HOSTED_DOMAIN: lambda claims: claims.pop("hd", None),
    Fault.OTHER_HOSTED_DOMAIN: lambda claims: claims.update(hd="other.example"),
}

REDIRECT_EDITS: dict[Fault, Edit] = {
    Fault.OTHER_STATE: lambda parameters: parameters.update(state=f"{str(parameters['state'])[:-8]}Another_"),
    Fault.NO_STATE: lambda parameters: parameters.pop("state", None),
    Fault.OTHER_ISS_PARAMETER: lambda parameters: parameters.update(iss="https://accounts.example.com"),
    Fault.NO_ISS_PARAMETER: lambda parameters: parameters.pop("iss"),
    Fault.NO_CODE: lambda parameters: parameters.pop("code", None),
    Fault.OTHER_CODE: lambda parameters: parameters.update(code="4/0AbCdEf-nobody-was-given-this"),
}

DISCOVERY_EDITS: dict[Fault, Edit] = {
    Fault.DISCOVERY_OF_OTHER_ISSUER: lambda document: document.update(issuer="https://accounts.example.com"),
    Fault.DISCOVERY_WITHOUT_KEYS: lambda document: document.pop("jwks_uri"),
    Fault.DISCOVERY_SENDS_ELSEWHERE: lambda document: document.update(
        authorization_endpoint="http://accounts.example.com/o/oauth2/v2/auth"
    ),
}


def apply_faults(values: Claims, faults: Collection[Fault], edits: dict[Fault, Edit]) -> Claims:
    """Return the values, changed by those of the faults that have an edit."""
    changed = dict(values)
    for fault in faults:
        if fault in edits:
            edits[fault](changed)
    return changed


def _move(claims: Claims, seconds: int, name: str) -> None:
    time = claims[name]
    assert isinstance(time, int), "times are numbers in what is edited"
    claims[name] = time + seconds
