"""The commands as the code has them."""

from collections.abc import Iterator

from cyclopts import App

from musterbook.cli.application import build


def walk(app: App, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield every command below ``app`` that does something, such as ``tenant create``."""
    for name in app:
        if name.startswith("-"):
            continue
        child = app[name]
        if child.default_command is not None:
            yield " ".join((*path, name))
        else:
            yield from walk(child, (*path, name))


COMMANDS = sorted(walk(build()))
