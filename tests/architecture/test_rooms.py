"""The doors of the rooms, and what a pure room may import. Directions between rooms are import-linter's."""

import ast
import importlib
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import SOURCE, modules, name, parse

DOOR_NAMES = 25

# All that these rooms may import besides the standard library.
THIRD_PARTY = {"scim": {"msgspec"}, "saml": {"cryptography", "lxml", "signxml"}, "directory": {"msgspec"}}


@pytest.mark.parametrize("door", sorted(SOURCE.rglob("__init__.py")), ids=name)
def test_a_door_is_narrow_and_opens(door: Path) -> None:
    """A room shows at most 25 names, each once, and each of them is there."""
    package = importlib.import_module(".".join(door.parent.relative_to(SOURCE.parent).parts))
    shown: list[str] = list(getattr(package, "__all__", []))
    assert len(shown) <= DOOR_NAMES
    assert len(set(shown)) == len(shown)
    assert [entry for entry in shown if not hasattr(package, entry)] == []


@pytest.mark.parametrize("room", sorted(THIRD_PARTY))
def test_a_pure_room_stands_on_little(room: str) -> None:
    """The engine and the domain import the standard library, our own rooms, and what is listed here."""
    allowed = {"musterbook", *THIRD_PARTY[room], *sys.stdlib_module_names}
    foreign = {
        f"{name(path)}: {module}"
        for path in modules(SOURCE / room)
        for module in _imports(path)
        if module not in allowed
    }
    assert foreign == set()


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found
