"""Fixtures for requests that leave the house."""

from pathlib import Path

import pytest

from tests.outbound.authority import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return a certificate authority."""
    folder: Path = tmp_path_factory.mktemp("certificates")
    return Authority(folder)
