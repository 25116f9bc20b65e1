"""Both engines, opened: every contract test runs on each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from musterbook.storage import Database, migrate_database, open_database, sqlite_path
from tests.contracts.engines import Engine, PostgresEngine, SqliteEngine
from tests.contracts.sample import ACME, GLOBEX, first_administrator, setup_link, tenant


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a fresh, empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/musterbook.db"
    url: str = request.getfixturevalue("postgres_database")
    return url


@pytest.fixture
async def empty_database(database_url: str) -> AsyncIterator[Database]:
    """Yield an open database without tenants."""
    await migrate_database(database_url)
    database = await open_database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def database(empty_database: Database) -> Database:
    """Return an open database with the tenants acme and globex."""
    for tenant_id, slug in ((ACME, "acme"), (GLOBEX, "globex")):
        link = setup_link(tenant_id, slug.encode())
        await empty_database.tenants.create(tenant(tenant_id, slug), first_administrator(tenant_id), link)
    return empty_database


@pytest.fixture
def engine(database_url: str) -> Engine:
    """Return what tests of migrations do to the database from outside."""
    path = sqlite_path(database_url)
    return PostgresEngine(database_url) if path is None else SqliteEngine(path)
