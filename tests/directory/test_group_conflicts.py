"""Writers of one group who overtake each other."""

import functools

import pytest

from musterbook.directory import Directory
from musterbook.directory.writing import MAX_ATTEMPTS
from musterbook.scim.errors import NotFoundError
from tests.directory.groups import Groups, ids, values
from tests.directory.overtaking import OvertakenStore, overtaken
from tests.directory.world import ADA, GRACE, World


async def test_a_change_of_members_is_never_overtaken(world: World) -> None:
    """To add somebody is the same whoever else is there: nothing is computed again, and neither change is lost."""
    groups = Groups(world.directory, world.client)
    ada, grace = await world.create(ADA), await world.create(GRACE)
    crew = await groups.create("Crew")
    overtake = {"op": "add", "path": "members", "value": values([grace])}
    store = OvertakenStore(world.database.resources, lambda: groups.patch(crew, overtake), MAX_ATTEMPTS)
    directory = Directory(store, world.clock, world.random_bytes)
    add = {"op": "add", "path": "members", "value": values([ada])}
    found = await Groups(directory, world.client).patch(crew, add)
    assert (sorted(ids(found.stored.related)), found.stored.meta.version) == (sorted([ada, grace]), 3)
    assert store.times_left == MAX_ATTEMPTS - 1


@pytest.mark.parametrize("path", ['members[type eq "User"]', 'members[display eq "Ada"]'])
async def test_what_depends_on_the_members_is_computed_again(world: World, path: str) -> None:
    """A removal of members by what they are takes those who are there when it is made."""
    groups = Groups(world.directory, world.client)
    ada, grace = await world.create(ADA), await world.create(GRACE)
    crew = await groups.create("Crew", ada)
    overtake = {"op": "add", "path": "members", "value": [{"value": grace, "display": "Ada"}]}
    directory = overtaken(world, lambda: groups.patch(crew, overtake), 1)
    await Groups(directory, world.client).patch(crew, {"op": "remove", "path": path})
    assert await groups.members(crew) == ([] if "type" in path else [ada])


async def test_a_group_that_goes_while_it_changes(world: World) -> None:
    """Whose group was removed meanwhile is told that there is none, whichever way the change takes."""
    groups = Groups(world.directory, world.client)
    ada = await world.create(ADA)
    add = {"op": "add", "path": "members", "value": values([ada])}
    rename = {"op": "replace", "path": "displayName", "value": "Officers"}
    for operations in ([add], [rename], [rename, add]):
        crew = await groups.create("Crew")
        directory = overtaken(world, functools.partial(groups.delete, crew), 1)
        with pytest.raises(NotFoundError):
            await Groups(directory, world.client).patch(crew, *operations)


async def test_a_group_that_goes_once_it_is_changed(world: World) -> None:
    """A change that was made is answered with what was stored, also if the group is gone when it is read again."""
    groups = Groups(world.directory, world.client)
    ada = await world.create(ADA)
    crew = await groups.create("Crew")
    store = OvertakenStore(world.database.resources, lambda: groups.delete(crew), 1, is_late=True)
    directory = Directory(store, world.clock, world.random_bytes)
    add = {"op": "add", "path": "members", "value": values([ada])}
    found = await Groups(directory, world.client).patch(crew, add)
    assert (found.stored.meta.version, found.stored.related) == (2, None)
