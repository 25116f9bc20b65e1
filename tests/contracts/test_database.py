"""What an open database says of itself, on each engine."""

from datetime import UTC, datetime, timedelta

from musterbook.directory.clock import parse_time, render_time
from musterbook.storage import Database, check_schema
from tests.contracts.engines import Engine, SqliteEngine


async def test_the_databases_clock_can_be_compared_with_ours(database: Database) -> None:
    """The time comes in the form in which times are stored, UTC, within a minute of this machine's."""
    now = await database.now()
    assert render_time(parse_time(now)) == now
    assert abs(datetime.now(UTC) - parse_time(now)) < timedelta(minutes=1)


async def test_a_commit_counts_as_done_when_it_is_on_disk(database: Database, engine: Engine) -> None:
    """The connection that writes waits for the disk at each commit."""
    expected = "synchronous=FULL" if isinstance(engine, SqliteEngine) else "synchronous_commit=on"
    assert await database.durability() == expected


async def test_an_open_database_answers_and_has_the_schema_of_this_release(database: Database, engine: Engine) -> None:
    """A database that was migrated answers, lacks nothing and holds nothing unknown."""
    await database.ping()
    version = await database.schema_version()
    check_schema(version)
    assert (version.known, version.pending, version.unknown) == (engine.known, (), ())
