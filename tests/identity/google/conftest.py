"""Google on loopback, the same for all tests, tidied up before each."""

from collections.abc import Iterator

import pytest

from musterbook.simulator.google import GoogleAccounts, SigningKey, serve_google
from tests.identity.google.stage import ADA, EVE, GRACE, MALLORY, REGISTERED, Hands, Stage
from tests.web.conftest import prepared, site

__all__ = ["prepared", "site"]


@pytest.fixture(scope="session")
def google_key() -> SigningKey:
    """Return the key that Google signs with until a test rotates it."""
    return SigningKey()


@pytest.fixture(scope="session")
def google_clock() -> Hands:
    """Return the clock on Google's wall and on ours."""
    return Hands()


@pytest.fixture(scope="session")
def google_server(google_key: SigningKey, google_clock: Hands) -> Iterator[GoogleAccounts]:
    """Yield Google."""
    people = (ADA, GRACE, EVE, MALLORY)
    with serve_google(REGISTERED, people, key=google_key, clock=google_clock.timestamp) as google:
        yield google


@pytest.fixture
def stage(google_server: GoogleAccounts, google_key: SigningKey, google_clock: Hands) -> Stage:
    """Return Google without faults, and a fresh process of this server."""
    google_server.faults = frozenset()
    google_server.rotate_keys(google_key, forget=True)
    google_server.requests.clear()
    google_clock.now = Hands().now
    return Stage.open(google_server, google_clock)
