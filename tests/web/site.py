"""A whole server in a test: the real rooms over SQLite in a temporary folder, two tenants with a key each, and the log
in a list.
"""

import json
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from starlette.types import Message, Receive

from musterbook.directory.tenants import CreatedTenant
from musterbook.identity import IssuedKey
from musterbook.settings import Settings
from musterbook.web import Application, Metrics, Observer, ServicesOpener, json_log
from musterbook.wiring import Services, create_app, open_services
from tests.canaries import note_secrets

BASE_URL = "http://directory.test"
SCIM_URL = f"{BASE_URL}/scim/v2"
DATABASE = "directory.db"
PEER = ("192.0.2.7", 40000)
"""Where requests come from, unless a test says otherwise."""
USER = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "ada@example.com",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
}


class SteppingClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def advance(self, **duration: float) -> None:
        """Move the clock on."""
        self.now += timedelta(**duration)


class LogLines:
    """Keeps what is written to a log."""

    def __init__(self) -> None:
        self.text = b""

    def write(self, line: bytes, /) -> None:
        """Keep a line, which holds no secret."""
        note_secrets(line, "a log")
        self.text += line

    @property
    def lines(self) -> list[dict[str, object]]:
        """All lines."""
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def requests(self) -> list[dict[str, object]]:
        """The lines of requests, one each."""
        return [line for line in self.lines if line["event"] == "request"]


@dataclass(frozen=True)
class Site:
    """A server and what a test needs to know of it."""

    settings: Settings
    services: Services
    """Rooms over the same database, for preparing and looking; the server has its own."""
    clock: SteppingClock
    acme: CreatedTenant
    globex: CreatedTenant
    key: IssuedKey
    """A key of acme."""
    globex_key: IssuedKey
    application: Application
    log: LogLines = field(default_factory=LogLines)

    @property
    def headers(self) -> dict[str, str]:
        """The header fields of a client of acme."""
        return {"Authorization": f"Bearer {self.key.secret}"}

    def client(self, *, peer: tuple[str, int] | None = PEER, key: bool = True) -> httpx.AsyncClient:
        """Return a client of the server in this process; with the key of acme unless it is to have none."""
        assert peer is not None
        transport = httpx.ASGITransport(self.application, client=peer)
        return httpx.AsyncClient(transport=transport, base_url=SCIM_URL, headers=self.headers if key else {})


def make_settings(folder: Path, **others: object) -> Settings:
    """Return settings for a server over a SQLite database in ``folder``."""
    values: dict[str, object] = {"database_url": f"sqlite:///{folder / DATABASE}", "base_url": BASE_URL, **others}
    return Settings(**values)  # type: ignore[arg-type]  # each test passes values of the right type by name


@dataclass(frozen=True)
class Prepared:
    """A database with two tenants and a key of each, made once and copied for each test."""

    file: Path
    acme: CreatedTenant
    globex: CreatedTenant
    key: IssuedKey
    globex_key: IssuedKey


async def prepare(folder: Path) -> Prepared:
    """Make the database that tests copy."""
    settings = make_settings(folder)
    async with open_services(settings, clock=SteppingClock()) as services:
        acme = await services.tenants.create("acme", "Acme", "admin@acme.example", "request-1")
        globex = await services.tenants.create("globex", "Globex", "admin@globex.example", "request-2")
        key = await services.keys.issue(acme.tenant.id)
        globex_key = await services.keys.issue(globex.tenant.id)
    return Prepared(folder / DATABASE, acme, globex, key, globex_key)


@asynccontextmanager
async def open_site(prepared: Prepared, folder: Path, **settings: object) -> AsyncIterator[Site]:
    """Open a server over a copy of the prepared database, which serves until the end of the context."""
    shutil.copyfile(prepared.file, folder / DATABASE)
    clock = SteppingClock()
    log = LogLines()
    chosen = make_settings(folder, **settings)
    application = create_app(chosen, clock=clock, log=json_log(log))
    async with open_services(chosen, clock=clock) as services, application.lifespan():
        yield Site(
            settings=chosen,
            services=services,
            clock=clock,
            acme=prepared.acme,
            globex=prepared.globex,
            key=prepared.key,
            globex_key=prepared.globex_key,
            application=application,
            log=log,
        )


def application_over(services: Services, settings: Settings, log: LogLines | None = None) -> Application:
    """Return a server over these rooms, which may have something broken behind a port."""

    @asynccontextmanager
    async def give() -> AsyncIterator[Services]:
        yield services

    return _application(give, settings, log)


def application_without_database(failure: Exception, *, base_url: str = BASE_URL) -> Application:
    """Return a server whose database cannot be opened."""
    return _application(lambda: _FailingOpening(failure), Settings(base_url=base_url), None)


@dataclass
class _FailingOpening:
    failure: Exception

    async def __aenter__(self) -> Services:
        raise self.failure

    async def __aexit__(self, *_: object) -> None:
        return None


def _application(open_services: ServicesOpener, settings: Settings, log: LogLines | None) -> Application:
    observer = Observer(json_log(log or LogLines()), Metrics(), SteppingClock(), secrets.token_bytes)
    return Application(open_services, settings, observer)


@dataclass
class Answer:
    """What an application sent."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


async def call(
    site: Site,
    path: str,
    *,
    method: str = "GET",
    query: bytes = b"",
    headers: tuple[tuple[bytes, bytes], ...] = (),
    receive: Receive | None = None,
    **scope: object,
) -> Answer:
    """Call the application as an ASGI server does, with the key of acme; for what no well-meaning client can send."""
    answer = Answer()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    async def receive_nothing() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    authorization = (b"authorization", site.headers["Authorization"].encode())
    whole_scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [authorization, *headers],
        "client": PEER,
        **scope,
    }
    await site.application(whole_scope, receive or receive_nothing, send)
    return answer
