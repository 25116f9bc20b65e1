"""*musterbook migrate, backup and doctor*, and what a schema of another release does to every command."""

import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from musterbook.cli.exit_codes import ExitCode
from musterbook.secret import read_or_make, secret_file
from tests.cli.shell import ADA, Result, Shell

DOCTOR = ("doctor", "--json")


def apply_later_migration(file: Path, *, compatible: bool) -> None:
    """Leave a database as a later release does."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "INSERT INTO schema_migrations (number, name, compatible, applied_at) VALUES (9999, '9999_later', ?, '')",
            (compatible,),
        )


def test_migrate(shell: Shell) -> None:
    """The first run makes the database and says what it applied; the second has nothing to do."""
    applied = shell.done("migrate", "--json").json["applied"]
    assert applied[0] == "0001_directory"
    assert shell.done("migrate", "--json").json == {"applied": []}
    assert shell.done("migrate") == Result(ExitCode.DONE, "", "The schema is up to date.\n")
    other = shell.done("migrate", "--database", "sqlite:///other.db")
    assert other.err == "".join(f"Applied {name}.\n" for name in applied)


@pytest.mark.parametrize(
    "command", [("tenant", "list"), ("migrate",), ("serve", "--port", "0"), ("doctor",)], ids=" ".join
)
def test_a_schema_that_is_too_new(shell: Shell, command: tuple[str, ...]) -> None:
    """A database that a later release has changed for good ends every command with 3."""
    shell.done("migrate")
    shell.done("doctor")
    apply_later_migration(shell.folder / "musterbook.db", compatible=False)
    result = shell(*command)
    assert result.code is ExitCode.NOT_READY
    message = "The database holds the migration 9999_later of a later release, which this release cannot work with."
    assert message in result.out + result.err


def test_a_newer_schema_that_is_compatible(shell: Shell) -> None:
    """A database that a later release has changed compatibly is worked with: an upgrade goes server by server."""
    shell.make_tenant()
    apply_later_migration(shell.folder / "musterbook.db", compatible=True)
    assert len(shell.rows("tenant", "list")) == 1
    assert shell.done("doctor").code is ExitCode.DONE


def test_backup(shell: Shell) -> None:
    """The copy is a whole database: it opens, and has the same people."""
    shell.scim(shell.make_tenant(), "POST", "/Users", ADA)
    made = shell.done("backup", "copy.db", "--json").json
    copy = shell.folder / "copy.db"
    assert made == {"file": "copy.db", "bytes": copy.stat().st_size}
    people = shell.done("user", "list", "acme", "--json").json
    assert shell.done("user", "list", "acme", "--json", "--database", "sqlite:///copy.db").json == people


def test_backup_replaces_nothing(shell: Shell) -> None:
    """A file that exists is not written over: 4."""
    shell.done("migrate")
    copy = shell.folder / "copy.db"
    copy.write_text("precious")
    message = "Error: copy.db exists already. Name a new file.\n"
    assert shell("backup", "copy.db") == Result(ExitCode.CONFLICT, "", message)
    assert copy.read_text() == "precious"


def test_backup_of_nothing(shell: Shell) -> None:
    """Where there is no database, none is made and none is copied: 5."""
    message = "Error: There is no database musterbook.db.\n"
    assert shell("backup", "copy.db") == Result(ExitCode.NOT_FOUND, "", message)
    assert list(shell.folder.iterdir()) == []


def test_backup_where_nothing_can_be_written(shell: Shell) -> None:
    """A copy that cannot be written ends with 1 and says why."""
    shell.done("migrate")
    message = "Error: The copy missing/copy.db cannot be written: No such file or directory.\n"
    assert shell("backup", "missing/copy.db") == Result(ExitCode.FAILED, "", message)


def test_backup_of_postgres(shell: Shell) -> None:
    """PostgreSQL is copied by its own tools: 2, without asking it."""
    result = shell("backup", "copy.db", "--database", "postgresql://127.0.0.1:1/x")
    message = "Error: Back up PostgreSQL with its own tools, such as pg_dump.\n"
    assert result == Result(ExitCode.USAGE, "", message)


def findings(shell: Shell, *arguments: str) -> dict[str, tuple[str, str]]:
    """Run the check-up; return what it found, by check."""
    return {row["check"]: (row["result"], row["says"]) for row in shell(*DOCTOR, *arguments).json}


def test_doctor(shell: Shell) -> None:
    """A healthy database behind https leaves nothing to do but to back up the secret key."""
    file = make_secret(shell)
    last = shell.done("migrate", "--json").json["applied"][-1]
    found = findings(shell, "--base-url", "https://directory.example.com")
    assert {**found, "clock": found["clock"][0]} == {
        "settings": ("ok", "Every MUSTERBOOK_ variable is one that is read."),
        "base URL": ("ok", "https://directory.example.com; requests over plain http are refused."),
        "definitions": ("ok", "None are given; users and groups are served as they are built in."),
        "secret key": ("ok", f"It is in {file.name}. Back it up: it is in no copy of the database."),
        "certificates": ("ok", "No tenant signs in by SAML, and https ends at your proxy."),
        "file": ("ok", "Only its owner can read musterbook.db."),
        "database": ("ok", "It answers; synchronous=FULL."),
        "migrations": ("ok", f"All are applied, up to {last}."),
        "clock": "ok",
    }
    assert shell.done("doctor").out.splitlines()[0].split() == ["check", "result", "says"]


def test_doctor_makes_no_database(shell: Shell) -> None:
    """A check-up before the first command says that there is no database, and makes none."""
    says = "There is no sqlite:///musterbook.db yet; the first command that needs it makes it."
    assert findings(shell)["database"] == ("notice", says)
    assert list(shell.folder.iterdir()) == []


def test_doctor_finds_misspelt_variables(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that nothing reads is named."""
    monkeypatch.setenv("MUSTERBOOK_BASEURL", "https://directory.example.com")
    monkeypatch.setenv("MUSTERBOOK_METRICS_TOKEN_FILE", str(shell.folder / "token"))
    (shell.folder / "token").write_text("t")
    assert findings(shell)["settings"] == ("notice", "Nothing reads MUSTERBOOK_BASEURL. Is a name misspelt?")


def test_doctor_finds_an_open_file(shell: Shell) -> None:
    """A database that others on the machine can read is named, with what to do."""
    shell.done("migrate")
    (shell.folder / "musterbook.db").chmod(0o644)
    assert findings(shell)["file"] == ("notice", "Others on this machine can read musterbook.db: chmod 600 it.")


def test_doctor_finds_plain_http(shell: Shell) -> None:
    """A base URL without https is named."""
    says = "http://127.0.0.1:8000 is not https. Providers need https, and keys must not cross a network in the clear."
    assert findings(shell)["base URL"] == ("notice", says)


def test_doctor_counts_secret_keys(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secret keys are counted and never shown."""
    monkeypatch.setenv("MUSTERBOOK_SECRET_KEY", f"{'newer' * 8} {'older' * 8}")
    assert findings(shell)["secret key"] == ("ok", "2 given, the newest first.")


def make_secret(shell: Shell) -> Path:
    """Make the file that a server makes when it starts."""
    file = secret_file(shell.folder / "musterbook.db")
    read_or_make(file, secrets.token_bytes)
    return file


def test_doctor_looks_at_the_file_with_the_secret(shell: Shell) -> None:
    """A secret that is missing yet, that others can read, or that is none, is named with what to do."""
    says = "None yet; the server makes musterbook.secret beside the database."
    assert findings(shell)["secret key"] == ("notice", says)
    file = make_secret(shell)
    file.chmod(0o640)
    says = "Others on this machine can read musterbook.secret: chmod 600 it."
    assert findings(shell)["secret key"] == ("notice", says)
    file.write_text("")
    says = "musterbook.secret holds no secret key. Put back the one from your backup."
    assert findings(shell)["secret key"] == ("failed", says)


def test_doctor_of_a_database_that_is_away(shell: Shell) -> None:
    """A database that does not answer is a finding, the others are still shown, and the command ends with 1."""
    result = shell(*DOCTOR, "--database", "postgresql://127.0.0.1:1/x")
    assert result.code is ExitCode.FAILED
    assert result.json[-1]["result"] == "failed"
    assert result.json[-1]["says"].startswith("PostgreSQL cannot be reached: ")
    says = "Not given. With PostgreSQL `serve` needs MUSTERBOOK_SECRET_KEY."
    assert {row["check"]: row["says"] for row in result.json}["secret key"] == says
