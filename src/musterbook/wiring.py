"""*The composition root.* Puts the rooms together; the only module that knows all of them.

Decides which store stands behind which port, and hands in time and chance, which nothing else takes from the machine.
A product that wants Musterbook inside its own server mounts what :func:`create_app` returns.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from structlog.typing import FilteringBoundLogger

from musterbook.directory import Clock, RandomBytes
from musterbook.directory.service import Directory
from musterbook.directory.tenants import Tenants
from musterbook.identity import Keys
from musterbook.scim import user_type
from musterbook.scim.service import Service, describe_service
from musterbook.settings import Settings
from musterbook.storage import Database, SchemaError, open_database
from musterbook.storage.migrations import check_schema
from musterbook.web import Application, Metrics, NotReadyError, Observer, standard_log

SCIM_PATH = "/scim/v2"


def system_clock() -> datetime:
    """Return the machine's time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """The rooms, ready for use, over one open database."""

    settings: Settings
    database: Database
    service: Service
    directory: Directory
    tenants: Tenants
    keys: Keys
    clock: Clock
    random_bytes: RandomBytes

    async def check_ready(self) -> None:
        """Return if the database answers and its schema is one that this release works with.

        Raises:
            StoreUnavailableError: it does not answer.
            NotReadyError: its schema is too old or too new.
        """
        await self.database.ping()
        try:
            check_schema(await self.database.schema_version())
        except SchemaError as error:
            raise NotReadyError(str(error)) from error


def describe(settings: Settings) -> Service:
    """Return the description of what a server with these settings serves."""
    # A provider that reads groups is answered with none until groups are taken.
    return describe_service(settings.base_url + SCIM_PATH, (user_type(),), empty_endpoints=("Groups",))


@asynccontextmanager
async def open_services(
    settings: Settings, *, clock: Clock = system_clock, random_bytes: RandomBytes = secrets.token_bytes
) -> AsyncIterator[Services]:
    """Open the database and build the rooms over it; close it on leaving.

    Raises:
        SchemaError: this release cannot work with the database as it is.
        StoreUnavailableError: the database is away.
    """
    database = await open_database(settings.database_url)
    try:
        check_schema(await database.schema_version())
        yield Services(
            settings=settings,
            database=database,
            service=describe(settings),
            directory=Directory(database.resources, clock, random_bytes),
            tenants=Tenants(database.tenants, clock, random_bytes),
            keys=Keys(database.keys, clock, random_bytes),
            clock=clock,
            random_bytes=random_bytes,
        )
    finally:
        await database.close()


def create_app(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    random_bytes: RandomBytes = secrets.token_bytes,
    log: FilteringBoundLogger | None = None,
) -> Application:
    """Return Musterbook as an ASGI application, by itself or to be mounted under any prefix.

    The prefix belongs into ``settings.base_url``. The database is opened with the first request, or on entering
    ``application.lifespan()``, which a host with a lifespan of its own runs inside it.
    """

    @asynccontextmanager
    async def open_for_web() -> AsyncIterator[Services]:
        async with AsyncExitStack() as stack:
            try:
                services = open_services(settings, clock=clock, random_bytes=random_bytes)
                opened = await stack.enter_async_context(services)
            except SchemaError as error:
                raise NotReadyError(str(error)) from error
            yield opened

    observer = Observer(log or standard_log(), Metrics(), clock, random_bytes)
    return Application(open_for_web, settings, observer)
