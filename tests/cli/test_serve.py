"""*musterbook serve*, as a process and as far as it comes without one."""

import json
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from musterbook.cli.exit_codes import ExitCode
from tests.cli.shell import Result, Shell
from tests.journeys.serving import COMMAND, environment, serving
from tests.postgres import SECRET_KEY

PATIENCE_SECONDS = 60


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a server on any free port."""
    return subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_the_first_line_holds_the_address(tmp_path: Path, how: signal.Signals) -> None:
    """With --json the first line says where the server listens, and it does; a signal ends it with 0."""
    process = start(tmp_path, "--json")
    assert process.stdout is not None
    said = json.loads(process.stdout.readline())
    assert said == {"address": said["address"], "scim_base_url": f"{said['address']}/scim/v2"}
    assert httpx.get(f"{said['address']}/readyz").json() == {"status": "ready", "durability": "synchronous=FULL"}
    process.send_signal(how)
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, err) == (0, "")


def test_people_are_told_the_address(tmp_path: Path) -> None:
    """Without --json the address stands on standard error, for standard output is the log's."""
    process = start(tmp_path, "--base-url", "https://directory.example.com")
    assert process.stderr is not None
    line = process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert line.startswith("Musterbook listens on http://127.0.0.1:")
    assert line.endswith(". SCIM base URL: https://directory.example.com/scim/v2\n")
    assert (process.returncode, out, err) == (0, "", "")


def test_a_key_made_while_it_serves_works(tmp_path: Path, shell: Shell) -> None:
    """Commands work on the same database while the server runs."""
    with serving("sqlite:///musterbook.db", tmp_path) as server:
        key = shell.make_tenant()
        headers = {"Authorization": f"Bearer {key}"}
        assert httpx.get(f"{server.scim_url}/Users", headers=headers).json()["totalResults"] == 0


def test_a_port_that_is_taken(shell: Shell) -> None:
    """A port that somebody else has ends with 1 and is named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = f"Error: Cannot listen on 127.0.0.1, port {port}: Address already in use.\n"
        assert shell("serve", "--port", str(port)) == Result(ExitCode.FAILED, "", message)


NO_SECRET = (
    "With PostgreSQL a secret key is needed, the same for every process: set MUSTERBOOK_SECRET_KEY (or the setting "
    "secret_keys) to what `openssl rand -base64 32` prints, and keep it."
)


@pytest.mark.parametrize(
    "options, message",
    [
        (("--workers", "2"), "SQLite is served by one process. Use PostgreSQL for more than one worker."),
        (("--database", "postgresql://127.0.0.1:1/x"), NO_SECRET),
        (("--database", "postgresql://127.0.0.1:1/x", "--workers", "2"), NO_SECRET),
        (("--workers", "0"), "The setting workers is a number from 1 to 64."),
        (("--port", "65536"), "The setting port is a number from 0 to 65535."),
        (("--host", ""), "The setting host is an address or a name to listen on, such as 127.0.0.1."),
        (
            ("--base-url", "https://directory.example.com/scim/v2/"),
            "The base URL is the server's own, without /scim/v2.",
        ),
        (
            ("--trusted-proxies", "10.0.0.0/8", "proxy"),
            (
                "The setting trusted_proxies holds networks such as 10.0.0.0/8: "
                "'proxy' does not appear to be an IPv4 or IPv6 network."
            ),
        ),
    ],
)
def test_what_cannot_be_served(shell: Shell, options: tuple[str, ...], message: str) -> None:
    """A setting that cannot be used ends with 2 and one sentence, before any database is made."""
    assert shell("serve", *options) == Result(ExitCode.USAGE, "", f"Error: {message}\n")
    assert list(shell.folder.iterdir()) == []


def test_a_secret_that_cannot_be_used(shell: Shell) -> None:
    """A server whose secret cannot be read does not start without it: 3, in one sentence that names the file."""
    (shell.folder / "musterbook.secret").mkdir()
    message = "Error: The secret key musterbook.secret cannot be read: Is a directory.\n"
    assert shell("serve", "--port", "0") == Result(ExitCode.NOT_READY, "", message)


def test_a_database_that_is_away(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose database is away does not start: 1, in one sentence."""
    monkeypatch.setenv("MUSTERBOOK_SECRET_KEY", SECRET_KEY)
    result = shell("serve", "--port", "0", "--database", "postgresql://127.0.0.1:1/x")
    assert (result.code, result.out) == (ExitCode.FAILED, "")
    assert result.err.startswith("Error: PostgreSQL cannot be reached: ")
    assert result.err.count("\n") == 1
