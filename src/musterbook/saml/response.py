"""*The response.* Decides whether what the browser brings from the identity provider is a sign-in (Profiles §4.1.4).

Pure: parties, requests, keys and the time are arguments. The steps, each of which ends in a refusal or a narrower
value:

1. The form field becomes a document, within bounds (:mod:`~musterbook.saml.bindings`, :mod:`~musterbook.saml.xml`).
2. Its shape is checked: one assertion, signatures in their places only (:mod:`~musterbook.saml.structure`).
3. What the response says of itself is copied out, from the signed tree where it is signed. Where it is not, anybody
   may have written it, so it can only make the response be refused.
4. Each signature is verified; an encrypted assertion is opened first. From here on there is only what was signed
   (:mod:`~musterbook.saml.signature`).
5. The assertion is read (:mod:`~musterbook.saml.assertion`).

What is left to the caller, who remembers: that the request is the browser's own and is used up, that the assertion's
ID is new, and who the person is here.
"""

from datetime import datetime

from musterbook.saml.assertion import Assertion, check_issuer, read_assertion
from musterbook.saml.bindings import decode_form_field
from musterbook.saml.encryption import decrypt
from musterbook.saml.errors import Refusal, SamlError, shown
from musterbook.saml.parties import IdentityProvider, ServiceProvider
from musterbook.saml.request import AuthnRequest
from musterbook.saml.signature import Verified, has_signature, verify_element
from musterbook.saml.structure import ENCRYPTED_ASSERTION, ISSUER, check_decrypted, check_response, the_assertion
from musterbook.saml.times import check_issue_instant, parse_time
from musterbook.saml.xml import SAMLP, Element, needed_child, only_child, parse_message, text_of

SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"


def validate_response(
    field: str,
    *,
    sp: ServiceProvider,
    idp: IdentityProvider,
    requests: tuple[AuthnRequest, ...],
    now: datetime,
) -> Assertion:
    """Return what the identity provider says of the person; ``field`` is the form's ``SAMLResponse``.

    ``requests`` are those that this browser has made of this tenant's identity provider and that are not answered yet:
    usually one, two where two windows are open, none where somebody comes from the portal. Old ones are passed over.

    Raises:
        SamlError: a check fails; the refusal says which.
    """
    document = parse_message(decode_form_field(field))
    check_response(document)
    check_status(document)
    response = verify_element(document, idp.certificates) if has_signature(document) else None
    seen = document if response is None else response.root
    in_response_to = _check_envelope(seen, sp=sp, idp=idp, is_signed=response is not None, now=now)
    verified = _verified_assertion(document, response, sp, idp)
    assertion = read_assertion(verified, sp=sp, idp=idp, requests=requests, now=now)
    if in_response_to != assertion.in_response_to:
        raise SamlError(
            Refusal.IN_RESPONSE_TO,
            f"The response answers {shown(in_response_to)}, its assertion {shown(assertion.in_response_to)}.",
        )
    return assertion


def check_status(root: Element) -> None:
    """Return if the identity provider says that it worked (core §3.2.2).

    Raises:
        SamlError: it says that it did not, and perhaps why.
    """
    status = needed_child(root, f"{SAMLP}Status", Refusal.STATUS)
    code = needed_child(status, f"{SAMLP}StatusCode", Refusal.STATUS)
    if code.get("Value") == SUCCESS:
        return
    inner, message = only_child(code, f"{SAMLP}StatusCode"), only_child(status, f"{SAMLP}StatusMessage")
    detail = f"The identity provider answers {shown(code.get('Value'))}"
    detail += "" if inner is None else f", {shown(inner.get('Value'))}"
    detail += "" if message is None else f", and says {shown(text_of(message))}"
    raise SamlError(Refusal.STATUS, detail + ".")


def check_destination(root: Element, expected: str, *, is_signed: bool) -> None:
    """Return if a message is meant for the address at which it arrived; a signed one must say so (Bindings §3.5.5.2).

    Raises:
        SamlError: it is meant for another, or it does not say.
    """
    destination = root.get("Destination")
    if destination != expected and (is_signed or destination is not None):
        raise SamlError(
            Refusal.DESTINATION, f"The destination is {shown(destination)}. It must be exactly {shown(expected)}."
        )


def _check_envelope(
    root: Element, *, sp: ServiceProvider, idp: IdentityProvider, is_signed: bool, now: datetime
) -> str | None:
    """Return which request a response answers; its issuer may be missing where the assertion's alone is signed."""
    check_destination(root, sp.acs_url, is_signed=is_signed)
    if is_signed or only_child(root, ISSUER) is not None or only_child(root, ENCRYPTED_ASSERTION) is not None:
        check_issuer(root, idp)
    check_issue_instant(parse_time(root.get("IssueInstant")), now)
    return root.get("InResponseTo")


def _verified_assertion(
    document: Element, response: Verified | None, sp: ServiceProvider, idp: IdentityProvider
) -> Verified:
    """Return the signed assertion: by its own signature, or by the response's where the tenant allows that."""
    holder = the_assertion(document)
    if holder.tag == ENCRYPTED_ASSERTION:
        # Whoever has our metadata can encrypt for us, so what comes out must be signed itself.
        opened = parse_message(decrypt(holder, sp.keys))
        check_decrypted(opened)
        return verify_element(opened, idp.certificates)
    if has_signature(holder) or response is None:
        return verify_element(holder, idp.certificates)
    if idp.requires_signed_assertion:
        raise SamlError(Refusal.UNSIGNED, "The response is signed and its assertion is not. Have the assertion signed.")
    return response
