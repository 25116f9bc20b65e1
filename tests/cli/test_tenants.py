"""*musterbook tenant …*"""

import pytest

from musterbook.cli.exit_codes import ExitCode
from tests.cli.shell import ADA, Result, Shell

CREATE = ("tenant", "create", "acme", "--name", "Acme", "--admin-email", "ada@acme.example")


def test_create_prints_the_setup_link(shell: Shell) -> None:
    """A tenant is made with its first administrator; JSON holds the set-up link and when it expires."""
    assert shell.rows(*CREATE, "--base-url", "https://directory.example.com") == {
        "tenant": "acme",
        "admin_email": "ada@acme.example",
        "setup_url": "https://directory.example.com/setup/<token 1>",
        "setup_expires_at": "<time>",
    }


def test_create_tells_people_what_comes_next(shell: Shell) -> None:
    """For people the result stands on standard output, and the next command on standard error."""
    result = shell.done(*CREATE)
    assert shell.plain(result.out) == (
        "tenant            acme\n"
        "admin email       ada@acme.example\n"
        "setup url         http://127.0.0.1:8000/setup/<token 1>\n"
        "setup expires at  <time>\n"
    )
    assert result.err == "The set-up link is shown once. Next: musterbook key create acme\n"


def test_create_twice_is_a_conflict(shell: Shell) -> None:
    """A slug is given once: the second command ends with 4 and changes nothing."""
    shell.done(*CREATE)
    again = shell(*CREATE)
    message = "Error: The slug 'acme' is taken. A slug never changes hands, also after its tenant is deleted.\n"
    assert again == Result(ExitCode.CONFLICT, "", message)
    assert len(shell.rows("tenant", "list")) == 1


@pytest.mark.parametrize(
    "changed, message",
    [
        ({2: "Acme"}, "A slug is 1 to 63 lower-case letters, digits and hyphens, without a hyphen at either end."),
        ({4: " "}, "A tenant needs a name of at most 200 printable characters."),
        ({6: "ada"}, "The administrator's e-mail address must look like name@example.com."),
    ],
)
def test_create_says_what_cannot_be_used(shell: Shell, changed: dict[int, str], message: str) -> None:
    """A slug, name or address that cannot be used ends with 2 and one sentence."""
    arguments = [changed.get(place, word) for place, word in enumerate(CREATE)]
    assert shell(*arguments) == Result(ExitCode.USAGE, "", f"Error: {message}\n")
    shell.done(*CREATE)


def test_list(shell: Shell) -> None:
    """All tenants are listed by slug, with whether SCIM is on."""
    assert shell.rows("tenant", "list") == []
    shell.make_tenant("globex")
    shell.done(*CREATE)
    begins = {"status": "active", "created_at": "<time>", "unique_group_names": True, "accepts_passwords": False}
    assert shell.rows("tenant", "list") == [
        {"tenant": "acme", "name": "Acme", "scim_enabled": False, **begins},
        {"tenant": "globex", "name": "Globex", "scim_enabled": True, **begins},
    ]
    assert [line.split() for line in shell.plain(shell.done("tenant", "list").out).splitlines()] == [
        ["tenant", "name", "status", "SCIM", "created"],
        ["acme", "Acme", "active", "off", "<date>"],
        ["globex", "Globex", "active", "on", "<date>"],
    ]


def test_list_of_none(shell: Shell) -> None:
    """Where there is no tenant, standard output is empty and the next command is named."""
    message = "There is no tenant yet. Make one with: musterbook tenant create\n"
    assert shell("tenant", "list") == Result(ExitCode.DONE, "", message)


def test_set_changes_what_is_named(shell: Shell) -> None:
    """A switch that is named changes, the other stays, and without any nothing does."""
    shell.done(*CREATE)
    begins = {"tenant": "acme", "unique_group_names": True, "accepts_passwords": False}
    assert shell.rows("tenant", "set", "acme") == begins
    changed = {**begins, "accepts_passwords": True}
    assert shell.rows("tenant", "set", "acme", "--accepts-passwords") == changed
    assert shell.rows("tenant", "set", "acme", "--unique-group-names") == changed


def test_names_that_several_groups_have_cannot_be_made_unique(shell: Shell) -> None:
    """The command ends with 4 and names them; once they differ, names are unique."""
    key = shell.make_tenant()
    shell.done("tenant", "set", "acme", "--no-unique-group-names")
    one, _ = (shell.scim(key, "POST", "/Groups", {"displayName": name}) for name in ("Crew", "CREW"))
    again = shell("tenant", "set", "acme", "--unique-group-names")
    message = "Several groups are called 'CREW'; rename or remove all but one of each name, then repeat this."
    assert again == Result(ExitCode.CONFLICT, "", f"Error: {message}\n")
    shell.scim(key, "DELETE", f"/Groups/{one['id']}")
    assert shell.rows("tenant", "set", "acme", "--unique-group-names")["unique_group_names"] is True


def test_suspend_and_resume(shell: Shell) -> None:
    """A suspended tenant is listed as such, keeps its people, and is served again after it is resumed."""
    key = shell.make_tenant()
    shell.scim(key, "POST", "/Users", ADA)
    assert shell.rows("tenant", "suspend", "acme") == {"tenant": "acme", "status": "suspended"}
    assert [tenant["status"] for tenant in shell.rows("tenant", "list")] == ["suspended"]
    with pytest.raises(AssertionError, match="401"):
        shell.scim(key, "GET", "/Users")
    assert shell.rows("tenant", "resume", "acme") == {"tenant": "acme", "status": "active"}
    assert shell.scim(key, "GET", "/Users")["totalResults"] == 1


def test_delete_asks_first(shell: Shell) -> None:
    """A tenant is deleted only with --yes; then it is gone, and its slug stays taken."""
    shell.make_tenant()
    message = "Error: This ends the service for everybody in 'acme'. Repeat the command with --yes to do it.\n"
    assert shell("tenant", "delete", "acme") == Result(ExitCode.USAGE, "", message)
    assert len(shell.rows("tenant", "list")) == 1
    assert shell.rows("tenant", "delete", "acme", "--yes") == {"tenant": "acme", "status": "deleted"}
    assert shell.rows("tenant", "list") == []
    assert shell(*CREATE).code is ExitCode.CONFLICT


@pytest.mark.parametrize(
    "command",
    [
        ("tenant", "suspend", "globex"),
        ("tenant", "resume", "globex"),
        ("tenant", "delete", "globex", "--yes"),
        ("tenant", "set", "globex", "--accepts-passwords"),
        ("key", "create", "globex"),
        ("key", "list", "globex"),
        ("key", "revoke", "globex", "x"),
        ("user", "list", "globex"),
        ("user", "show", "globex", "ada@acme.example"),
        ("role", "grant", "globex", "ada@acme.example", "administrator"),
        ("role", "revoke", "globex", "ada@acme.example", "administrator"),
        ("history", "list", "globex"),
        ("history", "export", "globex"),
    ],
    ids=" ".join,
)
def test_an_unknown_tenant_is_not_found(shell: Shell, command: tuple[str, ...]) -> None:
    """Every command about a tenant ends with 5 where there is none."""
    shell.done(*CREATE)
    assert shell(*command) == Result(ExitCode.NOT_FOUND, "", "Error: There is no tenant 'globex'.\n")
