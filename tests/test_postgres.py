"""The test session's PostgreSQL server: what the other tests rely on."""

import uuid

import asyncpg
import pytest

from tests.postgres import running_server

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


async def test_a_fresh_database_is_empty_and_reachable(postgres_database: str) -> None:
    """A test that asks for a database gets one of its own, without a table in it."""
    connection = await asyncpg.connect(postgres_database)
    try:
        tables = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        name = await connection.fetchval("SELECT current_database()")
    finally:
        await connection.close()
    assert (tables, name) == (0, postgres_database.rpartition("/")[2])


async def test_the_server_keeps_its_durable_defaults(postgres_url: str) -> None:
    """Nothing that a test proves about lost writes rests on weakened settings."""
    connection = await asyncpg.connect(postgres_url)
    try:
        shown = {name: await connection.fetchval(f"SHOW {name}") for name in DURABLE}
    finally:
        await connection.close()
    assert shown == DURABLE


async def test_a_killed_server_starts_again_with_its_data() -> None:
    """After SIGKILL of the postmaster the same address serves the committed rows, and refuses nobody it knew."""
    table = f"kept_{uuid.uuid4().hex}"
    with running_server() as server:
        connection = await asyncpg.connect(server.url)
        await connection.execute(f"CREATE TABLE {table} AS SELECT 42 AS answer")
        server.kill()
        with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
            await connection.fetchval(f"SELECT answer FROM {table}")
        server.start()
        connection = await asyncpg.connect(server.url)
        answer = await connection.fetchval(f"SELECT answer FROM {table}")
        await connection.close()
    assert answer == 42
