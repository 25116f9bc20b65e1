"""The port ``TenantStore``, on each engine."""

import asyncio
import sqlite3
from dataclasses import replace

import asyncpg
import pytest

from musterbook.directory import SetupLink, Tenant, TenantId, TenantStatus
from musterbook.directory.store import HistoryEntry, HistoryQuery, StaleRevisionError, TenantExistsError
from musterbook.storage import Database
from tests.contracts.looks import contents
from tests.contracts.sample import ACME, GLOBEX, at, first_administrator, id_of, key, setup_link, tenant

OTHER = TenantId("019388a0-0000-7000-8000-0000000000ff")


def stored(tenant_id: TenantId, slug: str, status: TenantStatus = TenantStatus.ACTIVE) -> Tenant:
    """Return what is kept of a tenant of the sample."""
    return Tenant(tenant_id, slug, slug.capitalize(), status, scim_enabled=False, created_at=at(0))


async def create(database: Database, tenant_id: TenantId, slug: str) -> None:
    """Create a tenant with its first administrator and set-up link."""
    await database.tenants.create(
        tenant(tenant_id, slug), first_administrator(tenant_id), setup_link(tenant_id, slug.encode())
    )


class TestTenantStoreContract:
    """What every :class:`musterbook.directory.store.TenantStore` keeps."""

    async def test_a_tenant_begins_active_without_scim_and_with_its_administrator(
        self, empty_database: Database
    ) -> None:
        """Tenant, first administrator with revision and event, and set-up link are stored together."""
        await create(empty_database, ACME, "acme")
        assert await empty_database.tenants.find("acme") == stored(ACME, "acme")
        change = first_administrator(ACME)
        assert await empty_database.resources.get(ACME, "BreakGlassAccount", id_of(0)) == change.record
        assert await empty_database.resources.history(ACME, HistoryQuery()) == [HistoryEntry(change.revision, None)]
        assert (await contents(empty_database)).events == [change.event]
        assert await empty_database.tenants.find_setup_link(b"acme") == setup_link(ACME, b"acme")

    @pytest.mark.parametrize("status", [TenantStatus.ACTIVE, TenantStatus.SUSPENDED, TenantStatus.DELETED])
    async def test_a_slug_never_changes_hands(self, database: Database, status: TenantStatus) -> None:
        """A slug in use is refused, also a deleted tenant's, and nothing of the second tenant is stored."""
        await database.tenants.set_status(ACME, status, at(5))
        with pytest.raises(TenantExistsError):
            await database.tenants.create(
                tenant(OTHER, "acme"), first_administrator(OTHER), setup_link(OTHER, b"other")
            )
        assert await database.resources.get(OTHER, "BreakGlassAccount", id_of(0)) is None
        assert await database.tenants.find_setup_link(b"other") is None
        assert (await contents(database, OTHER)).revisions == []

    async def test_of_many_creations_with_one_slug_exactly_one_succeeds(self, empty_database: Database) -> None:
        """Ten at once with one slug: one is stored, the others learn that it is taken."""
        ids = [TenantId(f"tenant-{number}") for number in range(10)]
        links = [setup_link(tenant_id, tenant_id.encode()) for tenant_id in ids]
        results = await asyncio.gather(
            *(
                empty_database.tenants.create(tenant(link.tenant_id, "acme"), first_administrator(link.tenant_id), link)
                for link in links
            ),
            return_exceptions=True,
        )
        assert (results.count(None), [type(item) for item in results].count(TenantExistsError)) == (1, 9)
        assert len(await empty_database.tenants.list()) == 1

    async def test_a_tenant_whose_administrator_cannot_be_stored_is_not_stored(self, empty_database: Database) -> None:
        """When any part of a creation is refused, none of it is stored, and the slug stays free."""
        impossible = replace(first_administrator(ACME), expected_revision=7)
        with pytest.raises(StaleRevisionError):
            await empty_database.tenants.create(tenant(ACME, "acme"), impossible, setup_link(ACME, b"acme"))
        assert await empty_database.tenants.list() == []
        await create(empty_database, OTHER, "acme")
        assert await empty_database.tenants.find("acme") == stored(OTHER, "acme")

    async def test_a_tenant_id_used_twice_is_a_bug(self, database: Database) -> None:
        """Ids are ours: one that exists is raised as what it is, never as a taken slug."""
        with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
            await create(database, ACME, "another")
        assert await database.tenants.find("another") is None

    @pytest.mark.parametrize("slug", ["unknown", "", "ACME", "acme ", "a\0", "\ud800", "%"], ids=ascii)
    async def test_a_slug_is_compared_exactly(self, database: Database, slug: str) -> None:
        """A slug that differs in anything finds nothing, also one that no database would take."""
        assert await database.tenants.find(slug) is None

    async def test_tenants_are_listed_by_slug(self, database: Database) -> None:
        """All tenants that were not deleted are listed, also suspended ones, in the order of their slugs."""
        await create(database, OTHER, "aaa")
        await database.tenants.set_status(GLOBEX, TenantStatus.SUSPENDED, at(5))
        assert await database.tenants.list() == [
            stored(OTHER, "aaa"),
            stored(ACME, "acme"),
            stored(GLOBEX, "globex", TenantStatus.SUSPENDED),
        ]

    async def test_a_suspended_tenant_can_be_resumed(self, database: Database) -> None:
        """A status that was set is read back, and another tenant's is untouched."""
        await database.tenants.set_status(ACME, TenantStatus.SUSPENDED, at(5))
        assert await database.tenants.find("acme") == stored(ACME, "acme", TenantStatus.SUSPENDED)
        assert await database.tenants.find("globex") == stored(GLOBEX, "globex")
        await database.tenants.set_status(ACME, TenantStatus.ACTIVE, at(6))
        assert await database.tenants.find("acme") == stored(ACME, "acme")

    async def test_a_deleted_tenant_is_gone_for_good_but_keeps_its_rows(self, database: Database) -> None:
        """A deleted tenant is neither found nor listed nor brought back; its history stays; its keys are refused."""
        await database.keys.add(key(ACME, 1))
        before = await contents(database)
        await database.tenants.set_status(ACME, TenantStatus.DELETED, at(5))
        await database.tenants.set_status(ACME, TenantStatus.ACTIVE, at(6))
        assert await database.tenants.find("acme") is None
        assert await database.tenants.list() == [stored(GLOBEX, "globex")]
        assert await contents(database) == before
        record = await database.keys.find(key(ACME, 1).key_hash)
        assert record is not None
        assert record.tenant_status is TenantStatus.DELETED

    async def test_a_set_up_link_is_found_by_its_hash_alone(self, database: Database) -> None:
        """Each link leads to its own tenant's account; an unknown hash leads nowhere."""
        expected = SetupLink(GLOBEX, b"globex", id_of(0), at(0), at(1000))
        assert await database.tenants.find_setup_link(b"globex") == expected
        assert await database.tenants.find_setup_link(b"unknown") is None
