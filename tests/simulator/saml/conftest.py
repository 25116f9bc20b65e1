"""The simulated OneLogin with three people, and somebody in front of it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from musterbook.simulator import people
from musterbook.simulator.onelogin.saml import KeyPair, make_key_pair, serve_onelogin
from tests.simulator.saml.application import CONNECTOR, Visitor


@pytest.fixture(scope="session")
def key() -> KeyPair:
    """Return a key that the tests share."""
    return make_key_pair("OneLogin", datetime.now(UTC))


@pytest.fixture
def visitor(key: KeyPair) -> Iterator[Visitor]:
    """Yield somebody who has not signed in."""
    with serve_onelogin(CONNECTOR, people(3), key=key) as onelogin:
        visiting = Visitor(onelogin)
        with visiting.http:
            yield visiting
