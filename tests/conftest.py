"""Fixtures that every room's tests may ask for. Nothing here knows a room."""

import os
import signal
from collections.abc import Generator, Iterator

import pytest

from tests.canaries import check_folder, check_postgres, note_secrets, take_notes
from tests.postgres import fresh_database, running_server


def pytest_configure() -> None:
    """Let Ctrl-C end what tests start, also where it is ignored, as in a script that runs the tests in the background.

    A program takes over from the one that starts it which signals it ignores.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that lets a secret come into a log or to standard error."""
    report = yield
    for title, text in report.sections:
        # What a command prints to standard output is its result, and that may be a new key.
        if "stdout" not in title:
            note_secrets(text.encode(errors="replace"), f"{title} of {item.nodeid}")
    if found := take_notes():
        report.outcome, report.longrepr = "failed", "\n".join(found)
    return report


@pytest.fixture(scope="session", autouse=True)
def nothing_secret_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Look for secrets in every SQLite database and every log that the tests of this process have left behind."""
    yield
    check_folder(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Yield the URL of a PostgreSQL server.

    That is ``MUSTERBOOK_TEST_DATABASE_URL`` where it is set (its user may create databases); otherwise a server of this
    session's own, one in each worker of pytest-xdist, started when the first test asks for it.
    """
    if given := os.environ.get("MUSTERBOOK_TEST_DATABASE_URL"):
        yield given
        return
    with running_server() as server:
        yield server.url


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """Yield the URL of a fresh, empty database that is dropped after the test, also from under open connections."""
    with fresh_database(postgres_url) as url:
        yield url
        check_postgres(url)
