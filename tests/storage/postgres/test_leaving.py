"""Whoever is removed leaves every group on PostgreSQL, whatever else happens to the group or the person meanwhile."""

import asyncio
from collections import Counter
from dataclasses import replace

import asyncpg
import pytest

from musterbook.directory.store import HistoryQuery, MembersOutcome, StaleRevisionError, StoreError, UnknownMembersError
from musterbook.storage.postgres.database import PostgresDatabase
from musterbook.storage.postgres.members import change_members
from tests.contracts.groups import (
    Group,
    adding,
    change,
    disbanded,
    discharged,
    founded,
    group,
    members_change,
    removing,
)
from tests.contracts.sample import ACME, created, person
from tests.storage.postgres.conftest import OpenDatabase
from tests.storage.postgres.crew import ADA, BOB, CREW, DANGLING, members_of, replayed, waits


async def test_whoever_is_being_added_leaves_the_group_too(
    aboard: PostgresDatabase, outsider: asyncpg.Connection
) -> None:
    """A removal waits for whoever adds the same person to a group, and takes the person out again."""
    await outsider.execute("BEGIN")
    await change_members(outsider, members_change(CREW, adding(ADA, BOB), 50))
    removal = asyncio.create_task(aboard.resources.commit(discharged(ADA, 60)))
    await waits(aboard, removal)
    await outsider.execute("COMMIT")
    await removal
    assert await members_of(aboard, CREW.id) == await replayed(aboard, CREW.id) == {BOB.id}
    assert await aboard.pool.rows(DANGLING) == []


@pytest.mark.parametrize("is_in_one_statement", [True, False], ids=["one statement", "several"])
async def test_nobody_is_added_who_is_being_removed(
    aboard: PostgresDatabase, outsider: asyncpg.Connection, *, is_in_one_statement: bool
) -> None:
    """Adding waits for whoever removes the same person, and finds nobody then."""
    await outsider.execute("BEGIN")
    await outsider.execute(f"DELETE FROM resources WHERE id = '{ADA.id}'")
    deck = group(12, "Deck")
    wanted = adding(ADA, BOB)
    adds = change(aboard, CREW, wanted, 51) if is_in_one_statement else aboard.resources.commit(founded(deck, wanted))
    waiting = asyncio.create_task(adds)
    await waits(aboard, waiting)
    await outsider.execute("COMMIT")
    outcome = await waiting
    assert (outcome.unknown if isinstance(outcome, MembersOutcome) else outcome) == (ADA.id,)
    assert await members_of(aboard, CREW.id if is_in_one_statement else deck.id) == {BOB.id}
    with pytest.raises(UnknownMembersError):
        await change(aboard, CREW, adding(ADA), 52)


async def test_a_group_that_was_left_meanwhile_is_not_left_again(
    aboard: PostgresDatabase, outsider: asyncpg.Connection
) -> None:
    """A removal that waits for a group finds that the person is out of it, and leaves it as it is."""
    await change(aboard, CREW, adding(ADA), 50)
    await outsider.execute("BEGIN")
    await change_members(outsider, members_change(CREW, removing(ADA), 51))
    removal = asyncio.create_task(aboard.resources.commit(discharged(ADA, 60)))
    await waits(aboard, removal)
    await outsider.execute("COMMIT")
    await removal
    entries = await aboard.resources.history(ACME, HistoryQuery(CREW.id))
    assert [entry.revision.members_removed for entry in entries] == [(ADA.id,), (), ()]


async def test_groups_that_hold_each_other_are_removed_at_once(
    aboard: PostgresDatabase, open_again: OpenDatabase
) -> None:
    """One of them goes, and the other is one revision on; no deadlock is seen."""
    other = await open_again()
    for turn in range(3):
        pair = [group(20 + 2 * turn + index, f"Group {turn} {index}") for index in range(2)]
        for one in pair:
            await aboard.resources.commit(founded(one))
        await change(aboard, pair[0], adding(pair[1]), 50)
        await change(aboard, pair[1], adding(pair[0]), 50)
        last = [replace(one, revision=2, version=2) for one in pair]
        results = await asyncio.gather(
            *(_outcome(store, one) for store, one in zip((aboard, other), last, strict=True))
        )
        assert Counter(results) == {None: 1, StaleRevisionError: 1}
        left = pair[results.index(StaleRevisionError)]
        assert await members_of(aboard, left.id) == await replayed(aboard, left.id) == set()
    assert await aboard.pool.rows(DANGLING) == []


async def _outcome(database: PostgresDatabase, one: Group) -> type[StoreError] | None:
    try:
        await database.resources.commit(disbanded(one, 60))
    except StoreError as error:
        return type(error)
    return None


async def test_the_last_administrator_leaves_no_group_either(aboard: PostgresDatabase) -> None:
    """An administrator who may be removed leaves the groups in the same transaction; one who may not stays in them."""
    carol = replace(person(3, "carol"), administers_until="9999-12-31T23:59:59.999Z")
    await aboard.resources.commit(created(carol))
    await change(aboard, CREW, adding(carol), 50)
    # The break-glass account of the tenant counts until second 1000.
    with pytest.raises(StoreError):
        await aboard.resources.commit(replace(discharged(carol, 2000), may_remove_administrator=True))
    assert await members_of(aboard, CREW.id) == {carol.id}
    await aboard.resources.commit(replace(discharged(carol, 60), may_remove_administrator=True))
    assert await members_of(aboard, CREW.id) == set()


async def test_a_foreign_key_of_an_operator_is_a_bug(aboard: PostgresDatabase, outsider: asyncpg.Connection) -> None:
    """Only the foreign key of members says that somebody is still in a group."""
    await outsider.execute(
        "CREATE TABLE of_an_operator (tenant_id text, resource_type text, id text,"
        " FOREIGN KEY (tenant_id, resource_type, id) REFERENCES resources (tenant_id, resource_type, id))"
    )
    await outsider.execute("INSERT INTO of_an_operator SELECT tenant_id, resource_type, id FROM resources")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await aboard.resources.commit(discharged(ADA, 60))
