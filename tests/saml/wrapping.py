"""Signature wrapping: a forged element takes the place of the signed one, which stays in the document to be verified.

XSW1 to XSW8 are those of "On Breaking SAML: Be Whoever You Want to Be" (Somorovsky and others, 2012); after them, the
places that later advisories added. Each is built from a response that is signed as the attack needs it.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from musterbook.saml.errors import Refusal
from tests.saml.idp import DS_SIGNATURE, NAMESPACES, Element, signed_assertion, signed_response

SAML, SAMLP, DS = (f"{{{NAMESPACES[prefix]}}}" for prefix in ("saml", "samlp", "ds"))
ASSERTION = f"{SAML}Assertion"


@dataclass(frozen=True)
class Attack:
    """How the document is wrapped, and the check that must find it."""

    wrap: Callable[[], str]
    refusal: Refusal


@dataclass(frozen=True)
class Parts:
    """A signed document taken apart: the good element, its signature, and a forged copy of it."""

    root: Element
    good: Element
    """Without its signature, which must be elsewhere for the digest to be right."""
    signature: Element
    forged: Element


def forge(element: Element, id_: str) -> Element:
    """Return a copy of a signed element with another name and ID, and without a signature."""
    copy = deepcopy(element)
    copy.set("ID", id_)
    for signature in list(copy.iter(DS_SIGNATURE)):
        parent = signature.getparent()
        assert parent is not None
        parent.remove(signature)
    for name_id in copy.iter(f"{SAML}NameID"):
        name_id.text = "eve@acme.example"
    return copy


def of_response() -> Parts:
    """Return the parts of a signed response."""
    root = etree.fromstring(signed_response().encode())
    forged = forge(root, "_evil")
    for assertion in forged.iter(ASSERTION):
        assertion.set("ID", "_evil_a")
    return taken_apart(root, root, forged)


def of_assertion() -> Parts:
    """Return the parts of a response with a signed assertion."""
    root = etree.fromstring(signed_assertion().encode())
    good = root.find("saml:Assertion", NAMESPACES)
    assert good is not None
    return taken_apart(root, good, forge(good, "_evil"))


def taken_apart(root: Element, good: Element, forged: Element) -> Parts:
    """Return the parts; the signature is taken off the good element."""
    signature = good.find("ds:Signature", NAMESPACES)
    assert signature is not None
    good.remove(signature)
    return Parts(root, good, signature, forged)


def written(root: Element) -> str:
    """Return the document of a root."""
    return etree.tostring(root).decode()


def xsw1() -> str:
    """Wrap the signed response into the signature of a forged one."""
    parts = of_response()
    parts.signature.append(parts.good)
    parts.forged.insert(1, parts.signature)
    return written(parts.forged)


def xsw2() -> str:
    """Put the signed response beside its signature, in a forged one."""
    parts = of_response()
    parts.forged.insert(1, parts.signature)
    parts.forged.insert(1, parts.good)
    return written(parts.forged)


def xsw3() -> str:
    """Put a forged assertion before the signed one."""
    parts = of_assertion()
    parts.good.insert(1, parts.signature)
    parts.good.addprevious(parts.forged)
    return written(parts.root)


def xsw4() -> str:
    """Put the signed assertion into a forged one."""
    parts = of_assertion()
    parts.good.insert(1, parts.signature)
    parts.root.replace(parts.good, parts.forged)
    parts.forged.append(parts.good)
    return written(parts.root)


def xsw5() -> str:
    """Give the signature to a forged assertion, and put the signed one behind it."""
    parts = of_assertion()
    parts.forged.insert(1, parts.signature)
    parts.good.addprevious(parts.forged)
    return written(parts.root)


def xsw6() -> str:
    """Give the signature to a forged assertion, with the signed one in it."""
    parts = of_assertion()
    parts.root.replace(parts.good, parts.forged)
    parts.signature.append(parts.good)
    parts.forged.insert(1, parts.signature)
    return written(parts.root)


def xsw7() -> str:
    """Put a forged assertion into the extensions."""
    parts = of_assertion()
    parts.good.insert(1, parts.signature)
    extensions = etree.Element(f"{SAMLP}Extensions")
    extensions.append(parts.forged)
    parts.root.insert(1, extensions)
    return written(parts.root)


def xsw8() -> str:
    """Give the signature to a forged assertion, with the signed one in an object of it."""
    parts = of_assertion()
    parts.root.replace(parts.good, parts.forged)
    etree.SubElement(parts.signature, f"{DS}Object").append(parts.good)
    parts.forged.insert(1, parts.signature)
    return written(parts.root)


def in_the_state() -> str:
    """Put the signed assertion into the details of the state, and a forged one with its signature in its place."""
    parts = of_assertion()
    parts.root.replace(parts.good, parts.forged)
    parts.forged.insert(1, parts.signature)
    status = parts.root.find("samlp:Status", NAMESPACES)
    assert status is not None
    etree.SubElement(status, f"{SAMLP}StatusDetail").append(parts.good)
    return written(parts.root)


def with_one_id() -> str:
    """Give a forged assertion the ID and the signature of the signed one, which is put into its advice."""
    parts = of_assertion()
    parts.root.replace(parts.good, parts.forged)
    parts.forged.set("ID", "_a1")
    parts.forged.insert(1, parts.signature)
    etree.SubElement(parts.forged, f"{SAML}Advice").append(parts.good)
    return written(parts.root)


def in_a_response_in_the_extensions() -> str:
    """Put the whole signed response into the extensions of a forged one."""
    parts = of_response()
    parts.good.insert(1, parts.signature)
    extensions = etree.Element(f"{SAMLP}Extensions")
    extensions.append(parts.good)
    parts.forged.insert(1, extensions)
    return written(parts.forged)


def moved_up() -> str:
    """Give the signature of the assertion to the response, and forge the assertion."""
    parts = of_assertion()
    parts.root.insert(1, parts.signature)
    for name_id in parts.good.iter(f"{SAML}NameID"):
        name_id.text = "eve@acme.example"
    parts.root.set("Consent", "ada@acme.example")
    return written(parts.root)


ATTACKS = {
    "XSW1": Attack(xsw1, Refusal.ASSERTION_COUNT),
    "XSW2 (CVE-2026-47201)": Attack(xsw2, Refusal.UNEXPECTED_ELEMENT),
    "XSW3 (CVE-2025-47949)": Attack(xsw3, Refusal.UNEXPECTED_ELEMENT),
    "XSW4": Attack(xsw4, Refusal.ASSERTION_COUNT),
    "XSW5": Attack(xsw5, Refusal.UNEXPECTED_ELEMENT),
    "XSW6": Attack(xsw6, Refusal.ASSERTION_COUNT),
    "XSW7 (CVE-2024-45409)": Attack(xsw7, Refusal.ASSERTION_COUNT),
    "XSW8": Attack(xsw8, Refusal.ASSERTION_COUNT),
    "XSW9: in the details of the state": Attack(in_the_state, Refusal.ASSERTION_COUNT),
    "one ID for both (CVE-2024-6800)": Attack(with_one_id, Refusal.DUPLICATE_ID),
    "a response in the extensions": Attack(in_a_response_in_the_extensions, Refusal.ASSERTION_COUNT),
    "the signature moved up": Attack(moved_up, Refusal.REFERENCE),
}
