"""*musterbook session …*"""

import asyncio

from musterbook.cli.exit_codes import ExitCode
from musterbook.directory import ResourceId
from musterbook.directory.sign_in_settings import SignInSettings
from musterbook.identity.accounts import AccountRef
from musterbook.identity.session_store import SignInMethod
from musterbook.identity.sessions import SignIn, Visitor
from musterbook.settings import Settings
from musterbook.wiring import open_services
from tests.cli.shell import ADA, GRACE, Result, Shell

SESSION = {
    "id": "<id 2>",
    "user_id": "<id 1>",
    "method": "password",
    "address": "192.0.2.7",
    "user_agent": "Browser",
    "created_at": "<time>",
    "last_seen_at": "<time>",
    "expires_at": "<time>",
}


def sign_in(shell: Shell, id_: str, count: int = 1) -> list[str]:
    """Sign a person of acme in; return the ids of the sessions."""

    async def work() -> list[str]:
        async with open_services(Settings(database_url=shell.database)) as services:
            tenant = await services.tenants.get("acme")
            proven = SignIn(AccountRef(tenant.id, "User", ResourceId(id_)), 0, SignInMethod.PASSWORD)
            visitor = Visitor("192.0.2.7", "Browser")
            sessions = services.signing_in.sessions
            return [(await sessions.open(proven, SignInSettings(), visitor)).session.id for _ in range(count)]

    return asyncio.run(work())


def test_list(shell: Shell) -> None:
    """Who is signed in is listed, everybody or one person, and nobody of another tenant."""
    key = shell.make_tenant()
    shell.make_tenant("globex")
    assert shell("session", "list", "acme") == Result(ExitCode.DONE, "", "Nobody is signed in.\n")
    ada, grace = (shell.scim(key, "POST", "/Users", person)["id"] for person in (ADA, GRACE))
    assert shell.plain(ada) == "<id 1>"
    sign_in(shell, ada)
    sign_in(shell, grace)
    everybody = shell.rows("session", "list", "acme")
    assert [everybody[0], len(everybody)] == [SESSION, 2]
    assert shell.rows("session", "list", "acme", "--user", "ADA@acme.example") == [SESSION]
    assert shell.rows("session", "list", "globex") == []
    table = shell.plain(shell.done("session", "list", "acme", "--user", "ada@acme.example").out).splitlines()
    assert table[1].split() == ["<id", "2>", "<id", "1>", "password", "192.0.2.7", "<time>", "<time>"]


def test_end_all(shell: Shell) -> None:
    """All sessions of a person end, which stands in the history; those of others stay."""
    key = shell.make_tenant()
    ada, grace = (shell.scim(key, "POST", "/Users", person)["id"] for person in (ADA, GRACE))
    sign_in(shell, ada, 3)
    sign_in(shell, grace)
    ended = shell.done("session", "end", "acme", "ada@acme.example", "--json").json
    assert ended == {"user_id": ada, "user_name": "ada@acme.example", "ended": 3}
    assert [row["user_id"] for row in shell.done("session", "list", "acme", "--json").json] == [grace]
    actions = [line["action"] for line in shell.rows("history", "list", "acme", "--user", "ada@acme.example")]
    assert actions == ["sessions_ended", "created"]


def test_end_one(shell: Shell) -> None:
    """One session ends by its id; an unknown one, or another person's, ends the command with 5."""
    key = shell.make_tenant()
    ada, grace = (shell.scim(key, "POST", "/Users", person)["id"] for person in (ADA, GRACE))
    first, second = sign_in(shell, ada, 2)
    (other,) = sign_in(shell, grace)
    ended = shell.done("session", "end", "acme", "ada@acme.example", "--session", first, "--json").json
    assert ended == {"user_id": ada, "user_name": "ada@acme.example", "ended": 1}
    assert {row["id"] for row in shell.done("session", "list", "acme", "--json").json} == {second, other}
    refused = shell("session", "end", "acme", "ada@acme.example", "--session", other)
    assert refused == Result(ExitCode.NOT_FOUND, "", f"Error: ada@acme.example has no session '{other}'.\n")
    assert shell("session", "end", "acme", "nobody").code is ExitCode.NOT_FOUND
