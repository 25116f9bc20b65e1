"""The commands on PostgreSQL, where an operator migrates."""

import httpx
import pytest

from musterbook.cli.exit_codes import ExitCode
from tests.cli.shell import ADA, Shell
from tests.journeys.serving import serving
from tests.postgres import SECRET_KEY, execute


@pytest.fixture
def postgres(shell: Shell, postgres_database: str, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Return a shell whose database is an empty one on PostgreSQL."""
    monkeypatch.setenv("MUSTERBOOK_DATABASE_URL", postgres_database)
    monkeypatch.setenv("MUSTERBOOK_SECRET_KEY", SECRET_KEY)
    shell.database = postgres_database
    return shell


@pytest.mark.parametrize("command", [("tenant", "list"), ("serve", "--port", "0"), ("doctor",)], ids=" ".join)
def test_a_schema_that_is_too_old(postgres: Shell, command: tuple[str, ...]) -> None:
    """PostgreSQL is migrated by a command: until then every other ends with 3 and names it."""
    result = postgres(*command)
    assert result.code is ExitCode.NOT_READY
    assert "Run `musterbook migrate` first." in result.out + result.err
    assert postgres.done("migrate", "--json").json["applied"][0] == "0001_directory"
    assert postgres.done("migrate", "--json").json == {"applied": []}
    assert postgres.rows("tenant", "list") == []


@pytest.mark.parametrize("compatible", [True, False])
def test_a_schema_that_is_newer(postgres: Shell, compatible: bool) -> None:  # noqa: FBT001 it is parametrized
    """A newer schema is worked with where it is marked compatible, and ends every command with 3 where it is not."""
    postgres.done("migrate")
    execute(
        postgres.database,
        "INSERT INTO schema_migrations (number, name, compatible, applied_at) "
        f"VALUES (9999, '9999_later', {compatible}, '2030-01-01T00:00:00.000Z')",
    )
    assert postgres("tenant", "list").code is (ExitCode.DONE if compatible else ExitCode.NOT_READY)


def test_the_commands(postgres: Shell) -> None:
    """Tenants, keys, people, roles and history are the same as on SQLite."""
    postgres.done("migrate")
    key = postgres.make_tenant()
    assert postgres("tenant", "create", "acme", "--name", "A", "--admin-email", "a@b.example").code is ExitCode.CONFLICT
    ada = postgres.scim(key, "POST", "/Users", ADA)
    row = {
        "id": ada["id"],
        "user_name": "ada@acme.example",
        "display_name": "Ada Lovelace",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "status": "active",
        "source": "scim",
        "roles": ["Administrator", "Member"],
    }
    assert postgres.done("role", "grant", "acme", "ADA@acme.example", "administrator", "--json").json == row
    assert postgres.done("user", "list", "acme", "--json").json == [row]
    postgres.scim(key, "DELETE", f"/Users/{ada['id']}")
    assert postgres.done("user", "show", "acme", "ada@acme.example", "--json").json["status"] == "removed"
    lines = postgres.done("history", "list", "acme", "--user", "ada@acme.example", "--json").json
    assert [line["action"] for line in lines] == ["deprovisioned", "role_granted", "created"]
    key_id = postgres.done("key", "list", "acme", "--json").json[0]["id"]
    assert postgres.done("key", "revoke", "acme", key_id, "--json").json == {"id": key_id, "revoked": True}


def test_doctor(postgres: Shell) -> None:
    """The check-up says how PostgreSQL commits, and that its clock agrees."""
    postgres.done("migrate")
    found = {row["check"]: (row["result"], row["says"]) for row in postgres.done("doctor", "--json").json}
    assert found["database"] == ("ok", "It answers; synchronous_commit=on.")
    assert found["clock"][0] == "ok"
    assert "file" not in found


def test_several_workers(postgres: Shell) -> None:
    """Two processes serve one address, and a key made meanwhile works with both."""
    postgres.done("migrate")
    with serving(postgres.database, postgres.folder, arguments=("--workers", "2")) as server:
        key = postgres.make_tenant()
        headers = {"Authorization": f"Bearer {key}"}
        found = [httpx.get(f"{server.scim_url}/Users", headers=headers).json()["totalResults"] for _ in range(10)]
        assert found == [0] * 10


def test_several_workers_without_a_database(postgres: Shell) -> None:
    """Workers whose database is not migrated do not start: 3, in one sentence."""
    result = postgres("serve", "--port", "0", "--workers", "2")
    assert result.code is ExitCode.NOT_READY
    assert (result.out, result.err.count("\n")) == ("", 1)
