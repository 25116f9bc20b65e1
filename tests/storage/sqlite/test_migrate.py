"""Bringing a SQLite file up to date, and copying one."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from musterbook.directory.store import StoreUnavailableError
from musterbook.storage import DatabaseUrlError, SchemaTooNewError, backup_database, open_database
from musterbook.storage.migrations import Migration
from musterbook.storage.sqlite.database import SqliteDatabase, open_sqlite
from musterbook.storage.sqlite.migrate import Known, _apply, known_migrations, migrate_file, split_statements
from tests.contracts.looks import contents
from tests.contracts.sample import ACME, created, person

ADA = person(1, "ada")
NEXT = f"{len(known_migrations()) + 1:04d}"
EXTRA = Migration(len(known_migrations()) + 1, f"{NEXT}_extra", "CREATE TABLE extra (x TEXT);", compatible=False)


def ask(path: Path, sql: str) -> list[tuple[object, ...]]:
    """Return the rows of a statement on a file."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


class TestOpening:
    """What opening does to a file."""

    async def test_a_file_is_made_for_its_owner_alone(self, path: Path) -> None:
        """The database and the files beside it hold personal data, and nobody else may read them."""
        database = await open_sqlite(path, search_seconds=2, busy_seconds=5)
        await database.tenants.list()
        modes = {item.name: stat.S_IMODE(item.stat().st_mode) for item in sorted(path.parent.iterdir())}
        await database.close()
        assert modes == {path.name: 0o600, f"{path.name}-shm": 0o600, f"{path.name}-wal": 0o600}

    async def test_a_database_is_reopened_as_it_was_left(self, database: SqliteDatabase, path: Path) -> None:
        """What was stored before the end is there after opening again, and no copy was made."""
        await database.resources.commit(created(ADA))
        before = await contents(database)
        await database.close()
        again = await open_sqlite(path, search_seconds=2, busy_seconds=5)
        after = await contents(again)
        await again.close()
        assert after == before
        assert files(path.parent) == [path.name]

    @pytest.mark.parametrize("name", ["missing/musterbook.db", ""])
    async def test_a_file_that_cannot_be_made_is_unavailable(self, tmp_path: Path, name: str) -> None:
        """A folder that is missing, or a path that is a folder, is named."""
        with pytest.raises(StoreUnavailableError, match=str(tmp_path)):
            await open_sqlite(tmp_path / name, search_seconds=2, busy_seconds=5)

    async def test_a_file_that_is_no_database_is_left_as_it_is(self, path: Path) -> None:
        """A file of something else is refused and not touched."""
        text = b"This is no database. " * 100
        write(path, text)
        with pytest.raises(StoreUnavailableError):
            await open_sqlite(path, search_seconds=2, busy_seconds=5)
        assert read(path) == text


def files(folder: Path) -> list[str]:
    """Return the names of the files in a folder."""
    return sorted(item.name for item in folder.iterdir())


def write(path: Path, content: bytes) -> None:
    """Write a file."""
    path.write_bytes(content)


def read(path: Path) -> bytes:
    """Return what a file holds."""
    return path.read_bytes()


def migrate_one(path: Path) -> bool:
    """Apply ``EXTRA`` as a process does that has found it pending."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return _apply(connection, EXTRA, Known((*known_migrations(), EXTRA)))


class TestMigrating:
    """What a migration does beside its statements."""

    async def test_a_copy_is_made_before_a_file_with_data_is_changed(
        self, database: SqliteDatabase, path: Path
    ) -> None:
        """Beside the file lies a copy of how it was before the first pending migration, readable by itself."""
        await database.resources.commit(created(ADA))
        await database.close()
        assert migrate_file(path, (*known_migrations(), EXTRA)) == [EXTRA.name]
        copy = path.with_name(f"{path.name}.before-{NEXT}")
        assert ask(copy, "SELECT id FROM resources WHERE resource_type = 'User'") == [(ADA.id,)]
        assert ask(copy, "SELECT name FROM sqlite_schema WHERE name = 'extra'") == []
        assert ask(path, "SELECT name FROM sqlite_schema WHERE name = 'extra'") == [("extra",)]
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert files(path.parent) == [path.name, copy.name]

    async def test_a_copy_is_made_before_keys_are_made_anew(self, database: SqliteDatabase, path: Path) -> None:
        """New comparison keys change the file as a migration does, and are preceded by a copy too."""
        await database.close()
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("UPDATE metadata SET value = 'old'")
        assert migrate_file(path, known_migrations()) == []
        assert ask(path.with_name(f"{path.name}.before-{NEXT}"), "SELECT value FROM metadata") == [("old",)]

    async def test_a_database_of_a_later_release_is_left_as_it_is(self, database: SqliteDatabase, path: Path) -> None:
        """This release neither opens it nor copies it."""
        await database.close()
        migrate_file(path, (*known_migrations(), EXTRA))
        before = files(path.parent)
        with pytest.raises(SchemaTooNewError, match=EXTRA.name):
            await open_database(f"sqlite:///{path}")
        assert files(path.parent) == before

    async def test_a_migration_that_another_process_applied_meanwhile_is_left_out(
        self, database: SqliteDatabase, path: Path
    ) -> None:
        """What is pending is read again inside the transaction, so nothing is applied twice."""
        await database.close()
        first, second = (migrate_one(path) for _ in range(2))
        assert (first, second) == (True, False)

    def test_statements_are_taken_apart_at_their_ends_alone(self) -> None:
        """A semicolon in a string, a comment or a trigger's body ends no statement."""
        statements = [
            "-- A comment; with a semicolon.\nCREATE TABLE t (x TEXT);\n",
            "INSERT INTO t VALUES ('a;\nb');\n",
            "CREATE TRIGGER g AFTER INSERT ON t\nBEGIN\n    DELETE FROM t;\nEND;\n",
        ]
        assert list(split_statements("".join(statements))) == statements

    def test_a_statement_without_an_end_is_refused(self) -> None:
        """A file whose last statement has no semicolon would be applied in part."""
        with pytest.raises(ValueError, match="semicolon"):
            list(split_statements("CREATE TABLE t (x TEXT);\nCREATE TABLE u (x TEXT)"))


class TestBackup:
    """Copies made on request."""

    async def test_a_backup_is_the_database_at_one_moment(self, database: SqliteDatabase, tmp_path: Path) -> None:
        """A copy of a database in use can be opened by itself, and holds what was committed before it."""
        await database.resources.commit(created(ADA))
        before = await contents(database)
        target = tmp_path / "backup.db"
        await backup_database(f"sqlite:///{tmp_path / 'musterbook.db'}", target)
        await database.resources.commit(created(person(2, "bob")))
        copy = await open_sqlite(target, search_seconds=2, busy_seconds=5)
        copied = await contents(copy)
        await copy.close()
        assert copied == before
        assert copied.users == [ADA.record.stored]
        assert await database.resources.get(ACME, "User", ADA.id) == ADA.record

    async def test_a_backup_overwrites_nothing(self, database: SqliteDatabase, path: Path, tmp_path: Path) -> None:
        """A target that exists is refused and left as it is; what was not finished is taken away."""
        target = tmp_path / "backup.db"
        write(target, b"precious")
        before = files(tmp_path)
        with pytest.raises(FileExistsError):
            await backup_database(f"sqlite:///{path}", target)
        assert read(target) == b"precious"
        with pytest.raises(StoreUnavailableError, match="cannot be written"):
            await backup_database(f"sqlite:///{path}", tmp_path / "missing" / "backup.db")
        with pytest.raises(StoreUnavailableError):
            await backup_database(f"sqlite:///{tmp_path}/unknown.db", tmp_path / "other.db")
        assert files(tmp_path) == before

    async def test_postgresql_is_not_copied(self, tmp_path: Path) -> None:
        """A backup of PostgreSQL is refused with the name of its own tool."""
        with pytest.raises(DatabaseUrlError, match="pg_dump"):
            await backup_database("postgresql://localhost/x", tmp_path / "backup.db")
