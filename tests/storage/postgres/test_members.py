"""Changes of members on PostgreSQL: one statement each, and what happens when several want the same group."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from itertools import count, product
from typing import Any

import asyncpg
import pytest

from musterbook.directory import ResourceId
from musterbook.directory.store import (
    Change,
    HistoryQuery,
    MembersOutcome,
    StaleRevisionError,
    StoreError,
    StoreUnavailableError,
    UnknownMembersError,
)
from musterbook.scim.members import MembersEdit
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.postgres.database import PostgresDatabase
from musterbook.storage.postgres.group_lock import LOCK
from musterbook.storage.postgres.members import CHANGE, MAX_IDS_AT_ONCE, REPLACE, change_members
from musterbook.storage.postgres.pool import PoolSettings
from musterbook.storage.postgres.writes import CREATE, DELETE, UPDATE
from tests.contracts.groups import (
    Group,
    adding,
    change,
    disbanded,
    discharged,
    founded,
    group,
    members_change,
    reformed,
    removing,
)
from tests.contracts.sample import ACME, created, id_of, person
from tests.storage.postgres.conftest import OpenDatabase

ADA, BOB = person(1, "ada"), person(2, "bob")
CREW = group(11, "Crew")

LOCKS_OF_OTHERS = """
SELECT query FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
DANGLING = """
SELECT group_id, member_id FROM members
WHERE NOT EXISTS (
    SELECT FROM resources
    WHERE resources.tenant_id = members.tenant_id AND resources.resource_type = member_type AND resources.id = member_id
) OR NOT EXISTS (
    SELECT FROM resources
    WHERE resources.tenant_id = members.tenant_id AND resources.resource_type = 'Group' AND resources.id = group_id
)
"""


@pytest.fixture
async def aboard(database: PostgresDatabase) -> PostgresDatabase:
    """Return a database with two people and a group of nobody."""
    for one in (ADA, BOB):
        await database.resources.commit(created(one))
    await database.resources.commit(founded(CREW))
    return database


async def waits(database: PostgresDatabase, task: "asyncio.Task[Any]", query: str = "") -> None:
    """Return when a statement that contains ``query`` waits for a lock, or the task has ended without waiting."""
    async with asyncio.timeout(10):
        while not task.done():
            if any(query in waiting for (waiting,) in await database.pool.rows(LOCKS_OF_OTHERS)):
                return


async def members_of(database: PostgresDatabase, group_id: str) -> set[str]:
    """Return the ids of a group's members."""
    rows = await database.pool.rows(
        "SELECT member_id FROM members WHERE tenant_id = $1 AND group_id = $2", ACME, group_id
    )
    return {member for (member,) in rows}


async def replayed(database: PostgresDatabase, group_id: ResourceId) -> set[str]:
    """Return the members that a group has by its revisions; each adds only who is not there, and removes who is."""
    entries = await database.resources.history(ACME, HistoryQuery(group_id, limit=100_000))
    members: set[str] = set()
    for number, entry in enumerate(reversed(entries), start=1):
        added, removed = set(entry.revision.members_added), set(entry.revision.members_removed)
        assert (entry.revision.number, members & added, removed - members) == (number, set(), set())
        members = (members | added) - removed
    return members


# -- one statement -----------------------------------------------------------------------------------------------------


async def test_a_change_of_members_is_one_statement(aboard: PostgresDatabase, open_again: OpenDatabase) -> None:
    """Adding, removing, replacing, and changing nothing, is one statement each, without a transaction around it.

    So is the removal of a person who is in no group.
    """
    single = await open_again(size=1)
    statements: list[str] = []

    async def listen(connection: Connection) -> None:
        assert isinstance(connection, asyncpg.Connection)
        connection.add_query_logger(lambda record: statements.append(record.query))

    await single.pool.run(listen)
    for second, edit in enumerate((adding(ADA, BOB), removing(BOB), adding(BOB, replaces=True), adding(BOB)), start=50):
        await change(single, CREW, edit, second)
    await single.resources.commit(discharged(ADA, 60))
    await single.ping()  # by then the driver has told of the last one
    assert statements[:5] == [CHANGE, CHANGE, REPLACE, CHANGE, DELETE]


async def test_a_group_without_a_change_of_members_is_written_by_one_statement(
    aboard: PostgresDatabase, open_again: OpenDatabase
) -> None:
    """A group that comes without members, or changes its name alone, is written as a person is."""
    single = await open_again(size=1)
    statements: list[str] = []

    async def listen(connection: Connection) -> None:
        assert isinstance(connection, asyncpg.Connection)
        connection.add_query_logger(lambda record: statements.append(record.query))

    await single.pool.run(listen)
    deck = group(12, "Deck")
    await single.resources.commit(founded(deck, MembersEdit()))
    await single.resources.commit(_renamed(deck, "Poop deck"))
    await single.ping()
    assert statements[:2] == [CREATE, UPDATE]


async def test_what_changes_nothing_locks_nothing(aboard: PostgresDatabase, outsider: asyncpg.Connection) -> None:
    """Adding who is there, and removing who is not, does not wait for somebody who changes the group."""
    await change(aboard, CREW, adding(ADA), 50)
    await outsider.execute("BEGIN")
    await outsider.fetch(LOCK, ACME, "Group", CREW.id)
    for edit in (adding(ADA), removing(BOB), adding(ADA, replaces=True)):
        assert (await change(aboard, CREW, edit, 51)).is_changed is False


# -- several at the same moment ----------------------------------------------------------------------------------------

EDITS = (
    *(adding(ADA), adding(BOB), adding(ADA, BOB), removing(ADA), removing(BOB), removing(ADA, BOB)),
    MembersEdit(added={ADA.id: None}, removed=frozenset({BOB.id})),
    MembersEdit(added={BOB.id: None}, removed=frozenset({ADA.id})),
    *(adding(replaces=True), adding(ADA, replaces=True), adding(BOB, replaces=True), adding(ADA, BOB, replaces=True)),
)
BEGINNINGS = ((), (ADA.id,), (BOB.id,), (ADA.id, BOB.id))
_NUMBERS = count(100)


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two edits of one group at the same moment."""

    before: tuple[str, ...]
    first: MembersEdit
    """Holds the lock while the other one begins."""
    second: MembersEdit

    def outcomes(self) -> list[set[str]]:
        """Return the members after the one order and after the other."""
        before = set(self.before)
        return [_after(self.second, _after(self.first, before)), _after(self.first, _after(self.second, before))]


def _after(edit: MembersEdit, members: set[str]) -> set[str]:
    return set(edit.added) if edit.replaces else (members | edit.added.keys()) - edit.removed


async def meet(database: PostgresDatabase, outsider: asyncpg.Connection, meeting: Meeting) -> set[str]:
    """Let the second edit begin while the first is made but not yet committed; return the members after both."""
    number = next(_NUMBERS)
    crew = group(number, f"Crew {number}")
    await database.resources.commit(founded(crew, adding(*meeting.before)))
    await outsider.execute("BEGIN")
    await change_members(outsider, members_change(crew, meeting.first, 50))
    second = asyncio.create_task(change(database, crew, meeting.second, 51))
    await waits(database, second)
    await outsider.execute("COMMIT")
    await second
    members = await members_of(database, crew.id)
    assert await replayed(database, crew.id) == members
    return members


async def test_edits_that_meet_come_one_after_the_other(aboard: PostgresDatabase, outsider: asyncpg.Connection) -> None:
    """Of two edits at the same moment the result is that of one order or the other, and so say the revisions.

    Every two edits of two members, in every group of them.
    """
    for before, first, second in product(BEGINNINGS, EDITS, EDITS):
        meeting = Meeting(before, first, second)
        assert await meet(aboard, outsider, meeting) in meeting.outcomes(), meeting


async def test_a_precondition_holds_when_the_lock_is_there(
    aboard: PostgresDatabase, outsider: asyncpg.Connection
) -> None:
    """A change for one revision is refused where the group moved on, or went, while it waited for the lock."""
    await outsider.execute("BEGIN")
    await change_members(outsider, members_change(CREW, adding(ADA), 50))
    waiting = asyncio.create_task(change(aboard, CREW, adding(BOB), 51, expected_revision=1))
    await waits(aboard, waiting)
    await outsider.execute("COMMIT")
    with pytest.raises(StaleRevisionError):
        await waiting
    assert await members_of(aboard, CREW.id) == {ADA.id}


async def test_a_group_may_go_while_somebody_waits_for_it(
    aboard: PostgresDatabase, outsider: asyncpg.Connection
) -> None:
    """Then there is no such group, and nobody became its member."""
    await outsider.execute("BEGIN")
    await outsider.execute(f"DELETE FROM resources WHERE id = '{CREW.id}'")
    edits = (adding(ADA), adding(ADA, replaces=True))
    waiting = [asyncio.create_task(change(aboard, CREW, edit, 51)) for edit in edits]
    await waits(aboard, waiting[0])
    await outsider.execute("COMMIT")
    assert await asyncio.gather(*waiting) == [MembersOutcome(None), MembersOutcome(None)]
    assert await aboard.pool.rows(DANGLING) == []


# -- somebody leaves ---------------------------------------------------------------------------------------------------


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


# -- many members ------------------------------------------------------------------------------------------------------

# People beside the two, from the id ``id_of(1000)`` on.
MANY = """
INSERT INTO resources
SELECT tenant_id, resource_type, '019388a0-0000-7000-8000-' || lpad(to_hex(number), 12, '0'), document, version,
    created_at, last_modified, account, revision, 'more ' || number, NULL, NULL, NULL
FROM resources, generate_series(1000, 999 + {number}) AS number
WHERE unique_key = 'ada'
"""


async def test_many_members_are_one_change(aboard: PostgresDatabase, outsider: asyncpg.Connection) -> None:
    """More ids than one statement takes come and go as one revision each, strangers named in the order sent."""
    number = 5100  # more than are written by one statement in a transaction
    await outsider.execute(MANY.format(number=number))
    many = [id_of(1000 + index) for index in range(number)]
    wanted = adding("stranger", *many, "another", "\0")
    outcome = await change(aboard, CREW, wanted, 50)
    assert outcome.record is not None
    assert (outcome.unknown, outcome.is_changed, outcome.record.revision) == (("stranger", "another", "\0"), True, 2)
    assert await members_of(aboard, CREW.id) == await replayed(aboard, CREW.id) == set(many)
    assert (await change(aboard, CREW, replace(wanted, replaces=True), 51)).is_changed is False
    some = removing(*many[: MAX_IDS_AT_ONCE + 1])
    assert (await change(aboard, CREW, some, 52, expected_revision=2)).is_changed is True
    with pytest.raises(StaleRevisionError):
        await change(aboard, CREW, some, 53, expected_revision=2)
    assert await change(aboard, group(99, "Nobody's"), some, 54) == MembersOutcome(None)
    assert await members_of(aboard, CREW.id) == await replayed(aboard, CREW.id) == set(many[MAX_IDS_AT_ONCE + 1 :])
    await change(aboard, CREW, wanted, 55)
    await aboard.resources.commit(disbanded(replace(CREW, revision=4, version=4), 60))
    assert await members_of(aboard, CREW.id) == await replayed(aboard, CREW.id) == set()


async def test_a_list_that_takes_too_long_is_written_in_parts(
    aboard: PostgresDatabase, outsider: asyncpg.Connection, open_again: OpenDatabase
) -> None:
    """A list whose statement runs out of time is written again, part by part; a single member is not.

    The lock that somebody holds stands for the time that very many members take.
    """
    settings = PoolSettings(statement_seconds=0.5, work_seconds=0.6)
    hasty = PostgresDatabase(aboard.pool._url, settings, search_seconds=1)
    try:
        await outsider.execute("BEGIN")
        await outsider.fetch(LOCK, ACME, "Group", CREW.id)
        single = asyncio.create_task(change(hasty, CREW, adding(ADA), 50))
        whole = asyncio.create_task(change(hasty, CREW, adding(BOB, replaces=True), 51))
        with pytest.raises(StoreUnavailableError):
            await single
        await waits(aboard, whole, LOCK.strip()[:40])
        await outsider.execute("COMMIT")
        assert (await whole).is_changed is True
    finally:
        await hasty.close()
    assert await members_of(aboard, CREW.id) == {BOB.id}


async def test_an_attribute_and_members_change_at_one_revision(
    aboard: PostgresDatabase, outsider: asyncpg.Connection
) -> None:
    """A change of both is refused where the group moved on while it waited; then neither is stored."""
    await outsider.execute("BEGIN")
    await change_members(outsider, members_change(CREW, adding(ADA), 50))
    both = replace(_renamed(CREW, "Ship's company"), members=adding(BOB))
    waiting = asyncio.create_task(aboard.resources.commit(both))
    await waits(aboard, waiting)
    await outsider.execute("COMMIT")
    with pytest.raises(StaleRevisionError):
        await waiting
    assert await members_of(aboard, CREW.id) == {ADA.id}


def _renamed(one: Group, name: str) -> Change:
    return reformed(one.becomes(40, displayName=name))
