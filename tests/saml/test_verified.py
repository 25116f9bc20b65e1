"""See only what is signed: the structure that makes it so, and that every refusal has been seen."""

import ast
from pathlib import Path

from lxml import etree

import musterbook.saml
from musterbook.saml.errors import Refusal
from musterbook.saml.signature import verify_element
from musterbook.saml.xml import parse_message
from tests.saml.idp import signed_assertion
from tests.saml.parties import idp

ROOM = Path(musterbook.saml.__file__).parent
TESTS = Path(__file__).parent


def calls(path: Path) -> set[str]:
    """Return the names of what a module calls."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    functions = (node.func for node in nodes if isinstance(node, ast.Call))
    return {ast.unparse(function).rpartition(".")[2] for function in functions}


def test_only_verifying_makes_what_is_verified() -> None:
    """A Verified is made in one module, whose functions verify first, and by no copying of one with changes."""
    makers = {path.name for path in ROOM.glob("*.py") if "Verified" in calls(path)}
    assert makers == {"signature.py"}
    assert {path.name for path in ROOM.glob("*.py") if {"replace", "copy", "deepcopy"} & calls(path)} <= {"bindings.py"}


def test_there_is_one_parser() -> None:
    """S11: one module makes parsers, and whoever parses uses one of them."""
    assert {path.name for path in ROOM.glob("*.py") if "XMLParser" in calls(path)} == {"xml.py"}
    assert {path.name for path in ROOM.glob("*.py") if {"fromstring", "XML", "parse"} & calls(path)} == {"xml.py"}


def test_what_is_verified_is_the_signed_bytes_and_nothing_else() -> None:
    """The tree of a Verified holds the signed element, as it was digested, and no way to the document around it."""
    document = parse_message(signed_assertion().encode())
    assertion = document[2]
    verified = verify_element(assertion, idp().certificates)
    assertion.remove(assertion[1])
    digested = etree.tostring(assertion, method="c14n", exclusive=True, with_tail=False)
    assert etree.tostring(verified.root, method="c14n", exclusive=True) == digested
    assert verified.root.getparent() is None
    assert verified.root.getroottree().getroot() is verified.root
    document.clear()
    assert etree.tostring(verified.root, method="c14n", exclusive=True) == digested


def test_every_refusal_is_shown_by_a_test() -> None:
    """Each check has a test that makes it refuse; what the caller refuses is the caller's to test."""
    text = "".join(path.read_text(encoding="utf-8") for path in TESTS.glob("*.py") if path != Path(__file__))
    assert {refusal.name for refusal in Refusal if f"Refusal.{refusal.name}" not in text} == {"REPLAYED"}
