"""Changes of very many members at once on PostgreSQL, and of members together with attributes."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from musterbook.directory.store import MembersOutcome, StaleRevisionError, StoreUnavailableError
from musterbook.storage.postgres.database import PostgresDatabase
from musterbook.storage.postgres.group_lock import LOCK
from musterbook.storage.postgres.members import MAX_IDS_AT_ONCE, change_members
from musterbook.storage.postgres.pool import PoolSettings
from tests.contracts.groups import adding, change, disbanded, group, members_change, removing
from tests.contracts.sample import ACME, id_of
from tests.storage.postgres.crew import ADA, BOB, CREW, members_of, renamed, replayed, waits

# People beside the two, from the id ``id_of(1000)`` on.
MANY = """
INSERT INTO resources
SELECT tenant_id, resource_type,
    '019388a0-' || lpad(to_hex(number / 65536), 4, '0') || '-7000-8000-' || lpad(to_hex(number % 65536), 12, '0'),
    document, version, created_at, last_modified, account, revision, 'more ' || number, NULL, NULL, NULL
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
    aboard: PostgresDatabase, outsider: asyncpg.Connection
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
    both = replace(renamed(CREW, "Ship's company"), members=adding(BOB))
    waiting = asyncio.create_task(aboard.resources.commit(both))
    await waits(aboard, waiting)
    await outsider.execute("COMMIT")
    with pytest.raises(StaleRevisionError):
        await waiting
    assert await members_of(aboard, CREW.id) == {ADA.id}
