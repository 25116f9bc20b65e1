"""The world in which the tests of identity take place."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.directory.world import World, open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Yield two tenants over a fresh store."""
    async with open_world(tmp_path) as opened:
        yield opened
