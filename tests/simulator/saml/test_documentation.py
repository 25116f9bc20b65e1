"""The reference page has what the simulated OneLogin has, and its example runs."""

import re
from collections.abc import Callable
from pathlib import Path

from musterbook.simulator.onelogin import saml
from musterbook.simulator.onelogin.saml import Fault

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "simulator.md").read_text(encoding="utf-8")
SECTION = PAGE.split("\n## Signing in at OneLogin\n")[1].split("\n## ")[0]


def test_every_public_name() -> None:
    """The section mentions everything that the door has."""
    assert [name for name in saml.__all__ if not re.search(rf"\b{name}\b", SECTION)] == []


def test_every_fault() -> None:
    """The table has each fault with what is wrong, in the order of the code."""
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| (.*) \|$", SECTION, flags=re.MULTILINE)
    assert rows == [(fault.name, fault.value) for fault in Fault]


def test_the_example() -> None:
    """The example of a test of one's own passes against an application that reads the metadata."""
    names: dict[str, Callable[..., None]] = {}
    example = re.findall(r"^```python\n(.*?)^```$", SECTION, flags=re.MULTILINE | re.DOTALL)[0]
    exec(example, names)  # noqa: S102 the page is part of this repository
    seen: list[str] = []
    names["with_onelogin"](seen.append)
    assert "<EntityDescriptor" in seen[0]
