"""Journeys: the product as a newcomer, a provider and an operator meet it, through its own commands and over HTTP."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.journeys.serving import Server, run_command, serving


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty, migrated database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'directory.db'}"
    url: str = request.getfixturevalue("postgres_database")
    run_command("migrate", "--database", url, folder=tmp_path)
    return url


@pytest.fixture
def server(database: str, tmp_path: Path) -> Iterator[Server]:
    """Run a server on the database."""
    with serving(database, tmp_path) as running:
        yield running


@pytest.fixture
def servers(database: str, tmp_path: Path) -> Iterator[Sequence[Server]]:
    """Run two servers on PostgreSQL, and the one that SQLite allows."""
    with ExitStack() as stack:
        count = 1 if database.startswith("sqlite") else 2
        yield [stack.enter_context(serving(database, tmp_path)) for _ in range(count)]


def make_tenant(database: str, folder: Path, slug: str, *key_options: str) -> str:
    """Make a tenant and return a key of it."""
    run_command(
        "tenant", "create", slug, "--name", slug.title(), "--admin-email", f"admin@{slug}.example",
        "--database", database, folder=folder,
    )  # fmt: skip
    return run_command("key", "create", slug, *key_options, "--database", database, folder=folder).strip()


def read_json(*arguments: str, database: str, folder: Path) -> list[dict[str, object]]:
    """Run a command that prints a JSON array and return it."""
    text = run_command(*arguments, "--database", database, "--json", folder=folder)
    rows: list[dict[str, object]] = json.loads(text)
    return rows


@pytest.fixture
def key(server: Server, tmp_path: Path) -> str:
    """Return a key of the tenant acme, made by a command while the server runs."""
    return make_tenant(server.database, tmp_path, "acme", "--idp", "onelogin")
