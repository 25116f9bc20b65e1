"""The port ``ResourceStore``: what commit, get and the history promise, on each engine."""

import asyncio
from dataclasses import replace

import pytest

from musterbook.directory import ResourceId
from musterbook.directory.events import StoredEvent
from musterbook.directory.history import Action
from musterbook.directory.store import (
    Change,
    HistoryEntry,
    HistoryQuery,
    LastAdministratorError,
    Record,
    StaleRevisionError,
    UniqueKeyTakenError,
)
from musterbook.scim import IndexEntries
from musterbook.storage import Database, open_database
from tests.contracts.looks import BEFORE_ALL, contents, find, found_ids
from tests.contracts.sample import (
    ACME,
    FOREVER,
    GLOBEX,
    Person,
    at,
    created,
    first_administrator,
    id_of,
    person,
    removed,
    updated,
)

ADA = person(1, "ada@example.com", "ada@example.com", external_id="E-1", name={"familyName": "Lovelace"})
BOB = person(2, "bob@example.com", "bob@example.com")
ADA_OF_GLOBEX = replace(ADA, tenant_id=GLOBEX)


async def administrators_left(database: Database, numbers: list[int]) -> int:
    """Return how many of these users are stored with a revision of 1: those nobody has demoted."""
    records = [await database.resources.get(ACME, "User", id_of(number)) for number in numbers]
    return sum(1 for record in records if record is not None and record.revision == 1)


class TestResourceStoreContract:
    """What every :class:`musterbook.directory.store.ResourceStore` keeps."""

    # -- get -----------------------------------------------------------------------------------------------------------

    async def test_a_committed_resource_is_returned_with_its_text_as_it_was_given(self, database: Database) -> None:
        """A record comes back equal to the one stored, its document letter by letter."""
        ada = person(1, "ada@example.com", displayName='Ada "ß" 漢字 \N{PILE OF POO} \\ % _', nickName="a'b--")
        await database.resources.commit(created(ada))
        assert await database.resources.get(ACME, "User", ada.id) == ada.record

    @pytest.mark.parametrize(
        "resource_id",
        ["", "unknown", ADA.id.upper(), f"{ADA.id} ", ADA.id[:-1], "\0", "\ud800", "ü", "x" * 100_000, "%", "_"],
        ids=ascii,
    )
    async def test_an_id_is_compared_exactly(self, database: Database, resource_id: str) -> None:
        """An id that differs in anything finds nothing, also one that no database would take."""
        await database.resources.commit(created(ADA))
        assert await database.resources.get(ACME, "User", ResourceId(resource_id)) is None

    async def test_a_resource_is_found_under_its_own_type_alone(self, database: Database) -> None:
        """Types are apart: an id of one is unknown in the other."""
        await database.resources.commit(created(ADA))
        assert await database.resources.get(ACME, "BreakGlassAccount", ADA.id) is None
        assert await database.resources.get(ACME, "User", id_of(0)) is None

    # -- commit --------------------------------------------------------------------------------------------------------

    async def test_a_creation_stores_resource_revision_and_event_together(self, database: Database) -> None:
        """One change, one transaction: the resource, its revision, its event and the total appear at once."""
        before = await contents(database)
        change = created(ADA)
        await database.resources.commit(change)
        after = await contents(database)
        assert after.total == before.total + 1
        assert after.users == [*before.users, ADA.record.stored]
        assert after.revisions == [change.revision, *before.revisions]
        assert after.events == [*before.events, change.event]

    async def test_an_update_stores_the_whole_next_state(self, database: Database) -> None:
        """After an update the record is the new one, under the keys of the new one alone."""
        await database.resources.commit(created(ADA))
        renamed = ADA.becomes(
            5, userName="ada.king@example.com", externalId="E-2", emails=[{"value": "ADA.KING@example.com"}]
        )
        await database.resources.commit(updated(renamed))
        assert await database.resources.get(ACME, "User", ADA.id) == renamed.record
        for filter_ in ('userName eq "ada@example.com"', 'emails.value eq "ada@example.com"', 'externalId eq "E-1"'):
            assert await found_ids(database, filter_) == []
        for filter_ in ('userName eq "Ada.King@example.com"', 'emails.value eq "ada.king@example.com"'):
            assert await found_ids(database, filter_) == [ADA.id]
        assert await found_ids(database, 'externalId eq "E-2"') == [ADA.id]
        assert (await find(database, None)).total_results == 1

    async def test_an_update_keeps_the_index_entries_that_stay(self, database: Database) -> None:
        """Of several e-mail addresses, those that stay are found, those that go are not, those that come are."""
        ada = person(1, "ada", "a@example.com", "b@example.com")
        await database.resources.commit(created(ada))
        addresses = [{"value": "b@example.com"}, {"value": "c@example.com"}]
        await database.resources.commit(updated(ada.becomes(5, emails=addresses)))
        found = [await found_ids(database, f'emails.value eq "{letter}@example.com"') for letter in "abc"]
        assert found == [[], [ada.id], [ada.id]]

    async def test_a_removal_leaves_history_and_event_and_nothing_else(self, database: Database) -> None:
        """After a removal the resource is gone from get, list, look-ups and total; its tombstone and event stay."""
        await database.resources.commit(created(ADA))
        change = removed(ADA, 5)
        await database.resources.commit(change)
        assert await database.resources.get(ACME, "User", ADA.id) is None
        after = await contents(database)
        assert (after.total, after.users) == (0, [])
        assert after.revisions[0] == change.revision
        assert after.events[-1] == change.event
        for filter_ in ('userName eq "ada@example.com"', 'emails.value eq "ada@example.com"', 'externalId eq "E-1"'):
            assert await found_ids(database, filter_) == []

    async def test_a_removed_name_is_free_at_once(self, database: Database) -> None:
        """The userName of a removed user can be taken by another."""
        await database.resources.commit(created(ADA))
        await database.resources.commit(removed(ADA, 5))
        again = person(9, "ada@example.com")
        await database.resources.commit(created(again))
        assert await found_ids(database, 'userName eq "ada@example.com"') == [again.id]

    async def test_a_restored_resource_has_its_id_and_goes_on_counting(self, database: Database) -> None:
        """A creation under a former id continues with the revision number that it brings."""
        await database.resources.commit(created(ADA))
        await database.resources.commit(removed(ADA, 5))
        back = replace(ADA, revision=3, second=8)
        await database.resources.commit(created(back))
        assert await database.resources.get(ACME, "User", ADA.id) == back.record
        history = await database.resources.history(ACME, HistoryQuery(resource_id=ADA.id))
        assert [entry.revision.number for entry in history] == [3, 2, 1]

    # -- refusals ------------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        "name", ["bob@example.com", "BOB@EXAMPLE.COM", "\uff42ob@example.com", "Bob@Example.Com"], ids=ascii
    )
    async def test_a_taken_name_is_refused_and_nothing_is_stored(self, database: Database, name: str) -> None:
        """A unique key that another resource holds is refused on creation and on update, and all stays as it was."""
        await database.resources.commit(created(ADA))
        await database.resources.commit(created(BOB))
        before = await contents(database)
        with pytest.raises(UniqueKeyTakenError):
            await database.resources.commit(created(person(3, name, "third@example.com")))
        with pytest.raises(UniqueKeyTakenError):
            await database.resources.commit(updated(ADA.becomes(6, userName=name, emails=[{"value": "x@example.com"}])))
        assert await contents(database) == before
        assert await found_ids(database, 'emails.value eq "third@example.com" or emails.value eq "x@example.com"') == []
        assert await database.resources.get(ACME, "User", ADA.id) == ADA.record

    async def test_a_resource_may_keep_its_own_name(self, database: Database) -> None:
        """A resource does not collide with itself."""
        await database.resources.commit(created(ADA))
        changed = ADA.becomes(5, userName="ADA@example.com", title="Countess")
        await database.resources.commit(updated(changed))
        assert await database.resources.get(ACME, "User", ADA.id) == changed.record

    async def test_resources_without_a_unique_key_do_not_collide(self, database: Database) -> None:
        """Two resources without a unique key stand side by side."""
        for user in (ADA, BOB):
            await database.resources.commit(replace(created(user), entries=IndexEntries()))
        assert (await find(database, None)).total_results == 2

    async def test_a_name_may_be_held_once_in_each_type(self, database: Database) -> None:
        """A break-glass account reserves no userName."""
        root = person(3, "root@example.com")
        await database.resources.commit(created(root))
        assert await found_ids(database, 'userName eq "root@example.com"') == [root.id]

    @pytest.mark.parametrize("expected", [1, 3, 0])
    async def test_a_change_computed_from_another_revision_is_refused(self, database: Database, expected: int) -> None:
        """A change whose expected revision is not the one stored is stale, and nothing of it is stored."""
        second = ADA.becomes(5, title="Countess")
        await database.resources.commit(created(ADA))
        await database.resources.commit(updated(second))
        before = await contents(database)
        third = second.becomes(6, title="Dr", emails=[{"value": "late@example.com"}])
        with pytest.raises(StaleRevisionError):
            await database.resources.commit(updated(third, expected=expected))
        with pytest.raises(StaleRevisionError):
            await database.resources.commit(removed(replace(second, revision=expected), 7))
        assert await contents(database) == before
        assert await found_ids(database, 'emails.value eq "late@example.com"') == []

    async def test_a_change_of_what_is_not_there_is_stale(self, database: Database) -> None:
        """Updating or removing an unknown resource is stale, and nothing is stored."""
        before = await contents(database)
        with pytest.raises(StaleRevisionError):
            await database.resources.commit(updated(ADA.becomes(5, title="Dr")))
        with pytest.raises(StaleRevisionError):
            await database.resources.commit(removed(ADA, 5))
        assert await contents(database) == before

    async def test_a_creation_under_an_id_in_use_is_stale(self, database: Database) -> None:
        """An id that exists already is refused as stale, and the resource is as it was."""
        await database.resources.commit(created(ADA))
        before = await contents(database)
        with pytest.raises(StaleRevisionError):
            await database.resources.commit(created(replace(BOB, id=ADA.id, revision=2)))
        assert await contents(database) == before

    async def test_a_restore_whose_revision_number_is_taken_is_stale(self, database: Database) -> None:
        """A restore computed before somebody else restored and removed the same person is stale, not a gap."""
        await database.resources.commit(created(ADA))
        await database.resources.commit(removed(ADA, 5))
        back = replace(ADA, revision=3, second=8)
        await database.resources.commit(created(back))
        await database.resources.commit(removed(back, 9))
        before = await contents(database)
        with pytest.raises(StaleRevisionError):
            await database.resources.commit(created(replace(back, second=10)))
        assert await contents(database) == before

    # -- concurrency ---------------------------------------------------------------------------------------------------

    async def test_of_many_creations_with_one_name_exactly_one_succeeds(self, database: Database) -> None:
        """Fifty at once with one name in several spellings: one is stored, the others learn that it is taken."""
        spellings = ("sam@example.com", "SAM@example.com", "\uff53am@example.com")
        people = [person(10 + number, spellings[number % 3]) for number in range(50)]
        results = await asyncio.gather(
            *(database.resources.commit(created(user)) for user in people), return_exceptions=True
        )
        refused = [result for result in results if isinstance(result, UniqueKeyTakenError)]
        assert (results.count(None), len(refused)) == (1, 49)
        assert (await find(database, None)).total_results == 1

    async def test_of_many_updates_of_one_revision_exactly_one_succeeds(self, database: Database) -> None:
        """Twenty updates computed from the same revision: one is stored, the others are stale."""
        await database.resources.commit(created(ADA))
        changes = [updated(ADA.becomes(5 + number, title=str(number))) for number in range(20)]
        results = await asyncio.gather(*map(database.resources.commit, changes), return_exceptions=True)
        stale = [result for result in results if isinstance(result, StaleRevisionError)]
        assert (results.count(None), len(stale)) == (1, 19)
        history = await database.resources.history(ACME, HistoryQuery(resource_id=ADA.id))
        assert [entry.revision.number for entry in history] == [2, 1]

    async def test_a_refused_change_does_not_touch_its_neighbours(self, database: Database) -> None:
        """Of changes that arrive together the refused ones are undone alone, whatever the reason."""
        await database.resources.commit(created(ADA))
        good = [person(10 + number, f"good{number}@example.com") for number in range(10)]
        taken = [person(30 + number, "ada@example.com", "trace@example.com") for number in range(10)]
        stale = [updated(ADA.becomes(50, title=str(number)), expected=7) for number in range(10)]
        mixed = [change for trio in zip(map(created, good), map(created, taken), stale, strict=True) for change in trio]
        results = await asyncio.gather(*map(database.resources.commit, mixed), return_exceptions=True)
        assert [type(result) for result in results] == [type(None), UniqueKeyTakenError, StaleRevisionError] * 10
        after = await contents(database)
        assert after.users == [ADA.record.stored, *(user.record.stored for user in good)]
        assert (after.total, len(after.events)) == (11, 12)
        assert await found_ids(database, 'emails.value eq "trace@example.com"') == []

    async def test_totals_are_exact_after_concurrent_creations_and_removals(self, database: Database) -> None:
        """However many slots a counter has, their sum is the number of resources."""
        people = [person(number, f"user{number}") for number in range(1, 41)]
        await asyncio.gather(*(database.resources.commit(created(user)) for user in people))
        await asyncio.gather(*(database.resources.commit(removed(user, 100)) for user in people[::3]))
        page = await find(database, None)
        assert page.total_results == len(page.resources) == 26

    async def test_two_open_databases_see_each_others_commits(self, database: Database, database_url: str) -> None:
        """What one process has committed, another reads at once, and both can write."""
        other = await open_database(database_url)
        try:
            await database.resources.commit(created(ADA))
            assert await other.resources.get(ACME, "User", ADA.id) == ADA.record
            changed = ADA.becomes(5, title="Countess")
            await other.resources.commit(updated(changed))
            assert await database.resources.get(ACME, "User", ADA.id) == changed.record
        finally:
            await other.close()

    # -- the last administrator ----------------------------------------------------------------------------------------

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
        await database.resources.commit(created(replace(ada, tenant_id=GLOBEX)))
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

    # -- history -------------------------------------------------------------------------------------------------------

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


class TestIsolation:
    """No call with one tenant's id returns or changes what is another's."""

    async def test_ids_names_and_values_may_be_the_same_in_two_tenants(self, database: Database) -> None:
        """The same id, userName, externalId and address in two tenants are two resources, each found in its own."""
        theirs = replace(ADA_OF_GLOBEX, attributes={**ADA.attributes, "title": "Other"})
        await database.resources.commit(created(ADA))
        await database.resources.commit(created(theirs))
        assert await database.resources.get(ACME, "User", ADA.id) == ADA.record
        assert await database.resources.get(GLOBEX, "User", ADA.id) == theirs.record
        filters = ('userName eq "ada@example.com"', 'emails.value eq "ada@example.com"', 'externalId eq "E-1"', None)
        for filter_ in (*filters, "title pr or active eq true", f'id eq "{ADA.id}"', 'userName co "ada"'):
            assert (await find(database, filter_)).resources == [ADA.record.stored]
            assert (await find(database, filter_, tenant_id=GLOBEX)).resources == [theirs.record.stored]

    async def test_nothing_of_a_tenant_is_seen_by_another(self, database: Database) -> None:
        """Resources, history, events and totals of acme are not globex's."""
        before = await contents(database, GLOBEX)
        for user in (ADA, BOB):
            await database.resources.commit(created(user))
        await database.resources.commit(removed(BOB, 5))
        assert await contents(database, GLOBEX) == before
        assert await database.resources.get(GLOBEX, "User", ADA.id) is None
        assert await database.resources.history(GLOBEX, HistoryQuery(resource_id=ADA.id)) == []
        assert await database.resources.list_records(GLOBEX, "User", after=None, limit=10) == []

    async def test_nothing_of_a_tenant_is_changed_by_another(self, database: Database) -> None:
        """Changes named with globex leave acme's resource of the same id as it is."""
        await database.resources.commit(created(ADA))
        before = await contents(database)
        with pytest.raises(StaleRevisionError):
            await database.resources.commit(updated(ADA_OF_GLOBEX.becomes(5, title="Stolen")))
        with pytest.raises(StaleRevisionError):
            await database.resources.commit(removed(ADA_OF_GLOBEX, 6))
        await database.resources.commit(created(ADA_OF_GLOBEX))
        await database.resources.commit(updated(ADA_OF_GLOBEX.becomes(7, title="Theirs", emails=None)))
        await database.resources.commit(removed(replace(ADA_OF_GLOBEX, revision=2), 8))
        assert await contents(database) == before
        assert await found_ids(database, 'emails.value eq "ada@example.com"') == [ADA.id]

    async def test_the_predecessor_of_a_revision_is_of_the_same_tenant(self, database: Database) -> None:
        """A history entry never borrows the revision before it from a tenant that has the same id."""
        await database.resources.commit(created(ADA_OF_GLOBEX))
        await database.resources.commit(created(ADA))
        change = updated(ADA.becomes(5, title="Dr"))
        await database.resources.commit(change)
        entries = await database.resources.history(ACME, HistoryQuery(resource_id=ADA.id))
        assert entries == [
            HistoryEntry(change.revision, created(ADA).revision),
            HistoryEntry(created(ADA).revision, None),
        ]
        assert {entry.revision.at for entry in entries} == {at(1), at(5)}
