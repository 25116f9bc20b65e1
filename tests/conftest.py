"""Fixtures that every room's tests may ask for. Nothing here knows a room."""

import os
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.postgres import execute, running_server


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
    name = f"musterbook_test_{uuid.uuid4().hex}"
    execute(postgres_url, f"CREATE DATABASE {name} TEMPLATE template0")
    yield urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
    execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")
