"""Fixtures of the tests over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.web.site import Prepared, Site, open_site, prepare


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Make the database that each test gets a copy of."""
    return asyncio.run(prepare(tmp_path_factory.mktemp("prepared")))


@pytest.fixture
async def site(prepared: Prepared, tmp_path: Path) -> AsyncIterator[Site]:
    """Yield a server with two tenants."""
    async with open_site(prepared, tmp_path) as opened:
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
