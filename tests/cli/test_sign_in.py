"""*musterbook sign-in …*"""

import pytest

from musterbook.cli.exit_codes import ExitCode
from tests.cli.shell import Result, Shell


def test_what_holds_until_somebody_decides(shell: Shell) -> None:
    """Without an option the settings are shown, and nothing is changed."""
    shell.make_tenant()
    assert shell.rows("sign-in", "set", "acme") == {
        "tenant": "acme",
        "saml": "off",
        "google_domain": None,
        "contact": None,
        "idle_minutes": 30,
        "absolute_hours": 12,
        "domains": [],
    }
    assert [row["user_name"] for row in shell.rows("history", "list", "acme")] == ["admin@acme.example"]


def test_settings_change_one_by_one(shell: Shell) -> None:
    """What is not named stays, and "none" takes a text away."""
    shell.make_tenant()
    shell.done("sign-in", "set", "acme", "--google-domain", "Acme.example", "--contact", "IT, room 7")
    row = shell.rows("sign-in", "set", "acme", "--idle-minutes", "15", "--absolute-hours", "8")
    assert {name: row[name] for name in ("google_domain", "contact", "idle_minutes", "absolute_hours")} == {
        "google_domain": "acme.example",
        "contact": "IT, room 7",
        "idle_minutes": 15,
        "absolute_hours": 8,
    }
    row = shell.rows("sign-in", "set", "acme", "--google-domain", "none", "--contact", "none")
    assert (row["google_domain"], row["contact"], row["idle_minutes"]) == (None, None, 15)


@pytest.mark.parametrize(
    "option, value", [("--google-domain", "acme"), ("--idle-minutes", "0"), ("--absolute-hours", "169")]
)
def test_a_setting_that_cannot_be_used(shell: Shell, option: str, value: str) -> None:
    """It is refused, and nothing is changed."""
    shell.make_tenant()
    before = shell.rows("sign-in", "set", "acme")
    assert shell("sign-in", "set", "acme", option, value).code in {ExitCode.USAGE, ExitCode.FAILED}
    assert shell.rows("sign-in", "set", "acme") == before


def test_domains_come_and_go(shell: Shell) -> None:
    """A domain is kept in lower case and in the form of the DNS; one that is there already is no change."""
    shell.make_tenant()
    for domain in ("Acme.example", "bücher.example"):
        shell.done("sign-in", "domain", "add", "acme", domain)
    row = shell.rows("sign-in", "domain", "add", "acme", "acme.example")
    assert row == {"tenant": "acme", "domains": ["acme.example", "xn--bcher-kva.example"]}
    row = shell.rows("sign-in", "domain", "remove", "acme", "BÜCHER.example")
    assert row == {"tenant": "acme", "domains": ["acme.example"]}
    result = shell("sign-in", "domain", "remove", "acme", "other.example")
    assert result == Result(ExitCode.NOT_FOUND, "", "Error: The tenant 'acme' has no domain other.example.\n")


@pytest.mark.parametrize("domain", ["", "acme", "a b.example", "a-.example", "x" * 64 + ".example"])
def test_what_is_no_domain(shell: Shell, domain: str) -> None:
    """It leads nobody anywhere, so it is refused."""
    shell.make_tenant()
    result = shell("sign-in", "domain", "add", "acme", domain)
    assert result == Result(ExitCode.USAGE, "", "Error: A domain looks like example.com.\n")


def test_a_domain_is_one_tenants(shell: Shell) -> None:
    """Another tenant's domain cannot be taken."""
    shell.make_tenant()
    shell.make_tenant("globex")
    shell.done("sign-in", "domain", "add", "globex", "globex.example")
    result = shell("sign-in", "domain", "add", "acme", "globex.example")
    assert result == Result(ExitCode.CONFLICT, "", "Error: The domain globex.example is another tenant's.\n")
