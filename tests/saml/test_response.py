"""What a good response says, in each shape in which identity providers send it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from signxml.algorithms import DigestAlgorithm, SignatureMethod

from musterbook.saml import Assertion, Attribute, AuthnRequest, NameId, validate_response
from musterbook.saml.errors import Refusal, SamlError
from tests.saml.idp import (
    EMAIL_FORMAT,
    IDP,
    ISSUER,
    NAME_ID,
    NOW,
    PASSWORD,
    REQUEST_ID,
    RESPONSE,
    acme,
    attribute,
    encode,
    key_pair,
    sign,
    signed_assertion,
    signed_response,
    signed_twice,
    stamp,
)
from tests.saml.parties import REQUEST, idp, sp, validate

SIGNED_RESPONSE = idp(requires_signed_assertion=False)
PORTAL = idp(allows_idp_initiated=True)


def ada() -> Assertion:
    """Return what OneLogin's response says of Ada."""
    return Assertion(
        id="_a1",
        replay_until=NOW + timedelta(minutes=4),
        issuer=IDP,
        name_id=NameId("ada@acme.example", EMAIL_FORMAT),
        attributes=(
            Attribute("User.email", ("ada@acme.example",)),
            Attribute("User.FirstName", ("Ada",)),
            Attribute("User.LastName", ("Lovelace",)),
            Attribute("memberOf", ("Engineering;Mathematics",)),
        ),
        in_response_to=REQUEST_ID,
        authn_instant=NOW - timedelta(seconds=1),
        authn_context=PASSWORD,
        session_index="_s1",
        session_not_on_or_after=NOW + timedelta(days=1),
        certificate_fingerprint=idp().certificates[0].fingerprint,
    )


@pytest.mark.parametrize("document", [signed_assertion(), signed_response(), signed_twice()])
def test_a_response_says_who_has_signed_in(document: str) -> None:
    """A response in OneLogin's shape, with the assertion signed, the response, or both, says all of this."""
    assert validate(document, by=SIGNED_RESPONSE) == ada()


def test_a_response_that_is_signed_alone_needs_permission() -> None:
    """S4: the assertion must be signed itself, unless the tenant takes signed responses too."""
    with pytest.raises(SamlError) as refused:
        validate(signed_response())
    assert refused.value.refusal is Refusal.UNSIGNED
    assert validate(signed_twice()) == ada()


def test_the_values_of_an_attribute_are_found_by_its_name() -> None:
    """An attribute may have several values, and may come twice; a name that is not there has none."""
    more = attribute("group", "a", "b") + attribute("group", "c") + "</saml:AttributeStatement>"
    found = validate(signed_assertion(RESPONSE.replace("</saml:AttributeStatement>", more)))
    assert found.values("group") == ("a", "b", "c")
    assert found.values("Group") == ()


def test_a_value_that_holds_xml_is_left_out() -> None:
    """A value that is not a text is no value of ours; the others of the attribute are."""
    value = attribute("id", "<saml:NameID>x</saml:NameID>", "y")
    changed = RESPONSE.replace("</saml:AttributeStatement>", value + "</saml:AttributeStatement>")
    assert validate(signed_assertion(changed)).values("id") == ("y",)


def test_an_assertion_may_say_less() -> None:
    """Attributes, the end of the session, its index and the method of the sign-in may be missing."""
    start, end = RESPONSE.index("<saml:AttributeStatement>"), RESPONSE.index("</saml:Assertion>")
    bare = RESPONSE[:start] + RESPONSE[end:]
    for missing in (
        f' SessionNotOnOrAfter="{stamp(86400)}"',
        ' SessionIndex="_s1"',
        f"<saml:AuthnContextClassRef>{PASSWORD}</saml:AuthnContextClassRef>",
    ):
        bare = bare.replace(missing, "")
    said = validate(signed_assertion(bare))
    assert said == replace(ada(), attributes=(), session_not_on_or_after=None, session_index=None, authn_context=None)


def test_a_name_is_all_of_its_parts() -> None:
    """A NameID is its value with its format and its qualifiers; without a format, it is unspecified (core §8.3.1)."""
    qualified = '<saml:NameID NameQualifier="a" SPNameQualifier="b">\n ada \n</saml:NameID>'
    unspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
    said = validate(signed_assertion(RESPONSE.replace(NAME_ID, qualified))).name_id
    assert said == NameId("ada", unspecified, "a", "b")


def test_the_envelope_may_be_without_an_issuer() -> None:
    """A response that is not signed may leave out its issuer: the assertion's is signed (Profiles §4.1.4.2)."""
    assert validate(signed_assertion().replace(ISSUER, "", 1)) == ada()


@pytest.mark.parametrize("names", [("acme", "acme-next"), ("acme-next", "acme")])
def test_two_certificates_hold_during_a_change(names: tuple[str, ...]) -> None:
    """S26: the old certificate and the next are both taken, in any order, and the result says which it was."""
    both = idp(*map(key_pair, names))
    used = {
        name: validate(signed_assertion(key=key_pair(name)), by=both).certificate_fingerprint
        for name in ("acme", "acme-next")
    }
    assert used == {name: idp(key_pair(name)).certificates[0].fingerprint for name in used}


def test_a_certificate_that_has_expired_still_holds() -> None:
    """S26: the pin is the trust. Its end is a reason to warn, and not that nobody can sign in one morning."""
    later = NOW + timedelta(days=365)
    moved = RESPONSE
    for seconds in (0, -1, -180, 180, 86400):
        old, new = stamp(seconds), (later + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        moved = moved.replace(old, new)
    request = AuthnRequest(REQUEST_ID, later)
    field = encode(signed_assertion(moved))
    assert idp().certificates[0].expiry_warning(later) == 0
    assert validate_response(field, sp=sp(), idp=idp(), requests=(request,), now=later).id == "_a1"


@pytest.mark.parametrize(
    "method, digest",
    [
        (SignatureMethod.RSA_SHA384, DigestAlgorithm.SHA384),
        (SignatureMethod.RSA_SHA512, DigestAlgorithm.SHA512),
    ],
)
def test_longer_hashes_are_taken(method: SignatureMethod, digest: DigestAlgorithm) -> None:
    """S7: SHA-384 and SHA-512 are as good."""
    assert validate(sign(RESPONSE, method=method, digest=digest), by=SIGNED_RESPONSE) == ada()


def test_keys_on_curves_are_taken() -> None:
    """S7: an identity provider may sign by ECDSA."""
    curve = key_pair("curve", "ec-p256")
    by = idp(curve, requires_signed_assertion=False)
    document = sign(RESPONSE, key=curve, method=SignatureMethod.ECDSA_SHA256)
    assert validate(document, by=by).name_id.value == "ada@acme.example"


def test_the_answered_request_is_found() -> None:
    """S16: of the requests that a browser has made, in two windows, the one that is answered is named."""
    other = AuthnRequest("_" + "e" * 32, NOW)
    field = encode(signed_assertion())
    said = validate_response(field, sp=sp(), idp=idp(), requests=(other, REQUEST), now=NOW)
    assert said.in_response_to == REQUEST_ID
    with pytest.raises(SamlError) as refused:
        validate_response(field, sp=sp(), idp=idp(), requests=(other,), now=NOW)
    assert refused.value.refusal is Refusal.IN_RESPONSE_TO


def test_a_request_waits_for_ten_minutes() -> None:
    """S16: an answer that comes ten minutes after the request is too late."""
    late = replace(REQUEST, issued_at=NOW - timedelta(minutes=10))
    assert validate(signed_assertion(), request=replace(late, issued_at=late.issued_at + timedelta(seconds=1))) == ada()
    with pytest.raises(SamlError) as refused:
        validate(signed_assertion(), request=late)
    assert refused.value.refusal is Refusal.IN_RESPONSE_TO


def test_nobody_comes_unasked_unless_that_is_allowed() -> None:
    """S18: a response to no request is taken only where the tenant allows it, and says that nobody asked."""
    unasked = signed_assertion(RESPONSE.replace(f' InResponseTo="{REQUEST_ID}"', ""))
    with pytest.raises(SamlError) as refused:
        validate(unasked)
    assert refused.value.refusal is Refusal.UNSOLICITED
    assert validate(unasked, by=PORTAL) == replace(ada(), in_response_to=None)


def test_permission_to_come_unasked_is_none_to_answer_others() -> None:
    """S18: where it is allowed, a response that names a request must still name one of this browser's, twice."""
    field = encode(signed_assertion())
    with pytest.raises(SamlError) as refused:
        validate_response(field, sp=sp(), idp=PORTAL, requests=(), now=NOW)
    assert refused.value.refusal is Refusal.IN_RESPONSE_TO
    half = signed_assertion().replace(f' InResponseTo="{REQUEST_ID}"', "", 1)
    with pytest.raises(SamlError) as refused:
        validate(half, by=PORTAL)
    assert refused.value.refusal is Refusal.IN_RESPONSE_TO


def test_another_tenants_identity_provider_is_nobody() -> None:
    """S8: a response that is good for one tenant is refused at another, whose provider has another key."""
    globex = idp(key_pair("globex"))
    assert validate(signed_assertion()).id == "_a1"
    with pytest.raises(SamlError) as refused:
        validate(signed_assertion(), by=globex)
    assert refused.value.refusal is Refusal.SIGNATURE


def test_what_was_asked_for_is_checked() -> None:
    """S27: a fresh sign-in, or one by a certain method, is looked for in the answer."""
    strict = replace(REQUEST, forces_authn=True, authn_contexts=(PASSWORD, "urn:other"))
    assert validate(signed_assertion(), request=strict) == ada()
    stale = signed_assertion(RESPONSE.replace(f'AuthnInstant="{stamp(-1)}"', f'AuthnInstant="{stamp(-61)}"'))
    assert validate(stale).authn_instant == NOW - timedelta(seconds=61)
    for document, request, refusal in (
        (stale, strict, Refusal.NOT_FRESH),
        (signed_assertion(), replace(REQUEST, authn_contexts=("urn:other",)), Refusal.AUTHN_CONTEXT),
    ):
        with pytest.raises(SamlError) as refused:
            validate(document, request=request)
        assert refused.value.refusal is refusal


def test_what_the_provider_says_of_a_failure_is_told_to_administrators() -> None:
    """S20: the codes and the message of a failure are in the detail, with nothing in them that could be markup's."""
    status = (
        '<samlp:StatusCode Value="urn:x:Responder"><samlp:StatusCode Value="urn:x:AuthnFailed"/></samlp:StatusCode>'
        "<samlp:StatusMessage>no\x85&lt;script&gt;</samlp:StatusMessage>"
    )
    start, end = RESPONSE.index("<samlp:StatusCode"), RESPONSE.index("</samlp:Status>")
    with pytest.raises(SamlError) as refused:
        validate(RESPONSE[:start] + status + RESPONSE[end:])
    assert refused.value.refusal is Refusal.STATUS
    assert refused.value.detail == (
        "The identity provider answers 'urn:x:Responder', 'urn:x:AuthnFailed', and says 'no\\x85<script>'."
    )


def test_base64_may_be_folded() -> None:
    """Some identity providers break the lines of the form field."""
    field = encode(signed_assertion())
    folded = "\r\n".join(field[start : start + 76] for start in range(0, len(field), 76))
    assert validate_response(folded, sp=sp(), idp=idp(), requests=(REQUEST,), now=NOW) == ada()


@pytest.mark.parametrize("field", ["", "PHg+*", "PHg+é", "PHg"])
def test_what_is_not_base64_is_refused(field: str) -> None:
    """S1: the form field is base64, strictly; nothing at all is no document either."""
    with pytest.raises(SamlError) as refused:
        validate_response(field, sp=sp(), idp=idp(), requests=(REQUEST,), now=NOW)
    assert refused.value.refusal is (Refusal.BAD_ENCODING if field else Refusal.NOT_XML)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_documents_are_in_utf_8(encoding: str) -> None:
    """S11: there is one encoding, whatever a document declares."""
    named = RESPONSE.replace(">Ada<", ">Àda<")
    assert validate(sign(named).encode(), by=SIGNED_RESPONSE).values("User.FirstName") == ("Àda",)
    with pytest.raises(SamlError) as refused:
        validate(f'<?xml version="1.0" encoding="{encoding}"?>{named}'.encode(encoding), by=SIGNED_RESPONSE)
    assert refused.value.refusal is Refusal.NOT_XML


def test_nothing_secret_is_shown() -> None:
    """What a debugger or a log prints of the values holds no private key and no attribute's value."""
    assert acme().private_pem.decode()[40:80] not in repr(sp())
    assert "Lovelace" not in repr(validate(signed_assertion()))
