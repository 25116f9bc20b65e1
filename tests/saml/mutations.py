"""Signed responses, changed at random as somebody on the way could change them: bytes, texts, nodes, namespaces."""

import random
from collections.abc import Callable
from copy import deepcopy

from lxml import etree

from tests.saml.idp import NAMESPACES, Element

TOKENS = [
    *("<!---->", "<![CDATA[x]]>", "<?x?>", "&amp;", "&#0;", "&lt;", "]]>", "\x00", "\r", "\u202e", "é", "="),
    *("<saml:Assertion>", "</saml:Assertion>", "<saml:NameID>eve@acme.example</saml:NameID>", "xmlns:saml='urn:x'"),
    *("eve@acme.example", "_a1", "_r1", 'ID="_a1"', "saml:", "samlp:", "ds:", "<!DOCTYPE x>", "#_a1", "#"),
]
NAMES = (
    "ID",
    "Id",
    "Version",
    "Destination",
    "Recipient",
    "InResponseTo",
    "Algorithm",
    "URI",
    "NotOnOrAfter",
    "Format",
)


def flip_a_byte(document: str, chance: random.Random) -> str:
    """Change one character to another."""
    place = chance.randrange(len(document))
    return document[:place] + chr(chance.randrange(1, 256)) + document[place + 1 :]


def remove_a_piece(document: str, chance: random.Random) -> str:
    """Leave out a few characters."""
    place = chance.randrange(len(document))
    return document[:place] + document[place + chance.randrange(1, 40) :]


def repeat_a_piece(document: str, chance: random.Random) -> str:
    """Write a piece twice."""
    place, length = chance.randrange(len(document)), chance.randrange(1, 400)
    return document[: place + length] + document[place:]


def insert_a_token(document: str, chance: random.Random) -> str:
    """Put in something that means something to a parser."""
    place = chance.randrange(len(document))
    return document[:place] + chance.choice(TOKENS) + document[place:]


def rename_a_prefix(document: str, chance: random.Random) -> str:
    """Give a namespace another prefix, or a prefix another namespace."""
    prefix = chance.choice(("saml", "samlp", "ds", "xs"))
    if chance.random() < 0.5:
        return document.replace(f"{prefix}:", f"{prefix}{prefix}:")
    return document.replace(f"xmlns:{prefix}=", f'xmlns:other{chance.randrange(9)}="urn:x" xmlns:{prefix}=', 1)


def in_the_tree(edit: Callable[[Element, random.Random], None]) -> Callable[[str, random.Random], str]:
    """Return the mutation of a document that an edit of its tree is."""

    def mutate(document: str, chance: random.Random) -> str:
        root = etree.fromstring(document.encode())
        edit(root, chance)
        return etree.tostring(root).decode()

    return mutate


def any_node(root: Element, chance: random.Random) -> Element:
    """Return one of the elements below the root."""
    return chance.choice(list(root.iterdescendants()))


def move_a_node(root: Element, chance: random.Random) -> None:
    """Take an element from its place and put it into another."""
    node, place = any_node(root, chance), any_node(root, chance)
    if place not in list(node.iter()):
        place.insert(chance.randrange(len(place) + 1), node)


def copy_a_node(root: Element, chance: random.Random) -> None:
    """Put a copy of an element somewhere, with another name in it."""
    copy = deepcopy(any_node(root, chance))
    for name_id in copy.iter(f"{{{NAMESPACES['saml']}}}NameID"):
        name_id.text = "eve@acme.example"
    place = any_node(root, chance)
    place.insert(chance.randrange(len(place) + 1), copy)


def remove_a_node(root: Element, chance: random.Random) -> None:
    """Take an element away."""
    node = any_node(root, chance)
    parent = node.getparent()
    assert parent is not None
    parent.remove(node)


def change_a_text(root: Element, chance: random.Random) -> None:
    """Change the text of an element, or what follows it."""
    node = any_node(root, chance)
    text = chance.choice(("", " ", "eve@acme.example", "x" * 10))
    if chance.random() < 0.8:
        node.text = text
    else:
        node.tail = text


def change_an_attribute(root: Element, chance: random.Random) -> None:
    """Set an attribute, or take it away."""
    node, name = any_node(root, chance), chance.choice(NAMES)
    if name in node.attrib and chance.random() < 0.5:
        node.attrib.pop(name)
    else:
        node.set(name, chance.choice(("", "_a1", "_r1", "#_a1", "urn:x", "2.0", "2030-01-01T00:00:00Z")))


IN_THE_TEXT: tuple[Callable[[str, random.Random], str], ...] = (
    flip_a_byte,
    remove_a_piece,
    repeat_a_piece,
    insert_a_token,
)
MUTATIONS = (
    *IN_THE_TEXT,
    rename_a_prefix,
    *map(in_the_tree, (move_a_node, copy_a_node, remove_a_node, change_a_text, change_an_attribute)),
)


def mutate(document: str, chance: random.Random) -> str:
    """Return a document after one mutation; edits of the tree may come twice."""
    changed = chance.choice(MUTATIONS)(document, chance)
    if chance.random() < 0.2:
        changed = flip_a_byte(changed, chance)
    return changed
