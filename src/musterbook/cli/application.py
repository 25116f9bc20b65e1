"""*The command ``musterbook``.* Puts the groups of commands together and turns wrong usage into exit code 2."""

import sys
from collections.abc import Sequence

from cyclopts import App
from cyclopts.exceptions import CycloptsError

from musterbook import __version__
from musterbook.cli import demo, history, keys, people, server, simulation, tenants
from musterbook.cli.exit_codes import ExitCode


def build() -> App:
    """Return the whole command."""
    app = App(
        name="musterbook",
        help="The user directory that a product puts in front of its customers' identity providers.",
        version=f"musterbook {__version__}",
    )
    for group in (tenants.app, keys.app, people.users, people.roles, history.app, simulation.app):
        app.command(group)
    for command in (server.serve, server.migrate, server.backup, server.doctor, demo.demo):
        app.command(command)
    return app


def run_command(arguments: Sequence[str]) -> ExitCode:
    """Run one command line and return how it ended."""
    try:
        code = build()(arguments, exit_on_error=False, print_error=True, result_action="return_value")
    except CycloptsError:
        return ExitCode.USAGE
    return code if isinstance(code, ExitCode) else ExitCode.DONE


def main() -> None:
    """Run the command line of this process."""
    sys.exit(run_command(sys.argv[1:]))
