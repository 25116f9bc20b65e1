"""A group and its people on PostgreSQL: what the tests of members look at, and when."""

import asyncio
from typing import Any

from musterbook.directory import ResourceId
from musterbook.directory.store import Change, HistoryQuery
from musterbook.storage.postgres.database import PostgresDatabase
from tests.contracts.groups import Group, group, reformed
from tests.contracts.sample import ACME, person

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


def renamed(one: Group, name: str) -> Change:
    """Return the change that gives a group another name."""
    return reformed(one.becomes(40, displayName=name))
