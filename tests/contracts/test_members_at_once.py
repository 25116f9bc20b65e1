"""Members that come and go at the same moment, on each engine."""

import asyncio

from musterbook.directory.history import Revision
from musterbook.directory.store import HistoryQuery, StaleRevisionError, UnknownMembersError
from musterbook.scim.members import MembersEdit
from musterbook.storage import Database
from tests.contracts.engines import Engine
from tests.contracts.groups import adding, change, discharged, founded, group, member, removing, shown
from tests.contracts.sample import ACME, created, id_of, person
from tests.contracts.test_members_model import DANGLING

CREW = group(900, "Crew")
STAYING = [person(number, f"staying{number}") for number in range(1, 31)]
GOING = [person(number, f"going{number}") for number in range(101, 131)]


async def revisions_of_the_crew(database: Database) -> list[Revision]:
    """Return the revisions of the crew, the first one first."""
    entries = await database.resources.history(ACME, HistoryQuery(resource_id=CREW.id, limit=1000))
    return [entry.revision for entry in reversed(entries)]


def replayed(revisions: list[Revision]) -> set[str]:
    """Return who is a member by what the revisions tell; none adds who is there or removes who is not."""
    members: set[str] = set()
    for revision in revisions:
        assert members.isdisjoint(revision.members_added)
        assert members.issuperset(revision.members_removed)
        members = (members | set(revision.members_added)) - set(revision.members_removed)
    return members


async def test_whoever_is_added_and_removed_at_once_is_added_and_removed(database: Database) -> None:
    """Thirty are added one by one while thirty others are removed: nobody is lost, nobody stays, nobody waits."""
    for user in (*STAYING, *GOING):
        await database.resources.commit(created(user))
    await database.resources.commit(founded(CREW, adding(*GOING)))
    pairs = zip(STAYING, GOING, strict=True)
    edits = [edit for come, go in pairs for edit in (adding(come), removing(go))]
    outcomes = await asyncio.gather(*(change(database, CREW, edit, 950) for edit in edits))
    assert [outcome.is_changed for outcome in outcomes] == [True] * 60
    assert await shown(database, CREW) == tuple(map(member, STAYING))
    revisions = await revisions_of_the_crew(database)
    assert [revision.number for revision in revisions] == list(range(1, 62))
    assert replayed(revisions) == {user.id for user in STAYING}


async def test_of_those_who_add_the_same_member_one_does(database: Database) -> None:
    """Twenty add the same person, then twenty remove the person again: each is one change, and no failure."""
    ada = STAYING[0]
    await database.resources.commit(created(ada))
    await database.resources.commit(founded(CREW))
    for edit, expected in ((adding(ada), (member(ada),)), (removing(ada), ())):
        outcomes = await asyncio.gather(*(change(database, CREW, edit, 950) for _ in range(20)))
        assert sum(outcome.is_changed for outcome in outcomes) == 1
        assert await shown(database, CREW) == expected
    assert [revision.number for revision in await revisions_of_the_crew(database)] == [1, 2, 3]


async def test_whole_lists_at_once_are_one_list_after_the_other(database: Database) -> None:
    """Of replacements at the same moment the last one holds whole, and history tells the way there."""
    for user in STAYING:
        await database.resources.commit(created(user))
    await database.resources.commit(founded(CREW))
    lists = [STAYING[first : first + 5] for first in range(0, 25, 2)]
    edits = [adding(*people, replaces=True) for people in lists]
    await asyncio.gather(*(change(database, CREW, edit, 950) for edit in edits))
    members = await shown(database, CREW)
    assert members in [tuple(map(member, people)) for people in lists]
    assert replayed(await revisions_of_the_crew(database)) == {item.value for item in members or ()}


async def test_of_changes_with_one_precondition_one_succeeds(database: Database) -> None:
    """Ten changes expect the same revision: one is made, the others are stale."""
    for user in STAYING[:10]:
        await database.resources.commit(created(user))
    await database.resources.commit(founded(CREW))
    results = await asyncio.gather(
        *(change(database, CREW, adding(user), 950, expected_revision=1) for user in STAYING[:10]),
        return_exceptions=True,
    )
    assert sum(isinstance(result, StaleRevisionError) for result in results) == 9
    assert len(await shown(database, CREW) or ()) == 1


async def test_whoever_is_removed_while_being_added_leaves_no_membership(database: Database, engine: Engine) -> None:
    """A person who is added to a group and removed from the directory at once is in the group no more, or never was."""
    for user in GOING:
        await database.resources.commit(created(user))
    await database.resources.commit(founded(CREW))
    edits = [MembersEdit({user.id: None, id_of(number): None}) for number, user in enumerate(GOING, start=800)]
    additions = [change(database, CREW, edit, 950) for edit in edits]
    removals = [database.resources.commit(discharged(user, 960)) for user in GOING]
    mixed = [step for pair in zip(additions, removals, strict=True) for step in pair]
    results = await asyncio.gather(*mixed, return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    assert {type(failure) for failure in failures} <= {UnknownMembersError}
    assert await shown(database, CREW) == ()
    assert replayed(await revisions_of_the_crew(database)) == set()
    assert await engine.execute(DANGLING) == []
