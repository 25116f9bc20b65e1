"""Fixtures of the tests over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.web.site import Site, make_settings, open_site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Yield a server with two tenants."""
    async with open_site(make_settings(tmp_path)) as opened:
        yield opened


@pytest.fixture
async def client(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of acme."""
    async with site.client() as opened:
        yield opened


@pytest.fixture
async def stranger(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client without a key."""
    async with site.client(key=False) as opened:
        yield opened
