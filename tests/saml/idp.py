"""The identity provider of acme at noon: the simulated OneLogin's texts and signatures, with fixed names and times.

Its documents are texts, so that a test names a fault by one replacement. The simulator shares no code with the room
under test.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod

from musterbook.simulator.onelogin.saml import KeyPair, encryption, make_key_pair
from musterbook.simulator.onelogin.saml import signing as signatures
from musterbook.simulator.onelogin.saml.connector import render_metadata
from musterbook.simulator.onelogin.saml.draft import (
    BEARER,
    EMAIL_FORMAT,
    NAMESPACES,
    PASSWORD,
    STATUS,
    SUCCESS,
    Draft,
    attribute,
)
from musterbook.simulator.onelogin.saml.encryption import Sealing
from musterbook.simulator.onelogin.saml.response import encode
from musterbook.simulator.onelogin.saml.wrapping import Element

__all__ = [
    "ACS",
    "ASSERTION",
    "AUDIENCE",
    "BEARER",
    "CONDITIONS",
    "EMAIL_FORMAT",
    "GOOD",
    "IDP",
    "ISSUER",
    "NAMESPACES",
    "NAME_ID",
    "NOW",
    "PASSWORD",
    "REQUEST_ID",
    "RESPONSE",
    "SLO",
    "SP",
    "SP_SLO",
    "SSO",
    "STATUS",
    "SUCCESS",
    "Element",
    "KeyPair",
    "Sealing",
    "acme",
    "attribute",
    "encode",
    "encrypt",
    "key_pair",
    "metadata",
    "sign",
    "signed_assertion",
    "signed_response",
    "signed_twice",
    "stamp",
]

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
IDP = "https://app.onelogin.example/saml/metadata/6c1f7a0e"
SSO = "https://acme.onelogin.example/trust/saml2/http-post/sso/6c1f7a0e"
SLO = "https://acme.onelogin.example/trust/saml2/http-redirect/slo/1234567"
SP = "https://muster.example/saml/acme/metadata"
ACS = "https://muster.example/saml/acme/acs"
SP_SLO = "https://muster.example/saml/acme/slo"
REQUEST_ID = "_0123456789abcdef0123456789abcdef"
GOOD = Draft(
    moment=NOW,
    issuer=IDP,
    audience=SP,
    acs_url=ACS,
    name="ada@acme.example",
    attributes=(
        ("User.email", "ada@acme.example"),
        ("User.FirstName", "Ada"),
        ("User.LastName", "Lovelace"),
        ("memberOf", "Engineering;Mathematics"),
    ),
    in_response_to=REQUEST_ID,
    response_id="_r1",
    assertion_id="_a1",
    session_index="_s1",
    forged_name="eve@acme.example",
)
ISSUER, NAME_ID, AUDIENCE, CONDITIONS = GOOD.issuer_part, GOOD.name_part, GOOD.audience_part, GOOD.conditions_part
ASSERTION, RESPONSE = GOOD.assertion, GOOD.response


def stamp(seconds: float = 0) -> str:
    """Return the time so many seconds after noon as a message has it."""
    return GOOD.stamp(seconds)


@cache
def key_pair(name: str, kind: str = "rsa-2048") -> KeyPair:
    """Return the key pair of a name, made at its first use: keys that lie in a repository are found by scanners."""
    family, _, size = kind.partition("-")
    private = (
        rsa.generate_private_key(65537, int(size))
        if family == "rsa"
        else ec.generate_private_key({"p256": ec.SECP256R1(), "k256": ec.SECP256K1()}[size])
    )
    return make_key_pair(name, NOW, private, valid_after=timedelta(days=100))


def acme() -> KeyPair:
    """Return the key pair of the tenant's identity provider."""
    return key_pair("acme")


def sign(
    xml: str,
    *,
    key: KeyPair | None = None,
    method: SignatureMethod = SignatureMethod.RSA_SHA256,
    digest: DigestAlgorithm = DigestAlgorithm.SHA256,
    c14n: CanonicalizationMethod = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
) -> str:
    """Return a document with a signature of its root behind its first child, the issuer."""
    return signatures.sign(xml, key or acme(), method=method, digest=digest, c14n=c14n)


def signed_assertion(response: str = RESPONSE, *, key: KeyPair | None = None) -> str:
    """Return a response whose assertion is signed and which is not itself: OneLogin's way."""
    return signatures.sign_assertion(response, key or acme())


def signed_response(response: str = RESPONSE, *, key: KeyPair | None = None) -> str:
    """Return a response that is signed, with an assertion that has no signature of its own."""
    return sign(response, key=key)


def signed_twice(response: str = RESPONSE) -> str:
    """Return a response that is signed, with an assertion that is signed."""
    return sign(signed_assertion(response))


def encrypt(response: str, key: KeyPair, sealing: Sealing | None = None) -> str:
    """Return a response with its assertion encrypted for ``key``."""
    return encryption.encrypt(response, key.certificate, sealing)


def metadata(certificates: Iterable[KeyPair] = ()) -> str:
    """Return the identity provider's metadata, as OneLogin offers it."""
    return render_metadata(IDP, SSO, SLO, tuple(certificates) or (acme(),))
