"""The files of this repository, as the architecture tests read them."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "musterbook"
TESTS = ROOT / "tests"

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_TEXT_FILES = frozenset(
    {
        "",
        ".cfg",
        ".css",
        ".html",
        ".j2",
        ".js",
        ".json",
        ".lock",
        ".md",
        ".py",
        ".sh",
        ".sql",
        ".svg",
        ".toml",
        ".txt",
        ".yaml",
        ".yml",
    }
)
# Folders whose name begins with a full stop hold what tools make; this one holds what CI runs.
_OURS = frozenset({".ci"})


def modules(*roots: Path) -> list[Path]:
    """Return every Python module below ``roots``, in order."""
    return sorted(path for root in roots for path in root.rglob("*.py"))


def text_files() -> Iterator[Path]:
    """Yield every text file of the repository, without what tools have made."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        is_made = path.name == ".coverage" or any(
            part in {"__pycache__", "dist"} or (part[0] == "." and part not in _OURS) for part in parts[:-1]
        )
        if not is_made and path.is_file() and path.suffix in _TEXT_FILES:
            yield path


def name(path: Path) -> str:
    """Return the path from the root of the repository: what a message shows."""
    return path.relative_to(ROOT).as_posix()


def parse(path: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(tree: ast.AST) -> Iterator[Function]:
    """Yield every function and method of a tree, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
