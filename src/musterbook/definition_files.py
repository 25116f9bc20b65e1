"""*Definitions as files.* Reads the schemas and resource types that the setting ``definitions`` names.

What they define is decided by ``scim.definitions``, which knows no file; ``wiring`` asks for them. They are read once,
when a process starts, and all that is wrong with any of them is said at once.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from musterbook.scim.definitions import NO_DEFINITIONS, DefinitionError, Definitions, load_definitions
from musterbook.settings import SettingsError

MAX_FILE_BYTES = 1024 * 1024
"""The schemas of RFC 7643 together have 60 000."""


def read_definitions(paths: Iterable[str], reserved_names: Collection[str] = ()) -> Definitions:
    """Return what the files define; relative paths begin at the working folder.

    ``reserved_names``: of resource types that are kept here and not served.

    Raises:
        SettingsError: a file cannot be read, or what it defines cannot be served.
    """
    problems: list[str] = []
    documents: dict[str, bytes] = {}
    for path in paths:
        try:
            documents[path] = _read(path)
        except _UnreadableError as error:
            problems.append(str(error))
    try:
        definitions = load_definitions(documents, reserved_names)
    except DefinitionError as error:
        definitions = NO_DEFINITIONS
        # Some of these may follow from a file that is missing; whoever mends both at once is done sooner.
        problems += error.problems
    if problems:
        raise SettingsError("\n".join(["The setting definitions cannot be used:", *problems]))
    return definitions


class _UnreadableError(Exception):
    """A file cannot be read; the message says which and why."""


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            text = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _UnreadableError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise _UnreadableError(f"{path!r} is no path: {error}.") from error
    if len(text) > MAX_FILE_BYTES:
        raise _UnreadableError(f"{path} has more than {MAX_FILE_BYTES} bytes.")
    return text
