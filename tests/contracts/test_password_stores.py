"""The ports for second factors, tries and links, on each engine."""

import asyncio
from dataclasses import replace

import pytest

from musterbook.directory import Tenant
from musterbook.identity.accounts import AccountRef
from musterbook.identity.password_store import FoundLink, Link, LinkPurpose, SecondFactor, Tries
from musterbook.storage import Database
from tests.contracts.sample import ACME, GLOBEX, at, id_of
from tests.contracts.signing_in import account, digest, link

OTHERS = [account(2), account(1, GLOBEX), account(1, ACME, "BreakGlassAccount")]
CONFIRMED = SecondFactor(account(), "secret-1", at(5), 100, ("code-1", "code-2"))


async def tenant_of(database: Database, slug: str) -> Tenant:
    """Return the tenant with this slug."""
    tenant = await database.tenants.find(slug)
    assert tenant is not None
    return tenant


async def found(database: Database, link: Link) -> Link | None:
    """Return what is found by the hash of a link."""
    record = await database.identity.links.find(link.link_hash)
    return None if record is None else record.link


async def enrolled(database: Database) -> None:
    """Give the account a confirmed factor."""
    assert await database.identity.second_factors.begin(account(), "secret-1")
    assert await database.identity.second_factors.confirm(CONFIRMED)


class TestSecondFactorStoreContract:
    """What every :class:`musterbook.identity.password_store.SecondFactorStore` keeps."""

    async def test_a_factor_is_begun_anew_until_it_is_confirmed(self, database: Database) -> None:
        """A secret replaces one that was never confirmed; one that was confirmed stays."""
        factors = database.identity.second_factors
        assert await factors.find(account()) is None
        begun = [await factors.begin(account(), secret) for secret in ("secret-0", "secret-1")]
        assert (begun, await factors.find(account())) == ([True, True], SecondFactor(account(), "secret-1"))
        assert await factors.confirm(CONFIRMED) is True
        assert await factors.begin(account(), "secret-2") is False
        assert await factors.find(account()) == CONFIRMED
        assert [await factors.find(other) for other in OTHERS] == [None, None, None]

    async def test_a_factor_is_confirmed_once_with_its_own_secret(self, database: Database) -> None:
        """A secret that was replaced meanwhile cannot be confirmed; of many who confirm, one does."""
        factors = database.identity.second_factors
        assert await factors.confirm(CONFIRMED) is False
        await factors.begin(account(), "secret-1")
        assert await factors.confirm(replace(CONFIRMED, secret="secret-0")) is False
        confirmed = await asyncio.gather(*(factors.confirm(CONFIRMED) for _ in range(5)))
        assert sorted(confirmed) == [False] * 4 + [True]

    async def test_a_step_is_spent_once_and_never_goes_back(self, database: Database) -> None:
        """Of many who use the code of one step, one may; an earlier step is over, a later one is not."""
        await enrolled(database)
        spend = database.identity.second_factors.spend_step
        spent = await asyncio.gather(*(spend(account(), 101) for _ in range(8)))
        assert sorted(spent) == [False] * 7 + [True]
        assert [await spend(account(), step) for step in (100, 101, 103, 102)] == [False, False, True, False]
        assert [await spend(other, 200) for other in OTHERS] == [False, False, False]

    async def test_recovery_codes_are_replaced_where_they_are_as_read(self, database: Database) -> None:
        """Of many who use recovery codes at once, one does; the others read again."""
        await enrolled(database)
        factors = database.identity.second_factors
        before, after = ("code-1", "code-2"), ("code-2",)
        done = await asyncio.gather(*(factors.replace_recovery(account(), before, after) for _ in range(5)))
        assert sorted(done) == [False] * 4 + [True]
        assert await factors.find(account()) == replace(CONFIRMED, recovery=after)
        assert [await factors.replace_recovery(other, after, ()) for other in OTHERS] == [False, False, False]

    async def test_a_secret_is_replaced_where_it_is_as_read(self, database: Database) -> None:
        """A secret that was encrypted anew takes the place of the one that was read, and of no other."""
        await enrolled(database)
        factors = database.identity.second_factors
        assert [await factors.replace_secret(other, "secret-1", "x") for other in OTHERS] == [False] * 3
        assert await factors.replace_secret(account(), "secret-0", "x") is False
        assert await factors.replace_secret(account(), "secret-1", "secret-2") is True
        assert await factors.find(account()) == replace(CONFIRMED, secret="secret-2")

    async def test_an_old_factor_alone_is_removed(self, database: Database) -> None:
        """With a time, only a factor that was confirmed before it goes; one that was not confirmed stays."""
        factors = database.identity.second_factors
        await factors.begin(account(2), "secret-1")
        await enrolled(database)
        removed = [await factors.remove(account(), confirmed_before=at(second)) for second in (5, 6)]
        assert (removed, await factors.remove(account(2), confirmed_before=at(99))) == ([False, True], False)

    async def test_a_removed_factor_is_gone(self, database: Database) -> None:
        """Removing takes one account's factor away, and another may begin."""
        await enrolled(database)
        factors = database.identity.second_factors
        assert [await factors.remove(each) for each in (*OTHERS, account(), account())] == [False] * 3 + [True, False]
        assert (await factors.find(account()), await factors.begin(account(), "secret-2")) == (None, True)


class TestTryStoreContract:
    """What every :class:`musterbook.identity.password_store.TryStore` keeps."""

    async def test_tries_are_stored_where_nobody_was_faster(self, database: Database) -> None:
        """The first, and every next, is stored by one of many; the others find what is there."""
        tries = database.identity.tries
        first, second = Tries(1, None, at(1)), Tries(2, at(9), at(2))
        for before, after in ((None, first), (first, second)):
            rivals = (tries.replace(ACME, b"ada", before, after, forget_before=at(0)) for _ in range(8))
            assert sorted(await asyncio.gather(*rivals)) == [False] * 7 + [True]
        assert await tries.find(ACME, [b"ada", b"bob"]) == {b"ada": second}

    async def test_what_is_forgotten_is_none(self, database: Database) -> None:
        """A forgotten subject has no failure; others keep theirs, also in other tenants."""
        tries = database.identity.tries
        once = Tries(1, None, at(1))
        for tenant_id, subject in ((ACME, b"ada"), (ACME, b"bob"), (GLOBEX, b"ada")):
            await tries.replace(tenant_id, subject, None, once, forget_before=at(0))
        await tries.forget(ACME, b"ada")
        assert await tries.find(ACME, [b"ada", b"bob"]) == {b"bob": once}
        assert await tries.find(GLOBEX, [b"ada", b"bob"]) == {b"ada": once}
        assert await tries.replace(ACME, b"ada", once, once, forget_before=at(0)) is False

    async def test_old_tries_go_when_others_come(self, database: Database) -> None:
        """A new subject removes at most twenty of its tenant's that were last touched long ago."""
        tries = database.identity.tries
        subjects = [digest(str(number)) for number in range(23)]
        for number, subject in enumerate(subjects):
            await tries.replace(ACME, subject, None, Tries(1, None, at(number)), forget_before=at(0))
        await tries.replace(GLOBEX, b"old", None, Tries(1, None, at(0)), forget_before=at(0))
        await tries.replace(ACME, b"next", None, Tries(1, None, at(100)), forget_before=at(22))
        assert set(await tries.find(ACME, subjects)) == set(subjects[20:])
        await tries.replace(ACME, b"another", None, Tries(1, None, at(100)), forget_before=at(22))
        assert set(await tries.find(ACME, subjects)) == {subjects[22]}
        assert set(await tries.find(GLOBEX, [b"old"])) == {b"old"}


class TestLinkStoreContract:
    """What every :class:`musterbook.identity.password_store.LinkStore` keeps."""

    async def test_a_link_is_redeemed_once(self, database: Database) -> None:
        """Of many who redeem a link one does; then it is found no more."""
        links = database.identity.links
        await links.add(link(1))
        assert await links.find(link(1).link_hash) == FoundLink(link(1), await tenant_of(database, "acme"))
        redeemed = await asyncio.gather(*(links.redeem(ACME, link(1).link_hash, at(9)) for _ in range(8)))
        assert sorted(redeemed) == [False] * 7 + [True]
        assert await links.find(link(1).link_hash) is None

    async def test_a_link_is_redeemed_by_its_own_tenant_alone(self, database: Database) -> None:
        """Naming another tenant, or another hash, redeems nothing."""
        links = database.identity.links
        await links.add(link(1))
        assert await links.redeem(GLOBEX, link(1).link_hash, at(9)) is False
        assert await links.redeem(ACME, b"", at(9)) is False
        assert await found(database, link(1)) == link(1)

    @pytest.mark.parametrize("purpose", LinkPurpose)
    async def test_an_account_has_one_link(self, database: Database, purpose: LinkPurpose) -> None:
        """A link takes the place of any other of its account, and of no other account's."""
        links = database.identity.links
        kept = [link(10 + number, other) for number, other in enumerate(OTHERS)]
        for each in (link(1), *kept, link(2, purpose=purpose)):
            await links.add(each)
        assert await links.find(link(1).link_hash) is None
        assert await found(database, link(2)) == link(2, purpose=purpose)
        assert [await found(database, each) for each in kept] == kept

    async def test_the_link_that_a_tenant_begins_with_is_one_of_them(self, database: Database) -> None:
        """The link of a tenant's first administrator sets up a break-glass account."""
        begun = await database.identity.links.find(b"acme")
        assert begun is not None
        assert (begun.link.account, begun.link.purpose) == (
            AccountRef(ACME, "BreakGlassAccount", id_of(0)),
            LinkPurpose.SET_UP,
        )
