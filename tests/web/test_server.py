"""Running the server: sockets, processes, readiness, and an end that finishes what was begun."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from musterbook.directory.store import StoreUnavailableError
from musterbook.storage import migrate_database
from musterbook.web import ServerFailedError, bind, server, serving, url_of
from tests.web.site import USER, application_without_database
from tests.web.wire import PATIENCE_SECONDS, Running, running_server

BODY = json.dumps(USER).encode()

SCRIPT = """
import functools, sys
from musterbook.settings import Settings
from musterbook.web import bind, serve, serve_with_workers, url_of
from musterbook.wiring import create_app

if __name__ == "__main__":
    bound = bind("127.0.0.1", 0)
    settings = Settings(database_url=sys.argv[1], base_url=url_of(bound), secret_keys=("secret" * 6,))
    say = functools.partial(print, "ready", settings.base_url, flush=True)
    if sys.argv[2] == "1":
        serve(create_app(settings), bound, say)
    else:
        serve_with_workers(functools.partial(create_app, settings), bound, int(sys.argv[2]), say)
"""


def test_a_free_port_is_known_before_anything_is_served() -> None:
    """Port 0 takes a free port, and the address is known at once."""
    with bind("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        assert port > 0
        assert url_of(bound) == f"http://127.0.0.1:{port}"
        with pytest.raises(OSError, match="in use"):
            bind("127.0.0.1", port)


def test_an_address_of_the_sixth_version_stands_in_brackets() -> None:
    """RFC 3986 §3.2.2: an IPv6 address in a URL is bracketed."""
    with bind("::1", 0) as bound:
        assert url_of(bound) == f"http://[::1]:{bound.getsockname()[1]}"


def test_a_server_that_cannot_start_says_why() -> None:
    """A server without its database does not start, and the reason is attached."""
    failure = StoreUnavailableError("away")
    application = application_without_database(failure)
    with bind("127.0.0.1", 0) as bound, pytest.raises(ServerFailedError) as caught, serving(application, bound):
        pass
    assert caught.value.__cause__ is failure


@contextlib.contextmanager
def stopping(running: contextlib.AbstractContextManager[Running]) -> Iterator[tuple[Running, threading.Thread]]:
    """Run a server, and hand out a thread that stops it when it is started."""
    opened = running.__enter__()
    thread = threading.Thread(target=running.__exit__, args=(None, None, None))
    try:
        yield opened, thread
    finally:
        if thread.ident is None:
            thread.start()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive(), "the server did not stop"


def test_what_was_begun_is_finished(tmp_path: Path) -> None:
    """A request under way when the server is asked to end is answered, and its connection then closed; new
    connections are not taken.
    """
    with stopping(running_server(tmp_path)) as (running, stop), running.line() as line:
        line.send(running.head("POST", "/Users", f"Content-Length: {len(BODY)}", "Expect: 100-continue"))
        assert line.read().status == 100
        stop.start()
        wait_until(lambda: refuses(running.url))
        line.send(BODY)
        reply = line.read()
        assert (reply.status, reply.headers["connection"]) == (201, "close")
        assert line.read_rest() == b""


def test_a_request_just_being_sent_is_answered(tmp_path: Path) -> None:
    """An idle connection is closed a moment after the server was asked to end, so that a client that is just sending
    its next request loses none.
    """
    with stopping(running_server(tmp_path)) as (running, stop), running.line() as line, running.line() as idle:
        for opened in (line, idle):
            opened.send(running.head("GET", "/Users"))
            assert opened.read().status == 200
        stop.start()
        wait_until(lambda: refuses(running.url))
        line.send(running.head("GET", "/Users"))
        reply = line.read()
        assert (reply.status, reply.headers["connection"]) == (200, "close")
        assert idle.is_closed()


def test_an_idle_connection_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that brings no further request is closed after the time to keep it alive."""
    monkeypatch.setattr(server, "KEEP_ALIVE_SECONDS", 0.2)
    with running_server(tmp_path) as running, running.line() as line:
        line.send(running.head("GET", "/Users"))
        assert line.read().status == 200
        assert line.is_closed()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_in_order(tmp_path: Path, number: signal.Signals) -> None:
    """SIGTERM and SIGINT end the process with code 0, also while connections are open."""
    database_url = f"sqlite:///{tmp_path / 'directory.db'}"
    with process(database_url, 1) as (running, url), httpx.Client(base_url=url) as client:
        assert client.get("/readyz").status_code == 200
        running.send_signal(number)
        assert running.wait(PATIENCE_SECONDS) == 0


def test_the_log_of_a_server_is_json_on_standard_output(tmp_path: Path) -> None:
    """What a server prints after it is ready is one JSON object a line, one line a request."""
    with process(f"sqlite:///{tmp_path / 'directory.db'}", 1) as (running, url):
        assert httpx.get(url + "/healthz").status_code == 200
        running.terminate()
        assert running.stdout is not None
        lines = [json.loads(line) for line in running.stdout]
    assert [(line["event"], line["route"]) for line in lines] == [("request", "/healthz")]


class TestWorkers:
    """Several processes over PostgreSQL."""

    def test_they_share_the_socket_and_the_figures(self, migrated: str) -> None:
        """Every process answers, /metrics adds them up, one that dies is replaced, and SIGTERM ends all in order."""
        with process(migrated, 2) as (running, url):
            children = workers_of(running.pid)
            assert len(children) == 2
            for _ in range(20):
                assert httpx.get(url + "/healthz").status_code == 200
            assert counted(url) == 20
            os.kill(children[0], signal.SIGKILL)
            wait_until(lambda: len(workers_of(running.pid)) == 2 and workers_of(running.pid) != children)
            assert counted(url) == 20
            running.terminate()
            assert running.wait(PATIENCE_SECONDS) == 0
        assert refuses(url)

    def test_one_that_ends_takes_no_connection_that_nobody_will_serve(self, migrated: str) -> None:
        """While requests under way are finished, a new connection is refused, so that a client goes elsewhere."""
        with process(migrated, 2) as (running, url):
            address = httpx.URL(url)
            # Whoever is connected may still send a last request, so the end takes a moment.
            with socket.create_connection((address.host, address.port or 0), PATIENCE_SECONDS):
                httpx.get(url + "/healthz")
                running.terminate()
                wait_until(lambda: refuses(url))
                assert len(workers_of(running.pid)) > 0
            assert running.wait(PATIENCE_SECONDS) == 0

    def test_a_database_that_cannot_be_used_fails_once(self, postgres_database: str) -> None:
        """Where the schema is too old no worker is started; the failure has its name."""
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, postgres_database, "2"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 1
        assert "NotReadyError" in done.stderr
        assert "musterbook migrate" in done.stderr


@pytest.fixture
async def migrated(postgres_database: str) -> str:
    """Return the URL of a migrated database."""
    await migrate_database(postgres_database)
    return postgres_database


@contextlib.contextmanager
def process(database_url: str, workers: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a server in a process of its own until the end of the context."""
    running = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, database_url, str(workers)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout is not None
        word, _, url = running.stdout.readline().strip().partition(" ")
        assert word == "ready"
        yield running, url
    finally:
        if running.poll() is None:
            running.terminate()
        running.communicate(timeout=60)


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.01)


def workers_of(pid: int) -> list[int]:
    """Return the worker processes of a server."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in children if b"multiprocessing.spawn" in Path(f"/proc/{child}/cmdline").read_bytes()]


def counted(url: str) -> int:
    """Return how many requests of the test all workers have answered together."""
    found = re.search(r'requests_total\{[^}]*route="/healthz"[^}]*\} (\d+)', httpx.get(url + "/metrics").text)
    assert found is not None
    return int(found[1])


def refuses(url: str) -> bool:
    """Return whether nobody listens there."""
    address = httpx.URL(url)
    try:
        socket.create_connection((address.host, address.port or 0), 1).close()
    except ConnectionRefusedError:
        return True
    return False
