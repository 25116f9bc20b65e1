"""Secrets that must stand nowhere, looked for in everything that the tests leave behind.

Passwords, seeds and client secrets of the tests begin with "canary"; keys and assertions show themselves by their form.
Looked through are the databases, with history, events and the logs of sign-ins, the logs of servers and of the
tests' own process, and what goes to standard error.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.postgres import execute

_FORMS = (
    "mbk_[0-9A-Za-z]{49}",  # a whole key, where its first characters may stand
    "canary",
    "CANARY",
    ":Assertion[ >]",
    "PHNhbWxwOlJlc3BvbnNl",  # the beginning of a response in base64
    "otpauth://",
    "musterbook-(session|attempt|ticket|device)=[0-9A-Za-z]",
)
SECRET = re.compile("|".join(_FORMS).encode())
_LEFT_BEHIND = ("*.db", "*.db-wal", "*.log")

_LOOK = """
DO $$
DECLARE
    looked_at regclass;
    is_there boolean;
BEGIN
    FOR looked_at IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s AS row WHERE row::text ~ %L)', looked_at, '{forms}')
        INTO is_there;
        IF is_there THEN
            RAISE EXCEPTION 'a secret stands in %', looked_at;
        END IF;
    END LOOP;
END
$$
"""


_noted: list[str] = []
"""What was found where a failure would go unseen: a log that cannot be written stops nobody."""


class SecretFoundError(AssertionError):
    """A secret stands where none may."""


def check_text(text: bytes, place: str) -> None:
    """Check that a text holds no secret.

    Raises:
        SecretFoundError: it holds one.
    """
    found = SECRET.search(text)
    if found is not None:
        around = text[max(found.start() - 60, 0) : found.end() + 60]
        raise SecretFoundError(f"A secret stands in {place}: {around!r}")


def note_secrets(text: bytes, place: str) -> None:
    """Remember a secret that a text holds, for :func:`take_notes`."""
    try:
        check_text(text, place)
    except SecretFoundError as error:
        _noted.append(str(error))


def take_notes() -> list[str]:
    """Return what was remembered since this was asked for the last time."""
    notes = list(_noted)
    _noted.clear()
    return notes


def check_folder(folder: Path) -> None:
    """Check that no database and no log in a folder holds a secret.

    Raises:
        SecretFoundError: one of them holds one.
    """
    for path in _files(folder):
        check_text(path.read_bytes(), str(path))


def _files(folder: Path) -> Iterator[Path]:
    for pattern in _LEFT_BEHIND:
        yield from (path for path in folder.rglob(pattern) if path.is_file())


def check_postgres(url: str) -> None:
    """Check that no table of a database holds a secret.

    Raises:
        CalledProcessError: one of them holds one; standard error says which.
    """
    execute(url, _LOOK.replace("{forms}", "|".join(_FORMS)))
