"""Fixtures that every room's tests may ask for. Nothing here knows a room."""

import os
import signal
from collections.abc import Iterator

import pytest

from tests.postgres import fresh_database, running_server


def pytest_configure() -> None:
    """Let Ctrl-C end what tests start, also where it is ignored, as in a script that runs the tests in the background.

    A program takes over from the one that starts it which signals it ignores.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Yield the URL of a PostgreSQL server.

    That is ``MUSTERBOOK_TEST_DATABASE_URL`` where it is set (its user may create databases); otherwise a server of this
    session's own, one in each worker of pytest-xdist, started when the first test asks for it.
    """
    if given := os.environ.get("MUSTERBOOK_TEST_DATABASE_URL"):
        yield given
        return
    with running_server() as server:
        yield server.url


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """Yield the URL of a fresh, empty database that is dropped after the test, also from under open connections."""
    with fresh_database(postgres_url) as url:
        yield url
