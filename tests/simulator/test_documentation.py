"""The reference page tells what there is, and its examples run."""

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import pytest

import musterbook.simulator
from musterbook.simulator import FailureReason, OneLoginApp
from musterbook.simulator import entra as entra_room
from musterbook.simulator import jumpcloud as jumpcloud_room
from musterbook.simulator import okta as okta_room
from musterbook.simulator.connector import ConnectorSettings
from musterbook.simulator.entra import EntraApp, EntraSettings
from musterbook.simulator.jumpcloud import JumpCloudApp, JumpCloudSettings
from musterbook.simulator.okta import OktaApp, OktaSettings
from musterbook.simulator.onelogin.settings import AppSettings
from musterbook.simulator.pytest_plugin import OktaFactory, OneLoginFactory
from tests.simulator.directory_server import DirectoryServer
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


PROVIDERS = {
    "What an administrator of Okta does": (OktaApp, OktaSettings),
    "What the provisioning service of Entra ID does": (EntraApp, EntraSettings),
    "What an administrator of JumpCloud does": (JumpCloudApp, JumpCloudSettings),
}


@pytest.mark.parametrize("heading", PROVIDERS)
def test_everything_about_a_provider(heading: str) -> None:
    """The section of a provider has each thing that its administrator does, and each setting of its own."""
    app, settings = PROVIDERS[heading]
    text = PAGE.split(f"### {heading}\n")[1].split("\n### ")[0]
    buttons = {name for name, value in vars(app).items() if callable(value) and not name.startswith("_")}
    listed = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    assert {name for cell in listed for name in re.findall(r"`(\w+)\(", cell)} == buttons
    own = {field.name for field in fields(settings)} - {field.name for field in fields(ConnectorSettings)}
    assert own <= set(re.findall(r"`(\w+)`", text))


@pytest.mark.parametrize("room", [okta_room, entra_room, jumpcloud_room], ids=lambda room: str(room.__name__))
def test_every_public_name_of_a_provider(room: ModuleType) -> None:
    """The page mentions everything that the doors of the providers have."""
    assert [name for name in room.__all__ if not re.search(rf"\b{name}\b", PAGE)] == []


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


def test_example_of_a_pushed_group(directory: DirectoryServer, okta: OktaFactory) -> None:
    """The example of a product's test with Okta passes."""
    _defined(EXAMPLES[3])["test_a_pushed_group"](okta, directory.url, TOKEN)
    assert len(directory.members("Bridge")) == 5


def test_example_of_another_story(directory: DirectoryServer, capsys: pytest.CaptureFixture[str]) -> None:
    """The example of Entra ID's story prints a line for each scene, and that all checks hold."""
    _defined(EXAMPLES[4])["tell_entra"](directory.url, TOKEN)
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0], len(lines), lines[-1]) == ("1 Test Connection 1", 16, "True")
