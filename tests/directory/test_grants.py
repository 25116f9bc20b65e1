"""Grants to people, to groups and to Everyone: who holds what by which of them, and who may change whom."""

from collections.abc import Sequence

import pytest

from musterbook.directory import Actor, ResourceId, Role, Status
from musterbook.directory.account import Password
from musterbook.directory.actor import sign_in_actor
from musterbook.directory.everyone import DEFAULT_ROLES, EVERYONE_ID, everyone_type
from musterbook.directory.operation import (
    ChangeSignInSettings,
    EndSessions,
    ExplainPermission,
    FindGroup,
    FindPerson,
    GrantRole,
    Held,
    HeldPermissions,
    ListPeople,
    ReadEveryone,
    RestoreResource,
    RevokeRole,
    SetDisplayName,
    SetPassword,
)
from musterbook.directory.permissions import Grant, GrantedTo, Permission, permissions_of
from musterbook.directory.person import Collective, person_actor
from musterbook.scim import Json, Resource, ResourceType, make_resource_type, make_schema
from musterbook.scim.errors import ConflictError, ForbiddenError, NotFoundError
from musterbook.scim.operation import CreateResource, DeleteResource, ReplaceResource
from musterbook.scim.schema import group_type
from tests.directory.groups import Groups, values
from tests.directory.world import ADA, GRACE, GROUP, NOBODY, USER, World, user

EVERYONE = everyone_type()
MEMBER = Grant(Role.MEMBER, GrantedTo.EVERYONE)
THING = make_resource_type("Thing", "/Things", make_schema("urn:example:Thing", "Thing", "No person.", []))


@pytest.fixture
def groups(world: World) -> Groups:
    """Return the groups of acme, as its client handles them."""
    return Groups(world.directory, world.client)


async def grant(world: World, id_: ResourceId, role: Role, resource_type: ResourceType = USER) -> tuple[Role, ...]:
    """Grant a role and return what the grantee holds then."""
    granted = await world.directory.perform(world.operator, GrantRole(resource_type, id_, role))
    return granted.grantee.roles


async def revoke(world: World, id_: ResourceId, role: Role, resource_type: ResourceType = USER) -> tuple[Role, ...]:
    """Revoke a role and return what the grantee holds then."""
    granted = await world.directory.perform(world.operator, RevokeRole(resource_type, id_, role))
    return granted.grantee.roles


async def held(world: World, id_: ResourceId, actor: Actor | None = None) -> Held:
    """Return what a person may do."""
    return await world.directory.perform(actor or sign_in_actor(world.acme, "request-9"), HeldPermissions(USER, id_))


async def map_groups(world: World, *, on: bool = True) -> None:
    """Have groups map to roles, or not."""
    await world.directory.perform(world.operator, ChangeSignInSettings(maps_groups=on))


async def person(world: World, document: Json, *roles: Role) -> tuple[ResourceId, Actor]:
    """Add a person with these roles, and return the id and the person as an actor."""
    id_ = await world.create(document)
    for role in roles:
        await grant(world, id_, role)
    found = await held(world, id_)
    return id_, person_actor(world.acme, found.person, found.permissions, "request-2")


async def changes(world: World, id_: ResourceId) -> list[tuple[str, str, str, Json, Json]]:
    """Return each change in the history of something: action, name, path, before and after."""
    return [
        (line.revision.action.value, line.user_name, item.path, item.before, item.after)
        for line in await world.history(id_)
        for item in line.changes
    ]


# Everyone


async def test_everyone_is_a_member_until_somebody_decides(world: World) -> None:
    """Without any decision Everyone is Member, and there is no row of it and no line."""
    granted = await world.directory.perform(world.operator, ReadEveryone())
    assert granted.grantee == Collective(EVERYONE, EVERYONE_ID, "Everyone", DEFAULT_ROLES)
    assert await world.database.resources.get(world.acme, EVERYONE.name, EVERYONE_ID) is None
    assert await world.history(EVERYONE_ID) == []


async def test_what_everyone_is_granted_is_held_by_all(world: World) -> None:
    """A role of Everyone is held by each person at once; the history says so in words."""
    id_ = await world.create(ADA)
    theirs = await world.create(ADA, world.stranger)
    assert await grant(world, EVERYONE_ID, Role.AUDITOR, EVERYONE) == (Role.AUDITOR, Role.MEMBER)
    found = await held(world, id_)
    assert found.grants == (Grant(Role.AUDITOR, GrantedTo.EVERYONE), MEMBER)
    assert found.permissions == permissions_of([Role.AUDITOR])
    assert found.person.roles == (Role.AUDITOR, Role.MEMBER)
    assert [item.roles for item in (await world.directory.perform(world.operator, ListPeople(USER))).people] == [
        (Role.AUDITOR, Role.MEMBER)
    ]
    other = sign_in_actor(world.globex, "request-9")
    assert (await world.directory.perform(other, HeldPermissions(USER, theirs))).grants == (MEMBER,)
    assert await revoke(world, EVERYONE_ID, Role.MEMBER, EVERYONE) == (Role.AUDITOR,)
    assert await revoke(world, EVERYONE_ID, Role.AUDITOR, EVERYONE) == ()
    assert (await held(world, id_)).permissions == frozenset()
    assert await changes(world, EVERYONE_ID) == [
        ("role_granted", "Everyone", "account.roles", ["Member"], ["Auditor", "Member"]),
        ("role_revoked", "Everyone", "account.roles", ["Auditor", "Member"], ["Auditor"]),
        ("role_revoked", "Everyone", "account.roles", ["Auditor"], None),
    ]
    assert [type_ for type_ in await world.event_types() if type_.startswith("everyone")] == [
        "everyone.role_granted",
        "everyone.role_revoked",
        "everyone.role_revoked",
    ]


async def test_what_everyone_holds_already_is_no_change(world: World) -> None:
    """To grant Everyone what it has, or to revoke what it has not, stores nothing."""
    await grant(world, EVERYONE_ID, Role.MEMBER, EVERYONE)
    await revoke(world, EVERYONE_ID, Role.AUDITOR, EVERYONE)
    assert await world.history(EVERYONE_ID) == []


async def test_what_was_granted_to_a_person_too_can_be_taken(world: World) -> None:
    """A role that Everyone holds is taken from no one person; one that the person was granted before can be."""
    id_ = await world.create(ADA)
    await grant(world, id_, Role.AUDITOR)
    await grant(world, EVERYONE_ID, Role.AUDITOR, EVERYONE)
    assert await revoke(world, id_, Role.AUDITOR) == (Role.AUDITOR, Role.MEMBER)
    with pytest.raises(ConflictError, match="Auditor is granted to Everyone"):
        await revoke(world, id_, Role.AUDITOR)
    await revoke(world, EVERYONE_ID, Role.AUDITOR, EVERYONE)
    assert (await held(world, id_)).person.roles == (Role.MEMBER,)


# Groups


async def test_a_group_is_granted_a_role(world: World, groups: Groups) -> None:
    """A grant to a group is a revision of the group; the client's attributes keep their version."""
    crew = await groups.create("Crew")
    assert await grant(world, crew, Role.AUDITOR, GROUP) == (Role.AUDITOR,)
    found = await world.directory.perform(world.operator, FindGroup("CREW"))
    assert found.grantee == Collective(GROUP, crew, "Crew", (Role.AUDITOR,))
    assert (await groups.get(crew)).stored.meta.version == 1
    assert await grant(world, crew, Role.AUDITOR, GROUP) == (Role.AUDITOR,)
    assert await revoke(world, crew, Role.AUDITOR, GROUP) == ()
    assert (await world.directory.perform(world.operator, FindGroup(crew))).grantee.roles == ()
    assert await changes(world, crew) == [
        ("created", "Crew", "displayName", None, "Crew"),
        ("role_granted", "Crew", "account.roles", None, ["Auditor"]),
        ("role_revoked", "Crew", "account.roles", ["Auditor"], None),
    ]


async def test_a_client_leaves_the_roles_of_a_group(world: World, groups: Groups) -> None:
    """Whatever a provider does to a group, its roles stay: PUT, PATCH, and members who come, go or are removed."""
    ada, grace = await world.create(ADA), await world.create(GRACE)
    crew = await groups.create("Crew", ada)
    await grant(world, crew, Role.AUDITOR, GROUP)
    await groups.put(crew, {"displayName": "Sailors", "members": values([ada, grace])})
    await groups.patch(crew, {"op": "remove", "path": "members", "value": values([ada])})
    await groups.patch(crew, {"op": "replace", "path": "displayName", "value": "Deck"})
    await world.delete(grace)
    found = await world.directory.perform(world.operator, FindGroup("Deck"))
    assert found.grantee == Collective(GROUP, crew, "Deck", (Role.AUDITOR,))
    assert [line.revision.account for line in await world.history(crew)] == [None, *['{"roles":["Auditor"]}'] * 5]


async def test_a_restored_group_has_its_roles(world: World, groups: Groups) -> None:
    """The tombstone of a group keeps what it was granted, for who restores it to decide."""
    crew = await groups.create("Crew")
    await grant(world, crew, Role.AUDITOR, GROUP)
    await groups.delete(crew)
    await world.directory.perform(world.operator, RestoreResource(GROUP, crew))
    assert (await world.directory.perform(world.operator, FindGroup(crew))).grantee.roles == (Role.AUDITOR,)


async def test_groups_give_nothing_until_they_map_to_roles(world: World, groups: Groups) -> None:
    """What a group was granted is held by its members while the tenant maps groups, and by nobody otherwise."""
    ada, grace = await world.create(ADA), await world.create(GRACE)
    crew = await groups.create("Crew", ada)
    await grant(world, crew, Role.AUDITOR, GROUP)
    assert (await held(world, ada)).grants == (MEMBER,)
    await map_groups(world)
    found = await held(world, ada)
    assert found.grants == (Grant(Role.AUDITOR, GrantedTo.GROUP, crew, "Crew"), MEMBER)
    assert found.permissions == permissions_of([Role.AUDITOR, Role.MEMBER])
    assert found.person.roles == (Role.AUDITOR, Role.MEMBER)
    assert (await held(world, grace)).grants == (MEMBER,)
    await map_groups(world, on=False)
    assert (await held(world, ada)).grants == (MEMBER,)


async def test_groups_give_to_those_within_them(world: World, groups: Groups) -> None:
    """A group gives to members of groups within it, also where groups hold each other in a circle."""
    ada = await world.create(ADA)
    crew = await groups.create("Crew", ada)
    fleet = await groups.create("Fleet", crew)
    await groups.patch(crew, {"op": "add", "path": "members", "value": values([fleet])})
    await grant(world, fleet, Role.USER_MANAGER, GROUP)
    await map_groups(world)
    outer = Grant(Role.USER_MANAGER, GrantedTo.OUTER_GROUP, fleet, "Fleet")
    assert (await held(world, ada)).grants == (outer, MEMBER)
    await groups.patch(fleet, {"op": "add", "path": "members", "value": values([ada])})
    direct = Grant(Role.USER_MANAGER, GrantedTo.GROUP, fleet, "Fleet")
    assert (await held(world, ada)).grants == (direct, MEMBER)


async def test_finding_a_group(world: World, groups: Groups) -> None:
    """Nobody's group is not found, nor one of another tenant; of several with one name none is guessed."""
    theirs = await Groups(world.directory, world.stranger).create("Crew")
    for reference in ("Crew", theirs, NOBODY):
        with pytest.raises(NotFoundError, match="no group"):
            await world.directory.perform(world.operator, FindGroup(reference))
    crew = await groups.create("Crew")
    assert (await world.directory.perform(world.operator, FindGroup("crew"))).grantee.id == crew
    await world.tenants.set_switches("acme", unique_group_names=False)
    assert (await world.directory.perform(world.operator, FindGroup("crew"))).grantee.id == crew
    namesake = CreateResource(Resource(group_type(unique_names=False), {"displayName": "CREW"}))
    await world.directory.perform(world.client, namesake)
    with pytest.raises(ConflictError, match="Several groups"):
        await world.directory.perform(world.operator, FindGroup("crew"))
    assert (await world.directory.perform(world.operator, FindGroup(crew))).grantee.id == crew


# Explaining


async def test_an_explanation_names_every_grant(world: World, groups: Groups) -> None:
    """A permission is explained by each grant that gives it; one that is not held, by none."""
    ada = await world.create(ADA)
    crew = await groups.create("Crew", ada)
    await grant(world, crew, Role.AUDITOR, GROUP)
    await grant(world, ada, Role.USER_MANAGER)
    await map_groups(world)
    own, of_crew = Grant(Role.USER_MANAGER, GrantedTo.PERSON), Grant(Role.AUDITOR, GrantedTo.GROUP, crew, "Crew")
    expected: Sequence[tuple[Permission, tuple[Grant, ...]]] = [
        (Permission.USERS_READ, (own, of_crew)),
        (Permission.HISTORY_READ, (of_crew,)),
        (Permission.PROFILE_READ, (own, of_crew, MEMBER)),
        (Permission.SETTINGS_WRITE, ()),
    ]
    for permission, grants in expected:
        explained = await world.directory.perform(world.operator, ExplainPermission("ADA@example.com", permission))
        assert (explained.permission, explained.grants, explained.is_held) == (permission, grants, bool(grants))
        assert explained.person.roles == (Role.AUDITOR, Role.MEMBER, Role.USER_MANAGER)


async def test_whoever_cannot_sign_in_holds_nothing(world: World) -> None:
    """A suspended person holds nothing, though the grants are there; a removed one has not even these."""
    ada = await world.create(ADA)
    await grant(world, ada, Role.AUDITOR)
    await world.patch(ada, {"op": "replace", "path": "active", "value": False})
    own = Grant(Role.AUDITOR, GrantedTo.PERSON)
    explain = ExplainPermission(ada, Permission.HISTORY_READ)
    explained = await world.directory.perform(world.operator, explain)
    assert (explained.person.status, explained.grants, explained.is_held) == (Status.SUSPENDED, (own,), False)
    assert (await held(world, ada)).permissions == frozenset()
    await world.delete(ada)
    explained = await world.directory.perform(world.operator, explain)
    assert (explained.person.status, explained.grants, explained.is_held) == (Status.REMOVED, (), False)
    with pytest.raises(NotFoundError, match="nobody"):
        await held(world, ada)


async def test_who_is_not_there_holds_nothing(world: World, groups: Groups) -> None:
    """Nobody, somebody of another tenant, a group, and what is no person are nobody."""
    theirs = await world.create(ADA, world.stranger)
    crew = await groups.create("Crew")
    for operation in (
        HeldPermissions(USER, NOBODY),
        HeldPermissions(USER, theirs),
        HeldPermissions(GROUP, crew),
        HeldPermissions(THING, crew),
        GrantRole(THING, crew, Role.AUDITOR),
        GrantRole(USER, crew, Role.AUDITOR),
    ):
        with pytest.raises(NotFoundError):
            await world.directory.perform(world.operator, operation)


# People who act


async def test_a_person_acts_under_a_name_of_their_own(world: World) -> None:
    """The history names who acted so that two of one name are told apart."""
    _, ada = await person(world, ADA, Role.USER_MANAGER)
    grace = await world.create(GRACE)
    await world.directory.perform(ada, SetDisplayName(USER, grace, "Amazing Grace"))
    revision = (await world.history(grace))[-1].revision
    assert (revision.actor_kind.value, revision.actor_name) == ("person", "Ada Lovelace (ada@example.com)")
    assert (revision.request_id, revision.key_id) == ("request-2", None)
    nameless = await held(world, await world.create({"userName": "nn@example.com"}))
    assert person_actor(world.acme, nameless.person, frozenset(), "request-3").name == "nn@example.com"


async def test_nobody_changes_who_may_do_more(world: World, groups: Groups) -> None:
    """A user manager changes people who may do no more, and nobody who holds a stronger role, by whatever grant."""
    _, manager = await person(world, ADA, Role.USER_MANAGER)
    grace = await world.create(GRACE)
    crew = await groups.create("Crew", grace)
    await grant(world, crew, Role.ADMINISTRATOR, GROUP)
    operations = (
        ReplaceResource(grace, user({**GRACE, "title": "Admiral"})),
        SetDisplayName(USER, grace, "Amazing Grace"),
        SetPassword(USER, grace, "hash"),
        EndSessions(USER, grace),
        DeleteResource(USER, grace),
    )
    await map_groups(world)
    before = await world.history(grace)
    for operation in operations:
        with pytest.raises(ForbiddenError, match="may do more than you"):
            await world.directory.perform(manager, operation)
    assert await world.history(grace) == before
    await map_groups(world, on=False)
    for operation in operations:
        await world.directory.perform(manager, operation)
    assert await world.actions(grace) == [
        *("created", "updated", "display_name_changed", "password_set", "sessions_ended", "deprovisioned")
    ]


async def test_nobody_brings_back_who_may_do_more(world: World) -> None:
    """A user manager restores whoever had no stronger role."""
    _, manager = await person(world, ADA, Role.USER_MANAGER)
    grace = await world.create(GRACE)
    await world.delete(grace)
    await world.directory.perform(manager, RestoreResource(USER, grace))
    await grant(world, grace, Role.AUDITOR)
    await world.delete(grace)
    with pytest.raises(ForbiddenError, match="may do more than you"):
        await world.directory.perform(manager, RestoreResource(USER, grace))


async def test_an_administrator_grants(world: World) -> None:
    """Whoever holds everything may grant it, and the grant tells who made it."""
    _, boss = await person(world, ADA, Role.ADMINISTRATOR)
    grace = await world.create(GRACE)
    await world.directory.perform(boss, GrantRole(USER, grace, Role.ADMINISTRATOR))
    line = (await world.history(grace))[-1]
    assert (line.revision.action.value, line.revision.actor_name) == ("role_granted", "Ada Lovelace (ada@example.com)")


async def test_a_person_sees_no_hash(world: World) -> None:
    """Whoever reads the own account gets it without the hash of the password; signing in compares it, and has it."""
    id_, ada = await person(world, ADA, Role.MEMBER)
    await world.directory.perform(ada, SetPassword(USER, id_, "hash"))
    for actor, expected in ((ada, None), (sign_in_actor(world.acme, "request-9"), "hash")):
        found = await held(world, id_, actor)
        assert found.account.password == Password(expected, "2026-11-23T09:00:00.000Z")
    assert (await world.directory.perform(ada, FindPerson(id_))).person.id == id_
