"""The type of the fixture that gives connected applications."""

from typing import Protocol, Unpack

from musterbook.simulator import OneLoginApp
from musterbook.simulator.onelogin.settings import AppOptions


class Connect(Protocol):
    """Makes an application whose API Status is Enabled at the scripted server."""

    def __call__(self, **options: Unpack[AppOptions]) -> OneLoginApp:
        """Return the application; its options are the fields of `AppSettings`."""
        ...
