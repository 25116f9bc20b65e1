"""The values of a sign-in with Google: who may enter, what a token must say, what a callback looks like."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterbook.identity.google import (
    CALLBACK_PATH,
    GoogleCallback,
    GoogleClient,
    GoogleIdentity,
    GoogleRefusal,
    GoogleRefusedError,
    GoogleState,
    check_entry,
)
from musterbook.identity.google.claims import SKEW_SECONDS, Claims, Expected, check_claims, half_hash, read_claims
from musterbook.settings import Settings

CLIENT = GoogleClient("https://directory.example.com", "1234", "GOCSPX-s")
STATE = f"acme.{'r' * 43}"
IDENTITY = GoogleIdentity("https://accounts.google.com", "104", "ada@acme.example", True, "acme.example", "Ada")
NOW = 1_000_000.0
EXPECTED = Expected(client=CLIENT, nonce="n", access_token="ya29.a", begun_at=NOW - 30, now=NOW)
CLAIMS = Claims(
    iss="https://accounts.google.com",
    sub="104",
    aud="1234",
    azp="1234",
    exp=NOW + 3600,
    iat=NOW,
    nonce="n",
    at_hash=half_hash("ya29.a"),
    email="ada@acme.example",
    email_verified=True,
    hd="acme.example",
    name="Ada",
)


def reason(work: Callable[[], object]) -> GoogleRefusal | None:
    """Return why something is refused, or None where it is not."""
    try:
        work()
    except GoogleRefusedError as error:
        return error.reason
    return None


# Entering a tenant


@pytest.mark.parametrize(
    "identity, domain, expected",
    [
        (IDENTITY, "acme.example", None),
        (replace(IDENTITY, hosted_domain="ACME.example"), "Acme.Example", None),
        # Somebody of a second domain of the same organisation: Google says which organisation it is.
        (replace(IDENTITY, email="ada@acme-research.example"), "acme.example", None),
        (replace(IDENTITY, name=None), "acme.example", None),
        (IDENTITY, None, GoogleRefusal.NO_DOMAIN_DECLARED),
        (IDENTITY, "globex.example", GoogleRefusal.OTHER_DOMAIN),
        (IDENTITY, "example", GoogleRefusal.OTHER_DOMAIN),
        (IDENTITY, "sub.acme.example", GoogleRefusal.OTHER_DOMAIN),
        (IDENTITY, "", GoogleRefusal.NO_DOMAIN_DECLARED),
        (replace(IDENTITY, hosted_domain="acme.example.evil.example"), "acme.example", GoogleRefusal.OTHER_DOMAIN),
        (replace(IDENTITY, hosted_domain="evilacme.example"), "acme.example", GoogleRefusal.OTHER_DOMAIN),
        (replace(IDENTITY, hosted_domain=""), "acme.example", GoogleRefusal.CONSUMER_ACCOUNT),
        (replace(IDENTITY, hosted_domain=""), "", GoogleRefusal.NO_DOMAIN_DECLARED),
        (replace(IDENTITY, hosted_domain=None), "acme.example", GoogleRefusal.CONSUMER_ACCOUNT),
        (replace(IDENTITY, hosted_domain=None, email="e@gmail.com"), "gmail.com", GoogleRefusal.CONSUMER_ACCOUNT),
        (
            replace(IDENTITY, hosted_domain="gmail.com", email="e@x.example"),
            "gmail.com",
            GoogleRefusal.CONSUMER_ACCOUNT,
        ),
        (replace(IDENTITY, email="eve@GoogleMail.com"), "acme.example", GoogleRefusal.CONSUMER_ACCOUNT),
        (replace(IDENTITY, email_verified=False), "acme.example", GoogleRefusal.EMAIL_NOT_VERIFIED),
    ],
)
def test_who_may_enter(identity: GoogleIdentity, domain: str | None, expected: GoogleRefusal | None) -> None:
    """O5: ``hd`` is exactly the tenant's domain and the address verified; a consumer account never enters."""
    assert reason(lambda: check_entry(identity, domain)) is expected


def test_who_somebody_is() -> None:
    """O4: it is the issuer and the subject; an address that moves to somebody else takes nothing with it."""
    renamed = replace(IDENTITY, email="ada.lovelace@acme.example")
    successor = replace(IDENTITY, subject="105")
    assert renamed.subject_key == IDENTITY.subject_key == "https://accounts.google.com 104"
    assert successor.subject_key != IDENTITY.subject_key


# The claims of a token


def test_good_claims() -> None:
    """Claims that fit give the identity, under the issuer's one name."""
    assert check_claims(CLAIMS, EXPECTED) == IDENTITY
    short = msgspec.structs.replace(CLAIMS, iss="accounts.google.com", aud=["1234"], azp=None)
    assert check_claims(short, EXPECTED) == IDENTITY


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"iss": "http://accounts.google.com"}, GoogleRefusal.ISSUER),
        ({"iss": "https://accounts.google.com/"}, GoogleRefusal.ISSUER),
        ({"aud": "12345"}, GoogleRefusal.AUDIENCE),
        ({"aud": []}, GoogleRefusal.AUDIENCE),
        ({"aud": ["1234", "1234"]}, GoogleRefusal.AUDIENCE),
        ({"azp": ""}, GoogleRefusal.AUTHORIZED_PARTY),
        ({"exp": NOW - SKEW_SECONDS}, GoogleRefusal.EXPIRED),
        ({"exp": NOW - SKEW_SECONDS + 1}, None),
        ({"iat": NOW + SKEW_SECONDS + 1}, GoogleRefusal.ISSUED_AT),
        ({"iat": NOW + SKEW_SECONDS}, None),
        ({"iat": NOW - 30 - SKEW_SECONDS - 1}, GoogleRefusal.ISSUED_AT),
        ({"iat": NOW - 30 - SKEW_SECONDS}, None),
        ({"nonce": "N"}, GoogleRefusal.NONCE),
        ({"nonce": ""}, GoogleRefusal.NONCE),
        ({"nonce": "\u00fc"}, GoogleRefusal.NONCE),
        ({"at_hash": ""}, GoogleRefusal.ACCESS_TOKEN_HASH),
        ({"sub": "1" * 256}, GoogleRefusal.SUBJECT),
        ({"sub": "1" * 255}, None),
        ({"sub": "\u0661"}, GoogleRefusal.SUBJECT),
        ({"sub": "1\n"}, GoogleRefusal.SUBJECT),
        ({"email": "nobody"}, GoogleRefusal.EMAIL),
        ({"email": "a@b\n"}, GoogleRefusal.EMAIL),
        ({"email": "a" * 512 + "@b"}, GoogleRefusal.EMAIL),
        ({"email_verified": False, "hd": None, "name": None}, None),
    ],
)
def test_claims_that_do_not_fit(changes: dict[str, object], expected: GoogleRefusal | None) -> None:
    """O3: each claim is compared exactly; clocks may differ by 60 seconds and no more."""
    claims = msgspec.structs.replace(CLAIMS, **changes)
    assert reason(lambda: check_claims(claims, EXPECTED)) is expected


def test_another_provider_has_one_name() -> None:
    """The second spelling is Google's alone: a stand-in may not sign as ``accounts.google.com``."""
    client = replace(CLIENT, discovery_url="https://google.example/.well-known/openid-configuration")
    claims = msgspec.structs.replace(CLAIMS, iss="accounts.google.com")
    expected = replace(EXPECTED, client=client)
    assert reason(lambda: check_claims(claims, expected)) is GoogleRefusal.ISSUER
    claims = msgspec.structs.replace(CLAIMS, iss="https://google.example")
    assert check_claims(claims, expected).issuer == "https://google.example"


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b'"text"', b"\xff", b"[" * 100_000, b'{"sub": 104}', b'{"aud": {}}', b'{"exp": "soon"}', b'{"hd": 1}'],
)
def test_a_payload_that_is_no_set_of_claims(payload: bytes) -> None:
    """A payload of another shape, or a claim of another type, is refused before anything is compared."""
    assert reason(lambda: read_claims(payload)) is GoogleRefusal.MALFORMED_TOKEN


# The way back


def test_a_callback_is_read() -> None:
    """What Google adds besides is ignored."""
    query = urlencode(
        {"state": STATE, "iss": "https://accounts.google.com", "code": "4/0Ab", "scope": "openid", "authuser": "0"}
    )
    assert GoogleCallback.read(query) == GoogleCallback(
        state=GoogleState("acme", "r" * 43), code="4/0Ab", error=None, issuer="https://accounts.google.com"
    )


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=4/0Ab",
        "state=",
        f"state={STATE}&state={STATE}",
        f"state={STATE}&code=1&code=2",
        f"state=acme.{'r' * 42}",
        f"state=.{'r' * 43}",
        f"state={'a' * 64}.{'r' * 43}",
        f"state=acme.{'r' * 42}%0a",
        f"state=acme%2f.{'r' * 43}",
        f"state=acme.{'r' * 43}.x",
        f"state={STATE}&code=%ff",
        f"state={STATE}&" + "&".join(f"p{number}=1" for number in range(20)),
        f"state={STATE}&code={'x' * 8192}",
    ],
)
def test_a_callback_that_is_none_of_googles(query: str) -> None:
    """O1: without one state of ours, with a repeated parameter, or too long, it is not looked at further."""
    assert reason(lambda: GoogleCallback.read(query)) is GoogleRefusal.MALFORMED_CALLBACK


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader_of_callbacks(query: str) -> None:
    """Whatever a browser sends is a callback or a refusal."""
    assert reason(lambda: GoogleCallback.read(query)) in {None, GoogleRefusal.MALFORMED_CALLBACK}


def test_a_code_is_not_shown() -> None:
    """A callback that is printed shows no code, a client no secret."""
    callback = GoogleCallback.read(f"state={STATE}&code={secrets.token_hex(8)}")
    assert callback.code is not None
    assert callback.code not in repr(callback)
    assert CLIENT.client_secret not in repr(CLIENT).replace("client_secret", "")


# This server as Google knows it


def test_the_defaults_are_googles() -> None:
    """The setting and the class agree about where Google is; the redirect URI is exact (O6)."""
    assert CLIENT.discovery_url == Settings().google_discovery_url
    assert CLIENT.issuer == "https://accounts.google.com"
    assert CLIENT.redirect_uri == "https://directory.example.com" + CALLBACK_PATH
