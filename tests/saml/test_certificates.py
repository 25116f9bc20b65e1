"""Certificates and keys: which are taken, and when to warn of their end (S7, S26)."""

import base64
from datetime import timedelta

import pytest

from musterbook.saml import parse_certificate, read_service_key
from tests.saml.idp import NOW, KeyPair, acme, key_pair

END = NOW + timedelta(days=100)


@pytest.mark.parametrize("pair", [key_pair("acme"), key_pair("curve", "ec-p256")])
def test_a_certificate_is_read_in_each_form(pair: KeyPair) -> None:
    """A certificate is PEM, with text around it, or bare base64, folded or not, as metadata shows it."""
    bare = "".join(pair.pem.splitlines()[1:-1])
    forms = [
        pair.pem,
        f"Subject: x\n{pair.pem}\n",
        pair.pem.replace("\n", "\r\n"),
        bare,
        f"\n {bare[:64]}\n{bare[64:]} ",
    ]
    read = {parse_certificate(form) for form in forms}
    assert len(read) == 1
    certificate = read.pop()
    assert certificate.x509 == pair.certificate
    assert certificate.pem == pair.pem
    assert certificate.base64 == bare
    assert certificate.not_after == END
    assert certificate.subject == f"CN={'acme' if pair is acme() else 'curve'}"
    assert len(certificate.fingerprint) == 64


@pytest.mark.parametrize("text", ["", "x", "AAAA", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_what_is_no_certificate_is_refused(text: str) -> None:
    """Whatever else is pasted is refused, with a sentence."""
    with pytest.raises(ValueError, match=r"^This is not an X\.509 certificate in PEM or base64\.$"):
        parse_certificate(text)


def test_a_private_key_is_no_certificate() -> None:
    """Whoever pastes a private key is told so, and it is not kept."""
    with pytest.raises(ValueError, match=r"not an X\.509 certificate"):
        parse_certificate(acme().private_pem.decode())


def test_a_long_text_is_not_read() -> None:
    """A certificate has two kilobytes; sixteen are enough for any."""
    with pytest.raises(ValueError, match="too long"):
        parse_certificate("A" * 20_000)


@pytest.mark.parametrize("kind", ["rsa-1024", "ec-k256"])
def test_weak_keys_are_refused(kind: str) -> None:
    """S7: RSA has at least 2048 bits, and a curve is one of three."""
    with pytest.raises(ValueError, match="RSA of at least 2048 bits, or on the curve"):
        parse_certificate(key_pair("weak", kind).pem)


def test_keys_of_unknown_kinds_are_refused() -> None:
    """S7: a certificate whose key is of a kind that nobody knows is refused as weak ones are."""
    der = base64.b64decode(parse_certificate(acme().pem).base64)
    rsa, unknown = bytes.fromhex("06092a864886f70d010101"), bytes.fromhex("06092a864886f70d01017f")
    assert der.count(rsa) == 1
    with pytest.raises(ValueError, match="RSA of at least 2048 bits, or on the curve"):
        parse_certificate(base64.b64encode(der.replace(rsa, unknown)).decode())


@pytest.mark.parametrize(
    "left, warning",
    [
        (timedelta(days=31), None),
        (timedelta(days=30), 30),
        (timedelta(days=15), 30),
        (timedelta(days=14), 14),
        (timedelta(days=7), 7),
        (timedelta(days=2), 7),
        (timedelta(days=1), 1),
        (timedelta(seconds=1), 1),
        (timedelta(0), 0),
        (timedelta(days=-5), 0),
    ],
)
def test_the_end_of_a_certificate_is_announced(left: timedelta, warning: int | None) -> None:
    """S26: 30, 14, 7 and 1 days before its end a certificate calls for a warning, and after it another."""
    assert parse_certificate(acme().pem).expiry_warning(END - left) == warning


def test_a_key_of_ours_belongs_to_its_certificate() -> None:
    """What is stored of a key of ours is checked: an RSA key, and its own certificate."""
    ours, other, curve = key_pair("muster"), key_pair("muster-next"), key_pair("curve", "ec-p256")
    assert read_service_key(ours.private_pem, ours.pem).certificate.x509 == ours.certificate
    with pytest.raises(ValueError, match="belongs to another key"):
        read_service_key(ours.private_pem, other.pem)
    with pytest.raises(ValueError, match="must be RSA"):
        read_service_key(curve.private_pem, curve.pem)
