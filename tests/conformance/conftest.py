"""Fixtures of the conformance tests: a whole server in this process, asked over HTTP as a client asks it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from musterbook.scim.dialects import Profile
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
async def other(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of globex."""
    async with site.client(key=False) as opened:
        opened.headers["Authorization"] = f"Bearer {site.globex_key.secret}"
        yield opened


@pytest.fixture
async def strict(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of acme whose key has the profile rfc."""
    key = await site.services.keys.issue(site.acme.tenant.id, profile=Profile.RFC)
    async with site.client(key=False) as opened:
        opened.headers["Authorization"] = f"Bearer {key.secret}"
        yield opened
