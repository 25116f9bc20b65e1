"""The writer: batches, waiting for others, a disk that fails, an end that finishes what it began."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Coroutine
from functools import partial
from pathlib import Path

import pytest

from musterbook.directory.store import StoreUnavailableError, UniqueKeyTakenError
from musterbook.storage import backup_database
from musterbook.storage.sqlite.database import SqliteDatabase
from musterbook.storage.sqlite.writer import MAX_BATCH
from tests.contracts.looks import contents, find
from tests.contracts.sample import ACME, created, id_of, person, updated
from tests.storage.sqlite.conftest import OpenDatabase

ADA = person(1, "ada")


def insert(text: str) -> str:
    """Return a statement that leaves a trace."""
    return f"INSERT INTO metadata VALUES ('{text}', 'x')"


def traces(connection: sqlite3.Connection) -> set[str]:
    """Return the traces that are left, as somebody outside sees them."""
    return {name for (name,) in connection.execute("SELECT name FROM metadata WHERE value = 'x'")}


async def leave(database: SqliteDatabase, trace: str) -> None:
    """Have the writer leave a trace."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute(insert(trace))

    await database.writer.run(work)


def hold(has_begun: threading.Event, may_end: threading.Event, _: sqlite3.Connection) -> None:
    """Keep the writer at work until it may go on."""
    has_begun.set()
    may_end.wait()


async def in_one_batch(database: SqliteDatabase, *changes: Coroutine[None, None, object]) -> list[object]:
    """Return what comes of changes that have queued while the writer was at work."""
    has_begun, may_end = threading.Event(), threading.Event()
    busy = asyncio.ensure_future(database.writer.run(partial(hold, has_begun, may_end)))
    await asyncio.to_thread(has_begun.wait)
    waiting = asyncio.gather(*changes, return_exceptions=True)
    await asyncio.sleep(0)
    may_end.set()
    await busy
    return list(await waiting)


async def seconds_until_refused(change: Coroutine[None, None, None]) -> float:
    """Return how long it takes until a change is refused because the database is away."""
    started = time.monotonic()
    with pytest.raises(StoreUnavailableError):
        await change
    return time.monotonic() - started


def move(path: Path, target: Path) -> None:
    """Move the file of a database; its log stays."""
    path.rename(target)


def put_in_place(backup: Path, path: Path) -> None:
    """Replace a database by a backup as an operator does, without the log of what is replaced."""
    for companion in ("-wal", "-shm"):
        path.with_name(path.name + companion).unlink()
    backup.replace(path)


def overwrite(path: Path) -> None:
    """Put a file that is no database in the place of one."""
    path.unlink()
    path.write_bytes(b"This is no database. " * 1000)


class TestTransactions:
    """How changes become transactions."""

    async def test_the_live_writer_waits_for_the_disk(self, database: SqliteDatabase) -> None:
        """The connection that writes has synchronous=FULL, the write-ahead log and foreign keys."""

        def settings(connection: sqlite3.Connection) -> list[object]:
            names = ("synchronous", "journal_mode", "foreign_keys")
            return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

        assert await database.writer.run(settings) == [2, "wal", 1]
        assert await database.durability() == "synchronous=FULL"

    async def test_a_change_is_answered_after_it_was_committed(
        self, database: SqliteDatabase, outsider: sqlite3.Connection
    ) -> None:
        """Whoever has its answer, another process sees its change."""
        for number in range(20):
            await leave(database, str(number))
            assert str(number) in traces(outsider)

    async def test_what_queued_is_committed_together(
        self, database: SqliteDatabase, outsider: sqlite3.Connection
    ) -> None:
        """Changes that arrive while the writer is at work become one transaction, up to the size of a batch."""
        has_begun, may_end = threading.Event(), threading.Event()

        def work(connection: sqlite3.Connection, number: int) -> int:
            committed = len(traces(outsider))
            connection.execute(insert(str(number)))
            return committed

        busy = asyncio.ensure_future(database.writer.run(partial(hold, has_begun, may_end)))
        await asyncio.to_thread(has_begun.wait)
        jobs = [partial(work, number=number) for number in range(MAX_BATCH + 50)]
        waiting = asyncio.gather(*map(database.writer.run, jobs))
        await asyncio.sleep(0)
        may_end.set()
        assert await waiting == [0] * MAX_BATCH + [MAX_BATCH] * 50
        await busy

    async def test_a_change_that_raises_is_undone_alone(
        self, database: SqliteDatabase, outsider: sqlite3.Connection
    ) -> None:
        """Whatever a change raises reaches its own caller, and the neighbours in the batch are stored."""

        def bug(connection: sqlite3.Connection) -> None:
            connection.execute(insert("bug"))
            raise ZeroDivisionError

        def bad_sql(connection: sqlite3.Connection) -> None:
            connection.execute(insert("bad sql"))
            connection.execute("SELECT nonsense FROM nowhere")

        def unencodable(connection: sqlite3.Connection) -> None:
            connection.execute(insert("unencodable"))
            connection.execute("SELECT ?", ("\ud800",))

        results = await in_one_batch(
            database,
            leave(database, "one"),
            database.writer.run(bug),
            leave(database, "two"),
            database.writer.run(bad_sql),
            database.writer.run(unencodable),
            leave(database, "three"),
        )
        none = type(None)
        expected = [none, ZeroDivisionError, none, sqlite3.OperationalError, UnicodeEncodeError, none]
        assert [type(result) for result in results] == expected
        assert traces(outsider) == {"one", "two", "three"}

    async def test_a_broken_constraint_that_no_rule_knows_is_a_bug(self, database: SqliteDatabase) -> None:
        """A constraint without a meaning for the caller is raised as it is, never as a taken name."""
        change = created(person(1, "ada", tenant_id=ACME))
        orphan = created(person(1, "ada", tenant_id=type(ACME)("nobody")))
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            await database.resources.commit(orphan)
        await database.resources.commit(change)

    async def test_a_caller_that_goes_away_does_not_take_its_change_with_it(
        self, database: SqliteDatabase, outsider: sqlite3.Connection
    ) -> None:
        """A change that was handed over is stored also if nobody waits for the answer."""
        task = asyncio.ensure_future(leave(database, "orphan"))
        await asyncio.sleep(0)
        task.cancel()
        await leave(database, "after")
        assert traces(outsider) == {"orphan", "after"}


class TestWaiting:
    """What happens while another process writes."""

    async def test_a_change_waits_until_the_other_has_finished(
        self, database: SqliteDatabase, outsider: sqlite3.Connection
    ) -> None:
        """A short transaction of another process is waited for, and reads go on meanwhile."""
        await database.resources.commit(created(ADA))
        outsider.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(database.resources.commit(created(person(2, "bob"))))
        for _ in range(50):
            assert (await find(database, None)).total_results == 1
            await asyncio.sleep(0.01)
        assert not waiting.done()
        outsider.execute("COMMIT")
        await waiting
        assert (await find(database, None)).total_results == 2

    async def test_a_change_that_waited_too_long_is_refused_at_its_own_time(
        self, open_again: OpenDatabase, database: SqliteDatabase, outsider: sqlite3.Connection
    ) -> None:
        """Each change gives up when its own time is over, not when its batch began; later the writer works again."""
        hasty = await open_again(busy_seconds=0.6)
        outsider.execute("BEGIN IMMEDIATE")
        first = asyncio.ensure_future(seconds_until_refused(leave(hasty, "first")))
        await asyncio.sleep(0.3)
        second = asyncio.ensure_future(seconds_until_refused(leave(hasty, "second")))
        for waited in (await first, await second):
            assert 0.6 <= waited < 5
        outsider.execute("COMMIT")
        await leave(hasty, "third")
        assert traces(outsider) == {"third"}

    async def test_two_processes_that_write_at_once_lose_nothing(
        self, database: SqliteDatabase, open_again: OpenDatabase
    ) -> None:
        """Writers of two processes take turns, and every change of both is stored."""
        other = await open_again()
        people = [person(number, f"user{number}") for number in range(1, 201)]
        await asyncio.gather(
            *((database, other)[number % 2].resources.commit(created(user)) for number, user in enumerate(people))
        )
        page = await find(database, None, count=1000)
        assert page.total_results == len(page.resources) == 200


class TestFailingDisk:
    """What happens when the file cannot be written to."""

    async def test_a_full_disk_refuses_the_whole_batch_and_keeps_what_was(self, database: SqliteDatabase) -> None:
        """Without space every change of the batch is refused; with space the same changes are stored."""
        await database.resources.commit(created(ADA))

        def leave_no_space(connection: sqlite3.Connection) -> None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")

        await database.writer.run(leave_no_space)
        before = await contents(database)
        changes = [created(person(number, f"user{number}", title="x" * 20_000)) for number in range(2, 6)]
        results = await in_one_batch(database, *map(database.resources.commit, changes))
        assert [type(result) for result in results] == [StoreUnavailableError] * 4
        assert {str(result) for result in results} == {"SQLite: database or disk is full"}
        assert await contents(database) == before
        # A writer whose file failed begins anew with another connection, which has all the space again.
        await asyncio.gather(*map(database.resources.commit, changes))
        assert (await find(database, None)).total_results == 5

    async def test_a_commit_that_fails_refuses_the_whole_batch(
        self, database: SqliteDatabase, outsider: sqlite3.Connection
    ) -> None:
        """When ``COMMIT`` itself fails, every change of the batch is refused and undone; the next batch is stored."""

        def spoil_the_commit(connection: sqlite3.Connection) -> None:
            connection.execute("PRAGMA defer_foreign_keys = ON")
            connection.execute("INSERT INTO setup_links VALUES ('nobody', x'00', 'x', 'x', 'x', NULL, 'x', 'x')")

        changes = (leave(database, "one"), database.writer.run(spoil_the_commit), leave(database, "two"))
        results = await in_one_batch(database, *changes)
        assert [type(result) for result in results] == [StoreUnavailableError] * 3
        await leave(database, "three")
        assert traces(outsider) == {"three"}

    async def test_a_file_that_vanished_is_not_written_to(
        self, database: SqliteDatabase, path: Path, tmp_path: Path
    ) -> None:
        """A removed file would take writes that nobody finds again: reads and writes say that it is away."""
        await database.resources.commit(created(ADA))
        move(path, tmp_path / "elsewhere")
        for attempt in (
            database.resources.commit(updated(ADA.becomes(5, title="Dr"))),
            database.resources.get(ACME, "User", ADA.id),
            find(database, None),
            database.ping(),
            database.durability(),
        ):
            with pytest.raises(StoreUnavailableError):
                await attempt
        move(tmp_path / "elsewhere", path)
        await database.resources.commit(updated(ADA.becomes(5, title="Countess")))
        assert await database.resources.get(ACME, "User", ADA.id) == ADA.becomes(5, title="Countess").record

    async def test_a_file_that_was_replaced_is_the_one_that_is_used(
        self, database: SqliteDatabase, path: Path, tmp_path: Path
    ) -> None:
        """After a backup was put in the file's place, reads and writes go to it without a restart."""
        await database.resources.commit(created(ADA))
        other = tmp_path / "other.db"
        await backup_database(f"sqlite:///{path}", other)
        await database.resources.commit(created(person(2, "lost")))
        assert (await find(database, None)).total_results == 2
        put_in_place(other, path)
        assert (await find(database, None)).total_results == 1
        await database.resources.commit(created(person(3, "bob")))
        assert [stored.id for stored in (await find(database, None)).resources] == [id_of(1), id_of(3)]

    async def test_what_is_no_database_is_unavailable(self, database: SqliteDatabase, path: Path) -> None:
        """A file that is no database is refused by reads and writes alike."""
        overwrite(path)
        with pytest.raises(StoreUnavailableError):
            await database.ping()
        with pytest.raises(StoreUnavailableError):
            await database.resources.commit(created(ADA))


class TestEnd:
    """How the writer ends."""

    async def test_closing_finishes_what_was_handed_over(
        self, database: SqliteDatabase, outsider: sqlite3.Connection
    ) -> None:
        """Every change that was handed over before the end is stored and answered."""
        has_begun, may_end = threading.Event(), threading.Event()
        busy = asyncio.ensure_future(database.writer.run(partial(hold, has_begun, may_end)))
        await asyncio.to_thread(has_begun.wait)
        people = [person(number, f"user{number}") for number in range(1, 301)]
        waiting = asyncio.gather(*(database.resources.commit(created(user)) for user in people))
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(database.close())
        await asyncio.sleep(0)
        may_end.set()
        await closing
        assert await waiting == [()] * 300
        await busy
        assert outsider.execute("SELECT count(*) FROM resources WHERE resource_type = 'User'").fetchone() == (300,)

    async def test_a_closed_database_is_unavailable(self, database: SqliteDatabase) -> None:
        """After the end reads and writes are refused, and closing again is harmless."""
        await database.close()
        await database.close()
        with pytest.raises(StoreUnavailableError):
            await database.resources.commit(created(ADA))
        with pytest.raises(StoreUnavailableError):
            await database.ping()

    async def test_a_taken_name_is_told_from_a_batch_as_it_is_alone(self, database: SqliteDatabase) -> None:
        """Two creations of one name in one batch: the first is stored, the second refused."""
        results = await in_one_batch(
            database,
            database.resources.commit(created(ADA)),
            database.resources.commit(created(person(2, "ADA"))),
        )
        assert [type(result) for result in results] == [tuple, UniqueKeyTakenError]
