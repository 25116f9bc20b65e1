"""Writers that overtake each other, and a database that does not answer."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from musterbook.directory import Directory, ResourceId
from musterbook.directory.operation import RestoreResource
from musterbook.directory.writing import MAX_ATTEMPTS
from musterbook.scim import Tolerance
from musterbook.scim.errors import ConflictError, NotFoundError, TooManyError, UnavailableError, UniquenessError
from musterbook.scim.filter_parser import parse_filter
from musterbook.scim.operation import DeleteResource, PatchResource, Query, SearchResources
from musterbook.scim.patch import parse_patch
from musterbook.storage import open_database
from tests.directory.overtaking import overtaken
from tests.directory.world import ADA, PATCH_URN, USER, World, open_world

TITLE = {"op": "replace", "path": "title", "value": "Countess"}
PATCH = parse_patch({"schemas": [PATCH_URN], "Operations": [TITLE]}, USER, Tolerance())


def nick_names(world: World, id_: ResourceId) -> Callable[[], Awaitable[object]]:
    """Return what gives a person another nickname each time it is called."""
    numbers = iter(range(100))
    return lambda: world.patch(id_, {"op": "replace", "path": "nickName", "value": f"Ada {next(numbers)}"})


async def test_an_overtaken_change_is_computed_again(world: World) -> None:
    """Who is overtaken computes from what is there by then: neither change is lost."""
    id_ = await world.create(ADA)
    directory = overtaken(world, nick_names(world, id_), MAX_ATTEMPTS - 1)
    found = await directory.perform(world.client, PatchResource(USER, id_, PATCH))
    attributes = (await world.read(id_)).attributes
    assert (attributes["title"], attributes["nickName"]) == ("Countess", f"Ada {MAX_ATTEMPTS - 2}")
    assert found.stored.meta.version == MAX_ATTEMPTS + 1


async def test_who_is_overtaken_again_and_again_is_told_to_try_later(world: World) -> None:
    """After five attempts the client is told to come back, and its change is not stored."""
    id_ = await world.create(ADA)
    directory = overtaken(world, nick_names(world, id_), MAX_ATTEMPTS)
    with pytest.raises(UnavailableError, match="changed by many requests at once") as refusal:
        await directory.perform(world.client, PatchResource(USER, id_, PATCH))
    assert refusal.value.retry_after_seconds == 1
    assert "title" not in (await world.read(id_)).attributes


async def test_an_overtaken_removal_removes_what_is_there_by_then(world: World) -> None:
    """A removal that was overtaken by a change keeps that change in the tombstone."""
    id_ = await world.create(ADA)
    await overtaken(world, nick_names(world, id_), 1).perform(world.client, DeleteResource(USER, id_))
    assert await world.actions(id_) == ["created", "updated", "deprovisioned"]
    assert '"nickName":"Ada 0"' in (await world.history(id_))[-1].revision.document


async def test_a_change_overtaken_by_a_removal_finds_nobody(world: World) -> None:
    """Who is removed while a change is computed is not brought back by it."""
    id_ = await world.create(ADA)
    for operation in (PatchResource(USER, id_, PATCH), DeleteResource(USER, id_)):
        directory = overtaken(world, lambda: world.delete(id_), 1)
        with pytest.raises(NotFoundError):
            await directory.perform(world.client, operation)
        await world.directory.perform(world.operator, RestoreResource(USER, id_))
    assert await world.actions(id_) == ["created", "deprovisioned", "restored", "deprovisioned", "restored"]


async def test_two_administrators_restore_at_once(world: World) -> None:
    """Of two who restore the same person at the same moment, one does, and the other learns that it is done."""
    id_ = await world.create(ADA)
    await world.delete(id_)
    restore = RestoreResource(USER, id_)
    directory = overtaken(world, lambda: world.directory.perform(world.operator, restore), 1)
    with pytest.raises(ConflictError, match="nothing to restore"):
        await directory.perform(world.operator, restore)
    assert await world.actions(id_) == ["created", "deprovisioned", "restored"]


async def test_many_who_want_one_name(world: World) -> None:
    """Of many people created at once under one name, exactly one is."""
    outcomes = await asyncio.gather(*(world.create(ADA) for _ in range(50)), return_exceptions=True)
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, UniquenessError) for outcome in outcomes) == 49


async def test_a_database_that_is_away(tmp_path: Path) -> None:
    """While the database cannot be written to, a write is a 503 that says when to come back."""
    async with open_world(tmp_path) as world:
        id_ = await world.create(ADA)
        await world.database.close()
        with pytest.raises(UnavailableError, match="database cannot be reached") as refusal:
            await world.patch(id_, TITLE)
        assert refusal.value.retry_after_seconds == 5


async def test_a_query_that_takes_too_long(world: World, tmp_path: Path) -> None:
    """A filter that no index serves, over more rows than the time allows, is refused with what to add to it."""
    await asyncio.gather(*(world.create({"userName": f"user{number}"}) for number in range(250)))
    database = await open_database(f"sqlite:///{tmp_path}/world.db", search_seconds=0)
    directory = Directory(database.resources, world.clock, world.random_bytes)
    filter_ = parse_filter('nickName eq "Ada"', USER, Tolerance())
    with pytest.raises(TooManyError, match="Add a condition on userName"):
        await directory.perform(world.client, SearchResources(USER, Query(filter=filter_)))
    await database.close()
