"""Many who change one group at once on PostgreSQL, and what a change costs in a large one."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import pytest

from musterbook.scim.members import MembersEdit
from musterbook.storage.postgres.database import PostgresDatabase
from tests.contracts.groups import Group, adding, change, founded, group, removing
from tests.contracts.sample import ACME, id_of
from tests.storage.postgres.conftest import OpenDatabase
from tests.storage.postgres.crew import CREW, DANGLING, members_of, replayed
from tests.storage.postgres.test_many_members import MANY


async def rush(
    stores: Sequence[PostgresDatabase], outsider: asyncpg.Connection, *, workers: int, each: int
) -> tuple[set[str], set[str]]:
    """Let half of the workers add people one by one while the others remove as many.

    Return who is there then, and who should be.
    """
    number = workers // 2 * each
    await outsider.execute(MANY.format(number=2 * number))
    coming = [id_of(1000 + index) for index in range(number)]
    going = [id_of(1000 + number + index) for index in range(number)]
    await change(stores[0], CREW, adding(*going), 50)

    async def work(worker: int) -> None:
        ids = (coming if worker % 2 else going)[worker // 2 :: workers // 2]
        edit: Callable[[str], MembersEdit] = adding if worker % 2 else removing
        for index, member in enumerate(ids):
            outcome = await change(stores[worker % len(stores)], CREW, edit(member), 51 + index)
            assert outcome.is_changed

    await asyncio.gather(*(work(worker) for worker in range(workers)))
    assert await replayed(stores[0], CREW.id) == set(coming)
    assert await stores[0].pool.rows(DANGLING) == []
    return await members_of(stores[0], CREW.id), set(coming)


async def test_many_change_one_group(
    aboard: PostgresDatabase, outsider: asyncpg.Connection, open_again: OpenDatabase
) -> None:
    """Everybody's change is made, whoever else changes the group over two processes, and the revisions tell it all."""
    there, expected = await rush((aboard, await open_again()), outsider, workers=20, each=10)
    assert there == expected


@pytest.mark.nightly
async def test_a_hundred_workers_change_one_group(
    aboard: PostgresDatabase, outsider: asyncpg.Connection, open_again: OpenDatabase
) -> None:
    """Fifty add five thousand members one by one while fifty remove five thousand others; none waits in vain."""
    there, expected = await rush((aboard, await open_again()), outsider, workers=100, each=100)
    assert there == expected


async def fill(database: PostgresDatabase, outsider: asyncpg.Connection, number: int) -> tuple[Group, Group]:
    """Return a group of ``number`` members and one of ten."""
    await outsider.execute(MANY.format(number=number + 1))
    small = group(12, "Small")
    await database.resources.commit(founded(small))
    for each, size in ((CREW, number), (small, 10)):
        await change(database, each, adding(*(id_of(1000 + index) for index in range(size))), 50)
    return CREW, small


async def seconds(work: Awaitable[object]) -> float:
    """Return how long something takes, begun now."""
    started = time.perf_counter()
    await work
    return time.perf_counter() - started


@pytest.mark.nightly
async def test_a_change_in_a_group_of_a_hundred_thousand(
    aboard: PostgresDatabase, outsider: asyncpg.Connection
) -> None:
    """Adding or removing one takes at most twice the time of a group of ten; reading it, twice that of an empty one.

    Taken in turn, so that a busy neighbour slows both.
    """
    large, small = await fill(aboard, outsider, 100_000)
    empty = group(13, "Empty")
    await aboard.resources.commit(founded(empty))
    newcomer = id_of(101_000)
    changes: dict[str, list[float]] = {large.id: [], small.id: []}
    reads: dict[str, list[float]] = {large.id: [], empty.id: []}
    for turn in range(200):
        for each in (large, small):
            edit = adding(newcomer) if turn % 2 == 0 else removing(newcomer)
            changes[each.id].append(await seconds(change(aboard, each, edit, 60)))
        for each in (large, empty):
            reads[each.id].append(await seconds(aboard.resources.get(ACME, "Group", each.id)))
    assert statistics.median(changes[large.id]) <= 2 * statistics.median(changes[small.id])
    assert statistics.median(reads[large.id]) <= 2 * statistics.median(reads[empty.id])
