"""The reference page tells what there is, and its examples run."""

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

import musterbook.simulator
from musterbook.simulator import FailureReason, OneLoginApp
from musterbook.simulator.onelogin.settings import AppSettings
from musterbook.simulator.pytest_plugin import OneLoginFactory
from tests.simulator.scripted_server import TOKEN, ScriptedServer

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "simulator.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def _rows(heading: str) -> list[str]:
    """Return the names in the first column of the table under a heading."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [name for cell in cells for name in re.findall(r"`(\w+)", cell)]


def test_every_setting() -> None:
    """The page has each setting, and no other."""
    assert sorted(_rows("Settings")) == sorted(field.name for field in fields(AppSettings))


def test_every_reason() -> None:
    """The page has each reason for a failure, in the order of the code."""
    assert _rows("What an answer must be") == [reason.name for reason in FailureReason]


def test_every_button() -> None:
    """The page has each method of an application that is a button."""
    methods = [name for name, value in vars(OneLoginApp).items() if callable(value) and not name.startswith("_")]
    assert sorted(_rows("Buttons")) == sorted(set(methods) - {"assignment", "close", "observe"})


@pytest.mark.parametrize("name", musterbook.simulator.__all__)
def test_every_public_name(name: str) -> None:
    """The page mentions everything that the room's door has."""
    assert re.search(rf"\b{name}\b", PAGE), name


def _defined(example: str) -> dict[str, Callable[..., None]]:
    names: dict[str, Callable[..., None]] = {}
    exec(example, names)  # noqa: S102 the page is part of this repository
    return names


def test_example_of_a_test(server: ScriptedServer, onelogin: OneLoginFactory) -> None:
    """The example of a product's test passes."""
    _defined(EXAMPLES[1])["test_joining_and_leaving"](onelogin, server.url, TOKEN)
    assert server.users == {}


def test_example_of_the_story(server: ScriptedServer, capsys: pytest.CaptureFixture[str]) -> None:
    """The example of the story prints a line for each step."""
    _defined(EXAMPLES[2])["tell"](server.url, TOKEN)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1 Connect 1 API Status is Enabled, and nobody was created."
    assert len(lines) == 19
