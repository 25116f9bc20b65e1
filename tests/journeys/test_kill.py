"""What is left when the server or the database is killed in the middle of writing."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.journeys.conftest import make_tenant
from tests.journeys.serving import Client, Server, run_command
from tests.journeys.writing import Writer, check_whole
from tests.postgres import running_server

WRITERS = 8


def write_until(server: Server, key: str, writers: Sequence[Writer], end: Callable[[], None], seconds: float) -> None:
    """Let the writers write for ``seconds``, call ``end`` in the middle of it, and wait for them."""
    stop = threading.Event()
    with ThreadPoolExecutor(len(writers)) as pool:
        runs = [pool.submit(writer.run, server.address, key, stop) for writer in writers]
        time.sleep(seconds)
        end()
        stop.set()
        for run in runs:
            run.result()


def durability_of(server: Server) -> str:
    """Return what the server's own writing connection says of when a commit counts as done."""
    durability: str = httpx.get(f"{server.address}/readyz", timeout=10).json()["durability"]
    return durability


def survive_kills(database: str, folder: Path, kills: int) -> int:
    """Kill the server ``kills`` times under writers, and check after each start what is there.

    Return how many writes were acknowledged by the writer with the fewest.
    """
    server = Server(database, folder)
    port = server.port
    try:
        key = make_tenant(database, folder, "acme")
        writers = [Writer(number) for number in range(WRITERS)]
        for kill in range(kills):
            # Different lengths make the kills hit different moments.
            write_until(server, key, writers, server.kill, 0.15 + 0.01 * (kill % 20))
            server = Server(database, folder, port=port)
            assert durability_of(server) in {"synchronous=FULL", "synchronous_commit=on"}
            with Client(server.address, key) as client:
                for writer in writers:
                    writer.check(client)
            check_whole(database)
        assert sum(writer.acknowledged for writer in writers) <= check_whole(database)
        return min(writer.acknowledged for writer in writers)
    finally:
        server.stop()


def test_no_acknowledged_write_is_lost_when_the_server_is_killed(database: str, tmp_path: Path) -> None:
    """After each of 3 SIGKILLs under 8 writers every acknowledged write is there, and none is half there."""
    assert survive_kills(database, tmp_path, 3) > 0


@pytest.mark.nightly
def test_no_acknowledged_write_is_lost_in_fifty_kills(database: str, tmp_path: Path) -> None:
    """After each of 50 SIGKILLs under 8 writers every acknowledged write is there, and none is half there."""
    assert survive_kills(database, tmp_path, 50) > 0


def survive_postmaster_kills(folder: Path, kills: int) -> int:
    """Kill PostgreSQL ``kills`` times under writers; the server goes on without a restart.

    Return how many writes were acknowledged by the writer with the fewest.
    """
    with running_server() as postgres:
        database = postgres.url
        run_command("migrate", "--database", database, folder=folder)
        server = Server(database, folder)
        try:
            key = make_tenant(database, folder, "acme")
            writers = [Writer(number) for number in range(WRITERS)]

            def kill_and_start() -> None:
                postgres.kill()
                time.sleep(0.2)
                postgres.start()

            for _ in range(kills):
                write_until(server, key, writers, kill_and_start, 0.4)
                wait_until_ready(server, key)
                with Client(server.address, key) as client:
                    for writer in writers:
                        writer.check(client)
                check_whole(database)
            return min(writer.acknowledged for writer in writers)
        finally:
            server.stop()


def wait_until_ready(server: Server, key: str) -> None:
    """Wait until the server answers again, at most 15 seconds."""
    deadline = time.monotonic() + 15
    while True:
        with Client(server.address, key) as client:
            if client.request("GET", "/Users?count=0")[0] == 200:
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_no_acknowledged_write_is_lost_when_postgresql_is_killed(tmp_path: Path) -> None:
    """After each of 2 SIGKILLs of the postmaster every acknowledged write is there, and the server goes on."""
    assert survive_postmaster_kills(tmp_path, 2) > 0


@pytest.mark.nightly
def test_no_acknowledged_write_is_lost_in_ten_kills_of_postgresql(tmp_path: Path) -> None:
    """After each of 10 SIGKILLs of the postmaster every acknowledged write is there, and the server goes on."""
    assert survive_postmaster_kills(tmp_path, 10) > 0
