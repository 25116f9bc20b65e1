"""*The composition root.* Puts the rooms together; the only module that knows all of them.

Decides which store stands behind which port, and hands in time and chance, which nothing else takes from the machine.
A product that wants Musterbook inside its own server mounts what :func:`create_app` returns.
"""

import logging
import secrets
import sys
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from ipaddress import ip_network
from itertools import product, starmap
from urllib.parse import urlsplit

from structlog.typing import FilteringBoundLogger

from musterbook.definition_files import read_definitions
from musterbook.directory import Clock, RandomBytes, Switches
from musterbook.directory.own_types import OWN_TYPES
from musterbook.directory.service import Directory
from musterbook.directory.tenants import Tenants
from musterbook.identity import Argon2Hashes, Keys, SigningIn, make_signing_in
from musterbook.identity.google import GoogleClient, GoogleExchange
from musterbook.identity.mail import Mail, NoMail, PrintedMail
from musterbook.identity.saml_keys import make_private_key
from musterbook.identity.signing_in import Outside, SigningInKeys
from musterbook.identity.smtp import SmtpMail, read_smtp_url
from musterbook.outbound import Outbound
from musterbook.scim.definitions import Definitions
from musterbook.scim.service import Service, describe_service
from musterbook.secret import Purpose, Secret, SecretError, read_or_make, secret_file
from musterbook.settings import Settings, check_secret_is_given
from musterbook.storage import Database, SchemaError, open_database, sqlite_path
from musterbook.storage.migrations import check_schema
from musterbook.web import Application, Metrics, NotReadyError, Observer, standard_log

SCIM_PATH = "/scim/v2"

# At DEBUG signxml logs all that it digests: whole assertions. None goes to a log, however much a host wants to read.
logging.getLogger("signxml").setLevel(logging.INFO)


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
    signing_in: SigningIn
    outbound: Outbound
    """For addresses that somebody else wrote down."""
    clock: Clock
    random_bytes: RandomBytes
    by_switches: Mapping[Switches, Service]
    """What is served to a tenant that decided so; described once, so a request looks it up."""

    def for_tenant(self, switches: Switches) -> "Services":
        """Return the same rooms with the ``service`` that a tenant with these switches has."""
        service = self.by_switches[switches]
        return self if service is self.service else replace(self, service=service)

    async def check_ready(self) -> str:
        """Return when the database counts a commit as done, if it answers and its schema fits this release.

        Raises:
            StoreUnavailableError: it does not answer.
            NotReadyError: its schema is too old or too new.
        """
        await self.database.ping()
        try:
            check_schema(await self.database.schema_version())
        except SchemaError as error:
            raise NotReadyError(str(error)) from error
        return await self.database.durability()


def definitions_of(settings: Settings) -> Definitions:
    """Return the schemas and resource types that the settings name files for.

    Raises:
        SettingsError: a file cannot be read, or what it defines cannot be served.
    """
    # Whoever could define one of these names would read and write what no client may reach.
    return read_definitions(settings.definitions, OWN_TYPES)


def _describe(settings: Settings, definitions: Definitions, secret: Secret | None, switches: Switches) -> Service:
    """Return the description of what a server with these settings serves to a tenant with these switches."""
    return describe_service(
        settings.base_url + SCIM_PATH,
        definitions.resource_types(
            accepts_passwords=switches.accepts_passwords, unique_group_names=switches.unique_group_names
        ),
        cursor_keys=() if secret is None else secret.keys(Purpose.CURSOR),
    )


def _secret(settings: Settings, random_bytes: RandomBytes) -> Secret:
    """Return the secret that was given, or the one beside the SQLite database.

    Raises:
        SecretError: the file cannot be read or made.
    """
    path = sqlite_path(settings.database_url)
    if settings.secret_keys or path is None:
        return Secret(settings.secret_keys)
    return read_or_make(secret_file(path), random_bytes)


def _google(settings: Settings, outbound: Outbound, clock: Clock, random_bytes: RandomBytes) -> GoogleExchange | None:
    """Return what asks Google, where this server is registered there."""
    if settings.google_client_id is None or settings.google_client_secret is None:
        return None
    client = GoogleClient(
        settings.base_url, settings.google_client_id, settings.google_client_secret, settings.google_discovery_url
    )
    return GoogleExchange(client, outbound, clock, random_bytes)


def _print(text: str) -> None:
    # Looked up each time: whoever captures what a program prints puts another stream there.
    sys.stderr.write(text)


def _mail(settings: Settings) -> Mail:
    """Return what carries letters; on a developer's own machine, the error stream."""
    if settings.smtp_url is not None and settings.mail_from is not None:
        return SmtpMail(read_smtp_url(settings.smtp_url), settings.mail_from)
    if urlsplit(settings.base_url).hostname in {"localhost", "127.0.0.1", "::1"}:
        return PrintedMail(_print)
    return NoMail()


def _signing_in_keys(secret: Secret | None) -> SigningInKeys:
    """Return the keys that signing in needs, each for its purpose."""
    if secret is None:
        return SigningInKeys()
    return SigningInKeys(
        seal=secret.keys(Purpose.SEAL), device=secret.keys(Purpose.DEVICE), saml_key=secret.keys(Purpose.SAML_KEY)
    )


class _Opening(AbstractAsyncContextManager[Services]):
    """The rooms over a database that is open within the context.

    A class and no generator: where an event loop ends without a word, as it may under a host that gives us no
    lifespan, asyncio closes generators that wait for one another at the same time, which fails with a complaint.
    """

    def __init__(
        self,
        settings: Settings,
        definitions: Definitions,
        clock: Clock,
        random_bytes: RandomBytes,
        *,
        with_secret: bool = False,
    ) -> None:
        self._settings = settings
        self._definitions = definitions
        self._clock = clock
        self._random_bytes = random_bytes
        self._with_secret = with_secret
        self._database: Database | None = None

    async def __aenter__(self) -> Services:
        try:
            self._database = database = await open_database(
                self._settings.database_url, custom_types=self._definitions.added_types
            )
            check_schema(await database.schema_version())
            # Most commands need none, and the one that makes the database need not be run by whom the server runs as.
            secret = _secret(self._settings, self._random_bytes) if self._with_secret else None
        except (SchemaError, SecretError) as error:
            await self._close()
            if self._with_secret:
                raise NotReadyError(str(error)) from error
            raise
        except BaseException:
            await self._close()
            raise
        return self._services(database, secret)

    def _services(self, database: Database, secret: Secret | None) -> Services:
        """Return the rooms over an open database; with a secret where they are for the web."""
        by_switches = {
            switches: _describe(self._settings, self._definitions, secret, switches)
            for switches in starmap(Switches, product((False, True), repeat=len(fields(Switches))))
        }
        hashes = Argon2Hashes()
        outbound = Outbound(tuple(map(ip_network, self._settings.outbound_networks)))
        directory = Directory(database.resources, self._clock, self._random_bytes, hashes)
        outside = Outside(
            base_url=self._settings.base_url,
            keys=_signing_in_keys(secret),
            hashes=hashes,
            mail=_mail(self._settings),
            google=_google(self._settings, outbound, self._clock, self._random_bytes),
            make_private_key=make_private_key,
            clock=self._clock,
            random_bytes=self._random_bytes,
        )
        return Services(
            settings=self._settings,
            database=database,
            service=by_switches[Switches()],
            directory=directory,
            tenants=Tenants(database.tenants, self._clock, self._random_bytes),
            keys=Keys(database.keys, self._clock, self._random_bytes),
            signing_in=make_signing_in(database.identity, directory, outside),
            outbound=outbound,
            clock=self._clock,
            random_bytes=self._random_bytes,
            by_switches=by_switches,
        )

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def _close(self) -> None:
        if self._database is not None:
            await self._database.close()


def open_services(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    random_bytes: RandomBytes = secrets.token_bytes,
    with_secret: bool = False,
) -> AbstractAsyncContextManager[Services]:
    """Return a context that opens the database, builds the rooms over it, and closes it on leaving.

    Without the secret nothing can be signed or encrypted, and nobody signs in. With it, that is made beside a SQLite
    database where there is none, as a server does.

    Raises:
        SettingsError: the definitions cannot be used; or the secret key is not given, and must be.

    Entering it raises:
        SchemaError: this release cannot work with the database as it is.
        NotReadyError: with the secret, that, or the secret cannot be read or made.
        StoreUnavailableError: the database is away.
    """
    if with_secret:
        check_secret_is_given(settings)
    return _Opening(settings, definitions_of(settings), clock, random_bytes, with_secret=with_secret)


def create_app(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    random_bytes: RandomBytes = secrets.token_bytes,
    log: FilteringBoundLogger | None = None,
) -> Application:
    """Return Musterbook as an ASGI application, by itself or to be mounted under any prefix.

    The prefix belongs into ``settings.base_url``. The database is opened with the first request, or on entering
    ``application.lifespan()``, which a host with a lifespan of its own runs inside it. So is the secret beside a SQLite
    database made.

    Raises:
        SettingsError: the database is PostgreSQL, and no secret key is given; or the definitions cannot be used.
    """
    check_secret_is_given(settings)
    definitions = definitions_of(settings)

    def open_with_secret() -> AbstractAsyncContextManager[Services]:
        return _Opening(settings, definitions, clock, random_bytes, with_secret=True)

    observer = Observer(log or standard_log(), Metrics(), clock, random_bytes)
    return Application(open_with_secret, settings, observer)
