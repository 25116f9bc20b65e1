"""The command as a process: signals, pipes, terminals, and bugs."""

import io
import os
import pty
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.shell import ADA, Shell
from tests.journeys.serving import COMMAND, environment

PATIENCE_SECONDS = 60
NAME = {"givenName": "Łucja", "familyName": "Gödel"}


@pytest.fixture
def lucja(shell: Shell) -> Shell:
    """Give the tenant acme one person, whose name is not ASCII."""
    shell.scim(shell.make_tenant(), "POST", "/Users", {**ADA, "name": NAME})
    return shell


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run one command line as a process of its own."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env={**environment(), **variables},
        capture_output=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


@pytest.mark.parametrize(
    "arguments",
    [("history", "export", "acme"), ("user", "list", "acme"), ("user", "list", "acme", "--json")],
    ids=" ".join,
)
def test_a_reader_that_goes_away_ends_the_command_quietly(lucja: Shell, arguments: tuple[str, ...]) -> None:
    """As with ``musterbook history export acme | head``: no traceback, no word."""
    read, write = os.pipe()
    os.close(read)
    with open(write, "wb") as closed:  # noqa: PTH123 it opens a descriptor
        process = subprocess.Popen(
            [*COMMAND, *arguments], cwd=lucja.folder, env=environment(), stdout=closed, stderr=subprocess.PIPE
        )
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, err) == (1, b"")


def test_a_terminal_without_the_letters(lucja: Shell) -> None:
    """Where the terminal has only ASCII, letters are spelled out for people, and JSON stays JSON."""
    shown = run(lucja.folder, "user", "show", "acme", "ada@acme.example", PYTHONIOENCODING="ascii")
    assert shown.returncode == 0
    assert b"display name  \\u0141ucja G\\xf6del\n" in shown.stdout
    in_json = run(lucja.folder, "user", "show", "acme", "ada@acme.example", "--json", PYTHONIOENCODING="ascii")
    assert b'"display_name": "\\u0141ucja G\\u00f6del"' in in_json.stdout
    in_latin = run(lucja.folder, "user", "show", "acme", "ada@acme.example", PYTHONIOENCODING="latin-1")
    assert "display name  \\u0141ucja Gödel\n".encode("latin-1") in in_latin.stdout


def test_a_terminal_has_colours_and_its_own_width(lucja: Shell) -> None:
    """At a terminal a table is folded to its width, ids stay whole, and headings are dim."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "user", "list", "acme"],
        cwd=lucja.folder,
        env={**environment(), "COLUMNS": "70", "TERM": "xterm"},
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    with open(ours, "rb", 0) as screen:  # noqa: PTH123 it opens a descriptor
        try:
            while chunk := screen.read(io.DEFAULT_BUFFER_SIZE):
                shown += chunk
        except OSError:  # Linux says so that the other end of a terminal is closed.
            pass
    assert process.wait(PATIENCE_SECONDS) == 0
    ada_id = lucja.done("user", "list", "acme", "--json").json[0]["id"]
    assert b"\x1b[2m" in shown
    assert ada_id.encode() in shown


def test_ctrl_c_ends_a_command_that_waits(tmp_path: Path) -> None:
    """Ctrl-C ends a command at work with 130 and without a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = subprocess.Popen(
            [*COMMAND, "simulate", "onelogin", "--key", "k", "--base-url", url],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        silent.settimeout(PATIENCE_SECONDS)
        connection, _ = silent.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_a_bug_shows_itself(tmp_path: Path) -> None:
    """What nobody expected ends with 1, with its traceback and a line that says what to do."""
    script = "from musterbook.cli import application\napplication.build = lambda: 1 / 0\napplication.run_process()\n"
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("Traceback")
    assert "ZeroDivisionError" in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith("This is a bug in Musterbook")


def test_the_command_is_installed(tmp_path: Path) -> None:
    """``musterbook`` and ``python -m musterbook`` are the same command."""
    script = Path(sys.executable).parent / "musterbook"
    shown = subprocess.run([script, "--version"], cwd=tmp_path, capture_output=True, check=True, timeout=60).stdout
    assert shown == run(tmp_path, "--version").stdout
