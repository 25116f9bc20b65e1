"""The port ``GrantStore``, and who counts as an administrator, on each engine."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from musterbook.directory import Directory, ResourceId, Role, TenantId, break_glass_type, operator_actor
from musterbook.directory.everyone import EVERYONE_ID, everyone_type
from musterbook.directory.grant_store import Examined, GroupAround, Surroundings
from musterbook.directory.operation import (
    ChangeSignInSettings,
    DirectoryOperation,
    GrantRole,
    ListPeople,
    RevokeRole,
    SetSamlConnection,
)
from musterbook.directory.sign_in_settings import SingleSignOn, read_settings
from musterbook.directory.store import Record
from musterbook.identity.accounts import AccountRef
from musterbook.identity.attempt_store import Binding
from musterbook.scim import ResourceType
from musterbook.scim.errors import ConflictError
from musterbook.scim.operation import DeleteResource
from musterbook.storage import migrate_database, open_database
from tests.directory.groups import Groups
from tests.directory.world import ADA, GRACE, GROUP, NOBODY, USER, World, open_world_in

NOW = "2026-11-23T09:00:00.000Z"
AUDITOR = '{"roles":["Auditor"]}'
SETUP_SECONDS = 7 * 24 * 3600
CONNECT = SetSamlConnection(
    entity_id="https://idp.example/1",
    sso_url="https://idp.example/sso",
    certificates=("-----BEGIN CERTIFICATE-----",),
)


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """Yield two tenants in a database of the engine."""
    await migrate_database(database_url)
    async with open_world_in(database_url) as opened:
        yield opened


async def perform(world: World, *operations: DirectoryOperation) -> None:
    """Have the operator perform operations in acme."""
    for operation in operations:
        await world.directory.perform(world.operator, operation)


async def grant(world: World, id_: ResourceId, role: Role, resource_type: ResourceType = USER) -> None:
    """Grant a role."""
    await perform(world, GrantRole(resource_type, id_, role))


async def record(world: World, id_: ResourceId, resource_type: str = "User") -> Record:
    """Return what is stored."""
    found = await world.database.resources.get(world.acme, resource_type, id_)
    assert found is not None
    return found


async def around(world: World, id_: ResourceId, tenant_id: TenantId | None = None) -> Surroundings | None:
    """Return a person with everything around."""
    return await world.database.resources.surroundings(tenant_id or world.acme, "User", id_)


async def connect(world: World, operation: SetSamlConnection = CONNECT) -> str:
    """Set the provider and return the id of the connection."""
    connection = (await world.directory.perform(world.operator, operation)).connection
    assert connection is not None
    return connection.id


async def bind(world: World, id_: ResourceId, connection_id: str, subject: str = "") -> None:
    """Bind a person to a connection."""
    account = AccountRef(world.acme, "User", id_)
    subject_key = subject or f"name of {id_}"
    await world.database.identity.bindings.bind(Binding(account, connection_id, subject_key, NOW, NOW))


async def people(world: World, count: int, *, are_administrators: bool = False) -> list[ResourceId]:
    """Add people, one after the other."""
    found = []
    for number in range(count):
        world.clock.move(seconds=1)
        found.append(await world.create({"userName": f"user{number}@example.com"}))
        if are_administrators:
            await grant(world, found[-1], Role.ADMINISTRATOR)
    return found


async def until_the_link_expires(world: World) -> None:
    """Leave the break-glass account behind, whose link nobody has followed."""
    world.clock.move(seconds=SETUP_SECONDS)


class TestSurroundings:
    """What surrounds a person is of one moment."""

    async def test_a_person_alone(self, world: World) -> None:
        """Where nobody has decided anything there is the person's own record and nothing else."""
        ada = await world.create(ADA)
        assert await around(world, ada) == Surroundings(await record(world, ada), None, None)

    async def test_nobody(self, world: World) -> None:
        """Nobody, somebody of another tenant or type, and what can be no id are surrounded by nothing."""
        ada = await world.create(ADA)
        assert await around(world, NOBODY) is None
        assert await around(world, ResourceId("a\0b")) is None
        assert await around(world, ada, world.globex) is None
        assert await world.database.resources.surroundings(world.acme, "BreakGlassAccount", ada) is None

    async def test_what_all_people_have(self, world: World) -> None:
        """What Everyone is granted, and the settings, come with each person of the tenant."""
        ada, theirs = await world.create(ADA), await world.create(ADA, world.stranger)
        await grant(world, EVERYONE_ID, Role.AUDITOR, everyone_type())
        await perform(world, ChangeSignInSettings(idle_minutes=5))
        found = await around(world, ada)
        assert found is not None
        assert found.everyone == '{"roles":["Auditor","Member"]}'
        assert read_settings(found.settings).idle_minutes == 5
        other = await around(world, theirs, world.globex)
        assert other is not None
        assert (other.everyone, other.settings) == (None, None)

    async def test_groups_in_a_circle(self, world: World) -> None:
        """Groups are followed upwards, round circles too, if they map to roles; those without a grant are left out."""
        groups = Groups(world.directory, world.client)
        ada = await world.create(ADA)
        world.clock.move(seconds=1)
        crew = await groups.create("Crew", ada)
        world.clock.move(seconds=1)
        middle = await groups.create("Middle", crew)
        world.clock.move(seconds=1)
        fleet = await groups.create("Fleet", middle)
        await groups.patch(crew, {"op": "add", "path": "members", "value": [{"value": fleet}]})
        stranger = Groups(world.directory, world.stranger)
        await stranger.create("Crew", await world.create(ADA, world.stranger))
        for group in (crew, fleet):
            await grant(world, group, Role.AUDITOR, GROUP)
        found = await around(world, ada)
        assert found is not None
        assert found.groups == ()
        await perform(world, ChangeSignInSettings(maps_groups=True))
        found = await around(world, ada)
        assert found is not None
        assert found.groups == (
            GroupAround(crew, "Crew", AUDITOR, is_direct=True),
            GroupAround(fleet, "Fleet", AUDITOR, is_direct=False),
        )
        await perform(world, RevokeRole(GROUP, crew, Role.AUDITOR), RevokeRole(GROUP, fleet, Role.AUDITOR))
        found = await around(world, ada)
        assert found is not None
        assert found.groups == ()


class TestExamining:
    """Whether people are bound to a connection is seen with their records."""

    async def examined(self, world: World, ids: Sequence[ResourceId], bound: set[ResourceId]) -> list[Examined]:
        """Return what is expected of these people."""
        return [Examined("User", await record(world, id_), id_ in bound) for id_ in ids]

    async def test_people_come_in_parts(self, world: World) -> None:
        """People come in the order of their ids, with whether they are bound to this connection of this tenant."""
        ids = await people(world, 5)
        await bind(world, ids[1], "one")
        await bind(world, ids[3], "two")
        store = world.database.resources
        first = await store.examine(world.acme, "User", connection_id="one", after=None, limit=3)
        assert first == await self.examined(world, ids[:3], {ids[1]})
        second = await store.examine(world.acme, "User", connection_id="one", after=ids[2], limit=3)
        assert second == await self.examined(world, ids[3:], set())
        assert await store.examine(world.globex, "User", connection_id="one", after=None, limit=3) == []

    async def test_administrators(self, world: World) -> None:
        """Those who count come by type and id, until their time is over."""
        ids = await people(world, 3, are_administrators=True)
        await people(world, 0)
        await bind(world, ids[2], "one")
        (boss,) = (await world.directory.perform(world.operator, ListPeople(break_glass_type()))).people
        store = world.database.resources
        of_people = await self.examined(world, ids, {ids[2]})
        of_boss = Examined("BreakGlassAccount", await record(world, boss.id, "BreakGlassAccount"), is_bound=False)
        found = await store.examine_administrators(world.acme, connection_id="one", at=NOW, limit=9)
        assert found == [of_boss, *of_people]
        late = "2026-12-01T09:00:00.000Z"
        assert await store.examine_administrators(world.acme, connection_id="one", at=late, limit=2) == of_people[:2]

    async def test_counting_who_is_bound(self, world: World) -> None:
        """An account counts once for each connection, by however many names the provider knows it."""
        ids = await people(world, 3)
        for id_, connection, subject in ((0, "one", "a"), (0, "one", "b"), (1, "one", "c"), (2, "two", "a")):
            await bind(world, ids[id_], connection, subject)
        store = world.database.resources
        counts = [await store.count_bound(world.acme, connection_id=name) for name in ("one", "two", "three")]
        assert counts == [2, 1, 0]
        assert await store.count_bound(world.globex, connection_id="one") == 0


class TestWhoCanAdminister:
    """A tenant always keeps somebody who can administer it and can sign in."""

    async def test_by_single_sign_on_alone(self, world: World) -> None:
        """Where it is the only way, those count who are bound to the connection that the tenant has now."""
        ids = await people(world, 2, are_administrators=True)
        await bind(world, ids[0], await connect(world))
        await until_the_link_expires(world)
        await perform(world, ChangeSignInSettings(sso=SingleSignOn.ONLY))
        with pytest.raises(ConflictError, match="last person"):
            await world.delete(ids[0])
        await bind(world, ids[1], "another connection")
        with pytest.raises(ConflictError, match="last person"):
            await world.patch(ids[0], {"op": "replace", "path": "active", "value": False})
        await bind(world, ids[1], await connect(world))
        await world.delete(ids[0])
        with pytest.raises(ConflictError, match="last person"):
            await world.delete(ids[1])

    async def test_a_refused_switch_stores_nothing(self, world: World) -> None:
        """To make single sign-on the only way is refused, and undone, where nobody who administers is bound."""
        await people(world, 1, are_administrators=True)
        await connect(world)
        await until_the_link_expires(world)
        before = await world.history(), await world.event_types()
        with pytest.raises(ConflictError, match="Nobody who can administer"):
            await perform(world, ChangeSignInSettings(sso=SingleSignOn.ONLY))
        assert (await world.history(), await world.event_types()) == before

    async def test_what_comes_by_a_group_does_not_count(self, world: World) -> None:
        """An administrator by a group, or because Everyone is one, lets the last one of their own right not go."""
        ada, grace = await world.create(ADA), await world.create(GRACE)
        await grant(world, ada, Role.ADMINISTRATOR)
        crew = await Groups(world.directory, world.client).create("Crew", grace)
        await grant(world, crew, Role.ADMINISTRATOR, GROUP)
        await grant(world, EVERYONE_ID, Role.ADMINISTRATOR, everyone_type())
        await perform(world, ChangeSignInSettings(maps_groups=True))
        await until_the_link_expires(world)
        with pytest.raises(ConflictError, match="last person"):
            await world.delete(ada)

    async def test_two_changes_at_once_leave_somebody(self, world: World, database_url: str) -> None:
        """While one process makes single sign-on the only way, another removes who is bound: one of them is refused."""
        (unbound,) = await people(world, 1, are_administrators=True)
        connection_id = await connect(world)
        await until_the_link_expires(world)
        other = await open_database(database_url)
        try:
            elsewhere = Directory(other.resources, world.clock, world.random_bytes)
            for number in range(10):
                bound = await world.create({"userName": f"bound{number}@example.com"})
                await grant(world, bound, Role.ADMINISTRATOR)
                await bind(world, bound, connection_id)
                done = await asyncio.gather(
                    world.directory.perform(world.operator, ChangeSignInSettings(sso=SingleSignOn.ONLY)),
                    elsewhere.perform(operator_actor(world.acme, "command-2"), DeleteResource(USER, bound)),
                    return_exceptions=True,
                )
                assert [type(outcome) for outcome in done].count(ConflictError) == 1
                await perform(world, ChangeSignInSettings(sso=SingleSignOn.OFF))
                if isinstance(done[1], ConflictError):
                    await world.delete(bound)
        finally:
            await other.close()
        assert (await record(world, unbound)).revision == 2
