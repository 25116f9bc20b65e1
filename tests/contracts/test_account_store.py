"""The port ``AccountStore``, on each engine."""

import pytest

from musterbook.identity.account_store import FoundAccount
from musterbook.storage import Database
from tests.contracts.sample import ACME, ADA, GLOBEX, created, first_administrator, id_of, person
from tests.contracts.signing_in import account


class TestAccountStoreContract:
    """What every :class:`musterbook.identity.account_store.AccountStore` keeps."""

    async def test_a_name_finds_its_account(self, database: Database) -> None:
        """A person is found by the comparison key of the ``userName``, with everything stored; by no other text."""
        await database.resources.commit(created(ADA))
        find = database.identity.accounts.find_by_name
        assert await find(ACME, "ada@example.com") == [FoundAccount(account(1), ADA.record)]
        assert [await find(ACME, name) for name in ("", "ADA@example.com", "ada", "ada@example.com ")] == [[]] * 4
        assert await find(GLOBEX, "ada@example.com") == []

    @pytest.mark.parametrize("tenant_id", [ACME, GLOBEX])
    async def test_a_break_glass_account_comes_first(self, database: Database, tenant_id: str) -> None:
        """Where a person has the name of a break-glass account, both are found, in this order."""
        of = ACME if tenant_id == ACME else GLOBEX
        boss = first_administrator(of).record
        assert boss is not None
        document = boss.stored.document
        name = document.split('"userName":"')[1].split('"')[0]
        namesake = person(7, name, tenant_id=of)
        await database.resources.commit(created(namesake))
        found = await database.identity.accounts.find_by_name(of, name)
        glass = FoundAccount(account(0, of, "BreakGlassAccount"), boss)
        assert found == [glass, FoundAccount(account(7, of), namesake.record)]
        assert glass.ref.id == id_of(0)
