"""Connections: how many, for how long, and which are never used again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import asyncpg
import pytest

from musterbook.directory.store import StaleRevisionError, StoreUnavailableError
from musterbook.storage import DatabaseUrlError
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.postgres.pool import Pool, PoolSettings

PID = "SELECT pg_backend_pid()"


@dataclass(frozen=True, slots=True)
class Pools:
    """Makes pools over one database."""

    url: str
    made: list[Pool]

    def __call__(self, settings: PoolSettings | None = None) -> Pool:
        """Return a pool that is closed after the test."""
        pool = Pool(self.url, settings or PoolSettings())
        self.made.append(pool)
        return pool


@pytest.fixture
async def pools(postgres_database: str) -> AsyncIterator[Pools]:
    """Yield what makes pools."""
    pools = Pools(postgres_database, [])
    yield pools
    for pool in pools.made:
        await pool.close()


async def pid_of(pool: Pool) -> int:
    """Return the server process of the connection that would be used next."""
    ((pid,),) = await pool.rows(PID)
    return int(pid)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Ask until ``holds`` does: what happens in the server tells nobody when it has happened."""
    async with asyncio.timeout(10):
        while not await holds():
            pass


async def test_a_connection_starts_with_its_settings(pools: Pools) -> None:
    """Every connection is named, keeps what it commits, sees what is committed, and is limited by the server."""
    settings = {
        "application_name": "musterbook",
        "synchronous_commit": "on",
        "transaction_isolation": "read committed",
        "statement_timeout": "2s",
        "idle_in_transaction_session_timeout": "5s",
        "tcp_keepalives_idle": "30",
    }
    pool = pools()
    shown = {name: (await pool.rows(f"SHOW {name}"))[0] for name in settings}
    assert {name: value for name, (value,) in shown.items()} == settings


async def test_the_connection_used_last_is_used_next(pools: Pools) -> None:
    """Requests that come one after the other share one connection, also when others are open."""
    pool = pools(PoolSettings(size=3))
    await asyncio.gather(*(pool.rows("SELECT pg_sleep(0.05)") for _ in range(3)))
    assert len({await pid_of(pool) for _ in range(5)}) == 1


async def test_no_more_connections_than_allowed(pools: Pools) -> None:
    """Thirty requests at once share three connections, and all are answered."""
    pool = pools(PoolSettings(size=3))
    pids = await asyncio.gather(*(pid_of(pool) for _ in range(30)))
    assert len(pids) == 30
    assert len(set(pids)) <= 3


async def test_a_connection_lost_between_statements_is_an_outage(pools: Pools) -> None:
    """Work of several statements that finds its connection closed in the middle is told so like any other."""
    pool, other = pools(PoolSettings(size=1)), pools(PoolSettings(size=1))

    async def work(connection: Connection) -> None:
        ((pid,),) = await connection.fetch(PID)
        await other.rows("SELECT pg_terminate_backend($1, 1000)", pid)

        async def is_noticed() -> bool:
            await other.rows("SELECT 1")
            return connection.is_closed()

        await until(is_noticed)
        await connection.execute("SELECT 1")

    with pytest.raises(StoreUnavailableError):
        await pool.run(work)
    assert await pid_of(pool) > 0


async def test_waiting_for_a_connection_has_an_end(pools: Pools) -> None:
    """Whoever gets no connection in time is told that the database is unavailable; the next one gets it again."""
    pool = pools(PoolSettings(size=1, acquire_seconds=0.2))
    pid = await pid_of(pool)
    at_work = asyncio.create_task(pool.rows("SELECT pg_sleep(0.6)"))
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailableError):
        await pool.rows("SELECT 1")
    await at_work
    assert await pid_of(pool) == pid


async def test_a_statement_has_an_end(pools: Pools) -> None:
    """The server stops a statement whose time is over, and its connection stays good."""
    pool = pools(PoolSettings(size=1, statement_seconds=0.1))
    pid = await pid_of(pool)
    with pytest.raises(StoreUnavailableError):
        await pool.rows("SELECT pg_sleep(5)")
    assert await pid_of(pool) == pid


async def test_an_answer_that_does_not_come_is_not_waited_for(pools: Pools) -> None:
    """When the work's time is over its connection and the idle ones are closed, and others are opened."""
    pool = pools(PoolSettings(size=2, work_seconds=0.2))
    before = set(await asyncio.gather(pid_of(pool), pid_of(pool)))
    with pytest.raises(StoreUnavailableError):
        await pool.rows("SELECT pg_sleep(1)")
    after = set(await asyncio.gather(pid_of(pool), pid_of(pool)))
    assert before & after == set()


async def test_a_cancelled_write_is_left_to_end_on_a_closed_connection(pools: Pools) -> None:
    """A request that is cancelled in the middle of a write neither stops the write nor hands its connection on."""
    pool, other = pools(PoolSettings(size=1)), pools(PoolSettings(size=1))
    await other.rows("CREATE TABLE written (value integer)")
    pid = await pid_of(pool)
    request = asyncio.create_task(pool.rows("INSERT INTO written SELECT 1 FROM pg_sleep(0.3)"))

    async def is_writing() -> bool:
        return bool(await other.rows("SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active'", pid))

    async def is_written() -> bool:
        return bool(await other.rows("SELECT 1 FROM written"))

    await until(is_writing)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert await pid_of(pool) != pid
    await until(is_written)


async def test_a_lost_connection_is_replaced(pools: Pools) -> None:
    """When the server drops its connections, whoever was at work is told, and everybody else gets others."""
    pool, other = pools(PoolSettings(size=2)), pools(PoolSettings(size=1))
    before = set(await asyncio.gather(pid_of(pool), pid_of(pool)))
    at_work = asyncio.create_task(pool.rows("SELECT pg_sleep(1)"))
    await asyncio.sleep(0)
    for pid in before:
        await other.rows("SELECT pg_terminate_backend($1, 1000)", pid)
    with pytest.raises(StoreUnavailableError):
        await at_work
    after = set(await asyncio.gather(pid_of(pool), pid_of(pool)))
    assert before & after == set()


async def test_a_refused_change_keeps_its_connection(pools: Pools) -> None:
    """A connection whose work refused a change is as good as any; one with an open transaction is closed."""
    pool = pools(PoolSettings(size=1))
    pid = await pid_of(pool)

    async def refuse(connection: Connection) -> None:
        raise StaleRevisionError

    async def forget(connection: Connection) -> None:
        await connection.execute("BEGIN")
        raise StaleRevisionError

    with pytest.raises(StaleRevisionError):
        await pool.run(refuse)
    assert await pid_of(pool) == pid
    with pytest.raises(StaleRevisionError):
        await pool.run(forget)
    assert await pid_of(pool) != pid


async def test_a_bug_is_not_an_outage(pools: Pools) -> None:
    """A statement that is wrong, and a value that cannot be sent, pass as they are."""
    pool = pools(PoolSettings(size=1))
    with pytest.raises(asyncpg.UndefinedTableError):
        await pool.rows("SELECT 1 FROM nowhere")
    with pytest.raises(asyncpg.DataError):
        await pool.rows("SELECT $1::text", "\ud800")
    with pytest.raises(asyncpg.InterfaceError):
        await pool.rows("SELECT $1::text")
    assert await pid_of(pool) > 0


async def test_a_closed_pool_lends_nothing(pools: Pools) -> None:
    """Closing waits for what is at work, closes every connection, and may be repeated."""
    pool, other = pools(PoolSettings(size=2)), pools(PoolSettings(size=1))
    pids = set(await asyncio.gather(pid_of(pool), pid_of(pool)))
    at_work = asyncio.create_task(pool.rows("SELECT 7 FROM pg_sleep(0.2)"))
    await asyncio.sleep(0)
    await pool.close()
    assert at_work.done()
    assert [tuple(row) for row in await at_work] == [(7,)]
    await pool.close()
    with pytest.raises(StoreUnavailableError):
        await pool.rows("SELECT 1")

    async def are_gone() -> bool:
        left = await other.rows("SELECT pid FROM pg_stat_activity")
        return pids.isdisjoint(pid for (pid,) in left)

    await until(are_gone)


async def test_closing_does_not_wait_forever(pools: Pools) -> None:
    """Work that outlasts its time is told so, and closing goes on."""
    pool = pools(PoolSettings(size=1, work_seconds=0.2))
    await pid_of(pool)
    at_work = asyncio.create_task(pool.rows("SELECT pg_sleep(1)"))
    await asyncio.sleep(0)
    await pool.close()
    with pytest.raises(StoreUnavailableError):
        await at_work


@pytest.mark.parametrize("failing", ["password", "database"])
async def test_a_refused_connection_is_an_outage(postgres_database: str, failing: str) -> None:
    """A wrong password, or a database that is not there, is named by its code and without the server's text."""
    codes = {"password": "28P01", "database": "3D000"}
    wrong = {"password": postgres_database.replace("postgres:", "postgres:x", 1), "database": f"{postgres_database}x"}
    with pytest.raises(StoreUnavailableError, match=f"refuses the connection: {codes[failing]}"):
        await Pool(wrong[failing], PoolSettings()).rows("SELECT 1")


async def test_a_malformed_address_is_said_to_be_one() -> None:
    """An address that cannot be read is no outage, and is not repeated, for it may hold a password."""
    with pytest.raises(DatabaseUrlError) as caught:
        await Pool("postgresql://ada:secret@host:port/name", PoolSettings()).rows("SELECT 1")
    assert "secret" not in str(caught.value)
