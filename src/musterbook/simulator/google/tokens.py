"""*Id tokens.* Decides how a token is signed, and how each kind of forger signs one.

Knows JSON Web Signature (RFC 7515), JSON Web Key (RFC 7517) and RSA; knows no requests. Written on ``cryptography``
alone, so that it agrees with a library for JSON Web Tokens only where both agree with the RFCs.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Collection
from functools import cached_property

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from musterbook.simulator.google.faults import Fault
from musterbook.simulator.google.people import Claims

KEY_BITS = 2048
WEAK_KEY_BITS = 1024
_EXPONENT = 65537
_LONG = 20_000


class SigningKey:
    """One of Google's keys, or a forger's."""

    def __init__(self, bits: int = KEY_BITS) -> None:
        self._private = rsa.generate_private_key(_EXPONENT, bits)

    @cached_property
    def key_id(self) -> str:
        """What the key is called in headers: 40 hexadecimal digits, as Google's are."""
        return hashlib.sha256(self.public_pem).hexdigest()[:40]

    @cached_property
    def public_pem(self) -> bytes:
        """The public half."""
        return self._private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def jwk(self) -> dict[str, str]:
        """The public half as a JSON Web Key."""
        numbers = self._private.public_key().public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        return {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.key_id,
            "n": base64url(numbers.n.to_bytes(size)),
            "e": base64url(numbers.e.to_bytes(3)),
        }

    def sign(self, signed: bytes, algorithm: hashes.HashAlgorithm | None = None) -> bytes:
        """Return the signature RSASSA-PKCS1-v1_5, with SHA-256 unless another is given."""
        return self._private.sign(signed, padding.PKCS1v15(), algorithm or hashes.SHA256())


def base64url(content: bytes) -> str:
    """Return base64 as JSON Web Signature writes it: for URLs, without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def half_hash(text: str) -> str:
    """Return what stands in ``at_hash`` for an access token (OpenID Connect Core §3.1.3.6)."""
    return base64url(hashlib.sha256(text.encode()).digest()[:16])


def code_challenge(verifier: str) -> str:
    """Return the challenge that S256 makes of a verifier (RFC 7636 §4.2)."""
    return base64url(hashlib.sha256(verifier.encode()).digest())


def _compact(header: Claims, claims: Claims) -> str:
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in (header, claims))
    return ".".join(base64url(part) for part in parts)


def _signed(header: Claims, claims: Claims, key: SigningKey) -> str:
    signed = _compact(header, claims)
    return _with(signed, key.sign(signed.encode()))


def _with(signed: str, signature: bytes) -> str:
    return f"{signed}.{base64url(signature)}"


def _changed_after_signing(header: Claims, claims: Claims, key: SigningKey, _forger: SigningKey) -> str:
    signature = _signed(header, claims, key).rpartition(".")[2]
    return f"{_compact(header, {**claims, 'email': 'ceo@acme.example'})}.{signature}"


def _signed_with_public_key(header: Claims, claims: Claims, key: SigningKey, _forger: SigningKey) -> str:
    signed = _compact({**header, "alg": "HS256"}, claims)
    return _with(signed, hmac.digest(key.public_pem, signed.encode(), "sha256"))


def _rs512(header: Claims, claims: Claims, key: SigningKey, _forger: SigningKey) -> str:
    signed = _compact({**header, "alg": "RS512"}, claims)
    return _with(signed, key.sign(signed.encode(), hashes.SHA512()))


FORGERIES: dict[Fault, Callable[[Claims, Claims, SigningKey, SigningKey], str]] = {
    Fault.ALGORITHM_NONE: lambda header, claims, _key, _forger: _compact({**header, "alg": "none"}, claims) + ".",
    Fault.HS256_WITH_PUBLIC_KEY: _signed_with_public_key,
    Fault.RS512: _rs512,
    Fault.OTHER_SIGNATURE: lambda header, claims, _key, forger: _signed(header, claims, forger),
    Fault.CHANGED_AFTER_SIGNING: _changed_after_signing,
    Fault.UNPUBLISHED_KEY: lambda header, claims, _key, forger: _signed(
        {**header, "kid": forger.key_id}, claims, forger
    ),
    Fault.KEY_IN_HEADER: lambda header, claims, _key, forger: _signed({**header, "jwk": forger.jwk}, claims, forger),
    Fault.NO_KEY_ID: lambda _header, claims, key, _forger: _signed({"alg": "RS256", "typ": "JWT"}, claims, key),
    Fault.CRITICAL_EXTENSION: lambda header, claims, key, _forger: _signed(
        {**header, "crit": ["ship"], "ship": "Beagle"}, claims, key
    ),
    Fault.NOT_A_TOKEN: lambda _header, _claims, _key, _forger: "not.a-token",
    Fault.LONG_TOKEN: lambda header, claims, key, _forger: _signed(header, {**claims, "picture": "x" * _LONG}, key),
}
"""How a token is forged of a header and claims, with Google's key and the forger's."""


def make_token(claims: Claims, key: SigningKey, faults: Collection[Fault] = ()) -> str:
    """Return a token with these claims, signed as Google signs, or as the first of the faults that forges one says."""
    header: Claims = {"alg": "RS256", "kid": key.key_id, "typ": "JWT"}
    for fault in faults:
        if fault in FORGERIES:
            return FORGERIES[fault](header, claims, key, SigningKey())
    return _signed(header, claims, key)
