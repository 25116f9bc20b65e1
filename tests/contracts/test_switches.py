"""What a tenant decides for itself, on each engine."""

from dataclasses import replace

import pytest

from musterbook.directory import Switches, TenantStatus
from musterbook.directory.store import GroupNamesRepeatedError, UniqueKeyTakenError
from musterbook.identity.store import KeyRecord
from musterbook.scim import ResourceType, group_type, unique_attribute_is
from musterbook.scim.operation import Query
from musterbook.storage import Database
from tests.contracts.groups import Group, founded, group
from tests.contracts.sample import ACME, GLOBEX, key

UNIQUE, REPEATED = Switches(unique_group_names=True), Switches(unique_group_names=False)
CREW, OFFICERS, HANDS = group(1, "Crew"), group(2, "Officers"), group(3, "Hands")


def unchecked(new: Group) -> Group:
    """Return a group of a tenant that does not check names."""
    return replace(new, has_unique_name=False)


async def found(database: Database, resource_type: ResourceType, name: str) -> list[str]:
    """Return the ids of the groups that are found by a name."""
    by_name = unique_attribute_is(group_type(), name)
    page = await database.resources.search(ACME, resource_type, Query(filter=by_name))
    return [stored.id for stored in page.resources]


class TestSwitches:
    """The method ``set_switches`` of the port :class:`musterbook.directory.store.TenantStore`."""

    async def test_a_tenant_begins_with_unique_names(self, database: Database) -> None:
        """Each tenant has switches of its own, and they come with the tenant and with its keys."""
        for tenant_id, slug in ((ACME, "acme"), (GLOBEX, "globex")):
            await database.keys.add(key(tenant_id, 1))
            tenant = await database.tenants.find(slug)
            assert tenant is not None
            assert tenant.switches == UNIQUE
        await database.tenants.set_switches(ACME, REPEATED)
        assert [tenant.switches for tenant in await database.tenants.list()] == [REPEATED, UNIQUE]
        for tenant_id, switches in ((ACME, REPEATED), (GLOBEX, UNIQUE)):
            expected = KeyRecord(key(tenant_id, 1), TenantStatus.ACTIVE, scim_enabled=True, switches=switches)
            assert await database.keys.find(key(tenant_id, 1).key_hash) == expected

    async def test_each_switch_is_set_by_itself(self, database: Database) -> None:
        """To take passwords is one thing, and unique names are another."""
        for switches in (Switches(accepts_passwords=True), Switches(unique_group_names=False), UNIQUE):
            await database.tenants.set_switches(ACME, switches)
            tenant = await database.tenants.find("acme")
            assert tenant is not None
            assert tenant.switches == switches

    async def test_names_may_be_repeated_and_are_still_found(self, database: Database) -> None:
        """Once names need not be unique, a second group of a name is taken, and both are found by it."""
        await database.resources.commit(founded(CREW))
        with pytest.raises(UniqueKeyTakenError):
            await database.resources.commit(founded(group(2, "CREW")))
        await database.tenants.set_switches(ACME, REPEATED)
        await database.resources.commit(founded(unchecked(group(2, "CREW"))))
        assert await found(database, group_type(unique_names=False), "crew") == [CREW.id, OFFICERS.id]

    async def test_names_that_are_repeated_cannot_become_unique(self, database: Database) -> None:
        """The names that several groups have are told, and nothing is changed."""
        await database.tenants.set_switches(ACME, REPEATED)
        for new in (CREW, OFFICERS, group(3, "CREW"), group(4, "officers"), group(5, "Hands")):
            await database.resources.commit(founded(unchecked(new)))
        with pytest.raises(GroupNamesRepeatedError, match="several groups are called") as refusal:
            await database.tenants.set_switches(ACME, UNIQUE)
        assert [name.lower() for name in refusal.value.names] == ["crew", "officers"]
        tenant = await database.tenants.find("acme")
        assert tenant is not None
        assert tenant.switches == REPEATED
        assert await found(database, group_type(unique_names=False), "crew") == [CREW.id, HANDS.id]

    async def test_names_become_unique_again(self, database: Database) -> None:
        """The names that are there are kept from others, and are found; those of another tenant are its own."""
        await database.tenants.set_switches(ACME, REPEATED)
        await database.tenants.set_switches(GLOBEX, REPEATED)
        for tenant_id in (ACME, GLOBEX):
            await database.resources.commit(founded(unchecked(replace(CREW, tenant_id=tenant_id))))
            await database.resources.commit(founded(unchecked(replace(OFFICERS, tenant_id=tenant_id))))
        await database.tenants.set_switches(ACME, UNIQUE)
        assert await found(database, group_type(), "CREW") == [CREW.id]
        with pytest.raises(UniqueKeyTakenError):
            await database.resources.commit(founded(group(3, "officers")))
        await database.resources.commit(founded(unchecked(replace(group(3, "officers"), tenant_id=GLOBEX))))

    @pytest.mark.parametrize("switches", [UNIQUE, REPEATED])
    async def test_what_was_written_by_the_old_word_is_mended(self, database: Database, switches: Switches) -> None:
        """A group that a server wrote before it knew of the change is found after the switch is set once more."""
        await database.tenants.set_switches(ACME, switches)
        is_unique = switches.unique_group_names
        await database.resources.commit(founded(replace(CREW, has_unique_name=is_unique)))
        await database.resources.commit(founded(replace(OFFICERS, has_unique_name=not is_unique)))
        for _ in range(2):
            await database.tenants.set_switches(ACME, switches)
            names = ("Crew", "Officers")
            resource_type = group_type(unique_names=is_unique)
            assert [await found(database, resource_type, name) for name in names] == [[CREW.id], [OFFICERS.id]]

    async def test_a_name_that_was_taken_meanwhile_is_told(self, database: Database) -> None:
        """A group that was given the name of another by the old word stands in the way of setting the switch again."""
        await database.resources.commit(founded(CREW))
        await database.resources.commit(founded(unchecked(group(2, "CREW"))))
        with pytest.raises(GroupNamesRepeatedError):
            await database.tenants.set_switches(ACME, UNIQUE)
