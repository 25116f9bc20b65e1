"""What somebody might send to exhaust us; and, as a program, by how much it makes a process grow.

Run as a program because only a process that has done nothing else shows how much memory something takes: one that has
been large before takes it from what it has.
"""

import base64
import gc
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

from musterbook.saml import receive_logout_query, validate_response
from musterbook.saml.errors import Refusal, SamlError
from tests.saml.idp import NOW, encode, key_pair, signed_assertion
from tests.saml.parties import REQUEST, idp, sp

STATEMENT = "<saml:AttributeStatement>"
START = "<samlp:Response "
LAUGHS = "".join(f'<!ENTITY b{level} "{"&a;" * 10}">' for level in range(10))
FILE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


def inside(content: str) -> str:
    """Return a signed response with more in its assertion."""
    return encode(signed_assertion().replace(STATEMENT, STATEMENT + content, 1))


def around(attributes: str) -> str:
    """Return a signed response with more attributes on its root."""
    return encode(signed_assertion().replace(START, f"{START}{attributes} ", 1))


def with_entities(first: str, others: str, text: str) -> str:
    """Return a document with entities."""
    return encode(f'<!DOCTYPE x [<!ENTITY a "{first}">{others}]><x>{text}</x>')


def prefixes(count: int) -> str:
    """Return declarations of that many namespaces."""
    return " ".join(f'xmlns:a{number}="urn:{number}"' for number in range(count))


def nested(levels: int, attributes: str = "") -> str:
    """Return elements in each other."""
    return f"<a {attributes}>" * levels + "</a>" * levels


def keys() -> str:
    """Return a response with a long list of names of keys, of which none opens anything."""
    document = signed_assertion().replace("<ds:KeyInfo>", "<ds:KeyInfo>" + "<ds:KeyName/>" * 4000)
    return encode(document.replace(">Ada<", ">Eve<"))


FIELDS: dict[str, tuple[Callable[[], str], Refusal]] = {
    "a form field of 10 MB (CVE-2025-54572)": (lambda: "A" * 10_000_000, Refusal.TOO_LARGE),
    "a document of 300 kB": (lambda: encode(" " * 300_000), Refusal.TOO_LARGE),
    "a billion laughs": (lambda: with_entities("ha", LAUGHS, "&b9;"), Refusal.DOCUMENT_TYPE),
    "quadratic blow-up": (lambda: with_entities("a" * 50_000, "", "&a;" * 5000), Refusal.DOCUMENT_TYPE),
    "a file as an entity": (lambda: encode(FILE), Refusal.DOCUMENT_TYPE),
    "an address as a document type": (
        lambda: encode('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>'),
        Refusal.DOCUMENT_TYPE,
    ),
    "many elements": (lambda: inside("<a/>" * 4100), Refusal.TOO_COMPLEX),
    "many elements, within the bound": (lambda: inside("<a/>" * 4000), Refusal.SIGNATURE),
    "many attributes": (lambda: inside('<a b=""/>' * 3400), Refusal.TOO_COMPLEX),
    "many attributes, within the bound": (lambda: inside('<a b=""/>' * 3250), Refusal.SIGNATURE),
    "many attributes of one element": (
        lambda: inside("<a " + " ".join(f'b{number}="x"' for number in range(65)) + "/>"),
        Refusal.TOO_COMPLEX,
    ),
    "many IDs": (lambda: inside("".join(f'<a ID="_{number}"/>' for number in range(3250))), Refusal.SIGNATURE),
    "many levels": (lambda: inside(nested(65)), Refusal.TOO_COMPLEX),
    "more levels than a parser takes": (lambda: inside(nested(2000)), Refusal.NOT_XML),
    "many namespaces of one element": (lambda: around(prefixes(65)), Refusal.TOO_COMPLEX),
    "many namespaces around an element": (lambda: inside(nested(20, prefixes(10))), Refusal.TOO_COMPLEX),
    "a long text": (lambda: inside("a" * 240_000), Refusal.SIGNATURE),
    "a long list of keys": (keys, Refusal.SIGNATURE_SHAPE),
}


def refuse_field(field: str) -> Refusal | None:
    """Return why a form field is refused, after each of ten certificates was tried; ``None`` if it is not."""
    certificates = [key_pair("acme"), *(key_pair(f"acme-{number}", "ec-p256") for number in range(9))]
    try:
        validate_response(field, sp=sp(), idp=idp(*certificates), requests=(REQUEST,), now=NOW)
    except SamlError as error:
        return error.refusal
    return None


def zipped() -> str:
    """Return a query whose message is a thousand times as long when unpacked, and which is not signed by anybody."""
    packed = base64.b64encode(zlib.compress(b"<x>" + b"a" * 20_000_000, 9, wbits=-15)).decode()
    value = packed.replace("+", "%2B").replace("=", "%3D")
    return f"SAMLRequest={value}&SigAlg=x&Signature=AAAA"


def refuse_query(query: str) -> Refusal | None:
    """Return why a query is refused."""
    try:
        receive_logout_query(query, sp=sp(), idp=idp(), request_id=None, now=NOW)
    except SamlError as error:
        return error.refusal
    return None


def figure(name: str) -> int:
    """Return a figure of this process, in KiB."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def main() -> None:
    """Print by how many KiB the bombs together make this process larger than a good response does."""
    fields = [make() for make, _ in FIELDS.values()]
    query = zipped()
    refuse_field(encode(signed_assertion()))
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # From here on the peak counts anew.
    before = figure("VmRSS")
    for field in fields:
        refuse_field(field)
    refuse_query(query)
    sys.stdout.write(str(figure("VmHWM") - before))


if __name__ == "__main__":
    main()
