"""*The command ``musterbook``.* Puts the groups of commands together, and decides how a command line is refused.

A bug shows itself: its traceback is printed, because whoever mends it needs it, with a line that says what to do.
"""

import codecs
import io
import shlex
import sys
from collections.abc import Sequence
from types import TracebackType

from cyclopts import App
from cyclopts.exceptions import CycloptsError, UnusedCliTokensError

from musterbook import __version__
from musterbook.cli import (
    administrators,
    demo,
    history,
    keys,
    people,
    roles,
    saml,
    server,
    sessions,
    sign_in,
    simulation,
    tenants,
)
from musterbook.cli.exit_codes import ExitCode
from musterbook.cli.output import open_output

_SPELLED = {"→": "->", "…": "...", "✓": "+"}
"""Our own signs, for terminals that have only ASCII."""
_VALUE_OPTIONS = ("--database", "--base-url")


def build() -> App:
    """Return the whole command."""
    app = App(
        name="musterbook",
        help=(
            "The user directory that a product puts in front of its customers' identity providers.\n\n"
            "Begin with: musterbook demo"
        ),
        group_parameters="Options",
        version=f"musterbook {__version__}",
        suppress_keyboard_interrupt=False,
    )
    directory = (tenants.app, keys.app, people.users, roles.app, administrators.app)
    signing_in = (sign_in.app, saml.app, sessions.app)
    for group in (*directory, *signing_in, history.app, simulation.app):
        app.command(group)
    for command in (server.serve, server.migrate, server.backup, server.doctor, demo.demo, roles.explain):
        app.command(command)
    return app


def run_command(arguments: Sequence[str], app: App | None = None) -> ExitCode:
    """Run one command line, of ``app`` where it is given, and return how it ended."""
    output = open_output(as_json="--json" in arguments)
    if not all(_is_text(argument) for argument in arguments):
        output.fail("An argument is not text in UTF-8.")
        return ExitCode.USAGE
    try:
        code = (app or build())(
            options_last(arguments), exit_on_error=False, print_error=False, result_action="return_value"
        )
    except CycloptsError as error:
        output.fail(_usage_message(error))
        return ExitCode.USAGE
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    return code if isinstance(code, ExitCode) else ExitCode.DONE


def options_last(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with the options of every command after the command: people write them before it, too."""
    rest = list(arguments)
    moved: list[str] = []
    while rest:
        count = 1 if rest[0] == "--json" or rest[0].startswith(tuple(f"{name}=" for name in _VALUE_OPTIONS)) else 0
        count = 2 if rest[0] in _VALUE_OPTIONS else count
        if count == 0:
            break
        moved, rest = moved + rest[:count], rest[count:]
    end = rest.index("--") if "--" in rest else len(rest)
    return rest[:end] + moved + rest[end:]


def run_process() -> None:
    """Run the command line of this process, and end the process."""
    codecs.register_error("spell-out", _spell_out)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="spell-out")
    sys.excepthook = _report_bug
    sys.exit(run_command(sys.argv[1:]))


def _spell_out(error: UnicodeError) -> tuple[str, int]:
    """Replace what a terminal has no letter for: a foreign name must not keep the command from showing the rest."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    spelled = (_SPELLED.get(character) or character.encode("unicode_escape").decode() for character in missing)
    return "".join(spelled), error.end


def _is_text(argument: str) -> bool:
    """Return whether the bytes of an argument were UTF-8; where they were not, Python puts surrogates for them."""
    return not any("\ud800" <= character <= "\udfff" for character in argument)


def _usage_message(error: CycloptsError) -> str:
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        message = f"This is one argument too many: {shlex.join(error.unused_tokens)}"
    else:
        message = str(error)
    command = " ".join(("musterbook", *(error.command_chain or ())))
    return f"{message}\nSee: {command} --help"


def _report_bug(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    sys.__excepthook__(kind, error, traceback)
    sys.stderr.write(f"This is a bug in Musterbook {__version__}. Please report it with the lines above.\n")
