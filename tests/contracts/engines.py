"""What tests of migrations do to a database from outside, on each engine."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import asyncpg

from musterbook.storage.migrations import Migration
from musterbook.storage.postgres import migrate as postgres_migrate
from musterbook.storage.sqlite import migrate as sqlite_migrate

Rows = list[tuple[Any, ...]]  # `Any`: the rows of any statement
BROKEN_STATEMENT = (sqlite3.OperationalError, asyncpg.PostgresError)


class Engine(Protocol):
    """One engine with one database."""

    @property
    def known(self) -> tuple[Migration, ...]:
        """The migrations of this release."""
        ...

    async def migrate(self, known: Sequence[Migration]) -> list[str]:
        """Bring the database up to date as a release with these migrations does."""
        ...

    async def execute(self, sql: str) -> Rows:
        """Run one statement on a connection of one's own, and return its rows."""
        ...


@dataclass(frozen=True, slots=True)
class SqliteEngine:
    """SQLite."""

    path: Path

    @property
    def known(self) -> tuple[Migration, ...]:
        """The migrations of this release."""
        return sqlite_migrate.known_migrations()

    async def migrate(self, known: Sequence[Migration]) -> list[str]:
        """Bring the database up to date."""
        return await asyncio.to_thread(sqlite_migrate.migrate_file, self.path, tuple(known))

    async def execute(self, sql: str) -> Rows:
        """Run one statement."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            return connection.execute(sql).fetchall()


@dataclass(frozen=True, slots=True)
class PostgresEngine:
    """PostgreSQL."""

    url: str

    @property
    def known(self) -> tuple[Migration, ...]:
        """The migrations of this release."""
        return postgres_migrate.known_migrations()

    async def migrate(self, known: Sequence[Migration]) -> list[str]:
        """Bring the database up to date."""
        return await postgres_migrate.migrate_postgres(self.url, tuple(known))

    async def execute(self, sql: str) -> Rows:
        """Run one statement."""
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()
