"""*Exit codes.* Decides which failure ends a command with which number, and with which sentence.

Scripts rely on them, so each has one meaning and every expected failure has one.
"""

from enum import IntEnum

from musterbook.directory.store import GroupNamesRepeatedError, StoreError, StoreUnavailableError, TenantExistsError
from musterbook.directory.tenants import InvalidTenantError, NoSuchTenantError
from musterbook.scim.errors import ConflictError, NotFoundError, ScimError
from musterbook.settings import SettingsError
from musterbook.storage import DatabaseUrlError, SchemaError
from musterbook.web import NotReadyError, ServerFailedError


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    """It did not work out, or whoever read the output went away."""
    USAGE = 2
    """The command, an option or a setting is not one that can be used."""
    NOT_READY = 3
    """The database's schema is too old or too new for this release, or the file with the secret cannot be used."""
    CONFLICT = 4
    """What was asked for contradicts what is there."""
    NOT_FOUND = 5
    INTERRUPTED = 130
    """Ctrl-C, as shells count it: 128 and the number of the signal."""


class CommandError(Exception):
    """A command cannot do what it was asked; the message says why, and ``exit_code`` which kind of failure it is."""

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.FAILED) -> None:
        """Keep the message for people and the code for scripts."""
        super().__init__(message)
        self.exit_code = exit_code


EXPECTED_FAILURES = (
    CommandError,
    SettingsError,
    DatabaseUrlError,
    InvalidTenantError,
    NoSuchTenantError,
    NotReadyError,
    SchemaError,
    ServerFailedError,
    StoreError,
    ScimError,
)
"""What a command may end with beside success; anything else is a bug and shows itself as one."""


def exit_code_of(error: Exception) -> ExitCode:
    """Return the exit code for one of the expected failures."""
    match error:
        case CommandError():
            return error.exit_code
        case SettingsError() | DatabaseUrlError() | InvalidTenantError():
            return ExitCode.USAGE
        case SchemaError() | NotReadyError():
            return ExitCode.NOT_READY
        case TenantExistsError() | GroupNamesRepeatedError() | ConflictError():
            return ExitCode.CONFLICT
        case NoSuchTenantError() | NotFoundError():
            return ExitCode.NOT_FOUND
        case _:
            return ExitCode.FAILED


def message_of(error: Exception) -> str:
    """Return the sentence that people read about one of the expected failures."""
    if isinstance(error, ScimError):
        # A client is not told what is wrong with the database; the operator is.
        cause = error.__cause__
        return f"{error.detail} {message_of(cause)}" if isinstance(cause, StoreUnavailableError) else error.detail
    text = str(error) or type(error).__name__
    if isinstance(error, StoreError | DatabaseUrlError):
        # Written to stand behind a colon.
        text = f"{text[:1].upper()}{text[1:]}"
    return text if text.endswith((".", "?", "!")) else f"{text}."
