"""Encrypted assertions: which are opened, and that what comes out must be signed (S23)."""

import pytest
from cryptography.hazmat.primitives import hashes

from musterbook.saml import validate_response
from musterbook.saml.errors import Refusal, SamlError
from tests.saml.idp import (
    ASSERTION,
    ISSUER,
    NOW,
    RESPONSE,
    Sealing,
    encode,
    encrypt,
    key_pair,
    signed_assertion,
    signed_response,
)
from tests.saml.parties import REQUEST, idp, our_key, sp, validate

XENC, XENC11 = "http://www.w3.org/2001/04/xmlenc#", "http://www.w3.org/2009/xmlenc11#"
AES_256 = XENC11 + "aes256-gcm"

SEALINGS = [
    Sealing(),
    Sealing(content=XENC11 + "aes128-gcm", key_bytes=16),
    Sealing(content=XENC11 + "aes192-gcm", key_bytes=24),
    Sealing(beside=True),
    Sealing(wrapping=XENC11 + "rsa-oaep", digest=XENC + "sha256", mask=XENC11 + "mgf1sha256", hash=hashes.SHA256),
    Sealing(wrapping=XENC11 + "rsa-oaep", digest=XENC + "sha512", mask=XENC11 + "mgf1sha512", hash=hashes.SHA512),
]
REFUSED = [
    ("CBC", Sealing(content=XENC + "aes256-cbc")),
    ("3DES", Sealing(content=XENC + "tripledes-cbc")),
    ("RSA of PKCS #1 v1.5", Sealing(wrapping=XENC + "rsa-1_5")),
    ("an unknown hash", Sealing(digest="urn:x")),
    ("an unknown mask", Sealing(wrapping=XENC11 + "rsa-oaep", mask="urn:x")),
    ("a mask where none may be named", Sealing(mask=XENC11 + "mgf1sha1")),
]
# One edit each in what was encrypted well.
END = "</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>"
PROBES = {
    "the wrapped key": ("<xenc:CipherValue>", "<xenc:CipherValue>AAAA"),
    "the content": (END, "AAAA" + END),
    "no base64": ("<xenc:CipherValue>", "<xenc:CipherValue>*"),
    "another algorithm of the content": ("aes256-gcm", "aes128-gcm"),
    "another hash of the key": ("http://www.w3.org/2000/09/xmldsig#sha1", XENC + "sha256"),
}


def refusal_of(document: str, *keys: str) -> Refusal:
    """Return why acme refuses a response."""
    with pytest.raises(SamlError) as refused:
        validate_response(encode(document), sp=sp(*keys), idp=idp(), requests=(REQUEST,), now=NOW)
    return refused.value.refusal


@pytest.mark.parametrize("sealing", SEALINGS)
def test_aes_gcm_with_rsa_oaep_is_opened(sealing: Sealing) -> None:
    """Every length of AES-GCM is opened, with a key wrapped by RSA-OAEP, wherever the wrapped key stands."""
    said = validate(encrypt(signed_assertion(), our_key(), sealing))
    assert said == validate(signed_assertion())


@pytest.mark.parametrize("name, sealing", REFUSED)
def test_other_algorithms_are_refused(name: str, sealing: Sealing) -> None:
    """CBC, RSA of PKCS #1 v1.5 and whatever else there is are refused before anything is opened."""
    assert refusal_of(encrypt(signed_assertion(), our_key(), sealing)) is Refusal.ENCRYPTION_ALGORITHM


def test_something_else_than_an_element_is_refused() -> None:
    """What is encrypted is an element (XML Encryption 1.1 §3.1), and OAEP has no parameters here."""
    good = encrypt(signed_assertion(), our_key())
    assert refusal_of(good.replace("xmlenc#Element", "xmlenc#Content")) is Refusal.ENCRYPTION_ALGORITHM
    with_parameters = good.replace("<ds:DigestMethod", "<xenc:OAEPparams>AA==</xenc:OAEPparams><ds:DigestMethod")
    assert refusal_of(with_parameters) is Refusal.ENCRYPTION_ALGORITHM


@pytest.mark.parametrize("probe", PROBES)
def test_whoever_probes_learns_nothing(probe: str) -> None:
    """However something encrypted was changed, the refusal is the same, and the sentence too: there is no oracle."""
    good = encrypt(signed_assertion(), our_key())
    changed = good.replace(*PROBES[probe], 1)
    assert changed != good
    assert validate(good).id == "_a1"
    with pytest.raises(SamlError) as refused:
        validate(changed)
    assert (refused.value.refusal, refused.value.detail) == (
        Refusal.DECRYPTION,
        "The assertion cannot be decrypted. Give the identity provider the certificate of our metadata again.",
    )


def test_each_of_our_keys_opens() -> None:
    """S26: during a change of our keys, what was encrypted for the old one is opened, and for the new one."""
    for name in ("muster", "muster-next"):
        document = encrypt(signed_assertion(), our_key(name))
        field = encode(document)
        said = validate_response(field, sp=sp("muster-next", "muster"), idp=idp(), requests=(REQUEST,), now=NOW)
        assert said.id == "_a1"
        assert refusal_of(document, "muster-3") is Refusal.DECRYPTION


def test_what_comes_out_must_be_signed() -> None:
    """Anybody can encrypt for us, so an assertion that was encrypted is signed itself, also in a signed response."""
    by = idp(requires_signed_assertion=False)
    assert validate(signed_response(encrypt(signed_assertion(), our_key())), by=by).id == "_a1"
    for document in (
        encrypt(RESPONSE, our_key()),
        signed_response(encrypt(RESPONSE, our_key())),
    ):
        with pytest.raises(SamlError) as refused:
            validate(document, by=by)
        assert refused.value.refusal is Refusal.UNSIGNED


def test_what_comes_out_is_checked_as_what_comes_in() -> None:
    """The opened document is one assertion, in its shape, signed by the tenant's identity provider."""
    forged = encrypt(signed_assertion(key=key_pair("eve")), our_key())
    assert refusal_of(forged) is Refusal.SIGNATURE
    nested = ASSERTION.replace(ISSUER, f"{ISSUER}<saml:Advice>{ASSERTION.replace('_a1', '_a2')}</saml:Advice>")
    assert refusal_of(encrypt(RESPONSE.replace(ASSERTION, nested), our_key())) is Refusal.ASSERTION_COUNT
    commented = signed_assertion().replace("ada@acme", "ada@<!---->acme")
    assert refusal_of(encrypt(commented, our_key())) is Refusal.COMMENT


def test_an_encrypted_assertion_has_an_issuer_around_it() -> None:
    """A response with an encrypted assertion names its issuer outside too (Profiles §4.1.4.2)."""
    document = encrypt(signed_assertion(), our_key())
    assert validate(document).id == "_a1"
    assert refusal_of(document.replace(ISSUER, "", 1)) is Refusal.ISSUER


def test_something_else_that_is_encrypted_is_refused() -> None:
    """A document that was encrypted for us and is no assertion is none."""
    start, end = RESPONSE.index("<saml:Assertion"), RESPONSE.index("</samlp:Response>")
    odd = RESPONSE[:start] + "<saml:Assertion/></saml:Assertion>" + RESPONSE[end:]
    assert refusal_of(encrypt(odd, our_key())) is Refusal.NOT_XML


def test_a_key_and_content_must_be_there() -> None:
    """Without a wrapped key, or without content, nothing can be opened."""
    good = encrypt(signed_assertion(), our_key())
    start, end = good.index("<xenc:EncryptedKey"), good.index("</xenc:EncryptedKey>") + len("</xenc:EncryptedKey>")
    assert refusal_of(good[:start] + good[end:]) is Refusal.UNEXPECTED_ELEMENT
    assert refusal_of(good.replace(good[start:end], good[start:end] * 2).replace('Id="_k1"', "")) is (
        Refusal.UNEXPECTED_ELEMENT
    )
