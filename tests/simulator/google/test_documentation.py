"""The reference page has what the simulated Google has, and its example runs."""

import re
from collections.abc import Callable
from pathlib import Path

from musterbook.simulator import google
from musterbook.simulator.google import Fault

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "simulator.md").read_text(encoding="utf-8")
SECTION = PAGE.split("\n## Google\n")[1].split("\n## ")[0]


def test_every_public_name() -> None:
    """The section mentions everything that the door has."""
    assert [name for name in google.__all__ if not re.search(rf"\b{name}\b", SECTION)] == []


def test_every_fault() -> None:
    """The table has each fault, in the order of the code."""
    cells = [line.split("|")[1] for line in SECTION.splitlines() if line.startswith("| `")]
    assert [name for cell in cells for name in re.findall(r"`(\w+)`", cell)] == [fault.name for fault in Fault]


def test_the_example() -> None:
    """The example of a test of one's own passes against an application that asks Google nothing yet."""
    names: dict[str, Callable[..., None]] = {}
    example = re.findall(r"^```python\n(.*?)^```$", SECTION, flags=re.MULTILINE | re.DOTALL)[0]
    exec(example, names)  # noqa: S102 the page is part of this repository
    seen: list[str] = []
    names["with_google"](seen.append)
    assert seen[0].endswith("/.well-known/openid-configuration")
