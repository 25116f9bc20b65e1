"""Tenants: how one begins, is found, suspended and deleted."""

import hashlib
from base64 import urlsafe_b64decode

import pytest

from musterbook.directory import (
    ResourceId,
    Role,
    Status,
    Switches,
    TenantId,
    Tenants,
    TenantStatus,
    break_glass_type,
    operator_actor,
)
from musterbook.directory.account import Source
from musterbook.directory.operation import ListPeople
from musterbook.directory.store import TenantExistsError
from musterbook.directory.tenants import InvalidTenantError, NoSuchTenantError
from musterbook.scim import group_type, unique_attribute_is
from musterbook.scim.operation import Query, SearchResources
from musterbook.storage.sqlite.tenants import SqliteTenantStore
from tests.directory.groups import Groups
from tests.directory.world import GROUP, USER, World

WEEK_SECONDS = 7 * 24 * 3600


async def test_a_tenant_begins_with_its_first_administrator(world: World) -> None:
    """A fresh tenant is active, with SCIM off, lists no users, and has one administrator with a set-up link."""
    created = await world.tenants.create("initech", "Initech", "bill@initech.example", "command-1")
    tenant = created.tenant
    assert (tenant.slug, tenant.name, tenant.status, tenant.scim_enabled) == (
        "initech",
        "Initech",
        TenantStatus.ACTIVE,
        False,
    )
    assert await world.tenants.get("initech") == tenant
    actor = operator_actor(tenant.id, "command-2")
    assert (await world.directory.perform(actor, SearchResources(USER, Query()))).total_results == 0
    (person,) = (await world.directory.perform(actor, ListPeople(break_glass_type()))).people
    assert (person.user_name, person.status, person.source) == (
        "bill@initech.example",
        Status.ACTIVE,
        Source.BREAK_GLASS,
    )
    assert person.roles == (Role.ADMINISTRATOR, Role.MEMBER)
    (line,) = await world.history(actor=actor)
    assert (line.revision.action.value, line.revision.actor_name, line.revision.request_id) == (
        "created",
        "Operator",
        "command-1",
    )


async def test_a_set_up_link_is_found_by_its_token_alone(world: World) -> None:
    """The link is kept as a hash of 256 random bits, expires after a week, and leads to the administrator."""
    created = await world.tenants.create("initech", "Initech", "bill@initech.example", "command-1")
    assert len(urlsafe_b64decode(created.setup_token + "=")) == 32
    link = await world.tenants.find_setup_link(created.setup_token)
    assert link is not None
    assert (link.tenant_id, link.link_hash) == (
        created.tenant.id,
        hashlib.sha256(created.setup_token.encode()).digest(),
    )
    assert (link.created_at, link.expires_at) == ("2026-11-23T09:00:00.000Z", "2026-11-30T09:00:00.000Z")
    assert created.setup_expires_at == link.expires_at
    (person,) = (
        await world.directory.perform(operator_actor(link.tenant_id, "x"), ListPeople(break_glass_type()))
    ).people
    assert person.id == link.account_id


@pytest.mark.parametrize("token", ["", "x", "é", "\ud800", "\x00"])
async def test_what_is_no_token_finds_no_link(world: World, token: str) -> None:
    """Whatever stands in the place of a token is answered, never an error."""
    assert await world.tenants.find_setup_link(token) is None


@pytest.mark.parametrize("slug", ["", "Acme", "-acme", "acme-", "a_b", "a b", "a.b", "é", "x" * 64, "acme\n", "\ud800"])
async def test_a_slug_is_a_dns_label(world: World, slug: str) -> None:
    """A slug that could not stand in an address is refused."""
    with pytest.raises(InvalidTenantError, match="A slug is 1 to 63"):
        await world.tenants.create(slug, "Name", "boss@acme.example", "command-1")


@pytest.mark.parametrize("slug", ["a", "0", "a-b", "x" * 63])
async def test_slugs_that_are_taken(world: World, slug: str) -> None:
    """Letters, digits and inner hyphens make a slug."""
    await world.tenants.create(slug, "Name", "boss@acme.example", "command-1")
    assert [tenant.slug for tenant in await world.tenants.list()] == sorted(["acme", "globex", slug])


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\nb", "\ud800"])
async def test_a_tenant_needs_a_name(world: World, name: str) -> None:
    """A name is something that can be shown."""
    with pytest.raises(InvalidTenantError, match="A tenant needs a name"):
        await world.tenants.create("initech", name, "boss@acme.example", "command-1")


@pytest.mark.parametrize("email", ["", "boss", "@x", "boss@", "a b@x", "boss@x\n", "x" * 511 + "@x", "\ud800@x"])
async def test_the_first_administrator_has_an_address(world: World, email: str) -> None:
    """What cannot be an e-mail address is refused before anything is stored."""
    with pytest.raises(InvalidTenantError, match=r"name@example\.com"):
        await world.tenants.create("initech", "Initech", email, "command-1")
    assert [tenant.slug for tenant in await world.tenants.list()] == ["acme", "globex"]


async def test_a_slug_never_changes_hands(world: World) -> None:
    """A slug that is or was a tenant's is refused, also after that tenant was deleted."""
    for _ in range(2):
        with pytest.raises(TenantExistsError):
            await world.tenants.create("acme", "Acme", "boss@acme.example", "command-1")
        if await _exists(world, "acme"):
            await world.tenants.set_status("acme", TenantStatus.DELETED)
    assert not await _exists(world, "acme")


async def _exists(world: World, slug: str) -> bool:
    return slug in {tenant.slug for tenant in await world.tenants.list()}


async def test_a_tenant_is_suspended_and_resumed(world: World) -> None:
    """A suspended tenant is still listed; its keys are what is refused."""
    await world.tenants.set_status("acme", TenantStatus.SUSPENDED)
    assert (await world.tenants.get("acme")).status is TenantStatus.SUSPENDED
    await world.tenants.set_status("acme", TenantStatus.ACTIVE)
    assert (await world.tenants.get("acme")).status is TenantStatus.ACTIVE


async def test_a_tenant_that_is_not_there(world: World) -> None:
    """A slug of nobody is an error in words."""
    with pytest.raises(NoSuchTenantError, match="There is no tenant 'initech'"):
        await world.tenants.set_status("initech", TenantStatus.SUSPENDED)


async def test_a_tenant_decides_for_itself(world: World) -> None:
    """What is named changes, the rest stays, and nobody else's is touched."""
    tenants = Tenants(world.database.tenants, world.clock, world.random_bytes, settling_seconds=0)
    assert (await tenants.set_switches("acme")).switches == Switches()
    assert (await tenants.set_switches("acme", accepts_passwords=True)).switches == Switches(accepts_passwords=True)
    both = Switches(unique_group_names=False, accepts_passwords=True)
    assert (await tenants.set_switches("acme", unique_group_names=False)).switches == both
    assert [(await tenants.get(slug)).switches for slug in ("acme", "globex")] == [both, Switches()]
    with pytest.raises(NoSuchTenantError):
        await tenants.set_switches("nobody", accepts_passwords=True)


class SlowToLearn(SqliteTenantStore):
    """The real store, where a server writes a group by the old word after the switch is first set."""

    def __init__(self, world: World) -> None:
        store = world.database.tenants
        assert isinstance(store, SqliteTenantStore)
        super().__init__(store._reader, store._writer)
        self._world = world
        self.written: ResourceId | None = None

    async def set_switches(self, tenant_id: TenantId, switches: Switches) -> None:
        """Set them, and let the server write."""
        await super().set_switches(tenant_id, switches)
        if self.written is None:
            self.written = await Groups(self._world.directory, self._world.client).create("Crew")


async def test_what_is_written_while_servers_learn_of_a_decision_is_mended(world: World) -> None:
    """A group that a server writes by the old word, after the switch is set, is found by its name."""
    store = SlowToLearn(world)
    tenants = Tenants(store, world.clock, world.random_bytes, settling_seconds=0)
    await tenants.set_switches("acme", unique_group_names=False)
    assert store.written is not None
    found = await world.directory.perform(
        world.client, SearchResources(group_type(unique_names=False), Query(filter=unique_attribute_is(GROUP, "crew")))
    )
    assert [item.id for item in found.resources] == [store.written]
