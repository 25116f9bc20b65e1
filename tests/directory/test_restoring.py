"""Removed people come back as they were: same id, roles and display name, and a history that goes on."""

import pytest

from musterbook.directory import Person, ResourceId, Role, Status
from musterbook.directory.break_glass import break_glass_type
from musterbook.directory.operation import FindPerson, GrantRole, RestoreResource, SetDisplayName
from musterbook.scim.errors import ConflictError, NotFoundError, UniquenessError
from tests.directory.world import ADA, GRACE, NOBODY, USER, World


async def find(world: World, reference: str) -> Person:
    """Return a person as people see one, also a removed one."""
    return (await world.directory.perform(world.operator, FindPerson(reference))).person


async def test_a_removed_person_comes_back(world: World) -> None:
    """Restoring brings back resource, roles and display name under the same id; versions and revisions go on."""
    id_ = await world.create({**ADA, "title": "Countess"})
    await world.directory.perform(world.operator, GrantRole(USER, id_, Role.ADMINISTRATOR))
    await world.directory.perform(world.operator, SetDisplayName(USER, id_, "The Countess"))
    before, person = await world.read(id_), await find(world, id_)
    world.clock.move(seconds=60)
    await world.delete(id_)
    world.clock.move(seconds=60)
    restored = (await world.directory.perform(world.operator, RestoreResource(USER, id_))).stored
    assert (restored.id, restored.meta.version) == (id_, 2)
    assert (restored.meta.created, restored.meta.last_modified) == ("2026-11-23T09:02:00.000Z",) * 2
    assert (await world.read(id_)).attributes == before.attributes
    assert await find(world, id_) == person
    lines = await world.history(id_)
    assert [(line.revision.number, line.revision.action.value) for line in lines] == [
        (1, "created"),
        (2, "role_granted"),
        (3, "display_name_changed"),
        (4, "deprovisioned"),
        (5, "restored"),
    ]
    assert [(item.path, item.before, item.after) for item in lines[-1].changes] == [
        ("account.status", "removed", "active")
    ]
    assert (await world.event_types())[-2:] == ["user.deprovisioned", "user.restored"]


async def test_a_suspended_person_comes_back_suspended(world: World) -> None:
    """Who was suspended when removed is suspended when restored: nobody gains access by it."""
    id_ = await world.create({**ADA, "active": False})
    await world.delete(id_)
    await world.directory.perform(world.operator, RestoreResource(USER, id_))
    assert (await find(world, id_)).status is Status.SUSPENDED


async def test_a_taken_name_keeps_a_person_out(world: World) -> None:
    """Where somebody else holds the ``userName`` by now, restoring is a 409 and stores nothing."""
    id_ = await world.create(ADA)
    await world.delete(id_)
    await world.create({"userName": "Ada@Example.com"})
    before = await world.history()
    with pytest.raises(UniquenessError, match="userName"):
        await world.directory.perform(world.operator, RestoreResource(USER, id_))
    assert await world.history() == before


async def test_nobody_is_restored_twice(world: World) -> None:
    """Who is there is not restored: neither a second time nor without having been removed."""
    id_ = await world.create(ADA)
    with pytest.raises(ConflictError, match="not removed"):
        await world.directory.perform(world.operator, RestoreResource(USER, id_))
    await world.delete(id_)
    await world.directory.perform(world.operator, RestoreResource(USER, id_))
    with pytest.raises(ConflictError, match="not removed"):
        await world.directory.perform(world.operator, RestoreResource(USER, id_))
    assert await world.actions(id_) == ["created", "deprovisioned", "restored"]


async def test_what_never_was_is_not_restored(world: World) -> None:
    """Unknown and malformed ids, those of the other tenant, and those of another resource type are not found."""
    theirs = await world.create(ADA, world.stranger)
    await world.delete(theirs, world.stranger)
    ours = await world.create(GRACE)
    await world.delete(ours)
    for resource_type, id_ in ((USER, NOBODY), (USER, ResourceId("x")), (USER, theirs), (break_glass_type(), ours)):
        with pytest.raises(NotFoundError):
            await world.directory.perform(world.operator, RestoreResource(resource_type, id_))


async def test_a_clock_that_was_set_back_hides_no_tombstone(world: World) -> None:
    """The last revision is found by its number: a removal that seems older than what came before it is still the last,
    and what is restored is not older than its removal.
    """
    id_ = await world.create(ADA)
    world.clock.move(seconds=60)
    await world.directory.perform(world.operator, SetDisplayName(USER, id_, "The Countess"))
    world.clock.move(seconds=-120)
    await world.delete(id_)
    assert (await find(world, "ada@example.com")).status is Status.REMOVED
    world.clock.move(seconds=-120)
    await world.directory.perform(world.operator, RestoreResource(USER, id_))
    lines = await world.history(id_)
    assert [line.revision.number for line in lines] == [1, 2, 3, 4]
    assert lines[3].revision.at >= lines[2].revision.at


async def test_a_removed_person_is_found_by_name_and_id(world: World) -> None:
    """A removed person is shown by id and by ``userName`` in any case, as removed and without roles."""
    id_ = await world.create(ADA)
    await world.delete(id_)
    by_id, by_name = await find(world, id_), await find(world, "ADA@example.com")
    assert by_id == by_name
    assert (by_id.id, by_id.status, by_id.roles, by_id.display_name) == (id_, Status.REMOVED, (), "Ada Lovelace")


async def test_the_last_one_removed_under_a_name_is_found(world: World) -> None:
    """Of several people removed under one name, the one removed last is shown; who is there comes before all."""
    first = await world.create(ADA)
    await world.delete(first)
    world.clock.move(seconds=1)
    second = await world.create(ADA)
    await world.delete(second)
    assert (await find(world, "ada@example.com")).id == second
    third = await world.create(ADA)
    assert (await find(world, "ada@example.com")).id == third


async def test_a_name_as_long_as_an_id_is_a_name(world: World) -> None:
    """A ``userName`` of 36 characters looks like an id, and its person is found all the same."""
    name = "someone.with.a.long.name@example.com"
    assert len(name) == 36
    id_ = await world.create({"userName": name})
    assert (await find(world, name)).id == id_
    await world.delete(id_)
    assert (await find(world, name)).id == id_


async def test_a_restored_person_with_a_new_name_is_no_removed_one(world: World) -> None:
    """Who was removed under a name, restored, and renamed is not found under the old name any more."""
    id_ = await world.create(ADA)
    await world.delete(id_)
    await world.directory.perform(world.operator, RestoreResource(USER, id_))
    await world.put(id_, {**ADA, "userName": "countess@example.com"})
    with pytest.raises(NotFoundError, match="nobody with this id or userName"):
        await find(world, "ada@example.com")


async def test_the_search_among_the_removed_reads_every_page(world: World) -> None:
    """A person who was removed long ago is found behind more removals than one page of the history holds."""
    long_ago = await world.create(ADA)
    await world.delete(long_ago)
    for number in range(101):
        world.clock.move(seconds=1)
        await world.delete(await world.create({"userName": f"user{number}"}))
    assert (await find(world, "ada@example.com")).id == long_ago
