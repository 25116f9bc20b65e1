"""Database addresses."""

from pathlib import Path

import pytest

from musterbook.storage import DatabaseUrlError, migrate_database, open_database, sqlite_path


@pytest.mark.parametrize(
    "url, expected",
    [
        ("sqlite:///musterbook.db", Path("musterbook.db")),
        ("sqlite:////var/lib/musterbook.db", Path("/var/lib/musterbook.db")),
        ("sqlite:///a b?c=%41#d", Path("a b?c=%41#d")),
        ("postgresql://user:password@host/name", None),
        ("postgres://host/name", None),
    ],
)
def test_an_address_names_a_file_or_a_server(url: str, expected: Path | None) -> None:
    """Three slashes stand before a relative path, four before an absolute one, and nothing in the name is special."""
    assert sqlite_path(url) == expected


@pytest.mark.parametrize(
    "url", ["", "musterbook.db", "sqlite://musterbook.db", "sqlite:///", "sqlite:///:memory:", "mysql://u:secret@h/n"]
)
async def test_another_address_is_refused_without_showing_a_password(url: str) -> None:
    """What names neither SQLite's file nor PostgreSQL is refused with the forms that are right."""
    for attempt in (open_database, migrate_database):
        with pytest.raises(DatabaseUrlError, match=r"sqlite:///relative\.db") as caught:
            await attempt(url)
        assert "secret" not in str(caught.value)
