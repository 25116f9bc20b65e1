"""Events come in the order of commits, and none is skipped."""

import asyncio

import asyncpg

from musterbook.directory.events import StoredEvent
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.postgres.database import PostgresDatabase
from musterbook.storage.postgres.transaction import transaction
from musterbook.storage.postgres.writes import write
from tests.contracts.looks import BEFORE_ALL
from tests.contracts.sample import ACME, created, person


async def types_and_users(database: PostgresDatabase, after: tuple[int, int]) -> tuple[list[str], tuple[int, int]]:
    """Return whose events come after a place, and the place of the last one."""
    events = await database.resources.events(ACME, after=after, limit=100)
    last = (events[-1].transaction_id, events[-1].position) if events else after
    return [item.event.resource_id for item in events], last


async def test_an_event_that_is_committed_late_is_not_skipped(database: PostgresDatabase) -> None:
    """While a transaction is open, a reader waits for it also where a later one has committed already."""
    early, late = person(1, "early"), person(2, "late")
    _, start = await types_and_users(database, BEFORE_ALL)
    is_written, may_commit = asyncio.Event(), asyncio.Event()

    async def write_slowly(connection: Connection) -> None:
        async with transaction(connection):
            await write(connection, created(early))
            is_written.set()
            await may_commit.wait()

    slow = asyncio.create_task(database.pool.run(write_slowly))
    await is_written.wait()
    await database.resources.commit(created(late))
    meanwhile = await types_and_users(database, start)
    may_commit.set()
    await slow
    users, last = await types_and_users(database, start)
    assert meanwhile == ([], start)
    assert users == [early.id, late.id]
    assert await types_and_users(database, last) == ([], last)


async def test_pages_of_events_are_the_whole(database: PostgresDatabase) -> None:
    """Reading on after the last event of each page gives every event once, in one order."""
    people = [person(number, f"user{number}") for number in range(1, 8)]
    await asyncio.gather(*(database.resources.commit(created(one)) for one in people))
    whole = await database.resources.events(ACME, after=BEFORE_ALL, limit=100)
    pages: list[StoredEvent] = []
    after = BEFORE_ALL
    while page := await database.resources.events(ACME, after=after, limit=3):
        pages += page
        after = (page[-1].transaction_id, page[-1].position)
    assert pages == whole
    assert {item.event.resource_id for item in whole[1:]} == {one.id for one in people}


async def test_an_undone_write_leaves_no_event(database: PostgresDatabase, outsider: asyncpg.Connection) -> None:
    """A write that is rolled back takes its event with it."""
    before = await database.resources.events(ACME, after=BEFORE_ALL, limit=100)
    await outsider.execute("BEGIN")
    await write(outsider, created(person(1, "ada")))
    await outsider.execute("ROLLBACK")
    assert await database.resources.events(ACME, after=BEFORE_ALL, limit=100) == before
