"""*Identity providers in your own tests.* Decides how a test gets an application at a simulated provider.

Put ``pytest_plugins = ["musterbook.simulator.pytest_plugin"]`` into the ``conftest.py`` at the root of your tests.
This is the only module here that needs pytest.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import ParamSpec, Protocol, TypeVar, Unpack

import pytest

from musterbook.simulator.entra import EntraApp, EntraOptions
from musterbook.simulator.jumpcloud import JumpCloudApp, JumpCloudOptions
from musterbook.simulator.okta import OktaApp, OktaOptions
from musterbook.simulator.onelogin.app import OneLoginApp
from musterbook.simulator.onelogin.settings import AppOptions

_Asked = ParamSpec("_Asked")
_App = TypeVar("_App")


class OneLoginFactory(Protocol):
    """What the fixture ``onelogin`` gives: a function that makes an application."""

    def __call__(self, base_url: str, token: str, **options: Unpack[AppOptions]) -> OneLoginApp:
        """Return an application in OneLogin for the server at ``base_url``, with the fields of `AppSettings`."""
        ...


class OktaFactory(Protocol):
    """What the fixture ``okta`` gives: a function that makes an application."""

    def __call__(self, base_url: str, token: str, **options: Unpack[OktaOptions]) -> OktaApp:
        """Return an application in Okta for the server at ``base_url``, with the fields of `OktaSettings`."""
        ...


class EntraFactory(Protocol):
    """What the fixture ``entra`` gives: a function that makes an application."""

    def __call__(self, base_url: str, token: str, **options: Unpack[EntraOptions]) -> EntraApp:
        """Return an application in Entra ID for the server at ``base_url``, with the fields of `EntraSettings`."""
        ...


class JumpCloudFactory(Protocol):
    """What the fixture ``jumpcloud`` gives: a function that makes an application."""

    def __call__(self, base_url: str, token: str, **options: Unpack[JumpCloudOptions]) -> JumpCloudApp:
        """Return an application in JumpCloud for the server at ``base_url``, with the fields of `JumpCloudSettings`."""
        ...


@pytest.fixture
def onelogin() -> Iterator[OneLoginFactory]:
    """Make applications in a simulated OneLogin: ``onelogin(base_url, token, template=V2_CORE)``."""
    with ExitStack() as apps:
        yield _closing(apps, OneLoginApp)


@pytest.fixture
def okta() -> Iterator[OktaFactory]:
    """Make applications in a simulated Okta: ``okta(base_url, token, application=Application.AIW)``."""
    with ExitStack() as apps:
        yield _closing(apps, OktaApp)


@pytest.fixture
def entra() -> Iterator[EntraFactory]:
    """Make applications in a simulated Entra ID: ``entra(base_url, token, compliant=True)``."""
    with ExitStack() as apps:
        yield _closing(apps, EntraApp)


@pytest.fixture
def jumpcloud() -> Iterator[JumpCloudFactory]:
    """Make applications in a simulated JumpCloud: ``jumpcloud(base_url, token)``."""
    with ExitStack() as apps:
        yield _closing(apps, JumpCloudApp)


def _closing(apps: ExitStack, connect: Callable[_Asked, AbstractContextManager[_App]]) -> Callable[_Asked, _App]:
    """Return a function that makes an application and has it closed after the test."""

    def make(*args: _Asked.args, **options: _Asked.kwargs) -> _App:
        return apps.enter_context(connect(*args, **options))

    return make
