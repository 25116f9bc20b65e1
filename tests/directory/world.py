"""Two tenants over a real store, a clock that the test sets, and chance that repeats itself."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from musterbook.directory import (
    Actor,
    Directory,
    HistoryLine,
    KeyId,
    ResourceId,
    TenantId,
    Tenants,
    operator_actor,
    scim_actor,
)
from musterbook.directory.clock import RandomBytes
from musterbook.directory.operation import ListHistory
from musterbook.directory.store import HistoryQuery
from musterbook.identity import Keys
from musterbook.scim import Json, Resource, StoredResource, Tolerance, read_document, user_type
from musterbook.scim.operation import CreateResource, DeleteResource, GetResource, PatchResource, ReplaceResource
from musterbook.scim.parse import parse_resource
from musterbook.scim.patch import parse_patch
from musterbook.scim.schema import group_type
from musterbook.storage import Database, open_database

USER = user_type()
USER_URN = USER.schema.id
GROUP = group_type()
PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ADA: Mapping[str, Json] = {"userName": "ada@example.com", "name": {"givenName": "Ada", "familyName": "Lovelace"}}
GRACE: Mapping[str, Json] = {"userName": "grace@example.com", "name": {"givenName": "Grace", "familyName": "Hopper"}}
NOBODY = ResourceId("01938000-0000-7000-8000-000000000000")


@dataclass(slots=True)
class SetClock:
    """A clock that stands still until the test moves it, in either direction."""

    now: datetime = START

    def __call__(self) -> datetime:
        """Return the time that it was set to."""
        return self.now

    def move(self, *, seconds: float) -> None:
        """Move it forward, or back where ``seconds`` is negative."""
        self.now += timedelta(seconds=seconds)


def repeatable_bytes(seed: int = 1) -> RandomBytes:
    """Return a source of bytes that gives the same ones in each run."""
    return random.Random(seed).randbytes


def user(document: Mapping[str, Json]) -> Resource:
    """Return the resource that a client describes by these attributes."""
    return parse_resource({"schemas": [USER_URN], **document}, USER, Tolerance())


@dataclass(frozen=True, slots=True)
class World:
    """The rooms under test, and the tenants acme and globex, each with its first administrator."""

    directory: Directory
    tenants: Tenants
    keys: Keys
    database: Database
    clock: SetClock
    random_bytes: RandomBytes
    acme: TenantId
    globex: TenantId

    @property
    def client(self) -> Actor:
        """A SCIM client of acme."""
        return scim_actor(self.acme, KeyId("key-1"), "request-1", idp="onelogin")

    @property
    def stranger(self) -> Actor:
        """A SCIM client of globex."""
        return scim_actor(self.globex, KeyId("key-2"), "request-2")

    @property
    def operator(self) -> Actor:
        """The operator, acting in acme."""
        return operator_actor(self.acme, "command-1")

    async def create(self, document: Mapping[str, Json], actor: Actor | None = None) -> ResourceId:
        """Add a person and return the id."""
        created = await self.directory.perform(actor or self.client, CreateResource(user(document)))
        return ResourceId(created.stored.id)

    async def put(self, id_: str, document: Mapping[str, Json], actor: Actor | None = None) -> StoredResource:
        """Replace a person."""
        return (await self.directory.perform(actor or self.client, ReplaceResource(id_, user(document)))).stored

    async def patch(self, id_: str, *operations: Json, actor: Actor | None = None) -> StoredResource:
        """Patch a person."""
        patch = parse_patch({"schemas": [PATCH_URN], "Operations": list(operations)}, USER, Tolerance())
        return (await self.directory.perform(actor or self.client, PatchResource(USER, id_, patch))).stored

    async def delete(self, id_: str, actor: Actor | None = None) -> None:
        """Remove a person."""
        await self.directory.perform(actor or self.client, DeleteResource(USER, id_))

    async def read(self, id_: str, actor: Actor | None = None) -> Resource:
        """Return a person as the client sees one."""
        found = await self.directory.perform(actor or self.client, GetResource(USER, id_))
        return read_document(USER, found.stored)

    async def history(self, id_: ResourceId | None = None, actor: Actor | None = None) -> list[HistoryLine]:
        """Return the whole history, oldest first."""
        query = HistoryQuery(resource_id=id_, limit=1000)
        return [*reversed((await self.directory.perform(actor or self.operator, ListHistory(query))).lines)]

    async def actions(self, id_: ResourceId) -> list[str]:
        """Return what was done with a person, in a word each, oldest first."""
        return [line.revision.action.value for line in await self.history(id_)]

    async def event_types(self, tenant_id: TenantId | None = None) -> list[str]:
        """Return the types of a tenant's events in the order of their commits."""
        events = await self.database.resources.events(tenant_id or self.acme, after=(0, 0), limit=1000)
        return [stored.event.type for stored in events]


@asynccontextmanager
async def open_world(folder: Path) -> AsyncIterator[World]:
    """Open a world over a fresh SQLite file."""
    async with open_world_in(f"sqlite:///{folder}/world.db") as world:
        yield world


@asynccontextmanager
async def open_world_in(url: str, number: int = 1) -> AsyncIterator[World]:
    """Open a world in a migrated database, which may hold the worlds of other numbers already."""
    database = await open_database(url)
    try:
        clock, random_bytes = SetClock(), repeatable_bytes(number)
        tenants = Tenants(database.tenants, clock, random_bytes)
        ending = "" if number == 1 else f"-{number}"
        acme = await tenants.create(f"acme{ending}", "Acme", "boss@acme.example", "command-0")
        globex = await tenants.create(f"globex{ending}", "Globex", "boss@globex.example", "command-0")
        yield World(
            directory=Directory(database.resources, clock, random_bytes),
            tenants=tenants,
            keys=Keys(database.keys, clock, random_bytes),
            database=database,
            clock=clock,
            random_bytes=random_bytes,
            acme=acme.tenant.id,
            globex=globex.tenant.id,
        )
    finally:
        await database.close()
