"""Sizes that keep a file in the head, and names that say something."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.tree import SOURCE, TESTS, Function, functions, modules, name, parse

MODULE_LINES = 400
FUNCTION_LINES = 40
PORT_METHODS = 8

# Modules that may have up to 600 lines, each with the reason why cutting it would make it harder to read.
LONG_MODULES: dict[str, str] = {}
LONG_MODULE_LINES = 600

BAG = re.compile(r"(^|_)(utils?|helpers?|common|managers?|misc)($|_)")


@pytest.mark.parametrize("path", modules(SOURCE, TESTS), ids=name)
def test_a_module_fits_in_the_head(path: Path) -> None:
    """No module is longer than 400 lines, or 600 where the allow-list says why."""
    limit = LONG_MODULE_LINES if name(path) in LONG_MODULES else MODULE_LINES
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= limit, f"{name(path)} has {lines} lines, {limit} are allowed"


def test_the_allow_list_names_only_long_modules() -> None:
    """A module that has become short again leaves the allow-list."""
    listed = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules(SOURCE, TESTS)}
    assert [entry for entry in LONG_MODULES if listed.get(entry, 0) <= MODULE_LINES] == []


@pytest.mark.parametrize("path", modules(SOURCE, TESTS), ids=name)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    """No function is longer than 40 lines, its docstring not counted."""
    sizes = {f"{name(path)}:{function.lineno} {function.name}": _lines(function) for function in functions(parse(path))}
    assert {where: lines for where, lines in sizes.items() if lines > FUNCTION_LINES} == {}


@pytest.mark.parametrize("path", modules(SOURCE, TESTS), ids=name)
def test_a_module_says_what_it_decides(path: Path) -> None:
    """Every module begins with a docstring; a package that is only a folder may be empty."""
    assert path.stat().st_size == 0 or ast.get_docstring(parse(path))


@pytest.mark.parametrize("path", modules(SOURCE, TESTS), ids=name)
def test_a_module_is_named_after_what_it_does(path: Path) -> None:
    """No module or package is a bag: no utils, helpers, common, manager."""
    assert [part for part in Path(name(path)).with_suffix("").parts if BAG.search(part)] == []


@pytest.mark.parametrize("path", modules(SOURCE), ids=name)
def test_a_port_stays_narrow(path: Path) -> None:
    """A port (a Protocol) asks for at most eight methods."""
    ports = {
        node.name: _methods(node) for node in ast.walk(parse(path)) if isinstance(node, ast.ClassDef) and _is_port(node)
    }
    assert {port: count for port, count in ports.items() if count > PORT_METHODS} == {}


def _lines(function: Function) -> int:
    assert function.end_lineno is not None, "a parsed function knows where it ends"
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None and first.end_lineno is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


def _is_port(node: ast.ClassDef) -> bool:
    names = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
    return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in names)


def _methods(node: ast.ClassDef) -> int:
    return sum(isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) for item in node.body)
