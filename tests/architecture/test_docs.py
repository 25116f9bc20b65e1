"""The documentation holds together: its links lead somewhere, and its examples can be read by what they are for."""

import ast
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.architecture.tree import name, text_files

PAGES = [path for path in text_files() if path.suffix == ".md"]
FENCE = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^```\s*$", flags=re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ (?P<text>.+?)\s*$", flags=re.MULTILINE)

READERS: dict[str, Callable[[str], object]] = {"json": json.loads, "python": ast.parse, "toml": tomllib.loads}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_link_leads_somewhere(page: Path) -> None:
    """Every relative link names a file that is there, and a heading in it."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [match["target"] for match in LINK.finditer(text)]
    assert [
        target for target in targets if not re.match(r"[a-z]+:", target) and not _leads_somewhere(page, target)
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_an_example_can_be_read(page: Path) -> None:
    """Every example in Python, JSON or TOML is well-formed."""
    broken: list[str] = []
    for block in FENCE.finditer(page.read_text(encoding="utf-8")):
        try:
            READERS.get(block["language"], str)(block["text"])
        except (SyntaxError, ValueError) as error:
            broken.append(f"{error}: {block['text'][:60]}")
    assert broken == []


def _leads_somewhere(page: Path, target: str) -> bool:
    file, _, anchor = unquote(target).partition("#")
    path = page.parent / file if file else page
    if not anchor:
        return path.exists()
    return path.is_file() and anchor in {
        _slug(match["text"]) for match in HEADING.finditer(path.read_text(encoding="utf-8"))
    }


def _slug(heading: str) -> str:
    """Return the anchor that GitHub and GitLab give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
