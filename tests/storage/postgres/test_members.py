"""Changes of members on PostgreSQL: one statement each, and what happens when several want the same group."""

import asyncio
from dataclasses import dataclass
from itertools import count, product

import asyncpg
import pytest

from musterbook.directory.store import MembersOutcome, StaleRevisionError
from musterbook.scim.members import MembersEdit
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.postgres.database import PostgresDatabase
from musterbook.storage.postgres.group_lock import LOCK
from musterbook.storage.postgres.members import CHANGE, REPLACE, change_members
from musterbook.storage.postgres.writes import CREATE, DELETE, UPDATE
from tests.contracts.groups import adding, change, discharged, founded, group, members_change, removing
from tests.contracts.sample import ACME
from tests.storage.postgres.conftest import OpenDatabase
from tests.storage.postgres.crew import ADA, BOB, CREW, DANGLING, members_of, renamed, replayed, waits

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
    await single.resources.commit(renamed(deck, "Poop deck"))
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
