"""Signatures that are one edit away from a good one, with the check that must refuse each."""

import base64
import hashlib
import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod

from musterbook.saml.errors import Refusal
from tests.saml import idp
from tests.saml.faults import COMMENT, Fault
from tests.saml.idp import NAMESPACES, RESPONSE, key_pair, sign

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
RSA_SHA256 = SignatureMethod.RSA_SHA256.value
HMAC_SHA256 = SignatureMethod.HMAC_SHA256.value
TRANSFORMS = "</ds:Transforms>"
END = "</ds:Signature>"
DIGEST = '<ds:DigestValue xmlns:ds="http://www.w3.org/2000/09/xmldsig#">AAAA</ds:DigestValue>'


def unsigned(document: str) -> str:
    """Return a response whose assertion has lost its signature."""
    start, end = document.index("<ds:Signature "), document.index(END) + len(END)
    return document[:start] + document[end:]


def resigned(old: str, new: str) -> str:
    """Return a good response whose signature was edited and whose SignedInfo was signed again: the form is wrong."""
    document = idp.signed_assertion().replace(old, new, 1)
    root = etree.fromstring(document.encode())
    signed_info = root.find(".//ds:SignedInfo", NAMESPACES)
    value = root.find(".//ds:SignatureValue", NAMESPACES)
    assert signed_info is not None
    assert value is not None
    octets = etree.tostring(signed_info, method="c14n", exclusive=True)
    private = idp.acme().private
    assert isinstance(private, rsa.RSAPrivateKey)
    value.text = base64.b64encode(private.sign(octets, padding.PKCS1v15(), hashes.SHA256())).decode()
    return etree.tostring(root).decode()


def by_hmac(_: str) -> str:
    """Return a response signed by HMAC with the certificate, which everybody knows, as the secret (CVE-2018-7644)."""
    document = idp.signed_assertion().replace(RSA_SHA256, HMAC_SHA256, 1)
    root = etree.fromstring(document.encode())
    signed_info = root.find(".//ds:SignedInfo", NAMESPACES)
    value = root.find(".//ds:SignatureValue", NAMESPACES)
    assert signed_info is not None
    assert value is not None
    octets = etree.tostring(signed_info, method="c14n", exclusive=True)
    value.text = base64.b64encode(hmac.digest(idp.acme().pem.encode(), octets, hashlib.sha256)).decode()
    return etree.tostring(root).decode()


def replaced(old: str, new: str) -> Fault:
    """Return the fault of a text in the signature, which is signed again."""
    refusal = Refusal.REFERENCE if "URI" in old else Refusal.TRANSFORM
    return Fault(f"S5, S6: {old[:40]} → {new[:80]}", refusal, lambda _: resigned(old, new))


def signed_by(**options: object) -> str:
    """Return a response whose assertion is signed in another way."""
    start = RESPONSE.index("<saml:Assertion")
    end = RESPONSE.index("</saml:Assertion>") + len("</saml:Assertion>")
    return RESPONSE[:start] + sign(RESPONSE[start:end], **options) + RESPONSE[end:]  # type: ignore[arg-type]  # the options of sign, by name


def of_a_part(document: str) -> str:
    """Return a response whose assertion has a signature of one of its parts: the two signs are one to some readers."""
    named = document.replace('ID="_a1"', 'ID="#_part"').replace("<saml:Conditions", '<saml:Conditions ID="_part"')
    return idp.signed_assertion(unsigned(named))


SIGNATURE_FAULTS = [
    Fault("S5: a signature of a part", Refusal.REFERENCE, of_a_part),
    Fault("S4: no signature (CVE-2016-1000251)", Refusal.UNSIGNED, unsigned),
    Fault("S4: a signature of something else", Refusal.REFERENCE, lambda _: resigned("#_a1", "#_r1")),
    Fault(
        "S5: two signatures",
        Refusal.UNEXPECTED_ELEMENT,
        (END, END + "<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/>"),
    ),
    replaced('URI="#_a1"', 'URI=""'),
    replaced('URI="#_a1"', 'URI="https://evil.example/a.xml"'),
    replaced('URI="#_a1"', "URI=\"#xpointer(id('_a1'))\""),
    replaced('URI="#_a1"', ""),
    replaced('URI="#_a1"', 'URI="#_a1" Type="http://www.w3.org/2000/09/xmldsig#Object"'),
    Fault(
        "S5: two references",
        Refusal.SIGNATURE_SHAPE,
        lambda _: resigned("</ds:Reference>", '</ds:Reference><ds:Reference URI="#_r1"/>'),
    ),
    replaced(ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116"),
    replaced(ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116"),
    replaced(ENVELOPED, "http://www.w3.org/2000/09/xmldsig#base64"),
    replaced(TRANSFORMS, f'<ds:Transform Algorithm="{EXCLUSIVE}"/>{TRANSFORMS}'),
    replaced(f'<ds:Transform Algorithm="{EXCLUSIVE}"/>', ""),
    replaced(
        f'<ds:Transform Algorithm="{ENVELOPED}"/>', f'<ds:Transform Algorithm="{ENVELOPED}"><ds:XPath/></ds:Transform>'
    ),
    replaced(f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>', '<ds:CanonicalizationMethod Algorithm="urn:x"/>'),
    replaced(
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>',
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"><x:InclusiveNamespaces xmlns:x="{EXCLUSIVE}"/>'
        "</ds:CanonicalizationMethod>",
    ),
    Fault(
        "S6: inclusive canonicalization",
        Refusal.TRANSFORM,
        lambda _: signed_by(c14n=CanonicalizationMethod.CANONICAL_XML_1_0),
    ),
    Fault(
        "S6: a namespace that cannot be canonicalized (CVE-2025-66568)",
        Refusal.SIGNATURE,
        ("<saml:AttributeValue xsi", '<saml:AttributeValue xmlns:a="../relative" a:b="" xsi'),
    ),
    Fault("S7: SHA-1", Refusal.ALGORITHM, lambda _: signed_by(method=SignatureMethod.RSA_SHA1)),
    Fault("S7: a digest by SHA-1", Refusal.ALGORITHM, lambda _: signed_by(digest=DigestAlgorithm.SHA1)),
    Fault("S7: HMAC with the certificate (CVE-2018-7644)", Refusal.ALGORITHM, by_hmac),
    Fault("S7: another family of keys", Refusal.SIGNATURE, lambda _: resigned("#rsa-sha256", "#ecdsa-sha256")),
    Fault(
        "S8: by somebody else's certificate in KeyInfo (CVE-2021-21239)",
        Refusal.SIGNATURE,
        lambda _: signed_by(key=key_pair("eve")),
    ),
    Fault(
        "S9: a comment in the digest (CVE-2025-29775)",
        Refusal.COMMENT,
        ("<ds:DigestValue>", f"<ds:DigestValue>{COMMENT}"),
    ),
    Fault(
        "S9: two SignedInfo (CVE-2025-29774)",
        Refusal.SIGNATURE_SHAPE,
        ("<ds:SignatureValue", "<ds:SignedInfo/><ds:SignatureValue"),
    ),
    Fault("S9: an element in the digest", Refusal.UNEXPECTED_ELEMENT, ("<ds:DigestValue>", "<ds:DigestValue><ds:X/>")),
    Fault("S9: a digest that is no base64", Refusal.SIGNATURE_SHAPE, ("<ds:DigestValue>", "<ds:DigestValue>*")),
    Fault(
        "S9: an attribute of the value", Refusal.SIGNATURE_SHAPE, ("<ds:SignatureValue>", '<ds:SignatureValue Id="_v">')
    ),
    Fault("S9: a text between the parts", Refusal.SIGNATURE_SHAPE, ("</ds:SignedInfo>", "</ds:SignedInfo>text")),
    Fault("S8: a signature in KeyInfo", Refusal.SIGNATURE_PLACE, ("<ds:KeyInfo>", "<ds:KeyInfo><ds:Signature/>")),
    Fault("S8: a reference in KeyInfo", Refusal.SIGNATURE_SHAPE, ("<ds:KeyInfo>", "<ds:KeyInfo><ds:Reference/>")),
    Fault("S5: an object in the signature", Refusal.SIGNATURE_SHAPE, (END, f"<ds:Object/>{END}")),
    Fault(
        "S5: a digest in the extensions (CVE-2024-45409)",
        Refusal.SIGNATURE_PLACE,
        ("<samlp:Status>", f"<samlp:Extensions>{DIGEST}</samlp:Extensions><samlp:Status>"),
    ),
]
