"""*What the shell needs.* The finished rooms that a request passes through, made once by ``wiring``.

Knows no database: whether it can be used is asked through a port.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from musterbook.directory import Clock, RandomBytes
from musterbook.directory.service import Directory
from musterbook.directory.store import TenantStore
from musterbook.identity import Keys
from musterbook.scim.service import Service
from musterbook.settings import Settings


class NotReadyError(Exception):
    """The server cannot work with its database; the message says why, in one sentence for the operator."""


class Readiness(Protocol):
    """Whether requests can be served."""

    async def check(self) -> None:
        """Return if the database answers and its schema is one that this release works with.

        Raises:
            StoreUnavailableError: it does not answer.
            NotReadyError: its schema is too old or too new.
        """


@dataclass(frozen=True, slots=True)
class Services:
    """The rooms, ready for use."""

    settings: Settings
    service: Service
    directory: Directory
    keys: Keys
    tenants: TenantStore
    readiness: Readiness
    clock: Clock
    random_bytes: RandomBytes


ServicesOpener: TypeAlias = Callable[[], AbstractAsyncContextManager[Services]]
"""Opens the database and builds the rooms; leaving the context closes what was opened.

Raises ``NotReadyError`` or ``StoreUnavailableError`` where the database cannot be used.
"""
