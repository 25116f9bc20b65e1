"""*OneLogin in your own tests.* Decides how a test gets an application in a simulated OneLogin.

Put ``pytest_plugins = ["musterbook.simulator.pytest_plugin"]`` into the ``conftest.py`` at the root of your tests.
This is the only module here that needs pytest.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol, Unpack

import pytest

from musterbook.simulator.onelogin.app import OneLoginApp
from musterbook.simulator.onelogin.settings import AppOptions


class OneLoginFactory(Protocol):
    """What the fixture gives: a function that makes an application."""

    def __call__(self, base_url: str, token: str, **options: Unpack[AppOptions]) -> OneLoginApp:
        """Return an application in OneLogin for the server at ``base_url``, with the fields of `AppSettings`."""
        ...


@pytest.fixture
def onelogin() -> Iterator[OneLoginFactory]:
    """Make applications in a simulated OneLogin: ``onelogin(base_url, token, template=V2_CORE)``."""
    with ExitStack() as apps:

        def make(base_url: str, token: str, **options: Unpack[AppOptions]) -> OneLoginApp:
            return apps.enter_context(OneLoginApp(base_url, token, **options))

        yield make
