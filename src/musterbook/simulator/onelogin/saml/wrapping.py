"""*Signature wrapping.* Decides where a forged element is put while the signed one stays in the document.

Knows drafts, keys and trees. XSW1 to XSW8 are those of "On Breaking SAML: Be Whoever You Want to Be" (Somorovsky and
others, 2012); after them, the places that later advisories added. Whoever verifies one element and reads another is
taken in by one of them.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import TypeAlias

from lxml import etree

from musterbook.simulator.onelogin.saml.draft import NAMESPACES, Draft
from musterbook.simulator.onelogin.saml.faults import Fault
from musterbook.simulator.onelogin.saml.signing import DS_SIGNATURE, KeyPair, sign, sign_assertion

Element: TypeAlias = etree._Element  # noqa: SLF001  the name that lxml has for the class
Wrap: TypeAlias = Callable[[Draft, KeyPair], str]

_SAML, _SAMLP, _DS = (f"{{{NAMESPACES[prefix]}}}" for prefix in ("saml", "samlp", "ds"))
_ASSERTION = f"{_SAML}Assertion"


@dataclass(frozen=True, slots=True)
class Parts:
    """A signed document taken apart: the good element, its signature, and a forged copy of it."""

    root: Element
    good: Element
    """Without its signature, which must be elsewhere for the digest to be right."""
    signature: Element
    forged: Element


def _forge(element: Element, draft: Draft) -> Element:
    """Return a copy of a signed element with another name and ID, and without a signature."""
    copy = deepcopy(element)
    copy.set("ID", "_evil")
    for signature in list(copy.iter(DS_SIGNATURE)):
        _parent(signature).remove(signature)
    _rename(copy, draft)
    return copy


def _rename(element: Element, draft: Draft) -> None:
    for name_id in element.iter(f"{_SAML}NameID"):
        name_id.text = draft.forged_name


def _parent(element: Element) -> Element:
    parent = element.getparent()
    assert parent is not None, "it stands in another"
    return parent


def _child(element: Element, path: str) -> Element:
    found = element.find(path, NAMESPACES)
    assert found is not None, "every draft has it"
    return found


def _of_response(draft: Draft, key: KeyPair) -> Parts:
    root = etree.fromstring(sign(draft.response, key).encode())
    forged = _forge(root, draft)
    for assertion in forged.iter(_ASSERTION):
        assertion.set("ID", "_evil_a")
    return _taken_apart(root, root, forged)


def _of_assertion(draft: Draft, key: KeyPair) -> Parts:
    root = etree.fromstring(sign_assertion(draft.response, key).encode())
    good = _child(root, "saml:Assertion")
    return _taken_apart(root, good, _forge(good, draft))


def _taken_apart(root: Element, good: Element, forged: Element) -> Parts:
    signature = _child(good, "ds:Signature")
    good.remove(signature)
    return Parts(root, good, signature, forged)


def _written(root: Element) -> str:
    return etree.tostring(root).decode()


def _xsw1(draft: Draft, key: KeyPair) -> str:
    parts = _of_response(draft, key)
    parts.signature.append(parts.good)
    parts.forged.insert(1, parts.signature)
    return _written(parts.forged)


def _xsw2(draft: Draft, key: KeyPair) -> str:
    parts = _of_response(draft, key)
    parts.forged.insert(1, parts.signature)
    parts.forged.insert(1, parts.good)
    return _written(parts.forged)


def _xsw3(draft: Draft, key: KeyPair) -> str:
    parts = _of_assertion(draft, key)
    parts.good.insert(1, parts.signature)
    parts.good.addprevious(parts.forged)
    return _written(parts.root)


def _xsw4(draft: Draft, key: KeyPair) -> str:
    parts = _of_assertion(draft, key)
    parts.good.insert(1, parts.signature)
    parts.root.replace(parts.good, parts.forged)
    parts.forged.append(parts.good)
    return _written(parts.root)


def _xsw5(draft: Draft, key: KeyPair) -> str:
    parts = _of_assertion(draft, key)
    parts.forged.insert(1, parts.signature)
    parts.good.addprevious(parts.forged)
    return _written(parts.root)


def _xsw6(draft: Draft, key: KeyPair) -> str:
    parts = _of_assertion(draft, key)
    parts.root.replace(parts.good, parts.forged)
    parts.signature.append(parts.good)
    parts.forged.insert(1, parts.signature)
    return _written(parts.root)


def _xsw7(draft: Draft, key: KeyPair) -> str:
    parts = _of_assertion(draft, key)
    parts.good.insert(1, parts.signature)
    extensions = etree.Element(f"{_SAMLP}Extensions")
    extensions.append(parts.forged)
    parts.root.insert(1, extensions)
    return _written(parts.root)


def _xsw8(draft: Draft, key: KeyPair) -> str:
    parts = _of_assertion(draft, key)
    parts.root.replace(parts.good, parts.forged)
    etree.SubElement(parts.signature, f"{_DS}Object").append(parts.good)
    parts.forged.insert(1, parts.signature)
    return _written(parts.root)


def _in_the_state(draft: Draft, key: KeyPair) -> str:
    parts = _of_assertion(draft, key)
    parts.root.replace(parts.good, parts.forged)
    parts.forged.insert(1, parts.signature)
    etree.SubElement(_child(parts.root, "samlp:Status"), f"{_SAMLP}StatusDetail").append(parts.good)
    return _written(parts.root)


def _with_one_id(draft: Draft, key: KeyPair) -> str:
    parts = _of_assertion(draft, key)
    parts.root.replace(parts.good, parts.forged)
    parts.forged.set("ID", draft.assertion_id)
    parts.forged.insert(1, parts.signature)
    etree.SubElement(parts.forged, f"{_SAML}Advice").append(parts.good)
    return _written(parts.root)


def _in_the_extensions(draft: Draft, key: KeyPair) -> str:
    parts = _of_response(draft, key)
    parts.good.insert(1, parts.signature)
    extensions = etree.Element(f"{_SAMLP}Extensions")
    extensions.append(parts.good)
    parts.forged.insert(1, extensions)
    return _written(parts.forged)


def _moved_up(draft: Draft, key: KeyPair) -> str:
    parts = _of_assertion(draft, key)
    parts.root.insert(1, parts.signature)
    _rename(parts.good, draft)
    return _written(parts.root)


WRAPPINGS: dict[Fault, Wrap] = {
    Fault.XSW1: _xsw1,
    Fault.XSW2: _xsw2,
    Fault.XSW3: _xsw3,
    Fault.XSW4: _xsw4,
    Fault.XSW5: _xsw5,
    Fault.XSW6: _xsw6,
    Fault.XSW7: _xsw7,
    Fault.XSW8: _xsw8,
    Fault.XSW9: _in_the_state,
    Fault.ONE_ID_FOR_BOTH: _with_one_id,
    Fault.RESPONSE_IN_EXTENSIONS: _in_the_extensions,
    Fault.SIGNATURE_MOVED_UP: _moved_up,
}
