"""The display name: made at the first sync that carries a name, then an administrator's alone."""

import pytest

from musterbook.directory import Person, ResourceId
from musterbook.directory.operation import FindPerson, SetDisplayName
from musterbook.scim import Json
from musterbook.scim.errors import InvalidValueError, NotFoundError
from tests.directory.world import ADA, NOBODY, USER, World

BARE: Json = {"userName": "ada@example.com"}


async def shown(world: World, id_: ResourceId) -> Person:
    """Return a person as people see one."""
    return (await world.directory.perform(world.operator, FindPerson(id_))).person


@pytest.mark.parametrize(
    "document, display_name",
    [
        (ADA, "Ada Lovelace"),
        ({**ADA, "displayName": "ada", "name": {**ADA["name"], "formatted": "Lady Ada"}}, "Ada Lovelace"),
        ({**BARE, "name": {"givenName": "Ada"}}, "Ada"),
        ({**BARE, "name": {"familyName": " Lovelace"}}, "Lovelace"),
        ({**BARE, "displayName": "Lady", "name": {"formatted": "Lady Ada"}}, "Lady"),
        ({**BARE, "name": {"formatted": "Lady Ada"}}, "Lady Ada"),
        (BARE, "ada@example.com"),
    ],
)
async def test_the_first_name_that_comes(world: World, document: Json, display_name: str) -> None:
    """It is made of first and last name; without either, of displayName, name.formatted, then userName."""
    assert (await shown(world, await world.create(document))).display_name == display_name


async def test_what_stood_in_for_a_name_follows_the_client(world: World) -> None:
    """Until a first or last name has come, the display name follows what stands in for it; then it stays."""
    id_ = await world.create(BARE)
    names = []
    for document in (
        {**BARE, "name": {"formatted": "Lady Ada"}},
        {**BARE, "displayName": "Ada L."},
        {**BARE, "userName": "al@example.com"},
        ADA,
        {**BARE, "name": {"givenName": "Augusta", "familyName": "King"}, "displayName": "Augusta"},
        BARE,
    ):
        await world.put(id_, document)
        names.append((await shown(world, id_)).display_name)
    assert names == ["Lady Ada", "Ada L.", "al@example.com", "Ada Lovelace", "Ada Lovelace", "Ada Lovelace"]


async def test_first_and_last_name_follow_the_client(world: World) -> None:
    """A rename by the client changes first and last name, and the attribute displayName, but not the display name."""
    id_ = await world.create(ADA)
    await world.put(id_, {**BARE, "name": {"givenName": "Augusta", "familyName": "King"}, "displayName": "Augusta"})
    person = await shown(world, id_)
    assert (person.given_name, person.family_name, person.display_name) == ("Augusta", "King", "Ada Lovelace")
    assert (await world.read(id_)).attributes["displayName"] == "Augusta"


async def test_an_administrators_name_stays(world: World) -> None:
    """The name that an administrator has set is left by every later sync, also by the first that carries a name."""
    id_ = await world.create(BARE)
    stored = await world.put(id_, BARE)
    world.clock.move(seconds=1)
    renamed = await world.directory.perform(world.operator, SetDisplayName(USER, id_, "  The Countess "))
    assert renamed.person.display_name == "The Countess"
    await world.put(id_, ADA)
    assert (await shown(world, id_)).display_name == "The Countess"
    created, named, synced = await world.history(id_)
    assert (named.revision.version, named.revision.at) == (stored.meta.version, "2026-11-23T09:00:01.000Z")
    assert [(item.path, item.before, item.after) for item in named.changes] == [
        ("account.display_name", "ada@example.com", "The Countess"),
        ("account.display_name_origin", "fallback", "administrator"),
    ]
    assert (named.revision.action.value, named.revision.actor_name) == ("display_name_changed", "Operator")
    assert (created.revision.version, synced.revision.version) == (1, 2)


async def test_a_change_of_the_account_alone_makes_no_version(world: World) -> None:
    """Version and lastModified are the resource's: what is ours alone leaves both as they were."""
    id_ = await world.create(ADA)
    before = await world.read(id_)
    world.clock.move(seconds=1)
    await world.directory.perform(world.operator, SetDisplayName(USER, id_, "The Countess"))
    assert await world.read(id_) == before
    assert await world.event_types() == ["breakglassaccount.created", "user.created", "user.display_name_changed"]


async def test_to_set_the_same_name_again_changes_nothing(world: World) -> None:
    """The second time an administrator sets the same name, nothing is stored."""
    id_ = await world.create(ADA)
    for _ in range(2):
        await world.directory.perform(world.operator, SetDisplayName(USER, id_, "The Countess"))
    assert await world.actions(id_) == ["created", "display_name_changed"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 257, "a\nb", "a\x00b", "\ud800"])
async def test_a_display_name_that_cannot_be_shown_is_refused(world: World, name: str) -> None:
    """A display name is not blank, not longer than 256 characters, and has no control characters."""
    id_ = await world.create(ADA)
    with pytest.raises(InvalidValueError, match="1 to 256 printable characters"):
        await world.directory.perform(world.operator, SetDisplayName(USER, id_, name))
    assert await world.actions(id_) == ["created"]


async def test_nobody_is_not_named(world: World) -> None:
    """Who is not there gets no display name."""
    with pytest.raises(NotFoundError):
        await world.directory.perform(world.operator, SetDisplayName(USER, NOBODY, "The Countess"))
