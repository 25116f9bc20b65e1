"""Single logout, begun here or at the identity provider, by redirect and by POST (S24)."""

import base64
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from musterbook.saml import (
    Binding,
    Endpoint,
    IdentityProvider,
    LogoutRequest,
    LogoutResponse,
    NameId,
    ServiceProvider,
    receive_logout_form,
    receive_logout_query,
    send_logout_request,
    send_logout_response,
)
from musterbook.saml.errors import Refusal, SamlError
from tests.saml.idp import (
    ACS,
    EMAIL_FORMAT,
    IDP,
    ISSUER,
    NAME_ID,
    NAMESPACES,
    NOW,
    REQUEST_ID,
    SLO,
    SP,
    SP_SLO,
    STATUS,
    KeyPair,
    acme,
    encode,
    key_pair,
    sign,
    stamp,
)
from tests.saml.parties import idp, sp

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ADA = NameId("ada@acme.example", EMAIL_FORMAT)
XMLNS = f'xmlns:samlp="{NAMESPACES["samlp"]}" xmlns:saml="{NAMESPACES["saml"]}"'
HEAD = f'{XMLNS} ID="_l1" Version="2.0" IssueInstant="{stamp()}" Destination="{SP_SLO}"'
REQUEST = (
    f'<samlp:LogoutRequest {HEAD} NotOnOrAfter="{stamp(300)}">{ISSUER}{NAME_ID}'
    "<samlp:SessionIndex>_s1</samlp:SessionIndex></samlp:LogoutRequest>"
)
RESPONSE = f'<samlp:LogoutResponse {HEAD} InResponseTo="{REQUEST_ID}">{ISSUER}{STATUS}</samlp:LogoutResponse>'
GOOD = LogoutRequest("_l1", NOW + timedelta(minutes=11), ADA, ("_s1",), None)


def packed(document: str, *, compress: bool = True, without: int = 0) -> str:
    """Return a document as it stands in a query, perhaps without its last bytes."""
    raw = zlib.compress(document.encode(), wbits=-15) if compress else document.encode()
    return quote(base64.b64encode(raw[: len(raw) - without]).decode(), safe="")


def signature(octets: str, key: KeyPair | None = None, hash_: hashes.HashAlgorithm | None = None) -> str:
    """Return the parameter of a signature over octets."""
    private = (key or acme()).private
    assert isinstance(private, rsa.RSAPrivateKey)
    value = private.sign(octets.encode(), padding.PKCS1v15(), hash_ or hashes.SHA256())
    return "Signature=" + quote(base64.b64encode(value).decode(), safe="")


def query(document: str, *, parameter: str = "SAMLRequest", state: str = "", algorithm: str = RSA_SHA256) -> str:
    """Return a signed query, as the identity provider sends it."""
    octets = f"{parameter}={packed(document)}{state}&SigAlg={quote(algorithm, safe='')}"
    return f"{octets}&{signature(octets)}"


def receive(text: str, *, request_id: str | None = None) -> LogoutRequest | LogoutResponse:
    """Return what a query says to acme at noon."""
    return receive_logout_query(text, sp=sp(), idp=idp(), request_id=request_id, now=NOW)


def post(
    document: str, parameter: str = "SAMLRequest", request_id: str | None = None
) -> LogoutRequest | LogoutResponse:
    """Return what a form says to acme at noon."""
    return receive_logout_form(
        encode(document),
        parameter=parameter,
        relay_state="state",
        sp=sp(),
        idp=idp(),
        request_id=request_id,
        now=NOW,
    )


def refusal_of(text: str, request_id: str | None = None) -> Refusal:
    """Return why a query is refused."""
    with pytest.raises(SamlError) as refused:
        receive(text, request_id=request_id)
    return refused.value.refusal


def test_a_request_by_redirect_names_whom_to_sign_out() -> None:
    """A signed LogoutRequest says who, which sessions, and until when to remember it; a relay state goes back."""
    assert receive(query(REQUEST)) == GOOD
    assert receive(query(REQUEST, state="&RelayState=a%2Fb+c")) == replace(GOOD, relay_state="a/b c")
    everywhere = REQUEST.replace("<samlp:SessionIndex>_s1</samlp:SessionIndex>", "").replace(
        f' NotOnOrAfter="{stamp(300)}"', ""
    )
    assert receive(query(everywhere)) == replace(GOOD, session_indexes=())


def test_a_request_by_post_is_signed_in_its_document() -> None:
    """By POST the document's own signature counts, and only what it covers is read."""
    assert post(sign(REQUEST)) == replace(GOOD, relay_state="state")
    for document, refusal in (
        (REQUEST, Refusal.UNSIGNED),
        (sign(REQUEST, key=key_pair("eve")), Refusal.SIGNATURE),
        (sign(REQUEST).replace("ada@", "bob@"), Refusal.SIGNATURE),
    ):
        with pytest.raises(SamlError) as refused:
            post(document)
        assert refused.value.refusal is refusal


@pytest.mark.parametrize(
    "old, new, refusal",
    [
        ("LogoutRequest", "AuthnRequest", Refusal.WRONG_MESSAGE),
        ('Version="2.0"', 'Version="1.1"', Refusal.VERSION),
        (IDP, "https://evil.example/", Refusal.ISSUER),
        (ISSUER, "", Refusal.ISSUER),
        (f'Destination="{SP_SLO}"', f'Destination="{ACS}"', Refusal.DESTINATION),
        (f'Destination="{SP_SLO}"', f'Destination="{SP_SLO.replace("acme", "globex")}"', Refusal.DESTINATION),
        (f'Destination="{SP_SLO}"', "", Refusal.DESTINATION),
        (f'IssueInstant="{stamp()}"', f'IssueInstant="{stamp(-660)}"', Refusal.ISSUE_INSTANT),
        (stamp(300), stamp(-60), Refusal.EXPIRED),
        (NAME_ID, "", Refusal.NAME_ID),
        (NAME_ID, "<saml:EncryptedID/>", Refusal.NAME_ID),
        (NAME_ID, NAME_ID * 2, Refusal.UNEXPECTED_ELEMENT),
        (NAME_ID, f"{NAME_ID}<saml:Assertion/>", Refusal.UNEXPECTED_ELEMENT),
        ("ada@", "ada<!---->@", Refusal.COMMENT),
    ],
)
def test_what_a_request_says_is_checked(old: str, new: str, refusal: Refusal) -> None:
    """Whatever a request says wrongly is refused, though it is signed."""
    assert old in REQUEST
    assert refusal_of(query(REQUEST.replace(old, new))) is refusal


def test_nobody_is_signed_out_by_a_request_that_is_not_signed() -> None:
    """Without a signature, with a part of one, or with somebody else's, nothing is believed."""
    octets = f"SAMLRequest={packed(REQUEST)}&SigAlg={quote(RSA_SHA256, safe='')}"
    assert receive(f"{octets}&{signature(octets)}") == GOOD
    assert refusal_of(f"SAMLRequest={packed(REQUEST)}") is Refusal.UNSIGNED
    assert refusal_of(octets) is Refusal.UNSIGNED
    assert refusal_of(f"{octets}&{signature(octets, key_pair('eve'))}") is Refusal.SIGNATURE
    other = f"SAMLRequest={packed(REQUEST.replace('ada@', 'bob@'))}&SigAlg={quote(RSA_SHA256, safe='')}"
    assert refusal_of(f"{other}&{signature(octets)}") is Refusal.SIGNATURE


def test_the_signature_is_over_what_was_sent() -> None:
    """The octets are taken as they came, in the standard's order: another spelling of the same values is not signed."""
    good = query(REQUEST, state="&RelayState=a%2Fb")
    message, state, algorithm, value = good.split("&")
    assert receive(f"{value}&{algorithm}&{state}&{message}") == receive(good)
    assert refusal_of(good.replace("a%2Fb", "a%2fb")) is Refusal.SIGNATURE
    assert refusal_of(good.replace("a%2Fb", "a/b")) is Refusal.SIGNATURE
    assert refusal_of(good.replace(f"&{state}", "")) is Refusal.SIGNATURE
    assert refusal_of(query(REQUEST) + "&RelayState=x") is Refusal.SIGNATURE
    reordered = f"{message}&{algorithm}&{state}"
    assert refusal_of(f"{reordered}&{signature(reordered)}") is Refusal.SIGNATURE


@pytest.mark.parametrize(
    "edit",
    [
        lambda good: good + "&SAMLRequest=x",
        lambda good: good + "&SAMLResponse=x",
        lambda good: good + "&RelayState=x&RelayState=y",
        lambda good: good + "&SAMLEncoding=x",
        lambda good: good.replace("SAMLRequest", "samlrequest"),
        lambda good: good.replace("SigAlg=", "SigAlg=%ff"),
        lambda good: good.replace("Signature=", "Signature=*"),
        lambda good: good + "é",
        lambda _: "",
        lambda good: good.replace("SAMLRequest=", "SAMLRequest=*"),
        lambda good: good.replace(packed(REQUEST), packed(REQUEST, compress=False)),
        lambda good: good.replace(packed(REQUEST), packed(REQUEST, without=4)),
        lambda good: good.replace(packed(REQUEST), "%2F%2F%2F%2F"),
    ],
)
def test_a_query_is_one_message(edit: Callable[[str], str]) -> None:
    """One message, each parameter once and no others, all of them what the binding says: else it is not read."""
    good = query(REQUEST)
    assert edit(good) != good
    assert refusal_of(edit(good)) is Refusal.BAD_ENCODING


def test_a_query_is_bounded() -> None:
    """A query of more than 64 KiB is not read."""
    assert refusal_of(query(REQUEST) + "x" * 65536) is Refusal.TOO_LARGE


def test_algorithms_of_a_query_are_few() -> None:
    """SHA-1 is refused, and a key on a curve signs no query."""
    assert refusal_of(query(REQUEST, algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1")) is Refusal.ALGORITHM
    octets = f"SAMLRequest={packed(REQUEST)}&SigAlg={quote(RSA_SHA256.replace('256', '512'), safe='')}"
    assert receive(f"{octets}&{signature(octets, hash_=hashes.SHA512())}") == GOOD
    curve = idp(key_pair("curve", "ec-p256"))
    with pytest.raises(SamlError) as refused:
        receive_logout_query(query(REQUEST), sp=sp(), idp=curve, request_id=None, now=NOW)
    assert refused.value.refusal is Refusal.SIGNATURE


def test_an_answer_names_our_request() -> None:
    """A LogoutResponse is taken as the answer to the request that this browser was sent away with, and to no other."""
    answer = query(RESPONSE, parameter="SAMLResponse")
    assert receive(answer, request_id=REQUEST_ID) == LogoutResponse(REQUEST_ID, None)
    assert post(sign(RESPONSE), "SAMLResponse", REQUEST_ID) == LogoutResponse(REQUEST_ID, "state")
    assert refusal_of(answer) is Refusal.IN_RESPONSE_TO
    assert refusal_of(answer, "_" + "f" * 32) is Refusal.IN_RESPONSE_TO
    nobodys = query(RESPONSE.replace(f'InResponseTo="{REQUEST_ID}"', ""), parameter="SAMLResponse")
    assert refusal_of(nobodys) is Refusal.IN_RESPONSE_TO


def test_an_answer_may_be_that_it_did_not_work() -> None:
    """What the identity provider could not end is told to administrators."""
    failed = query(RESPONSE.replace("Success", "Responder"), parameter="SAMLResponse")
    assert refusal_of(failed, REQUEST_ID) is Refusal.STATUS


def test_a_message_is_what_its_parameter_says() -> None:
    """A request is not taken for an answer, nor an answer for a request."""
    assert refusal_of(query(REQUEST, parameter="SAMLResponse"), REQUEST_ID) is Refusal.WRONG_MESSAGE
    assert refusal_of(query(RESPONSE)) is Refusal.WRONG_MESSAGE


def other_side() -> tuple[ServiceProvider, IdentityProvider]:
    """Return acme's identity provider with our key, as it would see us: what we send is read by what reads theirs."""
    us = replace(idp(key_pair("muster")), entity_id=SP, slo=Endpoint(SP_SLO, Binding.REDIRECT))
    return ServiceProvider(IDP, ACS, SLO), us


def test_our_request_is_read_by_the_other_side() -> None:
    """What we send says whom to sign out of which session, to the right address, signed by our key."""
    them, us = other_side()
    name = replace(ADA, name_qualifier="a", sp_name_qualifier="b")
    sent = send_logout_request(
        REQUEST_ID, sp=sp(), idp=idp(), name_id=name, session_index="_s1", now=NOW, relay_state="x"
    )
    assert sent is not None
    assert sent.url.startswith(f"{SLO}?SAMLRequest=")
    read = receive_logout_query(urlsplit(sent.url).query, sp=them, idp=us, request_id=None, now=NOW)
    assert read == LogoutRequest(REQUEST_ID, NOW + timedelta(minutes=11), name, ("_s1",), "x")


def test_our_answer_is_read_by_the_other_side() -> None:
    """Our answer names the request, goes to the address for answers, by POST too, and says whether it worked."""
    them, us = other_side()
    by_post = replace(idp(), slo=Endpoint(f"{SLO}/requests", Binding.POST, SLO))
    for is_done in (True, False):
        sent = send_logout_response(
            "_o1", sp=sp(), idp=by_post, request=replace(GOOD, relay_state="x"), is_done=is_done, now=NOW
        )
        assert sent is not None
        assert sent.url == SLO
        fields = dict(sent.fields)
        assert fields["RelayState"] == "x"
        if is_done:
            assert read_form(fields["SAMLResponse"], them, us) == LogoutResponse("_l1", None)
            continue
        with pytest.raises(SamlError) as refused:
            read_form(fields["SAMLResponse"], them, us)
        assert refused.value.refusal is Refusal.STATUS


def read_form(field: str, them: ServiceProvider, us: IdentityProvider) -> LogoutRequest | LogoutResponse:
    """Return what our form says to the other side, which had sent the request."""
    return receive_logout_form(
        field,
        parameter="SAMLResponse",
        relay_state=None,
        sp=them,
        idp=us,
        request_id="_l1",
        now=NOW,
    )


def test_whoever_takes_no_logout_is_sent_none() -> None:
    """An identity provider without an address for single logout is left alone; our sessions end all the same."""
    deaf = replace(idp(), slo=None)
    assert send_logout_request(REQUEST_ID, sp=sp(), idp=deaf, name_id=ADA, session_index=None, now=NOW) is None
    assert send_logout_response("_o1", sp=sp(), idp=deaf, request=GOOD, is_done=True, now=NOW) is None


def test_without_a_key_nothing_is_signed() -> None:
    """Some identity providers take requests that are not signed; the name is sent as bare as it came."""
    bare = NameId("ada")
    sent = send_logout_request(
        REQUEST_ID,
        sp=ServiceProvider(SP, ACS, SP_SLO),
        idp=replace(idp(), slo=Endpoint(SLO, Binding.POST)),
        name_id=bare,
        session_index=None,
        now=NOW,
    )
    assert sent is not None
    document = base64.b64decode(dict(sent.fields)["SAMLRequest"]).decode()
    assert "<saml:NameID>ada</saml:NameID></samlp:LogoutRequest>" in document
    assert "Signature" not in document
