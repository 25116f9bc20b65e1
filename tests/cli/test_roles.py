"""*musterbook role …* and *musterbook explain*"""

import pytest

from musterbook.cli.exit_codes import ExitCode
from tests.cli.shell import ADA, GRACE, Result, Shell

GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
CHOICES = '"administrator", "user-manager", "auditor", "member"'


def make_group(shell: Shell, key: str, name: str, *members: str) -> str:
    """Have the provider make a group, and return its id."""
    body = {"schemas": [GROUP_URN], "displayName": name, "members": [{"value": id_} for id_ in members]}
    made: str = shell.scim(key, "POST", "/Groups", body)["id"]
    return made


def told_history(shell: Shell) -> list[list[str]]:
    """Return the history as people read it, newest first: action, name and changes."""
    rows = shell.rows("history", "list", "acme")
    return [[row["action"], row["user_name"], *(item["path"] for item in row["changes"])] for row in rows]


def test_every_role(shell: Shell) -> None:
    """A person is granted each role by its name."""
    shell.scim(shell.make_tenant(), "POST", "/Users", ADA)
    for role in ("administrator", "user-manager", "auditor", "member"):
        shell.done("role", "grant", "acme", "ada@acme.example", role)
    row = shell.rows("user", "show", "acme", "ada@acme.example")
    assert row["roles"] == ["Administrator", "Auditor", "Member", "User manager"]


def test_everyone(shell: Shell) -> None:
    """A role is granted to Everyone, whom the history calls so, and taken back."""
    shell.scim(shell.make_tenant(), "POST", "/Users", ADA)
    granted = {"id": "everyone", "name": "Everyone", "roles": ["Auditor", "Member"]}
    assert shell.rows("role", "grant", "acme", "--everyone", "auditor") == granted
    assert shell.rows("user", "show", "acme", "ada@acme.example")["roles"] == ["Auditor", "Member"]
    first = shell.done("history", "list", "acme", "--limit", "1").out.splitlines()[1]
    assert "Operator  role granted  Everyone   roles: Member → Auditor, Member" in first
    assert shell.rows("role", "revoke", "acme", "--everyone", "Auditor") == {**granted, "roles": ["Member"]}
    assert shell.rows("role", "set", "acme") == {"tenant": "acme", "maps_groups": False, "everyone": ["Member"]}


def test_a_group(shell: Shell) -> None:
    """A role is granted to a group by its name or id, and held by its members once groups map to roles."""
    key = shell.make_tenant()
    ada = shell.scim(key, "POST", "/Users", ADA)["id"]
    crew = make_group(shell, key, "Crew", ada)
    row = shell.rows("role", "grant", "acme", "--group", "crew", "auditor")
    assert (row["name"], row["roles"]) == ("Crew", ["Auditor"])
    asked = ("explain", "acme", "ada@acme.example", "history.read")
    assert shell.rows(*asked)["held"] is False
    assert shell.rows("role", "set", "acme", "--maps-groups")["maps_groups"] is True
    explained = shell.rows(*asked)
    grant = {"role": "Auditor", "granted_to": "group", "group_id": row["id"], "group_name": "Crew"}
    assert explained == {
        "id": explained["id"],
        "user_name": "ada@acme.example",
        "status": "active",
        "permission": "history.read",
        "held": True,
        "grants": [grant],
    }
    assert shell.rows("role", "revoke", "acme", "--group", crew, "auditor")["roles"] == []
    assert shell.rows("role", "set", "acme", "--no-maps-groups")["maps_groups"] is False
    assert told_history(shell)[:4] == [
        ["updated", "Sign-in settings", "mapsGroups"],
        ["role_revoked", "Crew", "account.roles"],
        ["updated", "Sign-in settings", "mapsGroups"],
        ["role_granted", "Crew", "account.roles"],
    ]


def test_what_is_settled_needs_no_definition(shell: Shell) -> None:
    """What Everyone is granted, and settings, are kept as resources of our own: doctor misses no definition of them."""
    shell.make_tenant()
    shell.done("role", "grant", "acme", "--everyone", "auditor")
    shell.done("role", "set", "acme", "--maps-groups")
    assert "stored types" not in [row["check"] for row in shell.done("doctor", "--json").json]


def test_a_group_of_nobody(shell: Shell) -> None:
    """A group that is not there ends with 5."""
    shell.make_tenant()
    result = shell("role", "grant", "acme", "--group", "Crew", "auditor")
    assert result == Result(ExitCode.NOT_FOUND, "", "Error: There is no group with this id or displayName.\n")


@pytest.mark.parametrize("command", ["grant", "revoke"])
@pytest.mark.parametrize(
    "words, message",
    [
        (("ada@acme.example",), "ROLE is missing: name the person and then the role, or"),
        (("--everyone", "ada@acme.example", "auditor"), "With --group or --everyone, name the role alone"),
        (("--everyone", "--group", "Crew", "auditor"), "With --group or --everyone, name the role alone"),
        (("--everyone", "king"), f'Invalid value "king" for ROLE. Choose from: {CHOICES}.'),
    ],
)
def test_words_that_do_not_fit(shell: Shell, command: str, words: tuple[str, ...], message: str) -> None:
    """Too few words, too many, or a role that is none end with 2, and nobody is granted anything."""
    shell.scim(shell.make_tenant(), "POST", "/Users", ADA)
    result = shell("role", command, "acme", *words)
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert result.err.startswith(f"Error: {message}")
    assert [row for row in told_history(shell) if row[0].startswith("role")] == []


def test_an_explanation_for_people(shell: Shell) -> None:
    """Each grant that gives the permission has its line; without one, and while suspended, a sentence says why not."""
    key = shell.make_tenant()
    ada = shell.scim(key, "POST", "/Users", ADA)["id"]
    shell.scim(key, "POST", "/Users", {**GRACE, "active": False})
    make_group(shell, key, "Fleet\x1b[2J", make_group(shell, key, "Crew", ada))
    for words in (("ada@acme.example", "user-manager"), ("--group", "Crew", "auditor"), ("--everyone", "auditor")):
        shell.done("role", "grant", "acme", *words)
    shell.done("role", "grant", "acme", "--group", "Fleet\x1b[2J", "administrator")
    shell.done("role", "set", "acme", "--maps-groups")
    assert shell.done("explain", "acme", "ada@acme.example", "users.read").out == (
        "ada@acme.example holds users.read:\n"
        "  User manager, granted to the person\n"
        "  Auditor, granted to the group Crew\n"
        "  Administrator, granted to the group Fleet\\x1b[2J, which holds a group of the person\n"
        "  Auditor, granted to Everyone\n"
    )
    assert shell.done("explain", "acme", "admin@acme.example", "history.read").out == (
        "admin@acme.example holds history.read:\n"
        "  Administrator, granted to the person\n"
        "  Auditor, granted to Everyone\n"
    )
    assert shell.done("explain", "acme", "grace@acme.example", "users.read").out == (
        "grace@acme.example does not hold users.read: whoever is suspended may do nothing.\n"
    )


def test_an_explanation_of_what_is_not_held(shell: Shell) -> None:
    """A permission that no grant gives is not held, which is an answer and no failure."""
    shell.scim(shell.make_tenant(), "POST", "/Users", ADA)
    result = shell.done("explain", "acme", "ada@acme.example", "settings.write")
    assert result.out == "ada@acme.example does not hold settings.write: no role that allows it was granted.\n"


def test_a_permission_that_is_none(shell: Shell) -> None:
    """A permission that does not exist ends with 2 and names those that do; nobody, with 5."""
    shell.make_tenant()
    result = shell("explain", "acme", "admin@acme.example", "fly")
    assert result.code is ExitCode.USAGE
    assert result.err.startswith('Error: Invalid value "fly" for PERMISSION. Choose from: "profile.read", ')
    result = shell("explain", "acme", "nobody@acme.example", "users.read")
    assert result == Result(ExitCode.NOT_FOUND, "", "Error: There is nobody with this id or userName.\n")
