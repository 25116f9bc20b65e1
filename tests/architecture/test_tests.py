"""Tests about the tests: each can fail, and none is silenced without a reason."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, SOURCE, TESTS, functions, modules, name, parse

# A marker that silences a tool or postpones work, and the reason that must stand behind it on the same line.
SILENCED = re.compile(
    r"#\s*(?:type:\s*ignore(?:\[[\w, -]+\])?|noqa(?::\s*[A-Z0-9, ]+)?|pragma:\s*no cover|TODO|FIXME)(?P<reason>.*)"
)
REASON = re.compile(r"\w+\W+\w+\W+\w+")

# What lets a test fail besides ``assert`` and ``pytest.raises``: a function that is named after it.
CHECK = re.compile(r"^_?(assert|check|expect|raises|fail|warns)")


@pytest.mark.parametrize("path", modules(TESTS), ids=name)
def test_a_test_can_fail(path: Path) -> None:
    """Every test asserts something, expects an error, or calls a check by its name."""
    tests = [function for function in functions(parse(path)) if function.name.startswith("test_")]
    assert [f"{name(path)}:{test.lineno} {test.name}" for test in tests if not any(map(_checks, ast.walk(test)))] == []


@pytest.mark.parametrize("path", modules(TESTS), ids=name)
def test_a_test_is_not_left_out(path: Path) -> None:
    """No test is skipped: what cannot run here fails and says so."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.search(r"pytest\.(skip|importorskip|mark\.skip|mark\.skipif)\b", line)] == []


@pytest.mark.parametrize("path", modules(SOURCE, TESTS), ids=name)
def test_what_is_silenced_has_a_reason(path: Path) -> None:
    """An exception from a tool, or a postponed piece of work, gives its reason in words on its line."""
    found = [match for line in path.read_text(encoding="utf-8").splitlines() if (match := SILENCED.search(line))]
    assert [match.string.strip() for match in found if not REASON.search(match["reason"])] == []


def test_the_tree_is_read() -> None:
    """The checks above read the real files: the source, the tests and this one are among them."""
    assert {SOURCE / "__init__.py", TESTS / "conftest.py", Path(__file__)} <= set(modules(ROOT / "src", TESTS))


def _checks(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    called = (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
    return CHECK.match(called) is not None
