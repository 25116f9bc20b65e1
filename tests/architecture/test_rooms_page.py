"""The page about the rooms names what is there."""

import importlib
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "rooms.md"
NAMES = sorted(
    set(re.findall(r"`((?:web|console|scim|directory|identity|storage|cli)\.[A-Za-z_.]+)`", PAGE.read_text()))
)
ROOMS = sorted(
    path.name for path in (PAGE.parents[2] / "src" / "musterbook").iterdir() if (path / "__init__.py").exists()
)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_on_the_way_of_a_request_exists(name: str) -> None:
    """Each function and class that the page names can be found under that name."""
    parts = name.split(".")
    found: object = importlib.import_module(f"musterbook.{parts[0]}.{parts[1]}")
    for part in parts[2:]:
        found = getattr(found, part)
    assert callable(found)


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_its_paragraph(room: str) -> None:
    """Each room is told of in a paragraph of its own, with what it does and what it does not."""
    paragraphs = [part for part in PAGE.read_text().split("\n\n") if part.startswith(f"**`{room}`**")]
    assert len(paragraphs) == 1
    assert re.search(r"\b(not|no|only)\b", paragraphs[0])


def test_the_way_is_told() -> None:
    """The page follows a request through at least ten named stops."""
    assert len(NAMES) >= 10
