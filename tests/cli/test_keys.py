"""*musterbook key …*"""

import re

import pytest

from musterbook.cli.exit_codes import ExitCode
from tests.cli.shell import Result, Shell

CREATE_TENANT = ("tenant", "create", "acme", "--name", "Acme", "--admin-email", "admin@acme.example")


def test_create_prints_the_key_alone(shell: Shell) -> None:
    """Standard output holds the key and nothing else, so that a script can take it; the rest is on standard error."""
    shell.done(*CREATE_TENANT)
    result = shell.done("key", "create", "acme")
    assert re.fullmatch(r"mbk_[0-9A-Za-z]{49}\n", result.out)
    assert shell.plain(result.err) == (
        "The key is shown once, and works until <date>.\nSCIM base URL: http://127.0.0.1:8000/scim/v2\n"
    )
    assert shell.scim(result.out.strip(), "GET", "/Users")["totalResults"] == 0


def test_create_in_json(shell: Shell) -> None:
    """JSON holds the key and what it was made with."""
    shell.done(*CREATE_TENANT)
    options = ("--label", "Staging", "--idp", "okta", "--profile", "rfc", "--expires-in-days", "30")
    created = shell.done("key", "create", "acme", *options, "--json").json
    key: str = created["key"]
    assert created["prefix"] == key[:12]
    assert {**created, "id": None, "expires_at": None} == {
        "id": None,
        "key": key,
        "prefix": key[:12],
        "idp": "okta",
        "profile": "rfc",
        "expires_at": None,
    }
    listed = shell.done("key", "list", "acme", "--json").json[0]
    assert (listed["id"], listed["expires_at"]) == (created["id"], created["expires_at"])


def test_list(shell: Shell) -> None:
    """Keys are listed oldest first, also revoked ones; no list holds a whole key."""
    shell.done(*CREATE_TENANT)
    secret = shell.done("key", "create", "acme", "--label", "First", "--idp", "onelogin").out.strip()
    shell.done("key", "create", "acme")
    revoked_id = shell.done("key", "list", "acme", "--json").json[0]["id"]
    shell.done("key", "revoke", "acme", revoked_id)
    shared = {"profile": "lenient", "created_at": "<time>", "expires_at": "<time>", "last_used_at": None}
    assert shell.rows("key", "list", "acme") == [
        {"id": "<id 1>", "prefix": "<prefix 1>", "label": "First", "idp": "onelogin", "revoked_at": "<time>", **shared},
        {"id": "<id 2>", "prefix": "<prefix 2>", "label": "", "idp": None, "revoked_at": None, **shared},
    ]
    text = shell.done("key", "list", "acme").out
    assert secret not in text
    assert [line.split() for line in shell.plain(text).splitlines()[1:]] == [
        ["<id", "1>", "<prefix", "1>", "First", "onelogin", "<date>", "<date>", "-"],
        ["<id", "2>", "<prefix", "2>", "-", "-", "<date>", "-", "-"],
    ]


def test_list_shows_the_last_use(shell: Shell) -> None:
    """A key that was used says when."""
    key = shell.make_tenant()
    shell.scim(key, "GET", "/Users")
    assert [row["last_used_at"] for row in shell.rows("key", "list", "acme")] == ["<time>"]


def test_revoke(shell: Shell) -> None:
    """A revoked key opens nothing; another one of the same tenant still does."""
    first, second = shell.make_tenant(), shell.done("key", "create", "acme").out.strip()
    key_id = shell.done("key", "list", "acme", "--json").json[0]["id"]
    assert shell.done("key", "revoke", "acme", key_id, "--json").json == {"id": key_id, "revoked": True}
    assert shell.scim(second, "GET", "/Users")["totalResults"] == 0
    with pytest.raises(AssertionError, match="401"):
        shell.scim(first, "GET", "/Users")


def test_revoke_of_a_foreign_key_is_not_found(shell: Shell) -> None:
    """An unknown key, and one of another tenant, end with 5; the other tenant's key goes on."""
    shell.make_tenant("acme")
    foreign = shell.make_tenant("globex")
    foreign_id = shell.done("key", "list", "globex", "--json").json[0]["id"]
    message = "Error: The tenant 'acme' has no key with this id.\n"
    assert shell("key", "revoke", "acme", foreign_id) == Result(ExitCode.NOT_FOUND, "", message)
    assert shell("key", "revoke", "acme", "nothing") == Result(ExitCode.NOT_FOUND, "", message)
    assert shell.scim(foreign, "GET", "/Users")["totalResults"] == 0


@pytest.mark.parametrize(
    "options, message",
    [
        (("--idp", "acme"), 'Invalid value "acme" for --idp. Choose from: "onelogin", "okta", '),
        (("--profile", "strict"), 'Invalid value "strict" for --profile. Choose from: "lenient", "rfc", '),
        (("--expires-in-days", "0"), 'Invalid value "0" for --expires-in-days. Must be >= 1.'),
        (("--expires-in-days", "3651"), 'Invalid value "3651" for --expires-in-days. Must be <= 3650.'),
        (("--label", "x" * 101), "--label is at most 100 printable characters."),
        (("--label", "a\x1bb"), "--label is at most 100 printable characters."),
    ],
)
def test_create_says_what_cannot_be_used(shell: Shell, options: tuple[str, ...], message: str) -> None:
    """A value that cannot be used ends with 2 and says which can; no key is made."""
    shell.done(*CREATE_TENANT)
    result = shell("key", "create", "acme", *options)
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert result.err.startswith(f"Error: {message}")
    assert shell.rows("key", "list", "acme") == []
