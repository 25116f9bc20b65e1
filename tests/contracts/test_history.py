"""The port ``ResourceStore``: history, events and records, on each engine."""

from dataclasses import replace

import pytest

from musterbook.directory import ResourceId
from musterbook.directory.events import StoredEvent
from musterbook.directory.history import Action
from musterbook.directory.store import (
    HistoryEntry,
    HistoryQuery,
    Record,
)
from musterbook.storage import Database
from tests.contracts.looks import BEFORE_ALL
from tests.contracts.sample import (
    ACME,
    ADA,
    BOB,
    created,
    first_administrator,
    person,
    removed,
    updated,
)


class TestHistory:
    """What is listed of the past."""

    async def test_history_lists_revisions_newest_first_with_their_predecessors(self, database: Database) -> None:
        """Each revision comes with the one before it, the first with none."""
        second = ADA.becomes(5, title="Countess")
        changes = [created(ADA), created(BOB), updated(second), removed(second, 9)]
        for change in changes:
            await database.resources.commit(change)
        one, bob, two, three = (change.revision for change in changes)
        root = first_administrator(ACME).revision
        assert await database.resources.history(ACME, HistoryQuery()) == [
            HistoryEntry(three, two),
            HistoryEntry(two, one),
            HistoryEntry(bob, None),
            HistoryEntry(one, None),
            HistoryEntry(root, None),
        ]
        assert await database.resources.history(ACME, HistoryQuery(resource_id=ADA.id)) == [
            HistoryEntry(three, two),
            HistoryEntry(two, one),
            HistoryEntry(one, None),
        ]

    async def test_history_can_be_narrowed_to_an_action(self, database: Database) -> None:
        """Only revisions of the action asked for are listed, each still with its predecessor."""
        for user in (ADA, BOB):
            await database.resources.commit(created(user))
        change = removed(ADA, 5)
        await database.resources.commit(change)
        query = HistoryQuery(action=Action.DEPROVISIONED)
        assert await database.resources.history(ACME, query) == [HistoryEntry(change.revision, created(ADA).revision)]
        both = replace(query, resource_id=BOB.id)
        assert await database.resources.history(ACME, both) == []

    async def test_pages_of_history_put_together_are_the_whole(self, database: Database) -> None:
        """Continuing after the last entry of each page gives every revision once, also where many have one time."""
        people = [replace(person(number, f"user{number}"), second=number // 4) for number in range(1, 13)]
        for user in people:
            await database.resources.commit(created(user))
            await database.resources.commit(updated(user.becomes(user.second, title="Dr")))
        whole = await database.resources.history(ACME, HistoryQuery(limit=1000))
        assert len(whole) == 25
        keys = [(entry.revision.at, entry.revision.resource_id, entry.revision.number) for entry in whole]
        assert keys == sorted(keys, reverse=True)
        assert await self._in_pages(database, HistoryQuery(limit=4)) == list(whole)

    async def test_the_history_of_one_resource_follows_its_numbers(self, database: Database) -> None:
        """A clock that was set back does not disturb the order of one resource's revisions, nor their pages."""
        state, changes = ADA, [created(ADA)]
        for second in (50, 20, 70, 10, 10):
            state = state.becomes(second, title=str(second))
            changes.append(updated(state))
        for change in changes:
            await database.resources.commit(change)
        query = HistoryQuery(resource_id=ADA.id, limit=2)
        entries = await self._in_pages(database, query)
        assert [entry.revision for entry in entries] == [change.revision for change in reversed(changes)]

    @staticmethod
    async def _in_pages(database: Database, query: HistoryQuery) -> list[HistoryEntry]:
        entries: list[HistoryEntry] = []
        while page := await database.resources.history(ACME, query):
            entries += page
            last = page[-1].revision
            query = replace(query, before=(last.at, last.resource_id, last.number))
        return entries

    @pytest.mark.parametrize("resource_id", ["unknown", "\0", "\ud800"], ids=ascii)
    async def test_the_history_of_an_unknown_resource_is_empty(self, database: Database, resource_id: str) -> None:
        """An unknown id has no history, also one that no database would take."""
        await database.resources.commit(created(ADA))
        assert await database.resources.history(ACME, HistoryQuery(resource_id=ResourceId(resource_id))) == []

    # -- events --------------------------------------------------------------------------------------------------------

    async def test_events_come_in_the_order_of_commits(self, database: Database) -> None:
        """Events follow the commits, and reading on after each one gives the rest, none twice."""
        changes = [created(ADA), created(BOB), updated(ADA.becomes(5, title="Dr")), removed(BOB, 6)]
        for change in changes:
            await database.resources.commit(change)
        expected = [first_administrator(ACME).event, *(change.event for change in changes)]
        whole = await database.resources.events(ACME, after=BEFORE_ALL, limit=100)
        assert [stored.event for stored in whole] == expected
        one_by_one: list[StoredEvent] = []
        after = BEFORE_ALL
        while page := await database.resources.events(ACME, after=after, limit=1):
            one_by_one += page
            after = (page[0].transaction_id, page[0].position)
        assert one_by_one == list(whole)

    # -- records -------------------------------------------------------------------------------------------------------

    async def test_records_are_listed_in_the_order_of_ids_with_their_accounts(self, database: Database) -> None:
        """Listing on after the last id of each page gives every record once."""
        people = [person(number, f"user{number}") for number in (5, 3, 9, 1, 7)]
        for user in people:
            await database.resources.commit(created(user))
        listed: list[Record] = []
        after: ResourceId | None = None
        while page := await database.resources.list_records(ACME, "User", after=after, limit=2):
            listed += page
            after = ResourceId(page[-1].stored.id)
        assert listed == [user.record for user in sorted(people, key=lambda user: user.id)]
