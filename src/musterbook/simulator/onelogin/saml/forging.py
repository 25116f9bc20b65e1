"""*Wrong signatures.* Decides the ways of signing an assertion that nobody may trust.

Knows drafts and keys. What is edited in SignedInfo is signed again, so that its form alone is wrong: a reader that
looks at the value only would find it right.
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import TypeAlias

from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod

from musterbook.simulator.onelogin.saml.changing import COMMENT
from musterbook.simulator.onelogin.saml.draft import NAMESPACES, Draft
from musterbook.simulator.onelogin.saml.editing import Edit
from musterbook.simulator.onelogin.saml.faults import Fault
from musterbook.simulator.onelogin.saml.signing import (
    RSA_SHA256,
    KeyPair,
    sign,
    sign_again,
    sign_assertion,
    with_signature_value,
)

Forge: TypeAlias = Callable[[Draft, KeyPair], str]
"""Returns a response with a wrong signature; ``OTHER_KEY`` is given the key that it must not be."""

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_TRANSFORMS = "</ds:Transforms>"
_END = "</ds:Signature>"
_DIGEST = f'<ds:DigestValue xmlns:ds="{NAMESPACES["ds"]}">AAAA</ds:DigestValue>'
_CANONICALIZATION = f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>'


def unsigned(draft: Draft, key: KeyPair) -> str:
    """Return a response that has lost its signature."""
    document = sign_assertion(draft.response, key)
    start, end = document.index("<ds:Signature "), document.index(_END) + len(_END)
    return document[:start] + document[end:]


def _again(old: str, new: str) -> Forge:
    """Return the forging that edits SignedInfo and signs it again."""
    return lambda draft, key: sign_again(Edit(old, new).apply(sign_assertion(draft.response, key)), key)


def _reference(new: str) -> Forge:
    """Return the forging that refers to something else."""

    def forge(draft: Draft, key: KeyPair) -> str:
        return _again(f'URI="#{draft.assertion_id}"', new.replace("#ID", f"#{draft.assertion_id}"))(draft, key)

    return forge


def _edited(old: str, new: str) -> Forge:
    """Return the forging that edits the document when it is signed."""
    return lambda draft, key: Edit(old, new).apply(sign_assertion(draft.response, key))


def _of_a_part(draft: Draft, key: KeyPair) -> str:
    """Return a response with a signature of a part of its assertion: the two signs are one to some readers."""
    named = Edit(f'ID="{draft.assertion_id}"', 'ID="#_part"').apply(draft.response)
    return sign_assertion(Edit("<saml:Conditions", '<saml:Conditions ID="_part"').apply(named), key)


def _of_the_response(draft: Draft, key: KeyPair) -> str:
    return _again(f'URI="#{draft.assertion_id}"', f'URI="#{draft.response_id}"')(draft, key)


def _by_hmac(draft: Draft, key: KeyPair) -> str:
    """Return a response signed with the certificate, which everybody knows, as if it were a secret."""
    document = Edit(RSA_SHA256, SignatureMethod.HMAC_SHA256.value).apply(sign_assertion(draft.response, key))
    return with_signature_value(document, lambda octets: hmac.digest(key.pem.encode(), octets, hashlib.sha256))


FORGERIES: dict[Fault, Forge] = {
    Fault.UNSIGNED: unsigned,
    Fault.SIGNED_RESPONSE_ALONE: lambda draft, key: sign(draft.response, key),
    Fault.SIGNED_PART: _of_a_part,
    Fault.SIGNED_OTHER_ELEMENT: _of_the_response,
    Fault.TWO_SIGNATURES: _edited(_END, f"{_END}<ds:Signature xmlns:ds='{NAMESPACES['ds']}'/>"),
    Fault.EMPTY_REFERENCE: _reference('URI=""'),
    Fault.EXTERNAL_REFERENCE: _reference('URI="https://evil.example/a.xml"'),
    Fault.XPOINTER_REFERENCE: _reference("URI=\"#xpointer(id('_a1'))\""),
    Fault.NO_REFERENCE: _reference(""),
    Fault.TYPED_REFERENCE: _reference('URI="#ID" Type="http://www.w3.org/2000/09/xmldsig#Object"'),
    Fault.TWO_REFERENCES: _again("</ds:Reference>", '</ds:Reference><ds:Reference URI="#_r1"/>'),
    Fault.XSLT_TRANSFORM: _again(ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116"),
    Fault.XPATH_TRANSFORM: _again(ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116"),
    Fault.BASE64_TRANSFORM: _again(ENVELOPED, "http://www.w3.org/2000/09/xmldsig#base64"),
    Fault.THIRD_TRANSFORM: _again(_TRANSFORMS, f'<ds:Transform Algorithm="{EXCLUSIVE}"/>{_TRANSFORMS}'),
    Fault.ONE_TRANSFORM: _again(f'<ds:Transform Algorithm="{EXCLUSIVE}"/>', ""),
    Fault.TRANSFORM_WITH_XPATH: _again(
        f'<ds:Transform Algorithm="{ENVELOPED}"/>',
        f'<ds:Transform Algorithm="{ENVELOPED}"><ds:XPath/></ds:Transform>',
    ),
    Fault.OTHER_CANONICALIZATION: _again(_CANONICALIZATION, '<ds:CanonicalizationMethod Algorithm="urn:x"/>'),
    Fault.CANONICALIZATION_WITH_CONTENT: _again(
        _CANONICALIZATION,
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"><x:InclusiveNamespaces xmlns:x="{EXCLUSIVE}"/>'
        "</ds:CanonicalizationMethod>",
    ),
    Fault.INCLUSIVE_CANONICALIZATION: lambda draft, key: sign_assertion(
        draft.response, key, c14n=CanonicalizationMethod.CANONICAL_XML_1_0
    ),
    Fault.SHA1_SIGNATURE: lambda draft, key: sign_assertion(draft.response, key, method=SignatureMethod.RSA_SHA1),
    Fault.SHA1_DIGEST: lambda draft, key: sign_assertion(draft.response, key, digest=DigestAlgorithm.SHA1),
    Fault.HMAC: _by_hmac,
    Fault.OTHER_KIND_OF_KEY: _again("#rsa-sha256", "#ecdsa-sha256"),
    Fault.OTHER_KEY: lambda draft, key: sign_assertion(draft.response, key),
    Fault.COMMENT_IN_DIGEST: _edited("<ds:DigestValue>", f"<ds:DigestValue>{COMMENT}"),
    Fault.TWO_SIGNED_INFOS: _edited("<ds:SignatureValue", "<ds:SignedInfo/><ds:SignatureValue"),
    Fault.ELEMENT_IN_DIGEST: _edited("<ds:DigestValue>", "<ds:DigestValue><ds:X/>"),
    Fault.DIGEST_NOT_BASE64: _edited("<ds:DigestValue>", "<ds:DigestValue>*"),
    Fault.ATTRIBUTE_OF_VALUE: _edited("<ds:SignatureValue>", '<ds:SignatureValue Id="_v">'),
    Fault.TEXT_IN_SIGNATURE: _edited("</ds:SignedInfo>", "</ds:SignedInfo>text"),
    Fault.SIGNATURE_IN_KEY_INFO: _edited("<ds:KeyInfo>", "<ds:KeyInfo><ds:Signature/>"),
    Fault.REFERENCE_IN_KEY_INFO: _edited("<ds:KeyInfo>", "<ds:KeyInfo><ds:Reference/>"),
    Fault.OBJECT_IN_SIGNATURE: _edited(_END, f"<ds:Object/>{_END}"),
    Fault.DIGEST_IN_EXTENSIONS: _edited(
        "<samlp:Status>", f"<samlp:Extensions>{_DIGEST}</samlp:Extensions><samlp:Status>"
    ),
}
