"""An open SQLite database with the tenants acme and globex, and what others do to its file."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from musterbook.storage.sqlite.database import SqliteDatabase, open_sqlite
from tests.contracts.sample import ACME, GLOBEX, first_administrator, setup_link, tenant

OpenDatabase = Callable[..., Awaitable[SqliteDatabase]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the database lies."""
    return tmp_path / "musterbook.db"


@pytest.fixture
async def open_again(path: Path) -> AsyncIterator[OpenDatabase]:
    """Yield what opens the database once more, as another process does; all are closed after the test."""
    async with AsyncExitStack() as stack:

        async def open_one(*, search_seconds: float = 2.0, busy_seconds: float = 5.0) -> SqliteDatabase:
            database = await open_sqlite(path, search_seconds=search_seconds, busy_seconds=busy_seconds)
            stack.push_async_callback(database.close)
            return database

        yield open_one


@pytest.fixture
async def database(open_again: OpenDatabase) -> SqliteDatabase:
    """Return an open database with the tenants acme and globex."""
    database = await open_again()
    for tenant_id, slug in ((ACME, "acme"), (GLOBEX, "globex")):
        link = setup_link(tenant_id, slug.encode())
        await database.tenants.create(tenant(tenant_id, slug), first_administrator(tenant_id), link)
    return database


@pytest.fixture
def outsider(database: SqliteDatabase, path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection of another process, which looks at the database or stands in the way."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as connection:
        yield connection
