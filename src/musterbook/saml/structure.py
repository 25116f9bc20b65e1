"""*The shape of a response.* Decides which elements may stand where (SAML 2.0 Core §2.3.3, §3.2.2, §3.3.3).

Knows no signature's content, no time and no party. Every attack by wrapping puts a second assertion, or a second
signature, somewhere in the document. So the places are few and fixed: one assertion, plain or encrypted, as a child of
the response; a signature as a child of the response or of the assertion, and no part of one anywhere else.
"""

from collections.abc import Iterable
from typing import Final

from musterbook.saml.errors import Refusal, SamlError, shown
from musterbook.saml.signature import KEY_INFO, SIGNATURE
from musterbook.saml.xml import DS, SAML, SAMLP, Element, elements, name_of, needed_child, only_child

RESPONSE: Final = f"{SAMLP}Response"
ASSERTION: Final = f"{SAML}Assertion"
ENCRYPTED_ASSERTION: Final = f"{SAML}EncryptedAssertion"
ISSUER: Final = f"{SAML}Issuer"

_IN_RESPONSE = frozenset({ISSUER, SIGNATURE, f"{SAMLP}Extensions", f"{SAMLP}Status", ASSERTION, ENCRYPTED_ASSERTION})
_ONCE_IN_ASSERTION = frozenset(
    {
        ISSUER,
        SIGNATURE,
        *(SAML + name for name in ("Subject", "Conditions", "Advice", "AuthnStatement", "AttributeStatement")),
    }
)
_IN_ASSERTION = _ONCE_IN_ASSERTION | {f"{SAML}AuthzDecisionStatement"}
_ASSERTIONS = (ASSERTION, ENCRYPTED_ASSERTION)
# What the elements of XML Encryption hold of XML Signature.
_OF_KEYS = KEY_INFO | {f"{DS}DigestMethod", f"{DS}RetrievalMethod"}


def check_response(root: Element) -> None:
    """Return if a document is one response with at most one assertion, and signatures in their places only.

    Raises:
        SamlError: it is not.
    """
    _check_root(root, RESPONSE)
    _check_children(root, _IN_RESPONSE, once=_IN_RESPONSE)
    found = [node for node in elements(root) if node.tag in _ASSERTIONS]
    if len(found) > 1 or any(node.getparent() is not root for node in found) or _count(root, RESPONSE) > 1:
        raise SamlError(Refusal.ASSERTION_COUNT, "The response holds more than one assertion, or one in another place.")
    assertion = only_child(root, ASSERTION)
    if assertion is not None:
        _check_assertion(assertion)
    encrypted = only_child(root, ENCRYPTED_ASSERTION)
    _check_signatures(root, [node for node in (root, assertion) if node is not None], encrypted)


def check_decrypted(root: Element) -> None:
    """Return if a document that was encrypted is one assertion.

    Raises:
        SamlError: it is not.
    """
    _check_root(root, ASSERTION)
    if sum(_count(root, tag) for tag in _ASSERTIONS) > 1:
        raise SamlError(Refusal.ASSERTION_COUNT, "The assertion holds another one.")
    _check_assertion(root)
    _check_signatures(root, [root], None)


def the_assertion(response: Element) -> Element:
    """Return the one assertion of a response, plain or encrypted, or the response's refusal to give one.

    Raises:
        SamlError: there is none.
    """
    found = only_child(response, ENCRYPTED_ASSERTION)
    return needed_child(response, ASSERTION, Refusal.ASSERTION_COUNT) if found is None else found


def check_message(root: Element, tag: str, children: frozenset[str]) -> None:
    """Return if a document is one message of another kind, with these children and a signature of its own at most.

    Raises:
        SamlError: it is not.
    """
    _check_root(root, tag)
    _check_children(root, children, once=frozenset({ISSUER, SIGNATURE}))
    _check_signatures(root, [root], None)


def _check_root(root: Element, tag: str) -> None:
    if root.tag != tag:
        raise SamlError(Refusal.WRONG_MESSAGE, f"This is {shown(root.tag)}, not a {tag.rpartition('}')[2]}.")
    if root.get("Version") != "2.0":
        raise SamlError(Refusal.VERSION, f"The version is {shown(root.get('Version'))}, not 2.0.")


def _check_assertion(assertion: Element) -> None:
    if assertion.get("Version") != "2.0":
        raise SamlError(Refusal.VERSION, f"The assertion's version is {shown(assertion.get('Version'))}, not 2.0.")
    _check_children(assertion, _IN_ASSERTION, once=_ONCE_IN_ASSERTION)


def _check_children(element: Element, allowed: frozenset[str], *, once: frozenset[str]) -> None:
    tags = [child.tag for child in element]
    for tag in tags:
        if tag not in allowed or (tag in once and tags.count(tag) > 1):
            raise SamlError(Refusal.UNEXPECTED_ELEMENT, f"{name_of(element)} holds {shown(tag)}, or holds it twice.")


def _check_signatures(root: Element, owners: Iterable[Element], encrypted: Element | None) -> None:
    """Refuse any part of a signature outside the places, so that none can be found that was not verified."""
    places = [signature for owner in owners for signature in owner.iterchildren(SIGNATURE)]
    in_places = sum(_count(place, f"{DS}*") for place in places)
    # What is encrypted says for which key, in words of XML Signature; a signature it does not hold.
    beside = 0 if encrypted is None else sum(node.tag in _OF_KEYS for node in elements(encrypted))
    if _count(root, f"{DS}*") != in_places + beside or _count(root, SIGNATURE) != len(places):
        raise SamlError(Refusal.SIGNATURE_PLACE, "There is a signature, or a part of one, where none belongs.")


def _count(root: Element, tag: str) -> int:
    return sum(1 for _ in root.iter(tag))
