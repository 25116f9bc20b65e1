"""A migrated PostgreSQL database, and stores over it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import asyncpg
import pytest

from musterbook.storage.postgres.database import PostgresDatabase, open_postgres
from musterbook.storage.postgres.migrate import migrate_postgres
from tests.contracts.groups import founded
from tests.contracts.sample import ACME, GLOBEX, created, first_administrator, setup_link, tenant
from tests.storage.postgres.crew import ADA, BOB, CREW

OpenDatabase = Callable[..., Awaitable[PostgresDatabase]]


@pytest.fixture
async def migrated_url(postgres_database: str) -> str:
    """Return the address of a migrated database without tenants."""
    await migrate_postgres(postgres_database)
    return postgres_database


@pytest.fixture
async def open_again(migrated_url: str) -> AsyncIterator[OpenDatabase]:
    """Yield what opens the database once more, as another process does; all are closed after the test."""
    async with AsyncExitStack() as stack:

        async def open_one(
            *, search_seconds: float = 2.0, busy_seconds: float = 5.0, size: int = 10
        ) -> PostgresDatabase:
            database = await open_postgres(
                migrated_url, search_seconds=search_seconds, busy_seconds=busy_seconds, size=size
            )
            stack.push_async_callback(database.close)
            return database

        yield open_one


@pytest.fixture
async def database(open_again: OpenDatabase) -> PostgresDatabase:
    """Return an open database with the tenants acme and globex."""
    database = await open_again()
    for tenant_id, slug in ((ACME, "acme"), (GLOBEX, "globex")):
        link = setup_link(tenant_id, slug.encode())
        await database.tenants.create(tenant(tenant_id, slug), first_administrator(tenant_id), link)
    return database


@pytest.fixture
async def outsider(migrated_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection of somebody else, who looks at the database or stands in the way."""
    connection = await asyncpg.connect(migrated_url)
    yield connection
    connection.terminate()


@pytest.fixture
async def aboard(database: PostgresDatabase) -> PostgresDatabase:
    """Return a database with two people and a group of nobody."""
    for one in (ADA, BOB):
        await database.resources.commit(created(one))
    await database.resources.commit(founded(CREW))
    return database
