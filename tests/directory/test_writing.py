"""Creating, replacing, patching, suspending and removing people through ``Directory.perform``."""

import msgspec
import pytest

from musterbook.directory import ActorKind, Status
from musterbook.directory.operation import FindPerson, ListPeople
from musterbook.scim.errors import MutabilityError, NotFoundError, UniquenessError
from musterbook.scim.operation import GetResource, Query, SearchResources
from tests.directory.world import ADA, GRACE, NOBODY, USER, World

SUSPEND = {"op": "replace", "path": "active", "value": False}
REACTIVATE = {"op": "replace", "path": "active", "value": True}


async def test_a_person_is_created(world: World) -> None:
    """A person that a client adds is stored as sent, active, with times and version 1; revision and event say so."""
    id_ = await world.create(ADA)
    found = await world.directory.perform(world.client, GetResource(USER, id_))
    assert msgspec.json.decode(found.stored.document) == {
        "schemas": [USER.schema.id],
        "id": id_,
        "userName": "ada@example.com",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "active": True,
    }
    meta = found.stored.meta
    assert (meta.created, meta.last_modified, meta.version) == (
        "2026-11-23T09:00:00.000Z",
        "2026-11-23T09:00:00.000Z",
        1,
    )
    (line,) = await world.history(id_)
    revision = line.revision
    assert (revision.number, revision.action.value, revision.version) == (1, "created", 1)
    assert (revision.actor_kind, revision.actor_name) == (ActorKind.SCIM, "Scim System User")
    assert (revision.request_id, revision.key_id) == ("request-1", "key-1")
    assert await world.event_types() == ["breakglassaccount.created", "user.created"]


async def test_a_person_may_be_created_suspended(world: World) -> None:
    """``active: false`` in a POST is the client's word and stays."""
    id_ = await world.create({**ADA, "active": False})
    person = (await world.directory.perform(world.operator, FindPerson(id_))).person
    assert person.status is Status.SUSPENDED


@pytest.mark.parametrize("name", ["ADA@EXAMPLE.COM", "\uff21da@example.com", "ada@example.com"])
async def test_a_taken_name_is_refused(world: World, name: str) -> None:
    """A ``userName`` is taken in any case and width; the refusal says of which attribute and stores nothing."""
    await world.create(ADA)
    before = await world.history()
    with pytest.raises(UniquenessError, match="Another resource already has this userName"):
        await world.create({"userName": name})
    assert await world.history() == before


async def test_names_are_free_in_the_other_tenant(world: World) -> None:
    """The same ``userName`` in two tenants is two people, and neither tenant sees the other's."""
    ours = await world.create(ADA)
    theirs = await world.create(ADA, world.stranger)
    assert ours != theirs
    with pytest.raises(NotFoundError):
        await world.read(theirs)
    with pytest.raises(NotFoundError):
        await world.read(ours, world.stranger)


@pytest.mark.parametrize("id_", [NOBODY, "", "no-id", "\x00" * 36, "é" * 36])
async def test_an_id_that_means_nothing_is_not_found(world: World, id_: str) -> None:
    """Unknown and malformed ids get the same answer from every operation."""
    details = set()
    for attempt in (world.read(id_), world.put(id_, ADA), world.patch(id_, SUSPEND), world.delete(id_)):
        with pytest.raises(NotFoundError) as refusal:
            await attempt
        details.add(refusal.value.detail)
    assert details == {"There is no resource with this id."}


async def test_ids_are_compared_exactly(world: World) -> None:
    """An id in upper case is another id."""
    id_ = await world.create(ADA)
    with pytest.raises(NotFoundError, match="There is no resource with this id"):
        await world.read(id_.upper())


async def test_a_change_is_a_version(world: World) -> None:
    """A PUT that changes something makes the next version, at the time of the change."""
    id_ = await world.create(ADA)
    world.clock.move(seconds=5)
    stored = await world.put(id_, {**ADA, "title": "Countess"})
    assert (stored.meta.version, stored.meta.created, stored.meta.last_modified) == (
        2,
        "2026-11-23T09:00:00.000Z",
        "2026-11-23T09:00:05.000Z",
    )
    assert await world.actions(id_) == ["created", "updated"]


async def test_what_changes_nothing_stores_nothing(world: World) -> None:
    """A PUT or PATCH that changes nothing leaves version, time, history and events as they were."""
    id_ = await world.create({**ADA, "active": True})
    before = await world.read(id_), await world.history(), await world.event_types()
    world.clock.move(seconds=5)
    await world.put(id_, ADA)
    await world.patch(id_, REACTIVATE)
    assert (await world.read(id_), await world.history(), await world.event_types()) == before


async def test_suspension_and_return(world: World) -> None:
    """``active`` suspends and reactivates; the person stays readable, and the history has a word for each."""
    id_ = await world.create(ADA)
    await world.patch(id_, SUSPEND)
    suspended = (await world.directory.perform(world.operator, FindPerson("ada@example.com"))).person
    await world.put(id_, {**ADA, "active": True})
    active = (await world.directory.perform(world.operator, FindPerson("ada@example.com"))).person
    assert (suspended.status, active.status) == (Status.SUSPENDED, Status.ACTIVE)
    assert await world.actions(id_) == ["created", "suspended", "reactivated"]


async def test_a_put_without_active_reactivates_nobody(world: World) -> None:
    """A routine PUT from a template without ``active`` leaves a suspended person suspended."""
    id_ = await world.create(ADA)
    await world.patch(id_, SUSPEND)
    await world.put(id_, {**ADA, "title": "Countess"})
    assert await world.actions(id_) == ["created", "suspended", "updated"]
    assert (await world.read(id_)).attributes["active"] is False


async def test_a_refused_patch_changes_nothing(world: World) -> None:
    """A PATCH whose last operation is refused leaves no trace of the first."""
    id_ = await world.create(ADA)
    before = await world.read(id_), await world.history(), await world.event_types()
    title = {"op": "add", "path": "title", "value": "Countess"}
    with pytest.raises(MutabilityError):
        await world.patch(id_, title, {"op": "remove", "path": "active"})
    assert (await world.read(id_), await world.history(), await world.event_types()) == before


async def test_a_taken_name_is_refused_to_put_and_patch(world: World) -> None:
    """Nobody can take the name of another by changing their own."""
    await world.create(ADA)
    id_ = await world.create(GRACE)
    before = await world.read(id_)
    with pytest.raises(UniquenessError):
        await world.put(id_, {**GRACE, "userName": "Ada@Example.com"})
    with pytest.raises(UniquenessError):
        await world.patch(id_, {"op": "replace", "path": "userName", "value": "ADA@example.com"})
    assert await world.read(id_) == before


async def test_a_removed_person_is_gone(world: World) -> None:
    """After DELETE every operation on the id is a 404, no list shows the person, and the tombstone stays inside."""
    id_ = await world.create(ADA)
    world.clock.move(seconds=1)
    await world.delete(id_)
    for attempt in (world.read(id_), world.put(id_, ADA), world.patch(id_, SUSPEND), world.delete(id_)):
        with pytest.raises(NotFoundError):
            await attempt
    page = await world.directory.perform(world.client, SearchResources(USER, Query()))
    assert (page.total_results, list(page.resources)) == (0, [])
    assert (await world.directory.perform(world.operator, ListPeople(USER))).people == []
    created, tombstone = await world.history(id_)
    assert tombstone.revision.document == created.revision.document
    assert [(item.path, item.before, item.after) for item in tombstone.changes] == [
        ("account.status", "active", "removed")
    ]


async def test_delete_and_post_start_anew(world: World) -> None:
    """A name is free at once after DELETE; who comes under it is another person, with another display name."""
    first = await world.create(ADA)
    await world.delete(first)
    second = await world.create({"userName": "Ada@example.com", "name": {"givenName": "Augusta"}})
    assert second != first
    person = (await world.directory.perform(world.operator, FindPerson("ada@example.com"))).person
    assert (person.id, person.display_name) == (second, "Augusta")
    assert (await world.actions(first), await world.actions(second)) == (["created", "deprovisioned"], ["created"])


async def test_time_never_runs_back_for_a_resource(world: World) -> None:
    """Where the clock was set back, a change still makes the resource younger, never older."""
    id_ = await world.create(ADA)
    world.clock.move(seconds=-3600)
    stored = await world.put(id_, {**ADA, "title": "Countess"})
    assert (stored.meta.version, stored.meta.last_modified) == (2, "2026-11-23T09:00:00.000Z")
    assert [line.revision.at for line in await world.history(id_)] == ["2026-11-23T09:00:00.000Z"] * 2
