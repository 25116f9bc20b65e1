"""*musterbook history …*"""

import json

import pytest

from musterbook.cli import history
from musterbook.cli.exit_codes import ExitCode
from tests.cli.shell import ADA, GRACE, Result, Shell


@pytest.fixture
def ada_and_grace(shell: Shell) -> str:
    """Let Ada join, marry and leave, and Grace join; return Ada's id."""
    key = shell.make_tenant()
    ada = shell.scim(key, "POST", "/Users", ADA)
    shell.scim(key, "PUT", f"/Users/{ada['id']}", {**ADA, "name": {"givenName": "Ada", "familyName": "King"}})
    shell.scim(key, "POST", "/Users", GRACE)
    shell.scim(key, "DELETE", f"/Users/{ada['id']}")
    ada_id: str = ada["id"]
    return ada_id


def test_list_in_json(shell: Shell, ada_and_grace: str) -> None:
    """A line says when, who, what, whom, by which request and key, and each value before and after."""
    lines = shell.done("history", "list", "acme", "--user", ada_and_grace, "--json").json
    key_id = shell.done("key", "list", "acme", "--json").json[0]["id"]
    renamed = lines[1]
    assert {**renamed, "time": None, "request_id": None} == {
        "time": None,
        "actor": "Scim System User",
        "action": "updated",
        "resource_type": "User",
        "user_id": ada_and_grace,
        "user_name": "ada@acme.example",
        "changes": [{"path": "name.familyName", "before": "Lovelace", "after": "King"}],
        "request_id": None,
        "key_id": key_id,
        "revision": 2,
    }
    assert shell.plain(renamed["time"]) == "<time>"
    assert [line["action"] for line in lines] == ["deprovisioned", "updated", "created"]
    assert len({line["request_id"] for line in lines}) == 3


def test_list_for_people(shell: Shell, ada_and_grace: str) -> None:
    """For people a line says in words what changed, newest first."""
    printed = shell.plain(shell.done("history", "list", "acme").out).splitlines()
    assert [" ".join(line.split()) for line in printed] == [
        "time (UTC) actor action user name changes",
        "<time> Scim System User deprovisioned ada@acme.example -",
        "<time> Scim System User created grace@acme.example -",
        "<time> Scim System User updated ada@acme.example familyName: Lovelace → King",
        "<time> Scim System User created ada@acme.example -",
        "<time> Operator created admin@acme.example -",
    ]


def test_groups_are_in_the_history(shell: Shell) -> None:
    """A line about a group has its name; JSON has the ids of who joined and left, and the table how many."""
    key = shell.make_tenant()
    ada, grace = (shell.scim(key, "POST", "/Users", person)["id"] for person in (ADA, GRACE))
    crew = shell.scim(key, "POST", "/Groups", {"displayName": "Crew", "members": [{"value": ada}]})["id"]
    shell.scim(key, "PUT", f"/Groups/{crew}", {"displayName": "Officers", "members": [{"value": grace}]})
    changed = shell.done("history", "list", "acme", "--limit", "1", "--json").json[0]
    assert (changed["user_id"], changed["user_name"], changed["action"]) == (crew, "Officers", "updated")
    assert changed["changes"] == [
        {"path": "displayName", "before": "Crew", "after": "Officers"},
        {"path": "members", "before": [ada], "after": [grace]},
    ]
    printed = shell.plain(shell.done("history", "list", "acme", "--limit", "2").out).splitlines()[1:]
    assert [" ".join(line.split()) for line in printed] == [
        "<time> Scim System User updated Officers displayName: Crew → Officers; members: 1 joined, 1 left",
        "<time> Scim System User created Crew -",
    ]


@pytest.mark.parametrize("reference", ["ada@acme.example", "ADA@acme.example", "id"])
def test_list_of_one_person(shell: Shell, ada_and_grace: str, reference: str) -> None:
    """--user takes an id or a userName, also of somebody who was removed."""
    user = ada_and_grace if reference == "id" else reference
    lines = shell.done("history", "list", "acme", "--user", user, "--json").json
    assert [(line["user_id"], line["revision"]) for line in lines] == [(ada_and_grace, number) for number in (3, 2, 1)]


def test_list_of_nobody(shell: Shell, ada_and_grace: str) -> None:
    """--user with nobody's name ends with 5."""
    result = shell("history", "list", "acme", "--user", "nobody@acme.example")
    assert result == Result(ExitCode.NOT_FOUND, "", "Error: There is nobody with this id or userName.\n")


@pytest.mark.parametrize("limit", [1, 3, 4, 100])
def test_list_has_a_limit(shell: Shell, ada_and_grace: str, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """At most --limit lines are listed, wherever the pages end that they are read in."""
    everything = shell.done("history", "list", "acme", "--json").json
    monkeypatch.setattr(history, "_PAGE", 2)
    assert shell.done("history", "list", "acme", "--limit", str(limit), "--json").json == everything[:limit]


def test_a_limit_is_at_least_one(shell: Shell) -> None:
    """A limit of nothing ends with 2."""
    result = shell("history", "list", "acme", "--limit", "0")
    message = 'Error: Invalid value "0" for --limit. Must be >= 1.\nSee: musterbook history list --help\n'
    assert result == Result(ExitCode.USAGE, "", message)


def test_export(shell: Shell, ada_and_grace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The export has the same lines as the list, each a JSON object on its own, with --json and without."""
    listed = shell.done("history", "list", "acme", "--json").json
    monkeypatch.setattr(history, "_PAGE", 2)
    for options in ((), ("--json",)):
        exported = shell.done("history", "export", "acme", *options).out.splitlines()
        assert [json.loads(line) for line in exported] == listed


def test_a_tenant_sees_its_own(shell: Shell, ada_and_grace: str) -> None:
    """The history of one tenant has no line of another."""
    shell.make_tenant("globex")
    lines = shell.rows("history", "list", "globex")
    assert [(line["actor"], line["action"], line["user_name"]) for line in lines] == [
        ("Operator", "created", "admin@globex.example")
    ]
