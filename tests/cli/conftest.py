"""A shell for each test, without settings of whoever runs the tests."""

import os
from pathlib import Path

import pytest

from tests.cli.shell import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Shell:
    """Return a shell in an empty folder, with the default settings."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("MUSTERBOOK_")]:
        monkeypatch.delenv(name)
    return Shell(tmp_path, capfd, "sqlite:///musterbook.db")
