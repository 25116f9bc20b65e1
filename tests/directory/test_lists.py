"""Lists of people and of the history: every entry once, in order, whatever the size of the pages."""

from dataclasses import replace

import pytest

from musterbook.directory import HistoryLine, ResourceId, Role, Status
from musterbook.directory.account import Source
from musterbook.directory.operation import FindPerson, GrantRole, ListHistory, ListPeople, SetDisplayName
from musterbook.directory.store import HistoryQuery
from musterbook.scim import Resource, make_resource_type, make_schema
from musterbook.scim.errors import NotFoundError
from musterbook.scim.operation import CreateResource, Query, SearchResources
from tests.directory.world import ADA, NOBODY, USER, World


async def people(world: World, count: int) -> list[ResourceId]:
    """Add people, one in each second, and return their ids."""
    ids = []
    for number in range(count):
        world.clock.move(seconds=1)
        ids.append(await world.create({"userName": f"user{number}"}))
        await world.create({"userName": f"user{number}"}, world.stranger)
    return ids


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
async def test_pages_of_people_joined_are_the_whole(world: World, size: int) -> None:
    """People come in the order in which they were added, each once, and nobody of the other tenant."""
    ids = await people(world, 7)
    listed: list[ResourceId] = []
    after: ResourceId | None = None
    while page := (await world.directory.perform(world.operator, ListPeople(USER, after, size))).people:
        listed += [person.id for person in page]
        after = page[-1].id
    assert listed == ids


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
async def test_pages_of_a_search_joined_are_the_whole(world: World, size: int) -> None:
    """Pages by startIndex hold everybody once, and each says how many there are in all."""
    ids = await people(world, 7)
    listed: list[str] = []
    while True:
        query = Query(start_index=len(listed) + 1, count=size)
        page = await world.directory.perform(world.client, SearchResources(USER, query))
        assert (page.total_results, page.start_index) == (7, len(listed) + 1)
        if not page.resources:
            break
        listed += [stored.id for stored in page.resources]
    assert listed == ids


@pytest.mark.parametrize("size", [1, 2, 5, 100])
async def test_pages_of_the_history_joined_are_the_whole(world: World, size: int) -> None:
    """The history comes newest first, each revision once with its difference, and nothing of the other tenant."""
    ids = await people(world, 3)
    for id_ in ids:
        await world.directory.perform(world.operator, GrantRole(USER, id_, Role.ADMINISTRATOR))
    query = HistoryQuery(limit=size)
    listed: list[HistoryLine] = []
    while lines := (await world.directory.perform(world.operator, ListHistory(query))).lines:
        listed += lines
        last = lines[-1].revision
        query = replace(query, before=(last.at, last.resource_id, last.number))
    assert listed == [*reversed(await world.history())]
    assert {line.revision.tenant_id for line in listed} == {world.acme}
    assert len(listed) == 1 + 2 * len(ids)


async def test_the_history_of_a_renamed_person(world: World) -> None:
    """Each line names the person as they were called then, and the rename's line has both names."""
    id_ = await world.create(ADA)
    await world.put(id_, {**ADA, "userName": "countess@example.com"})
    created, renamed = await world.history(id_)
    assert (created.user_name, renamed.user_name) == ("ada@example.com", "countess@example.com")
    assert [(item.path, item.before, item.after) for item in renamed.changes] == [
        ("userName", "ada@example.com", "countess@example.com")
    ]
    for reference in (id_, "COUNTESS@example.com"):
        assert (await world.directory.perform(world.operator, FindPerson(reference))).person.id == id_
    with pytest.raises(NotFoundError):
        await world.directory.perform(world.operator, FindPerson("ada@example.com"))


async def test_a_person_as_people_see_one(world: World) -> None:
    """What is shown of a person: id, names, status, source and roles."""
    id_ = await world.create(ADA)
    person = (await world.directory.perform(world.operator, FindPerson("ada@example.com"))).person
    assert (person.resource_type, person.id, person.user_name, person.display_name) == (
        USER,
        id_,
        "ada@example.com",
        "Ada Lovelace",
    )
    assert (person.given_name, person.family_name) == ("Ada", "Lovelace")
    assert (person.status, person.source, person.roles) == (Status.ACTIVE, Source.SCIM, (Role.MEMBER,))


@pytest.mark.parametrize("reference", [NOBODY, "nobody@example.com", "", "\x00", "\ud800"])
async def test_nobody_is_found(world: World, reference: str) -> None:
    """A reference that fits nobody is answered in words, whatever it holds."""
    with pytest.raises(NotFoundError, match="There is nobody with this id or userName"):
        await world.directory.perform(world.operator, FindPerson(reference))


async def test_people_of_the_other_tenant_are_not_found(world: World) -> None:
    """Neither id nor name finds a person of another tenant, there or removed."""
    theirs = await world.create(ADA, world.stranger)
    with pytest.raises(NotFoundError):
        await world.directory.perform(world.operator, FindPerson(theirs))
    await world.delete(theirs, world.stranger)
    for reference in (theirs, "ada@example.com"):
        with pytest.raises(NotFoundError):
            await world.directory.perform(world.operator, FindPerson(reference))


async def test_what_is_no_person_has_nothing_of_one(world: World) -> None:
    """A resource of a type that is no person is kept like any other, and is no person to whoever asks for one."""
    thing = make_resource_type("Thing", "/Things", make_schema("urn:example:Thing", "Thing", "No person.", []))
    created = await world.directory.perform(world.client, CreateResource(Resource(thing, {"externalId": "x"})))
    assert (await world.directory.perform(world.operator, ListPeople(thing))).people == []
    id_ = ResourceId(created.stored.id)
    for operation in (GrantRole(thing, id_, Role.ADMINISTRATOR), SetDisplayName(thing, id_, "Thing")):
        with pytest.raises(NotFoundError, match="nobody"):
            await world.directory.perform(world.operator, operation)
    assert [line.revision.action.value for line in await world.history(id_)] == ["created"]
