"""Fixtures of the simulator's tests: the well-behaved server, two people, and applications connected to it."""

from collections.abc import Iterator
from typing import Unpack

import pytest

from musterbook.simulator import OneLoginApp, OneLoginUser, people
from musterbook.simulator.onelogin.settings import AppOptions
from musterbook.simulator.pytest_plugin import OneLoginFactory, entra, jumpcloud, okta, onelogin
from tests.simulator.applications import Connect
from tests.simulator.directory_server import DirectoryServer
from tests.simulator.scripted_server import TOKEN, ScriptedServer, running, serving

__all__ = ["entra", "jumpcloud", "okta", "onelogin"]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A SCIM server on a real socket."""
    with serving() as state:
        yield state


@pytest.fixture
def directory() -> Iterator[DirectoryServer]:
    """A SCIM server with users and groups on a real socket."""
    with running(DirectoryServer(base="/scim/v2")) as state:
        yield state


@pytest.fixture
def ada() -> OneLoginUser:
    """Ada, without a space too many."""
    return people(2)[0]


@pytest.fixture
def grace() -> OneLoginUser:
    """Grace, whose last name begins with a space."""
    return people(2)[1]


@pytest.fixture
def connect(server: ScriptedServer, onelogin: OneLoginFactory) -> Connect:
    """Make applications that are Enabled at the server, which has forgotten the request of that."""

    def make(**options: Unpack[AppOptions]) -> OneLoginApp:
        app = onelogin(server.url, TOKEN, **options)
        app.enable()
        server.requests.clear()
        return app

    return make
