"""Groups and their members through ``Directory.perform``."""

import msgspec
import pytest

from musterbook.directory import ResourceId
from musterbook.directory.history import FieldChange
from musterbook.directory.operation import (
    FindPerson,
    ListPeople,
    RestoreResource,
    SetDisplayName,
)
from musterbook.scim.errors import InvalidValueError, NotFoundError, PreconditionFailedError, UniquenessError
from musterbook.scim.operation import MAX_MEMBERS_SHOWN, PatchAnswer, Query, SearchResources
from musterbook.scim.resource import Related
from musterbook.scim.versions import Precondition
from tests.directory.groups import Groups, ids, values
from tests.directory.world import ADA, GRACE, GROUP, NOBODY, USER, World

ADD, REMOVE, REPLACE = "add", "remove", "replace"


@pytest.fixture
def groups(world: World) -> Groups:
    """Return the groups of acme."""
    return Groups(world.directory, world.client)


async def test_a_group_is_created_with_its_members(world: World, groups: Groups) -> None:
    """A group is answered with its members; it is version 1, and its first revision says who came."""
    ada = await world.create(ADA)
    world.clock.move(seconds=1)  # Members come in the order of their ids, which is that of creation.
    inner = await groups.create("Inner")
    sent = {"displayName": "Crew", "members": [{"value": ada, "display": "Ada"}, {"value": inner, "type": "User"}]}
    created = await groups.post(sent)
    assert list(created.stored.related or ()) == [
        Related(ada, "User", "User", "Ada"),
        Related(inner, "Group", "Group", None),
    ]
    assert (created.stored.meta.version, created.unknown_members) == (1, ())
    assert msgspec.json.decode(created.stored.document) == {
        "schemas": [GROUP.schema.id],
        "id": created.stored.id,
        "displayName": "Crew",
    }
    (line,) = await world.history(ResourceId(created.stored.id))
    assert (line.user_name, line.revision.action.value, line.revision.account) == ("Crew", "created", None)
    assert line.changes == (FieldChange("displayName", None, "Crew"), FieldChange("members", None, [ada, inner]))
    assert (await world.event_types())[-1] == "group.created"


async def test_an_empty_group_shows_no_members(world: World, groups: Groups) -> None:
    """A group without members, and a new person without groups, are answered as such."""
    assert list((await groups.post({"displayName": "Crew"})).stored.related or ()) == []
    assert await groups.members(await groups.create("Officers")) == []


async def test_members_are_added_and_removed(world: World, groups: Groups) -> None:
    """A change of members is a version, a revision with who came and left, and an event; the person has none."""
    ada, grace = sorted([await world.create(ADA), await world.create(GRACE)])
    crew = await groups.create("Crew", ada)
    world.clock.move(seconds=5)
    found = await groups.patch(crew, {"op": ADD, "path": "members", "value": values([grace])})
    assert ids(found.stored.related) == [ada, grace]
    assert (found.stored.meta.version, found.stored.meta.last_modified) == (2, "2026-11-23T09:00:05.000Z")
    found = await groups.patch(crew, {"op": REMOVE, "path": f'members[value eq "{ada}"]'})
    assert ids(found.stored.related) == [grace]
    changes = [line.changes for line in await world.history(crew)][1:]
    assert changes == [(FieldChange("members", None, [grace]),), (FieldChange("members", [ada], None),)]
    revision = (await world.history(crew))[-1].revision
    assert (revision.number, revision.version, revision.request_id, revision.key_id) == (3, 3, "request-1", "key-1")
    assert revision.document == found.stored.document
    assert await world.actions(ada) == ["created"]
    assert (await world.event_types())[-2:] == ["group.updated", "group.updated"]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": ADD, "path": "members", "value": "ada"},
        {"op": REMOVE, "path": "members", "value": "grace"},
        {"op": REPLACE, "path": "members", "value": "ada"},
        {"op": REPLACE, "path": "displayName", "value": "Crew"},
    ],
)
async def test_what_changes_nothing_stores_nothing(world: World, groups: Groups, operation: dict[str, str]) -> None:
    """To add who is there, to remove who is not, and to replace by the same is no version, revision or event."""
    people = {"ada": await world.create(ADA), "grace": await world.create(GRACE)}
    crew = await groups.create("Crew", people["ada"])
    before = (await groups.get(crew)).stored, await world.history(), await world.event_types()
    world.clock.move(seconds=5)
    value = operation["value"]
    found = await groups.patch(crew, {**operation, "value": values([people[value]]) if value in people else value})
    assert found.stored == before[0]
    assert ((await groups.get(crew)).stored, await world.history(), await world.event_types()) == before


async def test_a_put_without_members_leaves_them(world: World, groups: Groups) -> None:
    """PUT replaces the members only where it mentions them; an empty list empties the group."""
    ada, grace = sorted([await world.create(ADA), await world.create(GRACE)])
    crew = await groups.create("Crew", ada, grace)
    renamed = await groups.put(crew, {"displayName": "Officers"})
    assert (ids(renamed.stored.related), renamed.stored.meta.version) == ([ada, grace], 2)
    same = await groups.put(crew, {"displayName": "Officers"})
    assert same == renamed
    smaller = await groups.put(crew, {"displayName": "Officers", "members": values([grace])})
    assert (ids(smaller.stored.related), smaller.stored.meta.version) == ([grace], 3)
    both = await groups.put(crew, {"displayName": "Crew", "members": values([ada])})
    assert (ids(both.stored.related), both.stored.meta.version) == ([ada], 4)
    assert ids((await groups.put(crew, {"displayName": "Crew", "members": []})).stored.related) == []
    assert [line.changes for line in await world.history(crew)][2:] == [
        (FieldChange("members", [ada], None),),
        (FieldChange("displayName", "Officers", "Crew"), FieldChange("members", [grace], [ada])),
        (FieldChange("members", [ada], None),),
    ]


async def test_attributes_and_members_change_together(world: World, groups: Groups) -> None:
    """A PATCH of both is one version and one revision."""
    ada = await world.create(ADA)
    crew = await groups.create("Crew")
    found = await groups.patch(
        crew,
        {"op": REPLACE, "path": "displayName", "value": "Officers"},
        {"op": ADD, "path": "members", "value": values([ada])},
    )
    assert (ids(found.stored.related), found.stored.meta.version) == ([ada], 2)
    _, line = await world.history(crew)
    assert line.changes == (FieldChange("displayName", "Crew", "Officers"), FieldChange("members", None, [ada]))


async def test_members_are_chosen_by_what_is_said_of_them(world: World, groups: Groups) -> None:
    """A removal by something other than ids looks at the members first."""
    ada, inner = await world.create(ADA), await groups.create("Inner")
    crew = await groups.create("Crew", ada, inner)
    found = await groups.patch(crew, {"op": REMOVE, "path": 'members[type eq "User"]'})
    assert (ids(found.stored.related), found.stored.meta.version) == ([inner], 2)


async def test_unknown_members_are_left_out_or_refused(world: World, groups: Groups) -> None:
    """Ids that are nobody's are left out and told of; where there is no other, nothing changes."""
    ada = await world.create(ADA)
    stranger = await world.create(ADA, world.stranger)
    crew = await groups.post({"displayName": "Crew", "members": values([stranger, ada, NOBODY])})
    assert (ids(crew.stored.related), list(crew.unknown_members)) == ([ada], [stranger, NOBODY])
    before = await world.history()
    with pytest.raises(InvalidValueError, match=NOBODY):
        await groups.patch(crew.stored.id, {"op": ADD, "path": "members", "value": values([NOBODY])})
    with pytest.raises(InvalidValueError, match=stranger):
        await groups.put(crew.stored.id, {"displayName": "Renamed", "members": values([stranger])})
    with pytest.raises(InvalidValueError):
        await groups.create("Another", NOBODY)
    assert await world.history() == before
    assert await groups.members(crew.stored.id) == [ada]
    found = await groups.patch(crew.stored.id, {"op": ADD, "path": "members", "value": values([NOBODY, ada])})
    assert list(found.unknown_members) == [NOBODY]


async def test_a_person_shows_the_groups(world: World, groups: Groups) -> None:
    """A person shows the groups that they are in, directly and through others, also where these run in a circle."""
    ada = await world.create(ADA)
    inner = await groups.create("Inner", ada)
    world.clock.move(seconds=1)
    outer = await groups.create("Outer", inner)
    await groups.patch(inner, {"op": ADD, "path": "members", "value": values([outer])})
    assert await groups.groups_of(ada) == {inner: "direct", outer: "indirect"}
    patched = await world.patch(ada, {"op": ADD, "path": "title", "value": "Countess"})
    assert ids(patched.related) == [inner, outer]
    page = await world.directory.perform(world.client, SearchResources(USER, Query()))
    assert [ids(item.related) for item in page.resources] == [[inner, outer]]
    replaced = await world.put(ada, ADA)
    assert ids(replaced.related) == [inner, outer]


async def test_a_group_may_hold_itself(world: World, groups: Groups) -> None:
    """A group that is its own member is no trouble to anybody."""
    crew = await groups.create("Crew")
    found = await groups.patch(crew, {"op": ADD, "path": "members", "value": values([crew])})
    assert ids(found.stored.related) == [crew]
    await groups.delete(crew)
    with pytest.raises(NotFoundError):
        await groups.members(crew)


async def test_what_is_not_shown_is_not_read(world: World, groups: Groups) -> None:
    """Where the answer shows no members, they are not loaded: of one group, of a list, and after a change."""
    ada = await world.create(ADA)
    crew = await groups.create("Crew", ada)
    assert (await groups.get(crew, shows_related=False)).stored.related is None
    page = await world.directory.perform(world.client, SearchResources(GROUP, Query(), shows_related=False))
    assert [item.related for item in page.resources] == [None]
    remove = {"op": REMOVE, "path": f'members[value eq "{ada}"]'}
    found = await groups.patch(crew, remove, shows_related=False)
    assert (found.stored.related, found.is_shown, found.stored.meta.version) == (None, True, 2)
    found = await groups.patch(crew, remove, answer=PatchAnswer.EMPTY)
    assert (found.stored.related, found.is_shown) == (None, False)


@pytest.mark.parametrize("path", ["members", "displayName"])
async def test_a_large_group_is_not_shown_after_a_patch(world: World, groups: Groups, path: str) -> None:
    """A PATCH of a group with more members than are shown answers without it, unless it is asked for whole."""
    people = [await world.create({"userName": f"user{number}"}) for number in range(MAX_MEMBERS_SHOWN + 1)]
    crew = await groups.create("Crew", *people[:-1])
    value = {"members": values(people), "displayName": "Officers"}
    first = await groups.patch(crew, {"op": REPLACE, "path": "externalId", "value": "x"})
    assert (first.is_shown, len(first.stored.related or ())) == (True, MAX_MEMBERS_SHOWN)
    await groups.patch(crew, {"op": ADD, "path": "members", "value": values(people[-1:])})
    short = await groups.patch(crew, {"op": REPLACE, "path": path, "value": value[path]})
    assert not short.is_shown
    assert short.stored.meta.version == (await groups.get(crew)).stored.meta.version
    whole = await groups.patch(crew, {"op": REPLACE, "path": path, "value": value[path]}, answer=PatchAnswer.WHOLE)
    assert (whole.is_shown, ids(whole.stored.related)) == (True, sorted(people))


async def test_who_is_removed_leaves_every_group(world: World, groups: Groups) -> None:
    """A removal is a version, a revision and an event of each group that the person was directly in."""
    ada, grace = await world.create(ADA), await world.create(GRACE)
    one, other = await groups.create("One", ada, grace), await groups.create("Other", ada)
    outer = await groups.create("Outer", one)
    world.clock.move(seconds=5)
    await world.delete(ada)
    assert [await groups.members(id_) for id_ in (one, other, outer)] == [[grace], [], [one]]
    for id_ in (one, other):
        line = (await world.history(id_))[-1]
        assert line.changes == (FieldChange("members", [ada], None),)
        revision = line.revision
        assert (revision.action.value, revision.number, revision.version) == ("updated", 2, 2)
        assert (revision.request_id, revision.key_id, revision.at) == ("request-1", "key-1", "2026-11-23T09:00:05.000Z")
        assert (await groups.get(id_)).stored.meta.version == 2
    assert (await groups.get(outer)).stored.meta.version == 1
    assert sorted((await world.event_types())[-3:]) == ["group.updated", "group.updated", "user.deprovisioned"]
    events = await world.database.resources.events(world.acme, after=(0, 0), limit=1000)
    assert len({stored.event.id for stored in events}) == len(events)


async def test_a_removed_group_is_gone(world: World, groups: Groups) -> None:
    """A removed group leaves its groups and its people; the tombstone names its members, and its name is free."""
    ada = await world.create(ADA)
    crew = await groups.create("Crew", ada)
    outer = await groups.create("Outer", crew)
    await groups.delete(crew)
    assert await groups.members(outer) == []
    assert await groups.groups_of(ada) == {}
    line = (await world.history(crew))[-1]
    assert (line.user_name, line.revision.action.value) == ("Crew", "deprovisioned")
    assert line.changes == (FieldChange("members", [ada], None),)
    add = {"op": ADD, "path": "members", "value": values([ada])}
    for attempt in (groups.get(crew), groups.patch(crew, add), groups.put(crew, {"displayName": "C"})):
        with pytest.raises(NotFoundError):
            await attempt
    assert await groups.create("CREW") != crew


async def test_memberships_do_not_come_back(world: World, groups: Groups) -> None:
    """A restored group is empty, and a restored person in no group; versions and revisions go on counting."""
    ada = await world.create(ADA)
    crew = await groups.create("Crew", ada)
    await world.delete(ada)
    await groups.patch(crew, {"op": ADD, "path": "members", "value": values([await world.create(GRACE)])})
    await groups.delete(crew)
    restored = await world.directory.perform(world.operator, RestoreResource(GROUP, crew))
    assert (list(restored.stored.related or ()), restored.stored.meta.version) == ([], 4)
    assert await groups.members(crew) == []
    await world.directory.perform(world.operator, RestoreResource(USER, ada))
    assert await groups.groups_of(ada) == {}
    assert await world.actions(crew) == ["created", "updated", "updated", "deprovisioned", "restored"]


@pytest.mark.parametrize("name", ["Crew", "CREW", "\uff23rew"])
async def test_a_taken_name_is_refused(world: World, groups: Groups, name: str) -> None:
    """A ``displayName`` is taken in any case and width; the refusal says of which attribute and stores nothing."""
    await groups.create("Crew")
    other = await groups.create("Officers")
    before = await world.history()
    attempts = (
        groups.create(name),
        groups.put(other, {"displayName": name}),
        groups.patch(other, {"op": REPLACE, "path": "displayName", "value": name}),
    )
    for attempt in attempts:
        with pytest.raises(UniquenessError, match="Another resource already has this displayName"):
            await attempt
    assert await world.history() == before


async def test_a_name_of_a_person_is_no_name_of_a_group(world: World, groups: Groups) -> None:
    """Groups and people have names of their own kind, and each tenant has its own."""
    await world.create({"userName": "crew", "displayName": "Crew"})
    ours = await groups.create("Crew")
    theirs = await Groups(world.directory, world.stranger).create("Crew")
    with pytest.raises(NotFoundError):
        await groups.members(theirs)
    assert await groups.members(ours) == []


@pytest.mark.parametrize("id_", [NOBODY, "", "no-id", "\x00" * 36, "é" * 36])
async def test_an_id_that_means_nothing_is_not_found(world: World, groups: Groups, id_: str) -> None:
    """Unknown and malformed ids get the same answer, also where nothing is read before the change."""
    ada = await world.create(ADA)
    details = set()
    for attempt in (
        groups.members(id_),
        groups.put(id_, {"displayName": "Crew"}),
        groups.patch(id_, {"op": ADD, "path": "members", "value": values([ada])}),
        groups.patch(id_, {"op": REMOVE, "path": "members"}),
        groups.delete(id_),
    ):
        with pytest.raises(NotFoundError) as refusal:
            await attempt
        details.add(refusal.value.detail)
    assert details == {"There is no resource with this id."}


async def test_a_person_is_no_group(world: World, groups: Groups) -> None:
    """Nobody becomes a member of a person."""
    ada, grace = await world.create(ADA), await world.create(GRACE)
    with pytest.raises(NotFoundError):
        await groups.patch(ada, {"op": ADD, "path": "members", "value": values([grace])})


async def test_preconditions_bind_changes_of_members(world: World, groups: Groups) -> None:
    """``If-Match`` is obeyed by changes that would otherwise read nothing."""
    ada, grace = await world.create(ADA), await world.create(GRACE)
    crew = await groups.create("Crew")
    add = {"op": ADD, "path": "members", "value": values([ada])}
    first = Precondition(if_match=frozenset({'"1"'}))
    assert (await groups.patch(crew, add, precondition=first)).stored.meta.version == 2
    with pytest.raises(PreconditionFailedError):
        await groups.patch(crew, {"op": REMOVE, "path": "members"}, precondition=first)
    with pytest.raises(PreconditionFailedError):
        await groups.put(crew, {"displayName": "Crew", "members": values([grace])}, first)
    assert await groups.members(crew) == [ada]


async def test_groups_are_no_people(world: World, groups: Groups) -> None:
    """A group is no person: it is in no list of people, nobody finds a person by its id, and it has no display name."""
    crew = await groups.create("Crew")
    assert (await world.directory.perform(world.operator, ListPeople(GROUP))).people == []
    for operation in (
        FindPerson(crew),
        SetDisplayName(GROUP, crew, "Officers"),
    ):
        with pytest.raises(NotFoundError, match="nobody"):
            await world.directory.perform(world.operator, operation)
    assert await world.actions(crew) == ["created"]
