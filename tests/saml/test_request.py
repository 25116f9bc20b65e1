"""What we say: requests for a sign-in, and our metadata (S25, S27)."""

import base64
import zlib
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from musterbook.saml import (
    AuthnRequest,
    Binding,
    Dispatch,
    Endpoint,
    ServiceProvider,
    make_id,
    render_sp_metadata,
    send_authn_request,
)
from tests.saml.idp import ACS, NAMESPACES, NOW, PASSWORD, REQUEST_ID, SP, SP_SLO, SSO
from tests.saml.parties import REQUEST, idp, our_key, sp

BY_POST = replace(idp(), sso=Endpoint(SSO, Binding.POST))
KEYLESS = ServiceProvider(SP, ACS, SP_SLO)
PLAIN = (
    f'<samlp:AuthnRequest xmlns:samlp="{NAMESPACES["samlp"]}" xmlns:saml="{NAMESPACES["saml"]}" ID="{REQUEST_ID}" '
    f'Version="2.0" IssueInstant="2026-11-24T12:00:00Z" Destination="{SSO}" '
    f'ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" AssertionConsumerServiceURL="{ACS}">'
    f'<saml:Issuer>{SP}</saml:Issuer><samlp:NameIDPolicy AllowCreate="true"/></samlp:AuthnRequest>'
)


def parameters(dispatch: Dispatch) -> dict[str, str]:
    """Return the parameters of a redirect."""
    assert dispatch.fields == ()
    return dict(parse_qsl(urlsplit(dispatch.url).query, keep_blank_values=True, strict_parsing=True))


def unpacked(value: str) -> str:
    """Return the document of a query's message."""
    return zlib.decompress(base64.b64decode(value), wbits=-15).decode()


def test_a_redirect_carries_the_request() -> None:
    """The request is compressed into the query of the address, with the relay state beside it (Bindings §3.4)."""
    found = send_authn_request(REQUEST, sp=KEYLESS, idp=idp(), relay_state="a b&c")
    assert found.url.startswith(f"{SSO}?SAMLRequest=")
    assert {**parameters(found), "SAMLRequest": unpacked(parameters(found)["SAMLRequest"])} == {
        "SAMLRequest": PLAIN,
        "RelayState": "a b&c",
    }


def test_a_query_that_is_there_is_kept() -> None:
    """An address of the identity provider may have a query already."""
    with_query = replace(idp(), sso=Endpoint(f"{SSO}?tenant=1", Binding.REDIRECT))
    found = parameters(send_authn_request(REQUEST, sp=KEYLESS, idp=with_query))
    assert list(found) == ["tenant", "SAMLRequest"]


def test_a_form_carries_the_request() -> None:
    """By POST the document is a hidden field, not compressed (Bindings §3.5)."""
    found = send_authn_request(REQUEST, sp=KEYLESS, idp=BY_POST, relay_state="handle")
    assert found.url == SSO
    assert found.fields == (("SAMLRequest", base64.b64encode(PLAIN.encode()).decode()), ("RelayState", "handle"))


def test_a_redirect_is_signed_over_its_octets() -> None:
    """With a key of ours the query is signed as it is sent, by RSA with SHA-256 (Bindings §3.4.4.1)."""
    query = urlsplit(send_authn_request(REQUEST, sp=sp(), idp=idp(), relay_state="ä/").url).query
    octets, _, signature = query.rpartition("&Signature=")
    assert [part.partition("=")[0] for part in octets.split("&")] == ["SAMLRequest", "RelayState", "SigAlg"]
    public = our_key().certificate.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    value = base64.b64decode(dict(parse_qsl(f"s={signature}"))["s"])
    assert public.verify(value, octets.encode(), padding.PKCS1v15(), hashes.SHA256()) is None


def test_a_form_is_signed_in_its_document() -> None:
    """By POST the signature stands behind the issuer, where the schema has its place, and speaks of the request."""
    ((_, field),) = send_authn_request(REQUEST, sp=sp(), idp=BY_POST).fields
    root = etree.fromstring(base64.b64decode(field))
    assert [etree.QName(child).localname for child in root] == ["Issuer", "Signature", "NameIDPolicy"]
    reference = root.find("ds:Signature/ds:SignedInfo/ds:Reference", NAMESPACES)
    assert reference is not None
    assert reference.get("URI") == f"#{REQUEST_ID}"


def test_a_request_may_ask_for_more() -> None:
    """A fresh sign-in, and one by certain methods, is asked for in the request (core §3.4.1)."""
    asking = AuthnRequest(REQUEST_ID, NOW, forces_authn=True, authn_contexts=(PASSWORD, "urn:x"))
    document = unpacked(parameters(send_authn_request(asking, sp=KEYLESS, idp=idp()))["SAMLRequest"])
    requested = (
        '<samlp:RequestedAuthnContext Comparison="exact">'
        f"<saml:AuthnContextClassRef>{PASSWORD}</saml:AuthnContextClassRef>"
        "<saml:AuthnContextClassRef>urn:x</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>"
    )
    policy = '<samlp:NameIDPolicy AllowCreate="true"/>'
    assert document == PLAIN.replace(f'URL="{ACS}"', f'URL="{ACS}" ForceAuthn="true"').replace(
        policy, policy + requested
    )


def test_whoever_wants_signed_requests_gets_no_others() -> None:
    """Without a key, nothing is sent to an identity provider that takes signed requests only."""
    strict = replace(idp(), wants_signed_requests=True)
    assert "Signature" in parameters(send_authn_request(REQUEST, sp=sp(), idp=strict))
    with pytest.raises(ValueError, match="no key to sign with"):
        send_authn_request(REQUEST, sp=KEYLESS, idp=strict)


def test_a_relay_state_is_short() -> None:
    """RelayState has at most 80 bytes (Bindings §3.4.3): a handle, and not what is behind it."""
    longest = send_authn_request(REQUEST, sp=KEYLESS, idp=idp(), relay_state="a" * 80)
    assert parameters(longest)["RelayState"] == "a" * 80
    with pytest.raises(ValueError, match="80 bytes"):
        send_authn_request(REQUEST, sp=KEYLESS, idp=idp(), relay_state="ä" * 41)


def test_an_id_is_128_random_bits() -> None:
    """S27: an ID begins with no digit, so that it is one of XML, and cannot be guessed."""
    assert make_id(bytes(range(16))) == "_000102030405060708090a0b0c0d0e0f"
    with pytest.raises(ValueError, match="16 random bytes"):
        make_id(bytes(15))


def test_our_metadata_says_who_we_are() -> None:
    """S25: the document names the tenant's entity ID and addresses, both ways of logout, and each key for each use."""
    root = etree.fromstring(render_sp_metadata(sp("muster", "muster-next")))
    md = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", **NAMESPACES}
    role = root.find("md:SPSSODescriptor", md)
    assert role is not None
    assert root.get("entityID") == SP
    assert dict(role.items()) == {
        "AuthnRequestsSigned": "true",
        "WantAssertionsSigned": "true",
        "protocolSupportEnumeration": NAMESPACES["samlp"],
    }
    assert [dict(node.items()) for node in role.findall("md:AssertionConsumerService", md)] == [
        {"Binding": Binding.POST.value, "Location": ACS, "index": "0", "isDefault": "true"}
    ]
    assert [(node.get("Binding"), node.get("Location")) for node in role.findall("md:SingleLogoutService", md)] == [
        (binding.value, SP_SLO) for binding in Binding
    ]
    bodies = ["".join(our_key(name).pem.splitlines()[1:-1]) for name in ("muster", "muster-next")]
    keys = role.findall("md:KeyDescriptor", md)
    assert [key.get("use") for key in keys] == ["signing", "signing", "encryption", "encryption"]
    assert [node.text for node in role.iter(f"{{{NAMESPACES['ds']}}}X509Certificate")] == bodies * 2


def test_metadata_without_keys_promises_none() -> None:
    """Without a key, requests are not signed, and nothing can be encrypted for us."""
    document = render_sp_metadata(KEYLESS).decode()
    assert 'AuthnRequestsSigned="false"' in document
    assert "KeyDescriptor" not in document
