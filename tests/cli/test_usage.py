"""What every command has, and how a command line is refused."""

import json
import socket
import time

import pytest

from musterbook import __version__
from musterbook.cli.application import build, options_last, run_command
from musterbook.cli.exit_codes import ExitCode
from tests.cli.commands import COMMANDS
from tests.cli.shell import Result, Shell


def test_version(shell: Shell) -> None:
    """--version prints the name and the version."""
    assert shell("--version") == Result(ExitCode.DONE, f"musterbook {__version__}\n", "")


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(shell: Shell, command: str, flag: str) -> None:
    """Every command explains itself on standard output."""
    result = shell(*command.split(), flag)
    assert (result.code, result.err) == (ExitCode.DONE, "")
    assert result.out.startswith(f"Usage: musterbook {command}".rstrip())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_the_same_options(shell: Shell, command: str) -> None:
    """--database, --base-url and --json are options of every command."""
    help_text = shell(*command.split(), "--help").out
    assert [option for option in ("--database", "--base-url", "--json") if option not in help_text] == []


def test_without_a_command_there_is_help(shell: Shell) -> None:
    """Whoever types the name alone is told what there is."""
    result = shell()
    assert (result.code, result.err) == (ExitCode.DONE, "")
    assert "demo" in result.out


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["tenent"], 'Unknown command "tenent". Did you mean "tenant"?'),
        (["tenant", "make"], 'Unknown command "make".'),
        (["user", "list"], 'Command "user list" parameter SLUG requires an argument.'),
        (["user", "list", "acme", "--all"], "Unknown option: --all."),
        (["tenant", "list", "acme"], "This is one argument too many: acme"),
        (["tenant", "create", "acme", "--name", "A"], 'Command "tenant create" parameter --admin-email requires'),
        (["key", "create", "acme", "--expires-in-days", "soon"], "Invalid value for --expires-in-days: unable"),
        (["user", "show", "acme", "\udcff"], "An argument is not text in UTF-8."),
    ],
)
def test_wrong_usage(shell: Shell, arguments: list[str], message: str) -> None:
    """Wrong usage ends with 2; standard error says what is wrong, in words or as JSON."""
    result = shell(*arguments)
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert result.err.startswith(f"Error: {message}")
    in_json = shell(*arguments, "--json")
    assert (in_json.code, in_json.out) == (ExitCode.USAGE, "")
    assert json.loads(in_json.err)["error"].startswith(message)


@pytest.mark.parametrize(
    "given, run",
    [
        (["--json", "tenant", "list"], ["tenant", "list", "--json"]),
        (["--database", "x", "--json", "user", "list"], ["user", "list", "--database", "x", "--json"]),
        (["--base-url=y", "serve", "--port", "0"], ["serve", "--port", "0", "--base-url=y"]),
        (["--json", "user", "show", "a", "--", "-x"], ["user", "show", "a", "--json", "--", "-x"]),
        (["tenant", "list", "--json"], ["tenant", "list", "--json"]),
        (["--database"], ["--database"]),
        ([], []),
    ],
)
def test_options_may_stand_before_the_command(given: list[str], run: list[str]) -> None:
    """The options of every command mean the same before it as after it."""
    assert options_last(given) == run


def test_options_before_and_after(shell: Shell) -> None:
    """A command line with the options in front runs on the database that they name."""
    url = f"sqlite:///{shell.folder / 'other.db'}"
    create = ("tenant", "create", "acme", "--name", "Acme", "--admin-email", "ada@acme.example")
    shell.done("--database", url, *create)
    assert len(shell.rows("tenant", "list", "--database", url)) == 1
    assert shell.rows("tenant", "list") == []


@pytest.mark.parametrize(
    "url, code, message",
    [
        ("mysql://x", ExitCode.USAGE, "The setting database_url begins with sqlite:/// "),
        ("sqlite:///", ExitCode.USAGE, "'sqlite:///' names no database: "),
        ("postgresql://a:b c@h:port/x", ExitCode.USAGE, "The PostgreSQL address is malformed"),
        ("sqlite:////nowhere/x.db", ExitCode.FAILED, "The SQLite database /nowhere/x.db cannot be opened: "),
        ("postgresql://ada:lovelace@127.0.0.1:1/x", ExitCode.FAILED, "PostgreSQL cannot be reached: "),
    ],
)
def test_a_database_that_cannot_be_used(shell: Shell, url: str, code: ExitCode, message: str) -> None:
    """A wrong address ends with 2, a database that is away with 1; either in one sentence, without a password."""
    result = shell("tenant", "list", "--database", url)
    assert (result.code, result.out) == (code, "")
    assert result.err.startswith(f"Error: {message}")
    assert result.err.count("\n") == 1
    assert "lovelace" not in result.err


def test_a_database_that_says_nothing(shell: Shell) -> None:
    """A server that takes the connection and never answers is given up within five seconds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        result = shell("tenant", "list", "--database", f"postgresql://127.0.0.1:{silent.getsockname()[1]}/x")
        assert time.monotonic() - begun < 5
    assert (result.code, result.out) == (ExitCode.FAILED, "")
    assert result.err.count("\n") == 1


def test_a_file_that_is_no_database(shell: Shell) -> None:
    """A file of another kind is left as it is, with a sentence."""
    file = shell.folder / "letter.db"
    file.write_text("Dear Ada, this is no database. " * 40)
    before = file.read_bytes()
    result = shell("tenant", "list", "--database", "sqlite:///letter.db")
    assert result == Result(ExitCode.FAILED, "", "Error: SQLite: file is not a database.\n")
    assert file.read_bytes() == before


def test_ctrl_c_ends_with_130(shell: Shell) -> None:
    """A command that is interrupted ends with 130 and says nothing."""
    application = build()

    @application.command
    def wait() -> None:
        raise KeyboardInterrupt

    assert run_command(["wait"], application) is ExitCode.INTERRUPTED
    assert shell.capfd.readouterr() == ("", "")
