"""Bringing a PostgreSQL database up to date, also while it is in use."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlsplit

import asyncpg
import pytest

from musterbook.directory.store import StoreUnavailableError
from musterbook.scim.match import COMPARISON_KEY_VERSION
from musterbook.storage import KeyCollisionError, SchemaError, SchemaTooNewError, SchemaTooOldError, check_schema
from musterbook.storage.migrations import Migration
from musterbook.storage.postgres.database import PostgresDatabase, open_postgres
from musterbook.storage.postgres.migrate import known_migrations, migrate_postgres
from tests.contracts.looks import contents, found_ids
from tests.contracts.sample import created, person
from tests.postgres import execute

NAMES = [migration.name for migration in known_migrations()]
ADDED = Migration(
    len(NAMES) + 1, "0099_nickname", 'ALTER TABLE resources ADD COLUMN nickname text COLLATE "C"', compatible=True
)
BROKEN = Migration(len(NAMES) + 1, "0099_broken", "CREATE TABLE half (); CREATE TABLE resources ()", compatible=False)


@pytest.fixture
async def outsider_before(postgres_database: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection of somebody else to a database that was not migrated yet."""
    connection = await asyncpg.connect(postgres_database)
    yield connection
    connection.terminate()


async def tables(connection: asyncpg.Connection) -> set[str]:
    """Return the names of all tables."""
    return {name for (name,) in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


async def open_default(url: str) -> PostgresDatabase:
    """Open the database as the server does."""
    return await open_postgres(url, search_seconds=2.0, busy_seconds=5.0)


async def test_a_server_does_not_migrate(postgres_database: str, outsider_before: asyncpg.Connection) -> None:
    """Opening an empty database says what is missing and changes nothing."""
    with pytest.raises(SchemaTooOldError, match="0001_directory"):
        await open_default(postgres_database)
    assert await tables(outsider_before) == set()


async def test_several_migrate_at_once(postgres_database: str) -> None:
    """Of three who migrate at the same moment one does the work, and all see it done."""
    outcomes = await asyncio.gather(*(migrate_postgres(postgres_database) for _ in range(3)))
    assert sorted(outcomes) == [[], [], NAMES]
    assert await migrate_postgres(postgres_database) == []
    database = await open_default(postgres_database)
    version = await database.schema_version()
    await database.close()
    assert [item.name for item in version.applied] == NAMES
    assert version.comparison_key_version == COMPARISON_KEY_VERSION


async def test_one_waits_for_the_other(postgres_database: str, outsider_before: asyncpg.Connection) -> None:
    """Whoever comes second waits longer than a lock of a table is waited for, and then goes on."""
    await outsider_before.execute("SELECT pg_advisory_lock(5028791660437)")
    waiting = asyncio.create_task(migrate_postgres(postgres_database))
    done, _ = await asyncio.wait({waiting}, timeout=1.5)
    assert done == set()
    await outsider_before.execute("SELECT pg_advisory_unlock_all()")
    assert await waiting == NAMES


async def test_a_migration_that_is_cut_off_is_an_outage(
    migrated_url: str, outsider: asyncpg.Connection, database: PostgresDatabase
) -> None:
    """When the server drops the connection in the middle, that is an outage, and nothing is done by half."""
    slow = replace(ADDED, sql=f"{ADDED.sql}; SELECT pg_sleep(30)")
    migrating = asyncio.create_task(migrate_postgres(migrated_url, (*known_migrations(), slow)))
    sleeping = (
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'musterbook migrate' AND wait_event = 'PgSleep'"
    )
    async with asyncio.timeout(10):
        while not (rows := await database.pool.rows(sleeping)):
            pass
    ((pid,),) = rows
    await outsider.execute(f"SELECT pg_terminate_backend({pid})")
    with pytest.raises(StoreUnavailableError):
        await migrating
    assert await migrate_postgres(migrated_url, (*known_migrations(), ADDED)) == [ADDED.name]


async def test_an_old_server_is_refused(postgres_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that lacks what the statements need is refused before anything is made."""
    monkeypatch.setattr("musterbook.storage.postgres.migrate._OLDEST_SERVER", 990000)
    with pytest.raises(SchemaError, match="older"):
        await migrate_postgres(postgres_database)


async def test_a_failed_migration_leaves_nothing(migrated_url: str, outsider: asyncpg.Connection) -> None:
    """A migration that fails in the middle is undone whole, and is still pending."""
    before = await tables(outsider)
    with pytest.raises(asyncpg.DuplicateTableError):
        await migrate_postgres(migrated_url, (*known_migrations(), BROKEN))
    assert await tables(outsider) == before
    assert await migrate_postgres(migrated_url) == []


async def test_a_migration_waits_without_holding_others_up(
    database: PostgresDatabase, migrated_url: str, outsider: asyncpg.Connection
) -> None:
    """A migration that cannot have its lock lets the others pass, and takes it when it is free."""
    await outsider.execute("BEGIN")
    await outsider.execute("SELECT 1 FROM resources")
    migrating = asyncio.create_task(migrate_postgres(migrated_url, (*known_migrations(), ADDED)))
    gave_up = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'musterbook migrate' AND query = 'ROLLBACK'"
    async with asyncio.timeout(10):
        while not await database.pool.rows(gave_up):
            pass
    await database.resources.commit(created(person(1, "ada")))
    await outsider.execute("COMMIT")
    assert await migrating == [ADDED.name]


async def test_a_later_release_may_go_on_beside_this_one(
    database: PostgresDatabase, migrated_url: str, outsider: asyncpg.Connection
) -> None:
    """Servers of this release work on a schema that a later one has changed compatibly, and start on it."""
    await migrate_postgres(migrated_url, (*known_migrations(), ADDED))
    await database.resources.commit(created(person(1, "ada")))
    check_schema(await database.schema_version())
    await (await open_default(migrated_url)).close()
    await outsider.execute("UPDATE schema_migrations SET compatible = false WHERE name = '0099_nickname'")
    with pytest.raises(SchemaTooNewError, match="0099_nickname"):
        await open_default(migrated_url)
    with pytest.raises(SchemaTooNewError, match="0099_nickname"):
        await migrate_postgres(migrated_url)


async def test_keys_are_made_anew(database: PostgresDatabase, migrated_url: str, outsider: asyncpg.Connection) -> None:
    """Keys of another version are computed from the documents again; also where two have to change places."""
    people = [person(1, "ada", "ada@example.com", "ada@example.org"), person(2, "bob"), person(3, "eve", "e@v.e")]
    for one in people:
        await database.resources.commit(created(one))
    before = await contents(database)
    await outsider.execute("UPDATE metadata SET value = '0 (Unicode 1.0)'")
    await outsider.execute("UPDATE resources SET unique_key = 'x' || unique_key")
    await outsider.execute("UPDATE resources SET unique_key = 'bob' WHERE unique_key = 'xada'")
    await outsider.execute("UPDATE resources SET unique_key = 'ada' WHERE unique_key = 'xbob'")
    await outsider.execute("UPDATE indexed_values SET value_key = 'gone' WHERE value_key = 'e@v.e'")
    with pytest.raises(SchemaTooOldError, match="comparison keys"):
        await open_default(migrated_url)
    assert await migrate_postgres(migrated_url) == []
    check_schema(await database.schema_version())
    found = [await found_ids(database, text) for text in ('userName eq "ADA"', 'userName eq "bob"')]
    values = await outsider.fetch("SELECT value_key FROM indexed_values ORDER BY value_key")
    assert found == [[people[0].id], [people[1].id]]
    assert [key for (key,) in values] == ["ada@example.com", "ada@example.org", "e@v.e"]
    assert await contents(database) == before


async def test_colliding_keys_are_refused(
    database: PostgresDatabase, migrated_url: str, outsider: asyncpg.Connection
) -> None:
    """Where two names would become one, nothing is changed and both are named."""
    for number, name in ((1, "ada"), (2, "bob")):
        await database.resources.commit(created(person(number, name)))
    await outsider.execute("""UPDATE resources SET document = replace(document, '"bob"', '"ADA"')""")
    await outsider.execute("UPDATE metadata SET value = '0 (Unicode 1.0)'")
    with pytest.raises(KeyCollisionError) as caught:
        await migrate_postgres(migrated_url)
    ids = tuple(person(number, "").id for number in (1, 2))
    assert [collision[1:] for collision in caught.value.collisions] == [("User", ids)]
    keys = await outsider.fetch("SELECT unique_key FROM resources WHERE resource_type = 'User' ORDER BY id")
    assert [key for (key,) in keys] == ["ada", "bob"]


async def test_another_encoding_is_refused(postgres_url: str, postgres_database: str) -> None:
    """A database that cannot hold every name is refused before anything is made."""
    name = f"{urlsplit(postgres_database).path[1:]}_latin"
    execute(postgres_url, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    try:
        with pytest.raises(SchemaError, match="SQL_ASCII"):
            await migrate_postgres(urlsplit(postgres_url)._replace(path=f"/{name}").geturl())
    finally:
        execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


async def test_a_user_without_rights_is_told_so(postgres_database: str) -> None:
    """A database user who may not make tables is told what is missing."""
    connection = await asyncpg.connect(postgres_database)
    role = f"reader_{urlsplit(postgres_database).path[1:]}"
    await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    try:
        netloc = f"{role}:secret@{urlsplit(postgres_database).netloc.rpartition('@')[2]}"
        with pytest.raises(SchemaError, match="may not change tables"):
            await migrate_postgres(urlsplit(postgres_database)._replace(netloc=netloc).geturl())
    finally:
        await connection.execute(f"DROP ROLE {role}")
        connection.terminate()


async def test_a_database_that_is_never_free_is_given_up(
    migrated_url: str, outsider: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits long enough for another migration, or for a lock, is told so."""
    monkeypatch.setattr("musterbook.storage.postgres.migrate._TURN_SECONDS", 0.0)
    monkeypatch.setattr("musterbook.storage.postgres.migrate._TRIES", 1)
    await outsider.execute("SELECT pg_advisory_lock(5028791660437)")
    with pytest.raises(StoreUnavailableError, match="another process"):
        await migrate_postgres(migrated_url)
    await outsider.execute("SELECT pg_advisory_unlock_all()")
    await outsider.execute("BEGIN")
    await outsider.execute("SELECT 1 FROM resources")
    with pytest.raises(StoreUnavailableError, match="long transactions"):
        await migrate_postgres(migrated_url, (*known_migrations(), ADDED))
