"""The ports for attempts, used assertions and bindings, on each engine."""

import asyncio
from dataclasses import replace

import pytest

from musterbook.storage import Database
from tests.contracts.sample import ACME, GLOBEX, at
from tests.contracts.signing_in import account, attempt, binding


class TestAttemptStoreContract:
    """What every :class:`musterbook.identity.attempt_store.AttemptStore` keeps."""

    async def test_an_attempt_is_taken_once(self, database: Database) -> None:
        """An attempt is found as often as one looks, and taken once; of many who take it at once, one gets it."""
        attempts = database.identity.attempts
        await attempts.add(attempt(1))
        assert [await attempts.find(ACME, "_1") for _ in range(2)] == [attempt(1)] * 2
        taken = await asyncio.gather(*(attempts.take(ACME, "_1") for _ in range(10)))
        assert [each for each in taken if each is not None] == [attempt(1)]
        assert (await attempts.find(ACME, "_1"), await attempts.take(ACME, "_1")) == (None, None)

    @pytest.mark.parametrize("attempt_id", ["", "_2", "\0", "\ud800", "_1 "], ids=ascii)
    async def test_what_is_no_attempt_is_not_found(self, database: Database, attempt_id: str) -> None:
        """An id that differs in anything finds and takes nothing."""
        attempts = database.identity.attempts
        await attempts.add(attempt(1))
        assert (await attempts.find(ACME, attempt_id), await attempts.take(ACME, attempt_id)) == (None, None)
        assert await attempts.find(ACME, "_1") == attempt(1)

    async def test_an_attempt_is_its_tenants(self, database: Database) -> None:
        """The same id in two tenants is two attempts, and neither tenant reaches the other's."""
        attempts = database.identity.attempts
        await attempts.add(attempt(1))
        assert (await attempts.find(GLOBEX, "_1"), await attempts.take(GLOBEX, "_1")) == (None, None)
        await attempts.add(attempt(1, GLOBEX))
        assert await attempts.take(GLOBEX, "_1") == attempt(1, GLOBEX)
        assert await attempts.find(ACME, "_1") == attempt(1)

    async def test_expired_attempts_go_when_others_come(self, database: Database) -> None:
        """An attempt that begins removes at most twenty of its tenant's that are over; until then they are there."""
        attempts = database.identity.attempts
        for number in range(1, 24):
            await attempts.add(attempt(number, ends=10 + number))
        await attempts.add(attempt(1, GLOBEX, ends=10))
        assert await attempts.find(ACME, "_1") == attempt(1, ends=11)
        await attempts.add(attempt(50, begins=100))
        left = [number for number in (*range(1, 24), 50) if await attempts.find(ACME, f"_{number}") is not None]
        assert left == [21, 22, 23, 50]
        assert await attempts.find(GLOBEX, "_1") == attempt(1, GLOBEX, ends=10)


class TestAssertionStoreContract:
    """What every :class:`musterbook.identity.attempt_store.AssertionStore` keeps."""

    async def test_an_assertion_is_spent_once(self, database: Database) -> None:
        """Of many who spend an assertion at once, one is first; afterwards nobody is."""
        spend = database.identity.assertions.spend
        first = await asyncio.gather(*(spend(ACME, "c", "_a", now=at(0), expires_at=at(300)) for _ in range(10)))
        assert sorted(first) == [False] * 9 + [True]
        assert await spend(ACME, "c", "_a", now=at(299), expires_at=at(600)) is False

    async def test_another_tenant_connection_or_id_is_another_assertion(self, database: Database) -> None:
        """An id is unique to the identity provider that made it, and no tenant can spend another's."""
        spend = database.identity.assertions.spend
        names = [(ACME, "c", "_a"), (GLOBEX, "c", "_a"), (ACME, "d", "_a"), (ACME, "c", "_A")]
        assert [await spend(*name, now=at(0), expires_at=at(300)) for name in names] == [True] * 4

    async def test_what_is_over_goes_when_others_come(self, database: Database) -> None:
        """An assertion is kept until its end, and may go with any that is spent after it."""
        spend = database.identity.assertions.spend
        for number in range(3):
            assert await spend(ACME, "c", f"_{number}", now=at(0), expires_at=at(100 + number)) is True
        assert await spend(ACME, "c", "_later", now=at(101), expires_at=at(900)) is True
        again = [await spend(ACME, "c", f"_{number}", now=at(101), expires_at=at(900)) for number in range(3)]
        assert again == [True, True, False]


class TestBindingStoreContract:
    """What every :class:`musterbook.identity.attempt_store.BindingStore` keeps."""

    async def test_the_first_binding_holds(self, database: Database) -> None:
        """Of many who bind one subject to different accounts, all are told the same account, and it stays."""
        bindings = database.identity.bindings
        rivals = [binding("ada", account(number)) for number in range(1, 9)]
        told = await asyncio.gather(*(bindings.bind(each) for each in rivals))
        assert told[0] in rivals
        assert told == [told[0]] * 8
        assert await bindings.bind(rivals[3]) == await bindings.find(ACME, "connection-1", "ada") == told[0]

    async def test_a_subject_is_of_one_tenant_and_one_connection(self, database: Database) -> None:
        """The same subject of another tenant or connection is bound to nobody; the key is compared exactly."""
        bindings = database.identity.bindings
        await bindings.bind(binding("ada"))
        others = [(GLOBEX, "connection-1", "ada"), (ACME, "connection-2", "ada"), (ACME, "connection-1", "Ada")]
        assert [await bindings.find(*other) for other in others] == [None, None, None]
        assert [await bindings.remove(*other) for other in others] == [False, False, False]
        theirs = binding("ada", account(2, GLOBEX))
        assert await bindings.bind(theirs) == theirs

    async def test_an_account_may_have_several_subjects(self, database: Database) -> None:
        """The bindings of an account are listed by connection and subject, without anybody else's."""
        bindings = database.identity.bindings
        own = [binding("zoe"), binding("ada"), binding("ada", connection_id="connection-0")]
        for each in (*own, binding("bob", account(2)), binding("bob", account(1, GLOBEX))):
            await bindings.bind(each)
        assert await bindings.list(account()) == [own[2], own[1], own[0]]

    async def test_a_removed_binding_is_gone(self, database: Database) -> None:
        """A removed binding is found no more, and the subject can be bound to another account."""
        bindings = database.identity.bindings
        await bindings.bind(binding("ada"))
        removed = [await bindings.remove(ACME, "connection-1", "ada") for _ in range(2)]
        other = binding("ada", account(2))
        assert (removed, await bindings.bind(other)) == ([True, False], other)

    @pytest.mark.parametrize("not_since, expected", [(0, 1), (1, 60)])
    async def test_a_use_is_kept_unless_the_last_is_later(
        self, database: Database, not_since: int, expected: int
    ) -> None:
        """``last_used_at`` moves on only where it is not later than ``not_since``."""
        bindings = database.identity.bindings
        await bindings.bind(binding("ada"))
        await bindings.touch(binding("ada"), at(60), not_since=at(not_since))
        assert await bindings.list(account()) == [replace(binding("ada"), last_used_at=at(expected))]
