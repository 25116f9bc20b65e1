"""What ends the sessions of a person, whoever does it, and what does not; passwords and second factors."""

from collections.abc import Awaitable, Callable

import pytest
from msgspec import UNSET

from musterbook.directory import Directory, ResourceId, Role, Status, break_glass_type
from musterbook.directory.account import Account, Password, read_account
from musterbook.directory.actor import sign_in_actor
from musterbook.directory.history import FieldChange
from musterbook.directory.operation import (
    AddBreakGlassAccount,
    EndSessions,
    ExtendSetup,
    GrantRole,
    HeldPermissions,
    ListPeople,
    RecordSecondFactor,
    RestoreResource,
    SetDisplayName,
    SetPassword,
)
from musterbook.directory.passwords import PasswordHashes
from musterbook.scim.errors import ConflictError, InvalidValueError, NotFoundError, UniquenessError
from musterbook.scim.operation import DeleteResource, PatchResource
from musterbook.scim.password import PasswordEdit
from musterbook.scim.patch import Patch
from tests.directory.groups import Groups
from tests.directory.world import ADA, GROUP, NOBODY, USER, World

NOW = "2026-11-23T09:00:00.000Z"
SUSPEND = {"op": "replace", "path": "active", "value": False}
REACTIVATE = {"op": "replace", "path": "active", "value": True}
SETUP_SECONDS = 7 * 24 * 3600


class PlainHashes(PasswordHashes):
    """Hashes that can be read."""

    async def make(self, password: str) -> str:
        """Return what is stored of a password."""
        return f"hash of {password}"

    async def matches(self, password: str, stored: str) -> bool:
        """Return whether ``stored`` was made of this password."""
        return stored == f"hash of {password}"


async def account(world: World, id_: ResourceId) -> Account:
    """Return what is kept of a person at this moment."""
    held = await world.directory.perform(sign_in_actor(world.acme, "request-9"), HeldPermissions(USER, id_))
    return held.account


async def send_password(world: World, id_: ResourceId, password: str | None) -> None:
    """Have a client set a password, or remove it."""
    directory = Directory(world.database.resources, world.clock, world.random_bytes, PlainHashes())
    await directory.perform(world.client, PatchResource(USER, id_, Patch((), password=PasswordEdit(password))))


ENDING: dict[str, Callable[[World, ResourceId], Awaitable[object]]] = {
    "a client suspends": lambda world, id_: world.patch(id_, SUSPEND),
    "a client replaces and suspends": lambda world, id_: world.put(id_, {**ADA, "active": False}),
    "the operator suspends": lambda world, id_: world.patch(id_, SUSPEND, actor=world.operator),
    "a client sets a password": lambda world, id_: send_password(world, id_, "secret"),
    "a password is set": lambda world, id_: world.directory.perform(world.operator, SetPassword(USER, id_, "hash")),
    "sessions are ended": lambda world, id_: world.directory.perform(world.operator, EndSessions(USER, id_)),
}
LEAVING: dict[str, Callable[[World, ResourceId], Awaitable[object]]] = {
    "attributes change": lambda world, id_: world.patch(id_, {"op": "add", "path": "title", "value": "Countess"}),
    "the name changes": lambda world, id_: world.put(id_, {**ADA, "userName": "countess@example.com"}),
    "nothing changes": lambda world, id_: world.put(id_, ADA),
    "a role is granted": lambda world, id_: world.directory.perform(
        world.operator, GrantRole(USER, id_, Role.ADMINISTRATOR)
    ),
    "a display name is set": lambda world, id_: world.directory.perform(
        world.operator, SetDisplayName(USER, id_, "Countess")
    ),
    "a second factor is set up": lambda world, id_: world.directory.perform(
        world.operator, RecordSecondFactor(USER, id_, is_set=True)
    ),
    "a group takes them in": lambda world, id_: Groups(world.directory, world.client).create("Crew", id_),
}


@pytest.mark.parametrize("what", ENDING)
async def test_what_ends_sessions(world: World, what: str) -> None:
    """Suspension, another password and the wish to end them count the epoch on, by whatever way; once each."""
    id_ = await world.create(ADA)
    assert (await account(world, id_)).session_epoch is UNSET
    await ENDING[what](world, id_)
    assert (await account(world, id_)).epoch == 1


@pytest.mark.parametrize("what", LEAVING)
async def test_what_leaves_sessions(world: World, what: str) -> None:
    """No other change ends a session, and what was counted before stays counted."""
    id_ = await world.create(ADA)
    await world.directory.perform(world.operator, EndSessions(USER, id_))
    await LEAVING[what](world, id_)
    assert (await account(world, id_)).epoch == 1


async def test_a_suspension_and_a_password_at_once_end_them_once(world: World) -> None:
    """One change is one step, whatever it does."""
    id_ = await world.create(ADA)
    await send_password(world, id_, "secret")
    await world.patch(id_, SUSPEND)
    await world.patch(id_, SUSPEND)
    assert (await account(world, id_)).epoch == 2
    await send_password(world, id_, "secret")
    assert (await account(world, id_)).epoch == 2
    await send_password(world, id_, None)
    assert (await account(world, id_)).epoch == 3


async def test_reactivation_revives_no_session(world: World) -> None:
    """Whoever is reactivated is in the epoch after the suspension."""
    id_ = await world.create(ADA)
    await world.patch(id_, SUSPEND)
    await world.patch(id_, REACTIVATE)
    held = await account(world, id_)
    assert (held.status, held.epoch) == (Status.ACTIVE, 1)


async def test_whoever_is_restored_has_no_session_of_before(world: World) -> None:
    """Removal counts the epoch on, so nothing that began before it is good after a restore; secrets are gone."""
    id_ = await world.create(ADA)
    await world.directory.perform(world.operator, SetPassword(USER, id_, "hash"))
    await world.directory.perform(world.operator, RecordSecondFactor(USER, id_, is_set=True))
    await world.delete(id_)
    await world.directory.perform(world.operator, RestoreResource(USER, id_))
    held = await account(world, id_)
    assert (held.epoch, held.password, held.second_factor_at) == (2, UNSET, UNSET)
    text = (await world.history(id_))[-2].revision.account
    assert text is not None
    assert read_account(text).epoch == 2


async def test_the_history_shows_no_epoch(world: World) -> None:
    """The number means nothing to people: what ended the sessions is the line itself."""
    id_ = await world.create(ADA)
    await world.patch(id_, SUSPEND)
    await world.directory.perform(world.operator, EndSessions(USER, id_))
    assert [(line.revision.action.value, [item.path for item in line.changes]) for line in await world.history(id_)][
        1:
    ] == [("suspended", ["account.status", "active"]), ("sessions_ended", [])]


async def test_a_password_is_told_without_its_hash(world: World) -> None:
    """A password that is set stands in the account with its hash, and in the history by its time alone."""
    id_ = await world.create(ADA)
    operation = SetPassword(USER, id_, "the hash")
    assert "the hash" not in repr(operation)
    await world.directory.perform(world.operator, operation)
    assert (await account(world, id_)).password == Password("the hash", NOW)
    line = (await world.history(id_))[-1]
    assert (line.revision.action.value, line.changes) == (
        "password_set",
        (FieldChange("account.password.set_at", None, NOW),),
    )
    assert "the hash" not in (line.revision.account or "")


async def test_a_break_glass_account_is_set_up_by_its_password(world: World) -> None:
    """The first administrator counts until the set-up link expires, and without end once a password is set."""
    (boss,) = (await world.directory.perform(world.operator, ListPeople(break_glass_type()))).people
    await world.directory.perform(
        sign_in_actor(world.acme, "request-9"), SetPassword(break_glass_type(), boss.id, "hash")
    )
    held = await world.directory.perform(
        sign_in_actor(world.acme, "request-9"), HeldPermissions(break_glass_type(), boss.id)
    )
    assert (held.account.setup_expires_at, held.account.password) == (None, Password("hash", NOW))
    line = (await world.history(boss.id))[-1]
    assert (line.revision.actor_kind.value, line.revision.actor_name) == ("sign-in", "Sign-in")
    world.clock.move(seconds=SETUP_SECONDS)
    id_ = await world.create(ADA)
    await world.directory.perform(world.operator, GrantRole(USER, id_, Role.ADMINISTRATOR))
    await world.directory.perform(world.operator, DeleteResource(USER, id_))


async def test_a_break_glass_account_is_added(world: World) -> None:
    """Another administrator is added with a set-up link, counts while it is good, and no longer than the last one."""
    soon, later = "2026-11-24T09:00:00.000Z", "2026-12-24T09:00:00.000Z"
    added = (await world.directory.perform(world.operator, AddBreakGlassAccount("cfo@acme.example", soon))).person
    assert (added.user_name, added.roles) == ("cfo@acme.example", (Role.ADMINISTRATOR, Role.MEMBER))
    assert added.resource_type == break_glass_type()
    with pytest.raises(UniquenessError, match="userName"):
        await world.directory.perform(world.operator, AddBreakGlassAccount("CFO@acme.example", soon))
    with pytest.raises(InvalidValueError, match="must look like"):
        await world.directory.perform(world.operator, AddBreakGlassAccount("cfo", soon))
    world.clock.move(seconds=SETUP_SECONDS)
    await world.directory.perform(world.operator, ExtendSetup(added.id, later))
    assert (await world.history(added.id))[-1].changes == (FieldChange("account.setup_expires_at", soon, later),)
    with pytest.raises(ConflictError, match="last person"):
        await world.directory.perform(world.operator, DeleteResource(break_glass_type(), added.id))
    await world.directory.perform(world.operator, SetPassword(break_glass_type(), added.id, "hash"))
    await world.directory.perform(world.operator, ExtendSetup(added.id, later))
    assert await world.actions(added.id) == ["created", "updated", "password_set"]


async def test_a_second_factor_is_recorded(world: World) -> None:
    """Since when somebody has a second factor stands in the account; what is so already is no change."""
    id_ = await world.create(ADA)
    for is_set, at in ((True, NOW), (True, NOW), (False, UNSET), (False, UNSET)):
        await world.directory.perform(world.operator, RecordSecondFactor(USER, id_, is_set=is_set))
        assert (await account(world, id_)).second_factor_at == at
    lines = (await world.history(id_))[1:]
    assert [(line.revision.action.value, line.changes) for line in lines] == [
        ("second_factor_set", (FieldChange("account.second_factor_at", None, NOW),)),
        ("second_factor_removed", (FieldChange("account.second_factor_at", NOW, None),)),
    ]


async def test_what_is_no_person_has_no_password(world: World) -> None:
    """Nobody, and a group, has neither password nor session."""
    crew = await Groups(world.directory, world.client).create("Crew")
    for resource_type, id_ in ((USER, NOBODY), (GROUP, crew)):
        for operation in (
            SetPassword(resource_type, id_, "hash"),
            EndSessions(resource_type, id_),
            RecordSecondFactor(resource_type, id_, is_set=True),
        ):
            with pytest.raises(NotFoundError):
                await world.directory.perform(world.operator, operation)
    assert await world.actions(crew) == ["created"]
