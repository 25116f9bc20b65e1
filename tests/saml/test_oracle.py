"""python3-saml, by OneLogin, reads what we write, and agrees with us on what a good response says.

It is used as an oracle only: where it is laxer than we are, we do not follow it. Its clock is set to the tests' noon.
"""

import base64
import zlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from lxml import etree
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML
from xmlsec import Key, SignatureContext, constants, template

from musterbook.saml import (
    AuthnRequest,
    Binding,
    Endpoint,
    LogoutResponse,
    NameId,
    read_idp_metadata,
    receive_logout_query,
    render_sp_metadata,
    send_authn_request,
    send_logout_request,
)
from tests.saml.idp import (
    ACS,
    EMAIL_FORMAT,
    IDP,
    NOW,
    PASSWORD,
    REQUEST_ID,
    RESPONSE,
    SLO,
    SP,
    SP_SLO,
    SSO,
    KeyPair,
    Sealing,
    acme,
    encode,
    encrypt,
    metadata,
    signed_assertion,
    signed_response,
    signed_twice,
)
from tests.saml.parties import idp, our_key, sp, validate

# The oracle asks for times in a way that Python has given up; ours is not asked through it.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
Settings = dict[str, Any]  # as python3-saml takes them


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the oracle's clock, which reads the machine's."""
    monkeypatch.setattr(OneLogin_Saml2_Utils, "now", staticmethod(lambda: int(NOW.timestamp())))


def side(entity_id: str, *, acs: str, slo: str, key: KeyPair) -> Settings:
    """Return the settings of the side that the oracle is on."""
    return {
        "entityId": entity_id,
        "assertionConsumerService": {"url": acs},
        "singleLogoutService": {"url": slo, "binding": REDIRECT},
        "x509cert": key.pem,
        "privateKey": key.private_pem.decode(),
    }


def other(entity_id: str, *, sso: str, slo: str, key: KeyPair) -> Settings:
    """Return the settings of the side that the oracle talks to."""
    return {
        "entityId": entity_id,
        "singleSignOnService": {"url": sso, "binding": REDIRECT},
        "singleLogoutService": {"url": slo, "binding": REDIRECT},
        "x509cert": key.pem,
    }


def settings(*, signs_assertions: bool = True) -> Settings:
    """Return the oracle's settings where it stands in our place."""
    security = {
        "wantAssertionsSigned": signs_assertions,
        "rejectDeprecatedAlgorithm": True,
        "wantNameIdEncrypted": False,
    }
    return {
        "strict": True,
        "sp": side(SP, acs=ACS, slo=SP_SLO, key=our_key()),
        "idp": other(IDP, sso=SSO, slo=SLO, key=acme()),
        "security": security,
    }


def addressed(url: str, **more: object) -> Settings:
    """Return a request of a browser as the oracle takes it."""
    parts = urlsplit(url)
    return {
        "https": "on",
        "http_host": parts.netloc,
        "script_name": parts.path,
        "get_data": {},
        "post_data": {},
        **more,
    }


@pytest.mark.parametrize(
    "document, signs_assertions",
    [
        (signed_assertion(), True),
        (signed_twice(), True),
        (signed_response(), False),
        (encrypt(signed_assertion(), our_key(), Sealing()), True),
    ],
    ids=["assertion", "both", "response", "encrypted"],
)
def test_we_agree_on_good_responses(document: str, signs_assertions: bool) -> None:  # noqa: FBT001  a column of a table
    """The oracle reads the same person, attributes and session from each response that we take."""
    chosen = OneLogin_Saml2_Settings(settings(signs_assertions=signs_assertions))
    oracle = OneLogin_Saml2_Response(chosen, encode(document))
    assert oracle.is_valid(addressed(ACS), REQUEST_ID, raise_exceptions=True)
    ours = validate(document, by=idp(requires_signed_assertion=False))
    assert (ours.name_id.value, ours.name_id.format) == (oracle.get_nameid(), oracle.get_nameid_format())
    assert {attribute.name: list(attribute.values) for attribute in ours.attributes} == oracle.get_attributes()
    assert ours.session_index == oracle.get_session_index()
    assert ours.session_not_on_or_after is not None
    assert ours.session_not_on_or_after.timestamp() == oracle.get_session_not_on_or_after()
    assert ours.id == oracle.get_assertion_id()


def test_what_libxmlsec_signs_is_taken() -> None:
    """A response that another library has signed is as good as one that ours has."""
    document = OneLogin_Saml2_Utils.add_sign(RESPONSE, acme().private_pem.decode(), acme().pem).decode()
    assert validate(document, by=idp(requires_signed_assertion=False)) == validate(
        signed_response(), by=idp(requires_signed_assertion=False)
    )


def test_what_libxmlsec_signs_within_a_response_is_taken() -> None:
    """Prefixes that the signature names may be declared around the assertion: they are signed where they stand."""
    declared = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    assert declared in RESPONSE
    root = etree.fromstring(RESPONSE.replace(declared, "").replace("<samlp:Response ", f"<samlp:Response {declared}"))
    assertion = root[2]
    place = template.create(assertion, constants.TransformExclC14N, constants.TransformRsaSha256, ns="ds")
    assertion[0].addnext(place)
    reference = template.add_reference(place, constants.TransformSha256, uri="#_a1")
    template.add_transform(reference, constants.TransformEnveloped)
    canonical = template.add_transform(reference, constants.TransformExclC14N)
    template.transform_add_c14n_inclusive_namespaces(canonical, ["xs"])
    context = SignatureContext()
    context.key = Key.from_memory(acme().private_pem, constants.KeyDataFormatPem)
    context.register_id(assertion, "ID")
    context.sign(place)
    assert b'PrefixList="xs"' in etree.tostring(root)
    assert validate(etree.tostring(root)) == validate(signed_assertion())


@pytest.mark.parametrize("binding", Binding)
def test_our_requests_are_valid(binding: Binding) -> None:
    """The oracle finds our AuthnRequest valid by the schema, with everything in it, and its signature ours."""
    request = AuthnRequest(REQUEST_ID, NOW, forces_authn=True, authn_contexts=(PASSWORD,))
    to = replace(idp(), sso=Endpoint(SSO, binding))
    sent = send_authn_request(request, sp=sp(), idp=to, relay_state="handle")
    if binding is Binding.POST:
        document = base64.b64decode(dict(sent.fields)["SAMLRequest"])
        place = "/samlp:AuthnRequest/ds:Signature"
        assert OneLogin_Saml2_Utils.validate_sign(document, cert=our_key().pem, xpath=place, raise_exceptions=True)
    else:
        octets, _, _ = urlsplit(sent.url).query.rpartition("&Signature=")
        found = dict(parse_qsl(urlsplit(sent.url).query))
        document = zlib.decompress(base64.b64decode(found["SAMLRequest"]), wbits=-15)
        signature = base64.b64decode(found["Signature"])
        assert OneLogin_Saml2_Utils.validate_binary_sign(octets, signature, our_key().pem, found["SigAlg"])
    assert not isinstance(OneLogin_Saml2_XML.validate_xml(document, "saml-schema-protocol-2.0.xsd"), str)


def test_our_metadata_is_valid() -> None:
    """The oracle finds our metadata valid by the schema, with keys and without."""
    for keys in (sp("muster", "muster-next"), replace(sp(), keys=())):
        assert OneLogin_Saml2_Settings(settings()).validate_metadata(render_sp_metadata(keys)) == []


def test_we_read_the_same_in_metadata() -> None:
    """The oracle and we read the same identity provider from OneLogin's metadata."""
    ours = read_idp_metadata(metadata().encode(), now=NOW)
    theirs = OneLogin_Saml2_IdPMetadataParser.parse(metadata())["idp"]
    assert theirs == {
        "entityId": ours.entity_id,
        "singleSignOnService": {"url": ours.sso.url, "binding": ours.sso.binding.value},
        "singleLogoutService": {"url": SLO, "binding": REDIRECT},
        "x509cert": ours.certificates[0].base64,
    }


def test_single_logout_goes_round() -> None:
    """The oracle, in the identity provider's place, takes our LogoutRequest, and we take its answer."""
    swapped = {
        "strict": True,
        "sp": side(IDP, acs=ACS, slo=SLO, key=acme()),
        "idp": other(SP, sso=SSO, slo=SP_SLO, key=our_key()),
        "security": {"logoutResponseSigned": True, "wantMessagesSigned": True, "rejectDeprecatedAlgorithm": True},
    }
    name = NameId("ada@acme.example", EMAIL_FORMAT)
    sent = send_logout_request(
        REQUEST_ID, sp=sp(), idp=idp(), name_id=name, session_index="_s1", now=NOW, relay_state="back"
    )
    assert sent is not None
    query = urlsplit(sent.url).query
    request = addressed(SLO, get_data=dict(parse_qsl(query)), query_string=query)
    oracle = OneLogin_Saml2_Auth(request, swapped)
    answer = oracle.process_slo(keep_local_session=True)
    assert (oracle.get_errors(), oracle.get_last_error_reason()) == ([], None)
    back = urlsplit(answer).query
    read = receive_logout_query(back, sp=sp(), idp=idp(), request_id=REQUEST_ID, now=NOW)
    assert read == LogoutResponse(REQUEST_ID, "back")
