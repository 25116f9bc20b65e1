"""*Signatures.* Decides whether something is signed by an identity provider, and returns what is, and nothing else.

XML Signature as SAML 2.0 Core §5.4 restricts it, and the signed query of Bindings §3.4.4.1. Pure: the certificates are
arguments. Knows no response, assertion or time.

**See only what is signed.** Whoever wraps a signed element into a forged one counts on one part of a program checking
and another part reading. Here the shape of the signature is checked first, then signxml verifies it with a pinned
certificate, then the very bytes that were digested are parsed anew. That tree is in the :class:`Verified` that is
returned, and it is all that is in it: the document that arrived cannot be reached from there. Only this module makes
one, which a test reads off the source.

What the signature says of its own key is never looked at.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from musterbook.saml.certificates import Certificate, ServiceKey
from musterbook.saml.errors import Refusal, SamlError, shown
from musterbook.saml.xml import DS, Element, make_parser, name_of, only_child, parse_message, read_base64, text_of

SIGNATURE: Final = f"{DS}Signature"
RSA_SHA256: Final = SignatureMethod.RSA_SHA256.value

# A chain of certificates fits; the signature is copied for each certificate that is tried.
_MAX_KEY_INFO = 32
_ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_EXCLUSIVE = frozenset(
    {
        CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0.value,
        CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0_WITH_COMMENTS.value,
    }
)
_INCLUSIVE_NAMESPACES = "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces"
_METHODS = {
    method.value: method
    for method in (
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    )
}
_DIGESTS = {digest.value: digest for digest in (DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512)}
_QUERY_HASHES: dict[str, hashes.HashAlgorithm] = {
    SignatureMethod.RSA_SHA256.value: hashes.SHA256(),
    SignatureMethod.RSA_SHA384.value: hashes.SHA384(),
    SignatureMethod.RSA_SHA512.value: hashes.SHA512(),
}
KEY_INFO: Final = frozenset(
    DS + name
    for name in (
        *("KeyInfo", "KeyName", "KeyValue", "RSAKeyValue", "Modulus", "Exponent", "X509Data", "X509Certificate"),
        *("X509IssuerSerial", "X509IssuerName", "X509SerialNumber", "X509SubjectName", "X509SKI"),
    )
)
"""All that may stand in a KeyInfo: nothing in it can pass for a signature or a part of one."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What an identity provider has signed. Only this module makes one."""

    root: Element
    """The signed element, parsed from the bytes that the signature covers; its own signature is not in it."""
    certificate: Certificate
    """The one that verifies it."""


def has_signature(element: Element) -> bool:
    """Return whether an element has a signature of its own."""
    return only_child(element, SIGNATURE) is not None


def verify_element(element: Element, certificates: tuple[Certificate, ...]) -> Verified:
    """Return what the element's own signature covers: the element.

    Raises:
        SamlError: the element is not signed, its signature is not of the one shape that it may have, or none of
            the certificates verifies it.
    """
    _check_shape(element)
    # The element alone, with the namespaces that it inherits: there is nothing else in it for a reference to find.
    alone = etree.tostring(element, with_tail=False)
    for certificate in certificates:
        signed = _signed_bytes(alone, certificate)
        if signed is not None:
            root = parse_message(signed)
            if root.tag != element.tag or root.get("ID") != element.get("ID") or has_signature(root):
                raise SamlError(Refusal.REFERENCE, "The signature covers something else than the element.")
            return Verified(root, certificate)
    raise SamlError(
        Refusal.SIGNATURE,
        f"{name_of(element)} is not signed with a certificate of this connection, or was changed on the way. "
        "Compare the certificate with the identity provider's.",
    )


def verify_query(
    octets: bytes, message: bytes, *, algorithm: str, signature: bytes, certificates: tuple[Certificate, ...]
) -> Verified:
    """Return the message that came in a signed query: ``octets`` are what was signed, as they were sent.

    Raises:
        SamlError: the algorithm is none of ours, none of the certificates verifies it, or the message cannot be read.
    """
    digest = _QUERY_HASHES.get(algorithm)
    if digest is None:
        raise SamlError(Refusal.ALGORITHM, f"The query is signed by {shown(algorithm)}. Choose RSA with SHA-256.")
    for certificate in certificates:
        if _verifies(certificate, octets, digest, signature):
            return Verified(parse_message(message), certificate)
    raise SamlError(Refusal.SIGNATURE, "The query is not signed with a certificate of this connection, or was changed.")


def sign_element(element: Element, key: ServiceKey) -> Element:
    """Return an element of ours with a signature behind its issuer, where the schema has its place."""
    element[0].addnext(etree.Element(SIGNATURE, {"Id": "placeholder"}, nsmap={"ds": DS[1:-1]}))
    signer = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
    return signer.sign(
        element,
        key=key.private_key,
        cert=[key.certificate.x509],
        reference_uri="#" + element.get("ID", ""),
        id_attribute="ID",
    )


def sign_octets(octets: bytes, key: ServiceKey) -> bytes:
    """Return the signature of a query of ours, by ``RSA_SHA256``."""
    return key.private_key.sign(octets, padding.PKCS1v15(), hashes.SHA256())


def _signed_bytes(alone: bytes, certificate: Certificate) -> bytes | None:
    """Return the bytes that the signature of the root covers, or ``None`` where the certificate does not verify it."""
    expected = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=frozenset(_METHODS.values()),
        digest_algorithms=frozenset(_DIGESTS.values()),
        ignore_ambiguous_key_info=True,
        # The pin is the trust: the certificate's own dates are for warnings. Nor is there a clock here.
        verification_time=certificate.not_before,
    )
    try:
        result = XMLVerifier().verify(
            alone,
            x509_cert=certificate.x509,
            # Our check of the shape is stricter than the schema, which would be read from a file.
            validate_schema=False,
            parser=make_parser(),
            id_attribute="ID",
            expect_config=expected,
        )
    except (SignXMLException, etree.LxmlError):
        # Also where the canonical form fails, as it does for a relative namespace: no form, no signature.
        return None
    assert not isinstance(result, list), "one reference, one result"
    return result.signed_data


def _verifies(certificate: Certificate, octets: bytes, digest: hashes.HashAlgorithm, signature: bytes) -> bool:
    key = certificate.public_key
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, octets, padding.PKCS1v15(), digest)
    except InvalidSignature:
        return False
    return True


def _check_shape(element: Element) -> None:
    """Refuse every signature but one of the only form that SAML has: of this element, enveloped, by certificate."""
    signature = only_child(element, SIGNATURE)
    if signature is None:
        raise SamlError(Refusal.UNSIGNED, f"{name_of(element)} is not signed.")
    parts = [DS + name for name in ("SignedInfo", "SignatureValue", "KeyInfo")]
    signed_info, signature_value, *key_info = _children(signature, parts, optional=1)
    about_keys = [node.tag for part in key_info for node in part.iter()]
    if len(about_keys) > _MAX_KEY_INFO or not KEY_INFO.issuperset(about_keys):
        raise SamlError(Refusal.SIGNATURE_SHAPE, "KeyInfo holds something else than a few keys.")
    parts = [DS + name for name in ("CanonicalizationMethod", "SignatureMethod", "Reference")]
    canonicalization, method, reference = _children(signed_info, parts)
    _check_canonicalization(canonicalization)
    _check_algorithm(method, _METHODS)
    _check_base64(signature_value)
    _check_reference(reference, element.get("ID", ""))


def _check_reference(reference: Element, id_: str) -> None:
    if not id_ or reference.items() != [("URI", "#" + id_)]:
        raise SamlError(
            Refusal.REFERENCE, f"The signature refers to {shown(reference.get('URI'))}, and stands in {shown(id_)}."
        )
    parts = [DS + name for name in ("Transforms", "DigestMethod", "DigestValue")]
    transforms, digest_method, digest_value = _children(reference, parts)
    enveloped, canonicalization = _children(transforms, [f"{DS}Transform"] * 2, refusal=Refusal.TRANSFORM)
    if enveloped.items() != [("Algorithm", _ENVELOPED)] or len(enveloped):
        raise SamlError(Refusal.TRANSFORM, f"The first transform is {shown(enveloped.get('Algorithm'))}.")
    _check_canonicalization(canonicalization)
    _check_algorithm(digest_method, _DIGESTS)
    _check_base64(digest_value)


def _children(
    element: Element, tags: list[str], *, optional: int = 0, refusal: Refusal = Refusal.SIGNATURE_SHAPE
) -> list[Element]:
    """Return the children of a part of a signature, which are these and no others, in this order."""
    children = list(element)
    texts = [element.text, *(child.tail for child in children)]
    found = [child.tag for child in children]
    missing = len(tags) - len(found)
    if found != tags[: len(found)] or not 0 <= missing <= optional or any(text and text.strip() for text in texts):
        raise SamlError(refusal, f"{name_of(element)} of the signature holds other parts than it should.")
    return children


def _check_canonicalization(element: Element) -> None:
    if element.get("Algorithm") not in _EXCLUSIVE or len(element.attrib) != 1:
        raise SamlError(Refusal.TRANSFORM, f"The canonicalization is {shown(element.get('Algorithm'))}.")
    for child in _children(element, [_INCLUSIVE_NAMESPACES], optional=1, refusal=Refusal.TRANSFORM):
        if list(child.attrib) != ["PrefixList"] or len(child):
            raise SamlError(Refusal.TRANSFORM, "InclusiveNamespaces has something else than a PrefixList.")


def _check_algorithm(element: Element, allowed: dict[str, SignatureMethod] | dict[str, DigestAlgorithm]) -> None:
    if element.get("Algorithm") not in allowed or len(element.attrib) != 1 or len(element):
        raise SamlError(
            Refusal.ALGORITHM,
            f"The signature is made by {shown(element.get('Algorithm'))}. Choose SHA-256 at the identity provider.",
        )


def _check_base64(element: Element) -> None:
    """Refuse a value that is not one text of base64: of two, one could be compared and the other be shown."""
    if element.attrib:
        raise SamlError(Refusal.SIGNATURE_SHAPE, f"{name_of(element)} has attributes.")
    try:
        is_value = read_base64(text_of(element)) != b""
    except ValueError:
        is_value = False
    if not is_value:
        raise SamlError(Refusal.SIGNATURE_SHAPE, f"{name_of(element)} is not base64.")
