"""*musterbook admin …*"""

import asyncio

import pytest

from musterbook.cli.exit_codes import ExitCode
from musterbook.directory import break_glass_type, operator_actor
from musterbook.directory.operation import RecordSecondFactor, SetPassword
from musterbook.settings import Settings
from musterbook.wiring import open_services
from tests.cli.shell import ADA, Result, Shell
from tests.identity.letterbox import open_letterbox

INVITED = {
    "tenant": "acme",
    "user_name": "admin@acme.example",
    "purpose": "set-up",
    "url": "http://127.0.0.1:8000/setup/<token 1>",
    "expires_at": "<time>",
    "sent_to": None,
}


def set_up(shell: Shell) -> str:
    """Give acme's administrator a password and a second factor, as the pages do; return the id."""

    async def work() -> str:
        async with open_services(Settings(database_url=shell.database)) as services:
            tenant = await services.tenants.get("acme")
            addressee = await services.signing_in.links.find_addressee(tenant, "admin@acme.example")
            assert addressee is not None
            actor = operator_actor(tenant.id, "request-1")
            boss = break_glass_type(), addressee.account.id
            await services.directory.perform(actor, SetPassword(*boss, "hash"))
            await services.directory.perform(actor, RecordSecondFactor(*boss, is_set=True))
            return addressee.account.id

    return asyncio.run(work())


def test_invite(shell: Shell) -> None:
    """A new set-up link is printed once, for whoever has no password, by any case of the name."""
    shell.make_tenant()
    assert shell.rows("admin", "invite", "acme", "ADMIN@acme.example") == INVITED
    shown = shell.done("admin", "invite", "acme", "admin@acme.example")
    assert "http://127.0.0.1:8000/setup/" in shown.out
    assert shown.err == "The link is shown once and works once.\n"


def test_whoever_is_set_up_is_not_invited(shell: Shell) -> None:
    """Somebody who has a password gets no set-up link: 4, with the command that is meant."""
    shell.make_tenant()
    set_up(shell)
    told = "admin@acme.example has a password. To choose another one: musterbook admin reset acme admin@acme.example."
    message = f"Error: {told}\n"
    assert shell("admin", "invite", "acme", "admin@acme.example") == Result(ExitCode.CONFLICT, "", message)


def test_reset(shell: Shell) -> None:
    """A reset link is printed, and nothing else changes; taking the second factor away stands in the history."""
    shell.make_tenant()
    set_up(shell)
    assert shell.rows("admin", "reset", "acme", "admin@acme.example") == {**INVITED, "purpose": "reset"}
    set_up_by_now = ["second_factor_set", "password_set", "created"]
    before = [line["action"] for line in shell.rows("history", "list", "acme", "--user", "admin@acme.example")]
    shell.done("admin", "reset", "acme", "admin@acme.example", "--second-factor")
    after = [line["action"] for line in shell.rows("history", "list", "acme", "--user", "admin@acme.example")]
    assert (before, after) == (set_up_by_now, ["second_factor_removed", *set_up_by_now])


@pytest.mark.parametrize("command", ["invite", "reset"])
def test_nobody_and_the_suspended_get_no_link(shell: Shell, command: str) -> None:
    """An unknown name ends with 5, and somebody who is suspended with 4."""
    key = shell.make_tenant()
    ada = shell.scim(key, "POST", "/Users", {**ADA, "active": False})
    assert ada["active"] is False
    unknown = shell("admin", command, "acme", "nobody@acme.example")
    assert unknown == Result(ExitCode.NOT_FOUND, "", "Error: There is nobody called 'nobody@acme.example' in 'acme'.\n")
    suspended = shell("admin", command, "acme", "ada@acme.example")
    message = "Error: ada@acme.example is suspended, so no link would let them in.\n"
    assert suspended == Result(ExitCode.CONFLICT, "", message)
    assert shell("admin", command, "nowhere", "ada").code is ExitCode.NOT_FOUND


def test_mail(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a mail server the link is sent and not printed."""
    shell.make_tenant()

    async def send() -> tuple[Result, list[str]]:
        async with open_letterbox() as box:
            monkeypatch.setenv("MUSTERBOOK_SMTP_URL", f"smtp://127.0.0.1:{box.port}")
            monkeypatch.setenv("MUSTERBOOK_MAIL_FROM", "directory@acme.example")
            result = await asyncio.to_thread(shell, "admin", "invite", "acme", "admin@acme.example", "--mail", "--json")
            return result, box.letters

    result, letters = asyncio.run(send())
    assert (result.code, len(letters)) == (ExitCode.DONE, 1)
    assert (result.json["url"], result.json["sent_to"]) == (None, "admin@acme.example")
    assert "/setup/" not in result.out
    assert "http://127.0.0.1:8000/setup/" in letters[0]


def test_mail_without_a_mail_server(shell: Shell) -> None:
    """On a developer's own machine the letter is printed to standard error; elsewhere the command ends with 1."""
    shell.make_tenant()
    printed = shell("admin", "invite", "acme", "admin@acme.example", "--mail")
    assert printed.code is ExitCode.DONE
    assert "http://127.0.0.1:8000/setup/" in printed.err
    assert "/setup/" not in printed.out
    options = ("--mail", "--base-url", "https://directory.example.com")
    refused = shell("admin", "invite", "acme", "admin@acme.example", *options)
    message = (
        "Error: No mail server is set, so the letter to admin@acme.example was not sent. See the setting smtp_url.\n"
    )
    assert refused == Result(ExitCode.FAILED, "", message)


def test_somebody_without_an_address(shell: Shell) -> None:
    """A link cannot be sent to somebody who has no address: 4, and the link that was there still works."""
    key = shell.make_tenant()
    shell.scim(key, "POST", "/Users", {**ADA, "userName": "ada"})
    result = shell("admin", "invite", "acme", "ada", "--mail")
    assert result == Result(ExitCode.CONFLICT, "", "Error: ada has no e-mail address.\n")
