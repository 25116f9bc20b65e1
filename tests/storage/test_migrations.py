"""Reading migrations, and the rule of compatibility."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from musterbook.scim.match import COMPARISON_KEY_VERSION
from musterbook.storage import SchemaTooNewError, SchemaTooOldError, check_schema
from musterbook.storage.migrations import AppliedMigration, Migration, SchemaVersion, read_migrations

ENGINES = ["musterbook.storage.sqlite", "musterbook.storage.postgres"]


def known(*numbers: int) -> tuple[Migration, ...]:
    """Return migrations with these numbers."""
    return tuple(Migration(number, f"{number:04d}_step", "SELECT 1;", compatible=False) for number in numbers)


def applied(*numbers: int, compatible: Sequence[int] = ()) -> tuple[AppliedMigration, ...]:
    """Return what a database says of these migrations."""
    return tuple(AppliedMigration(number, f"{number:04d}_step", number in compatible) for number in numbers)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder ``migrations`` of the package ``engine_of_a_test``."""
    folder = tmp_path / "engine_of_a_test" / "migrations"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "engine_of_a_test", raising=False)
    return folder


def test_files_are_read_in_the_order_of_their_numbers(package: Path) -> None:
    """Each file is one migration; the line ``-- compatible: yes`` marks it; other files are not looked at."""
    (package / "0002_second_step.sql").write_text("-- compatible: yes\nSELECT 2;\n")
    (package / "0001_first.sql").write_text("-- Not -- compatible: yes.\nSELECT 1;\n")
    (package / "README").write_text("SELECT 3;\n")
    assert read_migrations("engine_of_a_test") == (
        Migration(1, "0001_first", "-- Not -- compatible: yes.\nSELECT 1;\n", compatible=False),
        Migration(2, "0002_second_step", "-- compatible: yes\nSELECT 2;\n", compatible=True),
    )


@pytest.mark.parametrize(
    "names", [["0002_second.sql"], ["0001_a.sql", "0001_b.sql"], ["1_a.sql"], ["0001_A.sql"], ["0001_a.sql", "x.sql"]]
)
def test_a_gap_or_a_wrong_name_is_refused(package: Path, names: list[str]) -> None:
    """A missing, doubled or misnamed file stops everything, because the order would be a guess."""
    for name in names:
        (package / name).write_text("SELECT 1;")
    with pytest.raises(ValueError, match="missing or misnamed"):
        read_migrations("engine_of_a_test")


@pytest.mark.parametrize("package_name", ENGINES)
def test_the_engines_migrations_can_be_read(package_name: str) -> None:
    """Each engine's files count from 1, and both engines take the same steps."""
    names = [item.name for item in read_migrations(package_name)]
    assert names == [item.name for item in read_migrations(ENGINES[0])]
    assert names[0] == "0001_directory"


@pytest.mark.parametrize(
    "version",
    [
        SchemaVersion(known(1, 2), applied(1, 2), COMPARISON_KEY_VERSION),
        SchemaVersion(known(1, 2), applied(1, 2, 3, compatible=[3]), COMPARISON_KEY_VERSION),
        SchemaVersion(known(1, 2), applied(1, 2, 3, 4, compatible=[3, 4]), COMPARISON_KEY_VERSION),
    ],
    ids=["the same", "one compatible step later", "two compatible steps later"],
)
def test_a_schema_is_worked_with(version: SchemaVersion) -> None:
    """The very schema of this release is right, and a later one all of whose further steps are compatible."""
    check_schema(version)
    assert version.pending == ()


@pytest.mark.parametrize(
    "version, error, says",
    [
        (SchemaVersion(known(1, 2), (), None), SchemaTooOldError, "0001_step, 0002_step"),
        (SchemaVersion(known(1, 2), applied(1), COMPARISON_KEY_VERSION), SchemaTooOldError, "migration 0002_step"),
        (SchemaVersion(known(1), applied(1), "0 (Unicode 1.1)"), SchemaTooOldError, "musterbook migrate"),
        (SchemaVersion(known(1), applied(1, 2), COMPARISON_KEY_VERSION), SchemaTooNewError, "0002_step"),
        (
            SchemaVersion(known(1), applied(1, 2, 3, compatible=[3]), COMPARISON_KEY_VERSION),
            SchemaTooNewError,
            "migration 0002_step of",
        ),
        (SchemaVersion(known(1), applied(1, 2, compatible=[2]), "9"), SchemaTooNewError, "comparison keys"),
    ],
)
def test_a_schema_is_refused(version: SchemaVersion, error: type[Exception], says: str) -> None:
    """A schema that lacks a step, or has one of a later release that is not compatible, is refused by name."""
    with pytest.raises(error, match=says.replace("(", r"\(")):
        check_schema(version)
