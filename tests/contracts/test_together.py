"""The port ``ResourceStore``: resources that are created together, on each engine (RFC 7644 §3.7.1)."""

from dataclasses import replace

import pytest

from musterbook.directory.store import CreationRefusedError, UniqueKeyTakenError, UnknownMembersError
from musterbook.storage import Database
from tests.contracts.groups import adding, founded, group, member, members_change, shown
from tests.contracts.looks import contents
from tests.contracts.sample import ADA, created

CREW = group(11, "Crew")
DECK = group(12, "Deck")


async def test_groups_that_hold_each_other_come_together(database: Database) -> None:
    """Each is a member of the other and of itself; the second revision of each tells who came."""
    members = [members_change(CREW, adding(DECK, CREW), 20), members_change(DECK, adding(CREW, ADA), 21)]
    await database.resources.create_together([founded(CREW), created(ADA), founded(DECK)], members)
    assert await shown(database, CREW) == (member(CREW), member(DECK))
    assert await shown(database, DECK) == (member(ADA), member(CREW))


@pytest.mark.parametrize("stranger", [False, True])
async def test_one_that_cannot_be_created_keeps_all_out(database: Database, *, stranger: bool) -> None:
    """Where a name is taken, or a member is nobody, nothing of any of them is stored."""
    await database.resources.commit(founded(group(13, "Crew" if not stranger else "Other")))
    before = await contents(database)
    members = [members_change(DECK, replace(adding(CREW, "nobody"), leaves_out_unknown=False), 21)]
    with pytest.raises(CreationRefusedError) as refusal:
        await database.resources.create_together([founded(DECK), founded(CREW)], members)
    assert refusal.value.resource_type == "Group"
    assert isinstance(refusal.value.__cause__, UnknownMembersError if stranger else UniqueKeyTakenError)
    assert await contents(database) == before
