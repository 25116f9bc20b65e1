"""Roles, links and the rule that somebody who can administer a tenant always stays."""

import pytest

from musterbook.directory import Actor, ActorKind, Person, ResourceId, Role, break_glass_type
from musterbook.directory.operation import FindPerson, GrantRole, ListPeople, RestoreResource, RevokeRole
from musterbook.scim.errors import ConflictError, ForbiddenError, NotFoundError
from musterbook.scim.operation import CreateResource, DeleteResource, GetResource, ReplaceResource
from tests.directory.world import ADA, GRACE, NOBODY, USER, World

SUSPEND = {"op": "replace", "path": "active", "value": False}
SETUP_SECONDS = 7 * 24 * 3600


async def administrator(world: World) -> Person:
    """Return the break-glass account that acme began with."""
    (person,) = (await world.directory.perform(world.operator, ListPeople(break_glass_type()))).people
    return person


async def administer(world: World, id_: ResourceId) -> None:
    """Make a person administrator."""
    await world.directory.perform(world.operator, GrantRole(USER, id_, Role.ADMINISTRATOR))


async def test_a_role_is_granted_and_revoked(world: World) -> None:
    """A role is the account's: the resource keeps its version; Member is what Everyone holds."""
    id_ = await world.create(ADA)
    before = await world.read(id_)
    granted = await world.directory.perform(world.operator, GrantRole(USER, id_, Role.ADMINISTRATOR))
    assert granted.grantee.roles == (Role.ADMINISTRATOR, Role.MEMBER)
    revoked = await world.directory.perform(world.operator, RevokeRole(USER, id_, Role.ADMINISTRATOR))
    assert revoked.grantee.roles == (Role.MEMBER,)
    assert await world.read(id_) == before
    assert await world.actions(id_) == ["created", "role_granted", "role_revoked"]
    lines = await world.history(id_)
    assert [(item.path, item.before, item.after) for item in lines[1].changes] == [
        ("account.roles", None, ["Administrator"])
    ]


async def test_what_a_person_holds_already_is_no_change(world: World) -> None:
    """To grant what is held, or to revoke what is not, stores nothing."""
    id_ = await world.create(ADA)
    await world.directory.perform(world.operator, RevokeRole(USER, id_, Role.ADMINISTRATOR))
    await world.directory.perform(world.operator, GrantRole(USER, id_, Role.MEMBER))
    await administer(world, id_)
    await administer(world, id_)
    assert await world.actions(id_) == ["created", "role_granted"]


async def test_what_everyone_holds_is_taken_from_nobody(world: World) -> None:
    """Member is granted to Everyone; to take it from one person is refused with what to do instead."""
    id_ = await world.create(ADA)
    with pytest.raises(ConflictError, match=r"granted to Everyone.*Suspend the person"):
        await world.directory.perform(world.operator, RevokeRole(USER, id_, Role.MEMBER))


async def test_nobody_gets_no_role(world: World) -> None:
    """Who is not there, or is there in the other tenant, gets no role."""
    theirs = await world.create(ADA, world.stranger)
    for id_ in (NOBODY, theirs):
        with pytest.raises(NotFoundError):
            await administer(world, id_)


async def test_the_last_administrator_stays(world: World) -> None:
    """Once the set-up link has expired, the only administrator cannot be suspended, removed or stripped by anybody."""
    id_ = await world.create(ADA)
    await administer(world, id_)
    world.clock.move(seconds=SETUP_SECONDS)
    before = await world.read(id_), await world.history()
    for attempt in (
        world.patch(id_, SUSPEND),
        world.put(id_, {**ADA, "active": False}),
        world.delete(id_),
        world.delete(id_, world.operator),
        world.directory.perform(world.operator, RevokeRole(USER, id_, Role.ADMINISTRATOR)),
    ):
        with pytest.raises(ConflictError, match="Make another active person Administrator first") as refusal:
            await attempt
        assert refusal.value.scim_type is None
    assert (await world.read(id_), await world.history()) == before
    other = await world.create(GRACE)
    await administer(world, other)
    await world.patch(id_, SUSPEND)
    assert await world.actions(id_) == ["created", "role_granted", "suspended"]


async def test_a_set_up_link_counts_until_it_expires(world: World) -> None:
    """While the set-up link is good, its holder can administer the tenant, so another administrator may go."""
    id_ = await world.create(ADA)
    await administer(world, id_)
    world.clock.move(seconds=SETUP_SECONDS - 1)
    await world.delete(id_)
    assert await world.actions(id_) == ["created", "role_granted", "deprovisioned"]


async def test_who_no_longer_counts_may_go(world: World) -> None:
    """A break-glass account whose link has expired is no administrator any more: to remove it takes nothing away."""
    account = await administrator(world)
    world.clock.move(seconds=SETUP_SECONDS)
    await world.directory.perform(world.operator, DeleteResource(break_glass_type(), account.id))
    assert (await world.directory.perform(world.operator, ListPeople(break_glass_type()))).people == []


async def test_the_first_administrator_stays_while_alone(world: World) -> None:
    """While the link is good and nobody else is administrator, the break-glass account cannot be removed."""
    account = await administrator(world)
    with pytest.raises(ConflictError, match="last person who can administer"):
        await world.directory.perform(world.operator, DeleteResource(break_glass_type(), account.id))


async def test_a_suspended_administrator_does_not_count(world: World) -> None:
    """A suspended administrator cannot sign in, so the one who can is the last; back again, either may go."""
    ada, grace = await world.create(ADA), await world.create(GRACE)
    await administer(world, ada)
    await administer(world, grace)
    world.clock.move(seconds=SETUP_SECONDS)
    await world.patch(grace, SUSPEND)
    with pytest.raises(ConflictError):
        await world.delete(ada)
    await world.patch(grace, {**SUSPEND, "value": True})
    await world.delete(ada)
    await world.directory.perform(world.operator, RestoreResource(USER, ada))
    await world.delete(grace)
    assert await world.actions(grace) == ["created", "role_granted", "suspended", "reactivated", "deprovisioned"]


async def test_administrators_of_the_other_tenant_do_not_count(world: World) -> None:
    """An administrator of globex does not let the last one of acme go."""
    theirs = await world.create(GRACE, world.stranger)
    operator = Actor(ActorKind.COMMAND_LINE, "Operator", world.globex, "command-2")
    await world.directory.perform(operator, GrantRole(USER, theirs, Role.ADMINISTRATOR))
    ours = await world.create(ADA)
    await administer(world, ours)
    world.clock.move(seconds=SETUP_SECONDS)
    with pytest.raises(ConflictError):
        await world.delete(ours)


async def test_scim_cannot_reach_break_glass_accounts(world: World) -> None:
    """A client that names the type and the id of a break-glass account is refused whatever it wants."""
    account = await administrator(world)
    resource = (await world.directory.perform(world.operator, GetResource(break_glass_type(), account.id))).stored
    assert resource.id == account.id
    sent = await world.read(await world.create(ADA))
    named = type(sent)(break_glass_type(), {"userName": "boss@acme.example", "active": False})
    for operation in (
        GetResource(break_glass_type(), account.id),
        ReplaceResource(account.id, named),
        DeleteResource(break_glass_type(), account.id),
        CreateResource(named),
    ):
        with pytest.raises(ForbiddenError, match="cannot be reached by SCIM"):
            await world.directory.perform(world.client, operation)
    with pytest.raises(NotFoundError):
        await world.read(account.id)


async def test_scim_has_no_word_for_roles_and_history(world: World) -> None:
    """A client may not do what is for people: roles, restoring, display names, the history."""
    id_ = await world.create(ADA)
    for operation in (
        GrantRole(USER, id_, Role.ADMINISTRATOR),
        RevokeRole(USER, id_, Role.ADMINISTRATOR),
        RestoreResource(USER, id_),
        FindPerson(id_),
        ListPeople(USER),
    ):
        with pytest.raises(ForbiddenError, match="A SCIM client may not do this"):
            await world.directory.perform(world.client, operation)


async def test_a_break_glass_account_reserves_no_name(world: World) -> None:
    """The first administrator's address coming by SCIM is a separate person, found before the account."""
    account = await administrator(world)
    assert (await world.directory.perform(world.operator, FindPerson("Boss@acme.example"))).person == account
    id_ = await world.create({"userName": "boss@acme.example"})
    found = (await world.directory.perform(world.operator, FindPerson("boss@acme.example"))).person
    assert (found.id, found.resource_type.name) == (id_, "User")
    assert (await world.directory.perform(world.operator, FindPerson(account.id))).person == account


async def test_the_first_write_of_a_client_links_a_person(world: World) -> None:
    """Who was added otherwise is linked by the first PUT or PATCH of a client, also by one that changes nothing else;
    the resource keeps its version then.
    """
    id_ = await world.create({**ADA, "active": True}, world.operator)
    assert (await world.directory.perform(world.operator, FindPerson(id_))).person.source.value == "command-line"
    await world.read(id_)
    stored = await world.put(id_, {**ADA, "active": True})
    await world.put(id_, {**ADA, "active": True})
    assert stored.meta.version == 1
    person = (await world.directory.perform(world.operator, FindPerson(id_))).person
    assert person.source.value == "scim"
    assert await world.actions(id_) == ["created", "linked"]
    assert [(item.path, item.before, item.after) for item in (await world.history(id_))[1].changes] == [
        ("account.source", "command-line", "scim")
    ]
