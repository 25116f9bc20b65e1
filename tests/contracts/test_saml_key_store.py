"""The port for our keys for SAML, on each engine."""

import asyncio
from dataclasses import replace

from musterbook.directory import TenantId
from musterbook.identity.saml_key_store import SamlKeyRow
from musterbook.storage import Database
from tests.contracts.sample import ACME, GLOBEX, at


def row(slot: int, tenant_id: TenantId = ACME, *, key_id: str = "", signs_since: str | None = None) -> SamlKeyRow:
    """Return a key made in the first second."""
    return SamlKeyRow(tenant_id, slot, key_id or f"key-{slot}", "sealed", "PEM", at(1), signs_since)


class TestSamlKeyStoreContract:
    """What every :class:`musterbook.identity.saml_key_store.SamlKeyStore` keeps."""

    async def test_keys_are_listed_by_their_slots(self, database: Database) -> None:
        """A key reads back as it was stored, whenever it was; another tenant's does not."""
        keys = database.identity.saml_keys
        assert await keys.list(ACME) == []
        second, first = row(1), row(0, signs_since=at(1))
        for each in (second, first, row(0, GLOBEX)):
            assert await keys.add(each) is True
        assert await keys.list(ACME) == [first, second]
        assert await keys.list(GLOBEX) == [row(0, GLOBEX)]

    async def test_a_slot_holds_one_key(self, database: Database) -> None:
        """Of several who add a key for a slot at once one is heard, and a key of the same id is not added twice."""
        keys = database.identity.saml_keys
        rivals = [row(0, key_id=f"rival-{number}") for number in range(6)]
        added = await asyncio.gather(*(keys.add(rival) for rival in rivals))
        assert await keys.list(ACME) == [rival for rival, was_first in zip(rivals, added, strict=True) if was_first]
        assert sum(added) == 1
        (present,) = await keys.list(ACME)
        assert await keys.add(replace(present, slot=1)) is False

    async def test_a_key_begins_to_sign_once(self, database: Database) -> None:
        """The time is noted once, for the key of this tenant; an unknown key changes nothing."""
        keys = database.identity.saml_keys
        await keys.add(row(0))
        assert await keys.let_sign(GLOBEX, "key-0", at(5)) is False
        assert [await keys.let_sign(ACME, key_id, at(5)) for key_id in ("key-1", "\0", "key-0")] == [False, False, True]
        assert await keys.let_sign(ACME, "key-0", at(6)) is False
        assert await keys.list(ACME) == [row(0, signs_since=at(5))]

    async def test_a_key_is_removed(self, database: Database) -> None:
        """It is gone for good, and nothing else is."""
        keys = database.identity.saml_keys
        for each in (row(0), row(1), row(0, GLOBEX)):
            await keys.add(each)
        assert [await keys.remove(ACME, key_id) for key_id in ("key-0", "key-0", "\0")] == [True, False, False]
        assert await keys.list(ACME) == [row(1)]
        assert await keys.list(GLOBEX) == [row(0, GLOBEX)]
