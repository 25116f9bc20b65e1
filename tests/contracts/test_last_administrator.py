"""The port ``ResourceStore``: nobody removes the last administrator, on each engine."""

import asyncio
from dataclasses import replace

import pytest

from musterbook.directory.store import (
    Change,
    LastAdministratorError,
)
from musterbook.storage import Database, open_database
from tests.contracts.looks import contents
from tests.contracts.sample import (
    ACME,
    ADA,
    BOB,
    FOREVER,
    GLOBEX,
    Person,
    created,
    id_of,
    person,
    removed,
    updated,
)


async def administrators_left(database: Database, numbers: list[int]) -> int:
    """Return how many of these users are stored with a revision of 1: those nobody has demoted."""
    records = [await database.resources.get(ACME, "User", id_of(number)) for number in numbers]
    return sum(1 for record in records if record is not None and record.revision == 1)


class TestLastAdministrator:
    """A tenant always keeps somebody who can administer it."""

    async def test_the_last_administrator_stays(self, database: Database) -> None:
        """A change that may remove the last administrator is refused, by update and by removal; nothing is stored."""
        ada = replace(ADA, administers_until=FOREVER, second=2000)
        await database.resources.commit(created(ada))
        before = await contents(database)
        demoted = replace(ada.becomes(2001, title="Dr"), administers_until=None)
        with pytest.raises(LastAdministratorError):
            await database.resources.commit(updated(demoted, may_remove_administrator=True))
        with pytest.raises(LastAdministratorError):
            await database.resources.commit(removed(ada, 2001, may_remove_administrator=True))
        assert await contents(database) == before

    async def test_an_administrator_may_go_while_another_stays(self, database: Database) -> None:
        """With another administrator the change is stored; then that one is the last."""
        ada = replace(ADA, administers_until=FOREVER, second=2000)
        bob = replace(BOB, administers_until=FOREVER, second=2000)
        for user in (ada, bob):
            await database.resources.commit(created(user))
        await database.resources.commit(removed(ada, 2001, may_remove_administrator=True))
        with pytest.raises(LastAdministratorError):
            await database.resources.commit(removed(bob, 2002, may_remove_administrator=True))
        assert await database.resources.get(ACME, "User", bob.id) == bob.record

    @pytest.mark.parametrize("second, stays", [(999, False), (1000, True), (1001, True)])
    async def test_an_administrator_counts_until_its_time(
        self, database: Database, second: int, *, stays: bool
    ) -> None:
        """The break-glass account with an open set-up link counts before the link expires, and not from then on."""
        ada = replace(ADA, administers_until=FOREVER)
        await database.resources.commit(created(ada))
        change = removed(ada, second, may_remove_administrator=True)
        if stays:
            with pytest.raises(LastAdministratorError):
                await database.resources.commit(change)
        else:
            await database.resources.commit(change)
        assert (await database.resources.get(ACME, "User", ada.id) is not None) is stays

    async def test_an_administrator_of_another_tenant_does_not_count(self, database: Database) -> None:
        """Each tenant needs an administrator of its own."""
        ada = replace(ADA, administers_until=FOREVER)
        await database.resources.commit(created(ada))
        for user in (ada, replace(BOB, administers_until=FOREVER)):
            await database.resources.commit(created(replace(user, tenant_id=GLOBEX)))
        with pytest.raises(LastAdministratorError):
            await database.resources.commit(removed(ada, 2000, may_remove_administrator=True))

    async def test_one_administrator_stays_whoever_removes_the_others_at_once(
        self, database: Database, database_url: str
    ) -> None:
        """Thirty pairs over two processes, each demoting two administrators at once: one always stays."""
        other = await open_database(database_url)
        try:
            for pair in range(30):
                numbers = [10 + 2 * pair, 11 + 2 * pair]
                people = [self._administrator(number, pair) for number in numbers]
                for user in people:
                    await database.resources.commit(created(user))
                demotions = [self._demotion(user, pair) for user in people]
                await asyncio.gather(
                    database.resources.commit(demotions[0]),
                    other.resources.commit(demotions[1]),
                    return_exceptions=True,
                )
                assert await administrators_left(database, numbers) == 1
                await self._retire(database, people)
        finally:
            await other.close()

    @staticmethod
    def _administrator(number: int, pair: int) -> Person:
        user = person(number, f"admin{number}@example.com", administers_until=FOREVER)
        return replace(user, second=2000 + pair)

    @staticmethod
    def _demotion(user: Person, pair: int) -> Change:
        return updated(
            replace(user.becomes(2000 + pair, title="Former"), administers_until=None), may_remove_administrator=True
        )

    @staticmethod
    async def _retire(database: Database, people: list[Person]) -> None:
        # Without the question, so that the next pair begins alone.
        for user in people:
            record = await database.resources.get(ACME, "User", user.id)
            assert record is not None
            await database.resources.commit(removed(replace(user, revision=record.revision), 3000))
