"""*musterbook user … and role …*"""

import pytest

from musterbook.cli import people
from musterbook.cli.exit_codes import ExitCode
from tests.cli.shell import ADA, GRACE, Result, Shell

ADMIN = {
    "id": "<id 1>",
    "user_name": "admin@acme.example",
    "display_name": "admin@acme.example",
    "given_name": None,
    "family_name": None,
    "status": "active",
    "source": "break-glass",
    "roles": ["Administrator", "Member"],
}
ADA_ROW = {
    "id": "<id 1>",
    "user_name": "ada@acme.example",
    "display_name": "Ada Lovelace",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "status": "active",
    "source": "scim",
    "roles": ["Member"],
}
GRACE_ROW = {
    **ADA_ROW,
    "id": "<id 2>",
    "user_name": "grace@acme.example",
    "display_name": "Grace Hopper",
    "given_name": "Grace",
    "family_name": "Hopper",
}


def test_list(shell: Shell) -> None:
    """People are listed in the order in which they were added; a break-glass account is none of them."""
    key = shell.make_tenant()
    assert shell.rows("user", "list", "acme") == []
    assert shell("user", "list", "acme") == Result(ExitCode.DONE, "", "There is nobody yet.\n")
    shell.scim(key, "POST", "/Users", ADA)
    shell.scim(key, "POST", "/Users", GRACE)
    assert shell.rows("user", "list", "acme") == [ADA_ROW, GRACE_ROW]
    assert [line.rstrip() for line in shell.plain(shell.done("user", "list", "acme").out).splitlines()] == [
        "user name           display name  status  roles   id",
        "ada@acme.example    Ada Lovelace  active  Member  <id 1>",
        "grace@acme.example  Grace Hopper  active  Member  <id 2>",
    ]


def test_list_of_another_tenant(shell: Shell) -> None:
    """A tenant's list shows nobody of another tenant, also where user names are the same."""
    shell.scim(shell.make_tenant("acme"), "POST", "/Users", ADA)
    shell.make_tenant("globex")
    assert [len(shell.rows("user", "list", slug)) for slug in ("acme", "globex")] == [1, 0]


def test_list_of_many(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list longer than a page is whole, in one JSON array, and in tables that together hold everybody."""
    key = shell.make_tenant()
    names = [f"user{number}@acme.example" for number in range(5)]
    for name in names:
        shell.scim(key, "POST", "/Users", {**ADA, "userName": name})
    monkeypatch.setattr(people, "_PAGE", 2)
    assert [row["user_name"] for row in shell.rows("user", "list", "acme")] == names
    printed = shell.done("user", "list", "acme").out.splitlines()
    assert [line.split()[0] for line in printed if "@" in line] == names


def test_list_of_break_glass_accounts(shell: Shell) -> None:
    """--break-glass lists the accounts that no provider sees."""
    key = shell.make_tenant()
    shell.scim(key, "POST", "/Users", ADA)
    assert shell.rows("user", "list", "acme", "--break-glass") == [ADMIN]


@pytest.mark.parametrize("reference", ["ada@acme.example", "ADA@ACME.EXAMPLE", "id"])
def test_show(shell: Shell, reference: str) -> None:
    """A person is found by id, and by userName in any case."""
    ada = shell.scim(shell.make_tenant(), "POST", "/Users", ADA)
    assert shell.rows("user", "show", "acme", ada["id"] if reference == "id" else reference) == ADA_ROW


def test_show_for_people(shell: Shell) -> None:
    """For people each field has its line."""
    shell.scim(shell.make_tenant(), "POST", "/Users", {**ADA, "name": {"givenName": "Ada"}})
    assert shell.plain(shell.done("user", "show", "acme", "ada@acme.example").out) == (
        "id            <id 1>\n"
        "user name     ada@acme.example\n"
        "display name  Ada\n"
        "given name    Ada\n"
        "family name   -\n"
        "status        active\n"
        "source        scim\n"
        "roles         Member\n"
    )


def test_show_of_a_removed_person(shell: Shell) -> None:
    """Somebody who was removed is shown by id and by userName, with the status removed and no roles."""
    key = shell.make_tenant()
    ada = shell.scim(key, "POST", "/Users", ADA)
    shell.scim(key, "DELETE", f"/Users/{ada['id']}")
    removed = {**ADA_ROW, "status": "removed", "roles": []}
    assert shell.rows("user", "show", "acme", ada["id"]) == removed
    assert shell.rows("user", "show", "acme", "ada@acme.example") == removed


def test_show_of_nobody(shell: Shell) -> None:
    """Nobody by that name ends with 5, also where another tenant has one."""
    shell.scim(shell.make_tenant("acme"), "POST", "/Users", ADA)
    shell.make_tenant("globex")
    message = "Error: There is nobody with this id or userName.\n"
    assert shell("user", "show", "globex", "ada@acme.example") == Result(ExitCode.NOT_FOUND, "", message)


def test_a_name_cannot_move_the_cursor(shell: Shell) -> None:
    """What a stranger chose as a name is shown and never sent to the terminal as a command."""
    name = {"givenName": "Ada\x1b[2J\x9b1A\u202e", "familyName": "Ro\u200cya"}
    shell.scim(shell.make_tenant(), "POST", "/Users", {**ADA, "name": name})
    shown = shell.done("user", "show", "acme", "ada@acme.example").out
    assert "given name    Ada\\x1b[2J\\x9b1A\\u202e\n" in shown
    assert "family name   Ro\u200cya\n" in shown
    assert shell.done("user", "show", "acme", "ada@acme.example", "--json").json["given_name"] == name["givenName"]


def test_grant_and_revoke(shell: Shell) -> None:
    """A role is granted and taken back by its name in any case; the person is shown as they are afterwards."""
    shell.scim(shell.make_tenant(), "POST", "/Users", ADA)
    administrator = {**ADA_ROW, "roles": ["Administrator", "Member"]}
    assert shell.rows("role", "grant", "acme", "ada@acme.example", "Administrator") == administrator
    assert shell.rows("user", "show", "acme", "ada@acme.example") == administrator
    assert shell.rows("role", "revoke", "acme", "ada@acme.example", "administrator") == ADA_ROW


def test_the_last_administrator_keeps_the_role(shell: Shell) -> None:
    """Taking the role from the last administrator ends with 4 and says what to do first."""
    shell.make_tenant()
    result = shell("role", "revoke", "acme", "admin@acme.example", "Administrator")
    assert result == Result(
        ExitCode.CONFLICT,
        "",
        "Error: This is the last person who can administer the organization. "
        "Make another active person Administrator first, then repeat this.\n",
    )
    assert shell.rows("user", "show", "acme", "admin@acme.example") == ADMIN


@pytest.mark.parametrize("command", ["grant", "revoke"])
def test_an_unknown_role(shell: Shell, command: str) -> None:
    """A role that does not exist ends with 2 and names those that do."""
    shell.make_tenant()
    result = shell("role", command, "acme", "admin@acme.example", "king")
    assert result == Result(
        ExitCode.USAGE,
        "",
        'Error: Invalid value "king" for ROLE. Choose from: "administrator", "user-manager", "auditor", "member".\n'
        f"See: musterbook role {command} --help\n",
    )


@pytest.mark.parametrize("command", ["grant", "revoke"])
def test_a_role_of_nobody(shell: Shell, command: str) -> None:
    """A role of nobody ends with 5."""
    shell.make_tenant()
    result = shell("role", command, "acme", "nobody@acme.example", "administrator")
    assert result == Result(ExitCode.NOT_FOUND, "", "Error: There is nobody with this id or userName.\n")
