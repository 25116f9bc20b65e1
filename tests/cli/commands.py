"""The commands as the code has them."""

from collections.abc import Iterator

from cyclopts import App

from musterbook.cli.application import build

FOR_EVERY_COMMAND = frozenset({"--database", "--base-url", "--json"})


def _walk(app: App, path: tuple[str, ...] = ()) -> Iterator[tuple[str, App]]:
    for name in app:
        if name.startswith("-"):
            continue
        child = app[name]
        if child.default_command is not None:
            yield " ".join((*path, name)), child
        else:
            yield from _walk(child, (*path, name))


_APPS = dict(sorted(_walk(build())))
COMMANDS = list(_APPS)
"""Every command that does something, such as ``tenant create``."""


def options_of(command: str) -> set[str]:
    """Return the options of a command that are its own."""
    names = {name for argument in _APPS[command].assemble_argument_collection() for name in argument.names}
    return {name for name in names if name.startswith("--")} - FOR_EVERY_COMMAND


def arguments_of(command: str) -> list[str]:
    """Return the arguments of a command that have no option's name, in their order."""
    names = [argument.names[0] for argument in _APPS[command].assemble_argument_collection()]
    return [name for name in names if name.isidentifier()]
