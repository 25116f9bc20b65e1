"""The port ``ResourceStore``: what commit, get and the history promise, on each engine."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from musterbook.directory import ResourceId
from musterbook.directory.store import (
    HistoryQuery,
    StaleRevisionError,
    UniqueKeyTakenError,
)
from musterbook.scim import IndexEntries
from musterbook.storage import Database, open_database
from tests.contracts.looks import contents, find, found_ids
from tests.contracts.sample import (
    ACME,
    ADA,
    BOB,
    created,
    id_of,
    person,
    removed,
    updated,
)


def refusal(result: object) -> type[BaseException] | None:
    """Return how a commit was refused; ``None``: it was stored."""
    return type(result) if isinstance(result, BaseException) else None


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
        assert Counter(map(refusal, results)) == {None: 1, UniqueKeyTakenError: 49}
        assert (await find(database, None)).total_results == 1

    async def test_of_many_updates_of_one_revision_exactly_one_succeeds(self, database: Database) -> None:
        """Twenty updates computed from the same revision: one is stored, the others are stale."""
        await database.resources.commit(created(ADA))
        changes = [updated(ADA.becomes(5 + number, title=str(number))) for number in range(20)]
        results = await asyncio.gather(*map(database.resources.commit, changes), return_exceptions=True)
        assert Counter(map(refusal, results)) == {None: 1, StaleRevisionError: 19}
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
        assert list(map(refusal, results)) == [None, UniqueKeyTakenError, StaleRevisionError] * 10
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
