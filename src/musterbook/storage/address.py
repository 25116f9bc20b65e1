"""*Database addresses.* Decides which database an address names."""

from pathlib import Path
from typing import Final

from musterbook.storage.errors import DatabaseUrlError

_SQLITE: Final = "sqlite:///"
_POSTGRES: Final = ("postgresql://", "postgres://")


def sqlite_path(url: str) -> Path | None:
    """Return the file of ``sqlite:///relative.db`` or ``sqlite:////absolute.db``; ``None`` for PostgreSQL.

    What follows ``sqlite:///`` is the file's name as it is: nothing in it is an option or an escape.

    Raises:
        DatabaseUrlError: neither SQLite nor PostgreSQL, or SQLite without a file.
    """
    if url.startswith(_POSTGRES):
        return None
    name = url.removeprefix(_SQLITE)
    if not url.startswith(_SQLITE) or not name or name.startswith(":") or "\0" in name:
        raise DatabaseUrlError(
            f"{_without_password(url)} names no database: write sqlite:///relative.db, sqlite:////absolute.db or "
            "postgresql://user:password@host/name"
        )
    return Path(name)


def _without_password(url: str) -> str:
    """Return what may be shown of an address: a misspelled one may hold a password."""
    return f"'{url.partition(':')[0]}:…'" if "@" in url else f"'{url}'"
