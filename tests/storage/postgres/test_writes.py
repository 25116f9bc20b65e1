"""A write is one statement, and what happens when several want the same."""

import asyncio
from collections import Counter
from dataclasses import replace

import asyncpg
import pytest

from musterbook.directory.store import (
    Change,
    LastAdministratorError,
    StaleRevisionError,
    StoreError,
    UniqueKeyTakenError,
)
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.postgres.database import PostgresDatabase
from musterbook.storage.postgres.writes import CREATE, DELETE, UPDATE
from tests.contracts.looks import contents
from tests.contracts.sample import ACME, FOREVER, Person, created, person, removed, updated
from tests.storage.postgres.conftest import OpenDatabase


async def outcome(database: PostgresDatabase, change: Change) -> type[StoreError] | None:
    """Commit; return the class of the refusal, ``None`` where there was none."""
    try:
        await database.resources.commit(change)
    except StoreError as error:
        return type(error)
    return None


async def somebody_waits(database: PostgresDatabase) -> None:
    """Return as soon as a connection waits for a lock: only the server can tell."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(10):
        while not await database.pool.rows(waiting):
            pass


async def test_a_write_is_one_statement(database: PostgresDatabase, open_again: OpenDatabase) -> None:
    """Creating, changing and removing a resource is one statement each, without a transaction around it."""
    single = await open_again(size=1)
    statements: list[str] = []

    async def listen(connection: Connection) -> None:
        assert isinstance(connection, asyncpg.Connection)
        connection.add_query_logger(lambda record: statements.append(record.query))

    await single.pool.run(listen)
    ada, bob = person(1, "ada", "ada@example.com"), person(2, "bob")
    changed = ada.becomes(3, emails=[{"value": "ada@example.org"}])
    for change in (created(ada), created(bob), updated(changed), removed(changed, 4)):
        await single.resources.commit(change)
    await single.ping()  # by then the driver has told of the last one
    assert statements[:4] == [CREATE, CREATE, UPDATE, DELETE]


async def test_an_update_without_another_key_touches_no_index(
    database: PostgresDatabase, outsider: asyncpg.Connection
) -> None:
    """A change that leaves the keys as they are rewrites the resource's row in its page, and no row of its values."""
    ada = person(1, "ada", "ada@example.com", "ada@example.org", external_id="1")
    await database.resources.commit(created(ada))
    rows = "SELECT ctid, xmin::text, value_key FROM indexed_values ORDER BY value_key"
    before = await outsider.fetch(rows)
    for second in range(2, 8):
        ada = ada.becomes(second, title=f"Countess {second}")
        await database.resources.commit(updated(ada))
    await database.pool.rows("SELECT pg_stat_force_next_flush()")
    updates = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'resources'"
    assert tuple(await outsider.fetchrow(updates)) == (6, 6)
    assert len(before) == 2
    assert await outsider.fetch(rows) == before


async def test_one_of_many_gets_a_name(database: PostgresDatabase, open_again: OpenDatabase) -> None:
    """Of two hundred who want one name at the same moment, over two processes, exactly one gets it."""
    other = await open_again()
    people = [person(number, "ada", f"ada{number}@example.com") for number in range(1, 201)]
    before = await contents(database)
    outcomes = await asyncio.gather(
        *(outcome((database, other)[index % 2], created(one)) for index, one in enumerate(people))
    )
    after = await contents(database)
    assert Counter(outcomes) == {UniqueKeyTakenError: 199, None: 1}
    winner = people[outcomes.index(None)]
    assert (after.total, [user.id for user in after.users]) == (1, [winner.id])
    assert len(after.revisions) - len(before.revisions) == 1
    assert len(after.events) - len(before.events) == 1
    assert [key for (key,) in await database.pool.rows("SELECT id FROM indexed_values")] == [winner.id]


async def test_one_administrator_always_stays(database: PostgresDatabase, open_again: OpenDatabase) -> None:
    """Three hundred times two processes demote the last two administrators at once: one of them stays each time."""
    other = await open_again()
    pair = [person(number, f"administrator{number}", administers_until=FOREVER) for number in (1, 2)]
    for one in pair:
        await database.resources.commit(created(one))
    # The break-glass account of the tenant counts until second 1000: all this happens later.
    for turn in range(300):
        demoted = [replace(one.becomes(2000 + 2 * turn), administers_until=None) for one in pair]
        outcomes = await asyncio.gather(
            *(
                outcome(store, updated(one, may_remove_administrator=True))
                for store, one in zip((database, other), demoted, strict=True)
            )
        )
        assert Counter(outcomes) == {None: 1, LastAdministratorError: 1}
        demoted_one = outcomes.index(None)
        promoted = replace(demoted[demoted_one].becomes(2001 + 2 * turn), administers_until=FOREVER)
        await database.resources.commit(updated(promoted))
        pair[demoted_one] = promoted


async def test_a_guarded_write_waits_for_its_turn(
    database: PostgresDatabase, outsider: asyncpg.Connection, open_again: OpenDatabase
) -> None:
    """Whoever waited for the guard row sees what was committed meanwhile."""
    ada, bob = (person(number, name, administers_until=FOREVER) for number, name in ((1, "ada"), (2, "bob")))
    for one in (ada, bob):
        await database.resources.commit(created(one))
    await outsider.execute("BEGIN")
    await outsider.execute("SELECT 1 FROM tenant_guards FOR UPDATE")
    await outsider.execute("UPDATE resources SET administers_until = NULL WHERE unique_key = 'bob'")
    demoted = replace(ada.becomes(2000), administers_until=None)
    waiting = asyncio.create_task(outcome(database, updated(demoted, may_remove_administrator=True)))
    await somebody_waits(database)
    await outsider.execute("COMMIT")
    assert await waiting is LastAdministratorError
    # Refused, the transaction is over and its connection is used again.
    assert await outcome(database, updated(ada.becomes(2001))) is None


async def test_no_tenant_has_no_administrator(database: PostgresDatabase) -> None:
    """A guarded change in a tenant that is not there is refused: there is nothing to change."""
    nobody = person(1, "ada", tenant_id=type(ACME)("nowhere"))
    change = updated(nobody.becomes(2), may_remove_administrator=True)
    assert await outcome(database, change) is StaleRevisionError


async def test_a_deadlock_is_tried_again(database: PostgresDatabase, outsider: asyncpg.Connection) -> None:
    """A write that the server gave up in favour of another is made again, once, and succeeds."""
    ada, bob = person(1, "ada"), person(2, "bob")
    for one in (ada, bob):
        await database.resources.commit(created(one))
    await outsider.execute("SET deadlock_timeout = '30s'")
    await outsider.execute("BEGIN")
    await outsider.execute("UPDATE resources SET unique_key = 'ada the first' WHERE unique_key = 'ada'")
    # Bob's row is locked by this write, which waits for ada's name; then the outsider waits for bob's row.
    waiting = asyncio.create_task(outcome(database, updated(bob.becomes(3, userName="ada"))))
    await somebody_waits(database)
    await outsider.execute("UPDATE resources SET account = account WHERE unique_key = 'bob'")
    await outsider.execute("COMMIT")
    assert await waiting is None
    names = await outsider.fetch("SELECT unique_key FROM resources WHERE resource_type = 'User' ORDER BY id")
    assert [name for (name,) in names] == ["ada the first", "ada"]
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    await database.pool.rows("SELECT pg_stat_force_next_flush()")
    assert await outsider.fetchval(deadlocks) == 1


async def test_an_unknown_constraint_is_a_bug(database: PostgresDatabase, outsider: asyncpg.Connection) -> None:
    """Only the constraints that mean something to the domain are translated; nothing is stored."""
    await outsider.execute("CREATE UNIQUE INDEX of_an_operator ON revisions (tenant_id, request_id)")
    await database.resources.commit(created(person(1, "ada")))
    before = await contents(database)
    with pytest.raises(asyncpg.UniqueViolationError):
        await database.resources.commit(created(_with_request_of(person(2, "bob"), "request-1")))
    assert await contents(database) == before


def _with_request_of(one: Person, request_id: str) -> Person:
    number = int(request_id.removeprefix("request-"))
    return replace(one, second=number)
