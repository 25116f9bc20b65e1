"""A database that is away: what is answered, how soon, and how it comes back."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from musterbook.directory.store import StoreUnavailableError
from musterbook.scim import user_type
from musterbook.scim.operation import Query
from musterbook.storage.postgres.database import PostgresDatabase, open_postgres
from musterbook.storage.postgres.migrate import migrate_postgres
from tests.contracts.sample import ACME, created, first_administrator, person, setup_link, tenant
from tests.postgres import PostgresServer, running_server

DEADLINE_SECONDS = 5.0


async def fails_in_time(database: PostgresDatabase) -> bool:
    """Return whether a write and a read both say within five seconds that the database is away."""
    began = time.monotonic()
    outcomes = await asyncio.gather(
        database.resources.commit(created(person(99, "nobody"))),
        database.resources.search(ACME, user_type(), Query()),
        return_exceptions=True,
    )
    failures = [type(outcome) for outcome in outcomes]
    return failures == [StoreUnavailableError] * 2 and time.monotonic() - began < DEADLINE_SECONDS


@asynccontextmanager
async def prepared(url: str) -> AsyncIterator[PostgresDatabase]:
    """Yield an open database with one tenant, which has used several connections."""
    await migrate_postgres(url)
    database = await open_postgres(url, search_seconds=2.0, busy_seconds=5.0)
    try:
        await database.tenants.create(tenant(ACME, "acme"), first_administrator(ACME), setup_link(ACME, b"link"))
        await asyncio.gather(*(database.resources.commit(created(person(n, f"user{n}"))) for n in range(1, 6)))
        yield database
    finally:
        await database.close()


async def names(database: PostgresDatabase) -> int:
    """Return how many users there are."""
    return (await database.resources.search(ACME, user_type(), Query())).total_results


async def test_a_killed_server_is_an_outage_and_comes_back() -> None:
    """While the server is away every call fails in time; when it is back the same open database works as before."""
    with running_server() as server:
        async with prepared(server.url) as database:
            await asyncio.to_thread(server.kill)
            assert [await fails_in_time(database) for _ in range(3)] == [True] * 3
            with pytest.raises(StoreUnavailableError):
                await database.ping()
            with pytest.raises(StoreUnavailableError):
                await open_postgres(server.url, search_seconds=2.0, busy_seconds=5.0)
            await asyncio.to_thread(server.start)
            await database.resources.commit(created(person(6, "user6")))
            assert await names(database) == 6


async def test_acknowledged_writes_survive_a_kill() -> None:
    """What was acknowledged while the server was killed under eight writers is there, and nothing is there by half."""
    with running_server() as server:
        async with prepared(server.url) as database:
            acknowledged = await _write_until_killed(server, database)
            await asyncio.to_thread(server.start)
            rows = await database.pool.rows("SELECT id FROM resources WHERE tenant_id = $1", ACME)
            stored = {resource_id for (resource_id,) in rows}
            assert acknowledged <= stored
            counts = [
                await database.pool.rows("SELECT count(*)::integer FROM resources WHERE tenant_id = $1", ACME),
                await database.pool.rows("SELECT count(*)::integer FROM revisions WHERE tenant_id = $1", ACME),
                await database.pool.rows("SELECT count(*)::integer FROM events WHERE tenant_id = $1", ACME),
                await database.pool.rows("SELECT sum(total)::integer FROM counters WHERE tenant_id = $1", ACME),
            ]
            assert {tuple(row) for (row,) in counts} == {(len(stored),)}


async def _write_until_killed(server: PostgresServer, database: PostgresDatabase) -> set[str]:
    acknowledged: set[str] = set()
    is_busy = asyncio.Event()
    numbers = iter(range(10, 100_000))

    async def write() -> None:
        for number in numbers:
            one = person(number, f"user{number}", f"user{number}@example.com")
            await database.resources.commit(created(one))
            acknowledged.add(one.id)
            if len(acknowledged) == 200:
                is_busy.set()

    writers = [asyncio.create_task(write()) for _ in range(8)]
    await is_busy.wait()
    await asyncio.to_thread(server.kill)
    outcomes = await asyncio.gather(*writers, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StoreUnavailableError] * 8
    return acknowledged


class Relay:
    """Stands between clients and the server, and can lose what passes without closing a connection."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._served: list[asyncio.Task[None]] = []
        self._writers: list[asyncio.StreamWriter] = []
        self.loses_everything = False

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a client to the server."""
        self._served.append(asyncio.create_task(self._serve(reader, writer)))

    async def close(self) -> None:
        """Drop all connections."""
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._served)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        upstream_reader, upstream_writer = await asyncio.open_connection(*self._target)
        self._writers.append(upstream_writer)
        await asyncio.gather(self._pump(reader, upstream_writer), self._pump(upstream_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while block := await reader.read(65536):
                if not self.loses_everything:
                    writer.write(block)
                    await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@asynccontextmanager
async def relayed(url: str) -> AsyncIterator[tuple[Relay, str]]:
    """Yield a relay to the server of an address, and the address of the relay."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    relay = Relay(parts.hostname, parts.port)
    async with await asyncio.start_server(relay.serve, "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        try:
            yield relay, parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}").geturl()
        finally:
            await relay.close()


async def test_a_server_that_falls_silent_is_an_outage(postgres_database: str) -> None:
    """A connection that stays open and brings nothing is given up in time, and others are opened when it is over."""
    async with relayed(postgres_database) as (relay, url), prepared(url) as database:
        relay.loses_everything = True
        assert await fails_in_time(database)
        # No connection is left, so the next ones fail at opening one.
        assert await fails_in_time(database)
        relay.loses_everything = False
        assert await names(database) == 5
        # Nor does closing wait for an answer.
        relay.loses_everything = True
        async with asyncio.timeout(DEADLINE_SECONDS):
            await database.close()


async def test_an_address_without_a_server_is_an_outage() -> None:
    """Where nobody listens, opening and migrating fail at once."""
    url = "postgresql://postgres:secret@127.0.0.1:1/postgres"
    with pytest.raises(StoreUnavailableError) as caught:
        await open_postgres(url, search_seconds=2.0, busy_seconds=5.0)
    assert "secret" not in str(caught.value)
    with pytest.raises(StoreUnavailableError):
        await migrate_postgres(url)
