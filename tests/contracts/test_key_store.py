"""The port ``KeyStore``, on each engine."""

from dataclasses import replace

import pytest

from musterbook.directory import KeyId, TenantStatus
from musterbook.identity.store import Key, KeyRecord
from musterbook.storage import Database
from tests.contracts.sample import ACME, GLOBEX, at, key


async def found(database: Database, of: Key) -> Key:
    """Return the stored key with the hash of ``of``."""
    record = await database.keys.find(of.key_hash)
    assert record is not None
    return record.key


class TestKeyStoreContract:
    """What every :class:`musterbook.identity.store.KeyStore` keeps."""

    async def test_a_key_is_found_by_its_hash_with_what_decides_whether_it_is_served(self, database: Database) -> None:
        """The key comes back whole, with its tenant's status and SCIM switch; adding it turned SCIM on there alone."""
        await database.keys.add(key(ACME, 1))
        record = KeyRecord(key(ACME, 1), TenantStatus.ACTIVE, scim_enabled=True)
        assert await database.keys.find(key(ACME, 1).key_hash) == record
        acme, globex = await database.tenants.list()
        assert (acme.scim_enabled, globex.scim_enabled) == (True, False)

    async def test_a_key_without_a_provider_is_kept(self, database: Database) -> None:
        """``idp`` may be absent."""
        plain = replace(key(ACME, 1), idp=None)
        await database.keys.add(plain)
        assert await found(database, plain) == plain

    @pytest.mark.parametrize("key_hash", [b"", b"unknown", b"\0" * 32])
    async def test_an_unknown_hash_finds_nothing(self, database: Database, key_hash: bytes) -> None:
        """A hash of no key finds nothing."""
        await database.keys.add(key(ACME, 1))
        assert await database.keys.find(key_hash) is None

    async def test_keys_of_a_suspended_tenant_say_so(self, database: Database) -> None:
        """A key tells its own tenant's status at the time it is looked up."""
        for tenant_id in (ACME, GLOBEX):
            await database.keys.add(key(tenant_id, 1))
        await database.tenants.set_status(ACME, TenantStatus.SUSPENDED, at(5))
        records = [await database.keys.find(key(tenant_id, 1).key_hash) for tenant_id in (ACME, GLOBEX)]
        assert [record and record.tenant_status for record in records] == [TenantStatus.SUSPENDED, TenantStatus.ACTIVE]

    async def test_keys_are_listed_oldest_first_for_their_tenant_alone(self, database: Database) -> None:
        """All keys of the tenant are listed, revoked ones too, and none of another."""
        for number in (3, 1, 2):
            await database.keys.add(key(ACME, number))
        await database.keys.add(key(GLOBEX, 1))
        await database.keys.revoke(ACME, KeyId("key-2"), at(9))
        revoked = replace(key(ACME, 2), revoked_at=at(9))
        assert await database.keys.list(ACME) == [key(ACME, 1), revoked, key(ACME, 3)]
        assert await database.keys.list(GLOBEX) == [key(GLOBEX, 1)]

    async def test_revoking_twice_keeps_the_first_time(self, database: Database) -> None:
        """A revoked key stays findable, with the time at which it was first revoked."""
        await database.keys.add(key(ACME, 1))
        assert await database.keys.revoke(ACME, KeyId("key-1"), at(5)) is True
        assert await database.keys.revoke(ACME, KeyId("key-1"), at(9)) is True
        assert await found(database, key(ACME, 1)) == replace(key(ACME, 1), revoked_at=at(5))

    @pytest.mark.parametrize("key_id", ["unknown", "", "KEY-1", "\0", "\ud800"], ids=ascii)
    async def test_revoking_what_the_tenant_has_not_says_so(self, database: Database, key_id: str) -> None:
        """An id that the tenant has no key with is answered with False, and every key stays good."""
        await database.keys.add(key(ACME, 1))
        assert await database.keys.revoke(ACME, KeyId(key_id), at(5)) is False
        assert await database.keys.list(ACME) == [key(ACME, 1)]

    async def test_a_key_is_revoked_by_its_own_tenant_alone(self, database: Database) -> None:
        """The same key id in two tenants is two keys: revoking and touching one leaves the other as it is."""
        for tenant_id in (ACME, GLOBEX):
            await database.keys.add(key(tenant_id, 1))
        await database.keys.revoke(GLOBEX, KeyId("key-1"), at(5))
        await database.keys.touch(GLOBEX, KeyId("key-1"), at(6), not_since=at(0))
        assert await database.keys.list(ACME) == [key(ACME, 1)]
        assert await database.keys.list(GLOBEX) == [replace(key(GLOBEX, 1), revoked_at=at(5), last_used_at=at(6))]

    async def test_the_first_use_is_always_kept(self, database: Database) -> None:
        """A key that was never used gets its time whatever ``not_since`` says."""
        await database.keys.add(key(ACME, 1))
        await database.keys.touch(ACME, KeyId("key-1"), at(60), not_since=at(0))
        assert await found(database, key(ACME, 1)) == replace(key(ACME, 1), last_used_at=at(60))

    @pytest.mark.parametrize("not_since, expected", [(9, 10), (10, 60), (11, 60)])
    async def test_a_use_is_kept_unless_the_last_is_later_than_not_since(
        self, database: Database, not_since: int, expected: int
    ) -> None:
        """``last_used_at`` moves on only where it is not later than ``not_since``."""
        await database.keys.add(replace(key(ACME, 1), last_used_at=at(10)))
        await database.keys.touch(ACME, KeyId("key-1"), at(60), not_since=at(not_since))
        assert (await found(database, key(ACME, 1))).last_used_at == at(expected)
