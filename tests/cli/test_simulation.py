"""*musterbook simulate onelogin*"""

import json
import signal
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from musterbook.cli.browser import DemoBrowser
from musterbook.cli.exit_codes import ExitCode
from tests.cli.shell import Shell
from tests.journeys.serving import COMMAND, Server, environment, serving

PATIENCE_SECONDS = 60

UNREACHABLE = (
    "Failed to enable the API connection. Could not reach http://127.0.0.1:1/scim/v2: Connection refused. "
    "Check the SCIM Base URL and that the application is running."
)


@pytest.fixture
def server(shell: Shell) -> Iterator[Server]:
    """Run a server on the shell's database."""
    with serving(shell.database, shell.folder) as running:
        yield running


def test_people_join(shell: Shell, server: Server) -> None:
    """A few people join, each told in a line; the directory then holds them. The SCIM base URL does as well."""
    key = shell.make_tenant()
    told = shell.done("simulate", "onelogin", "--base-url", server.scim_url, "--key", key, "--users", "2").out
    assert [line.split() for line in told.splitlines()] == [
        ["Provisioned", "enable", "the", "API", "connection", "[GET", "200]"],
        ["Provisioned", "create", "user", "in", "app", "Ada", "Merriweather", "[GET", "200,", "POST", "201]"],
        ["Provisioned", "create", "user", "in", "app", "Grace", "Holloway", "[GET", "200,", "POST", "201]"],
        ["users", "2"],
        ["tasks", "3"],
        ["failed", "0"],
        ["requests", "5"],
    ]
    names = [person["display_name"] for person in shell.rows("user", "list", "acme")]
    assert names == ["Ada Merriweather", "Grace Holloway"]
    again = shell.done("simulate", "onelogin", "--base-url", server.address, "--key", key, "--users", "2", "--json")
    assert again.json == {"users": 2, "tasks": 3, "failed": 0, "requests": 5, "problem": None}
    assert len(shell.rows("user", "list", "acme")) == 2


def test_the_whole_story(shell: Shell, server: Server) -> None:
    """With 13 people or more the whole story is played; what must fail in it is told with OneLogin's message."""
    key = shell.make_tenant()
    arguments = ("--base-url", server.address, "--key", key, "--users", "13", "--template", "v1-core", "--seed", "3")
    told = shell.done("simulate", "onelogin", *arguments).out
    assert "Pending      create user in app" in told
    assert "Failed       create user in app" in told
    assert "             Failed to create user in app. " in told
    assert len(shell.rows("user", "list", "acme")) == 11


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_people_sign_in(shell: Shell, server: Server, how: signal.Signals) -> None:
    """With --sign-in the command goes on as OneLogin: its metadata connect the tenant, and who was provisioned signs in
    there. A signal ends it with 0.
    """
    key = shell.make_tenant()
    arguments = ("--base-url", server.scim_url, "--key", key, "--users", "2", "--json", "--sign-in", "acme")
    process = subprocess.Popen(
        [*COMMAND, "simulate", "onelogin", *arguments],
        cwd=shell.folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    told, addresses = (json.loads(process.stdout.readline()) for _ in range(2))
    assert (told["problem"], list(addresses)) == (None, ["issuer", "portal", "password"])
    metadata = shell.folder / "onelogin.xml"
    metadata.write_bytes(httpx.get(addresses["issuer"]).content)
    shell.done("saml", "set", "acme", "--metadata", str(metadata), "--sign-in", "optional")
    with DemoBrowser() as browser:
        browser.open(f"{server.address}/login/acme")
        browser.click("Continue with single sign-on")
        browser.submit(username="grace.holloway@example.com", password=addresses["password"])
        browser.submit()
        assert browser.page.heading == "Your account"
    process.send_signal(how)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_tenant_that_is_not_there(shell: Shell, server: Server) -> None:
    """Nobody is provisioned where the tenant whose people are to sign in does not exist, or nothing answers."""
    key = shell.make_tenant()
    for address, code in ((server.address, ExitCode.NOT_FOUND), ("http://127.0.0.1:1", ExitCode.FAILED)):
        arguments = ("--base-url", address, "--key", key, "--users", "1", "--sign-in", "globex")
        result = shell("simulate", "onelogin", *arguments)
        assert (result.code, f"{address}/saml/globex/metadata" in result.err) == (code, True)
    assert shell.rows("user", "list", "acme") == []


def test_a_wrong_key(shell: Shell, server: Server) -> None:
    """A key that opens nothing ends with 1 and with what OneLogin's administrator reads; the key is not shown."""
    shell.make_tenant()
    result = shell("simulate", "onelogin", "--base-url", server.address, "--key", "mbk_wrong", "--users", "1")
    assert result.code is ExitCode.FAILED
    assert result.err.startswith("Error: Failed to enable the API connection. ")
    assert "mbk_wrong" not in result.out + result.err


def test_nobody_listens(shell: Shell) -> None:
    """A server that is away ends with 1; JSON has the same sentence."""
    arguments = ("simulate", "onelogin", "--base-url", "http://127.0.0.1:1", "--key", "mbk_x", "--json")
    result = shell(*arguments)
    assert result.code is ExitCode.FAILED
    problem = f"Step 1 (Connect): {UNREACHABLE}"
    assert result.json == {"users": 25, "tasks": 1, "failed": 1, "requests": 1, "problem": problem}
    assert json.loads(result.err) == {"error": problem}


@pytest.mark.parametrize(
    "options, message",
    [
        (("--users", "0"), 'Invalid value "0" for --users. Must be >= 1.'),
        (("--users", "100001"), 'Invalid value "100001" for --users. Must be <= 100000.'),
        (("--template", "v3"), 'Invalid value "v3" for --template. Choose from: "v1-core", "v1-enterprise", '),
        (("--base-url", "directory.example.com"), "The setting base_url looks like https://directory.example.com "),
    ],
)
def test_what_cannot_be_played(shell: Shell, options: tuple[str, ...], message: str) -> None:
    """An option that cannot be used ends with 2."""
    result = shell("simulate", "onelogin", "--key", "k", *options)
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert result.err.startswith(f"Error: {message}")
