"""*The only XML parser.* Decides which documents are read at all, and how a value is taken from an element.

Knows no message. Bounds come first: a document is counted before it is parsed, so that what a stranger sends costs
little memory, and its tree is walked once before anything is looked up in it. Three ideas:

* **Nothing from elsewhere.** No document type, no entity, no network, no other encoding than UTF-8, whatever the
  declaration says.
* **Nothing ambiguous.** In a message, a comment or processing instruction is refused: other readers see two texts
  where we would see one. An ID is one element's.
* **A text is all of it.** What :func:`text_of` returns is the whole text of an element that holds nothing else.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from lxml import etree

from musterbook.saml.errors import Refusal, SamlError, shown

Element: TypeAlias = etree._Element  # noqa: SLF001  the name that lxml has for the class, also in its types

SAML: Final = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SAMLP: Final = "{urn:oasis:names:tc:SAML:2.0:protocol}"
METADATA: Final = "{urn:oasis:names:tc:SAML:2.0:metadata}"
DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
XENC: Final = "{http://www.w3.org/2001/04/xmlenc#}"
XENC11: Final = "{http://www.w3.org/2009/xmlenc11#}"

ID_ATTRIBUTES: Final = ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id")
"""Whatever a reader of XML signatures may take for an ID."""
_MAX_ID_CHARACTERS = 256
_WHITE_SPACE = " \t\r\n"
_WITHOUT_WHITE_SPACE = str.maketrans("", "", _WHITE_SPACE)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a document may hold.

    An element needs a ``<`` and an attribute two quotation marks, so counting these bytes bounds the tree before there
    is one. An attribute takes half a kilobyte of memory, in two trees at a time. Canonicalizing takes the square of
    the attributes of an element, and each element the longer, the more namespaces there are around it.
    """

    size_bytes: int
    tags: int
    quotes: int
    levels: int = 64
    attributes: int = 64
    """Of one element."""
    namespaces: int = 64
    """That are declared around an element and by it."""


MESSAGE: Final = Bounds(256 * 1024, tags=4096, quotes=6656)
"""A response with a thousand groups fits, each a value with the namespaces that some identity providers repeat."""
METADATA_FILE: Final = Bounds(1024 * 1024, tags=8192, quotes=16384)


def parse_message(raw: bytes) -> Element:
    """Return the root of a protocol message.

    Raises:
        SamlError: the document is too large or too complex, is not well-formed, has a document type, comments or
            processing instructions, or gives one ID twice.
    """
    root = parse_document(raw, MESSAGE)
    if any(not isinstance(node.tag, str) for node in root.iter()) or _has_siblings(root):
        raise SamlError(Refusal.COMMENT, "The message holds a comment or a processing instruction.")
    _check_ids(root)
    return root


def parse_document(raw: bytes, bounds: Bounds) -> Element:
    """Return the root of a document within ``bounds``; comments are still in it.

    Raises:
        SamlError: the document is too large or too complex, is not well-formed, or has a document type.
    """
    if len(raw) > bounds.size_bytes:
        raise SamlError(Refusal.TOO_LARGE, f"The document has more than {bounds.size_bytes} bytes.")
    # In UTF-8 these bytes are these characters and nothing else.
    if b"<!DOCTYPE" in raw:
        raise SamlError(Refusal.DOCUMENT_TYPE, "The document has a document type declaration.")
    if raw.count(b"<") > bounds.tags or raw.count(b'"') + raw.count(b"'") > bounds.quotes:
        raise SamlError(Refusal.TOO_COMPLEX, "The document has more elements or attributes than such a document needs.")
    try:
        raw.decode("utf-8")
        root = etree.fromstring(raw, make_parser())
    except (UnicodeDecodeError, etree.XMLSyntaxError) as error:
        raise SamlError(Refusal.NOT_XML, f"The document is not XML in UTF-8: {shown(str(error))}.") from None
    _check_complexity(root, bounds)
    return root


def make_parser() -> etree.XMLParser:
    """Return a parser that reads the document and nothing else, in UTF-8 whatever the document declares."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        collect_ids=False,
    )


def elements(root: Element) -> Iterator[Element]:
    """Yield every element of a tree, in document order."""
    return root.iter("{*}*")


def only_child(element: Element, tag: str) -> Element | None:
    """Return the child with a tag, or ``None``.

    Raises:
        SamlError: there are two.
    """
    found = list(element.iterchildren(tag))
    if len(found) > 1:
        raise SamlError(Refusal.UNEXPECTED_ELEMENT, f"{name_of(element)} holds {len(found)} of {name_of(found[0])}.")
    return found[0] if found else None


def needed_child(element: Element, tag: str, refusal: Refusal = Refusal.UNEXPECTED_ELEMENT) -> Element:
    """Return the one child with a tag.

    Raises:
        SamlError: there is none, or there are two.
    """
    found = only_child(element, tag)
    if found is None:
        raise SamlError(refusal, f"{name_of(element)} has no {tag.rpartition('}')[2]}.")
    return found


def text_of(element: Element) -> str:
    """Return the text of an element, without the white space around it.

    Raises:
        SamlError: the element holds other elements, or comments.
    """
    if len(element):
        raise SamlError(Refusal.UNEXPECTED_ELEMENT, f"{name_of(element)} holds more than text.")
    return (element.text or "").strip(_WHITE_SPACE)


def read_base64(text: str) -> bytes:
    """Return the bytes of a text in base64, whose lines may be folded; what other readers skip over is refused.

    Raises:
        ValueError: it is not base64.
    """
    return base64.b64decode(text.translate(_WITHOUT_WHITE_SPACE), validate=True)


def name_of(element: Element) -> str:
    """Return the local name of an element, for details."""
    return element.tag.rpartition("}")[2]


def _check_complexity(root: Element, bounds: Bounds) -> None:
    """Refuse depth, many attributes and many namespaces; the walk keeps its own stack, so depth cannot exhaust ours."""
    levels = namespaces = 0
    for event, node in etree.iterwalk(root, events=("start", "end", "start-ns", "end-ns")):
        if event == "start":
            levels += 1
            if levels > bounds.levels or len(node.attrib) > bounds.attributes or namespaces > bounds.namespaces:
                raise SamlError(
                    Refusal.TOO_COMPLEX, "It is nested too deeply, or an element has too many attributes or namespaces."
                )
        elif event == "end":
            levels -= 1
        else:
            namespaces += 1 if event == "start-ns" else -1


def _has_siblings(root: Element) -> bool:
    """Return whether something stands beside the root: a comment or a processing instruction."""
    return root.getprevious() is not None or root.getnext() is not None


def _check_ids(root: Element) -> None:
    seen: set[str] = set()
    for element in elements(root):
        for name in ID_ATTRIBUTES:
            value = element.get(name)
            if value is None:
                continue
            if not value or len(value) > _MAX_ID_CHARACTERS or value in seen:
                raise SamlError(Refusal.DUPLICATE_ID, f"The ID {shown(value)} is given twice, or is no ID.")
            seen.add(value)
