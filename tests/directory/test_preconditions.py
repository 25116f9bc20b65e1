"""Changes that are to be made only at a version that the client has seen (RFC 7644 §3.14, RFC 9110 §13)."""

from collections.abc import Callable

import pytest

from musterbook.directory import Role
from musterbook.directory.operation import GrantRole, SetDisplayName
from musterbook.scim.errors import NotFoundError, PreconditionFailedError
from musterbook.scim.operation import DeleteResource, GetResource, Operation, PatchResource, ReplaceResource
from musterbook.scim.versions import Precondition, entity_tag, parse_precondition
from tests.directory.overtaking import overtaken
from tests.directory.test_conflicts import PATCH, nick_names
from tests.directory.world import ADA, NOBODY, USER, World, user

STALE = parse_precondition(entity_tag(2), None)
ANY = parse_precondition("*", None)
ONLY_IF_ABSENT = parse_precondition(None, "*")
GRACE_INSTEAD = user({"userName": "grace@example.com"})

CHANGES: dict[str, Callable[[str, Precondition], Operation]] = {
    "put": lambda id_, precondition: ReplaceResource(id_, GRACE_INSTEAD, precondition),
    "patch": lambda id_, precondition: PatchResource(USER, id_, PATCH, precondition),
    "delete": lambda id_, precondition: DeleteResource(USER, id_, precondition),
}


@pytest.fixture(params=CHANGES)
def change(request: pytest.FixtureRequest) -> Callable[[str, Precondition], Operation]:
    """Return what makes a change of each kind from an id and a precondition."""
    return CHANGES[request.param]


@pytest.mark.parametrize("precondition", [STALE, ONLY_IF_ABSENT, parse_precondition("1", None)])
async def test_a_change_of_another_version_changes_nothing(
    world: World, change: Callable[[str, Precondition], Operation], precondition: Precondition
) -> None:
    """Where the precondition does not hold there is no change, no revision and no event."""
    id_ = await world.create(ADA)
    before = await world.read(id_)
    with pytest.raises(PreconditionFailedError):
        await world.directory.perform(world.client, change(id_, precondition))
    assert (await world.read(id_), await world.actions(id_)) == (before, ["created"])
    await world.directory.perform(world.client, change(id_, parse_precondition(entity_tag(1), None)))
    assert len(await world.actions(id_)) == 2


async def test_any_version_is_one_that_exists(world: World, change: Callable[[str, Precondition], Operation]) -> None:
    """``If-Match: *`` lets a change of any resource be made that exists."""
    id_ = await world.create(ADA)
    await world.directory.perform(world.client, change(id_, ANY))
    assert len(await world.actions(id_)) == 2


@pytest.mark.parametrize("precondition", [STALE, ANY, ONLY_IF_ABSENT])
async def test_what_does_not_exist_is_not_found(
    world: World, change: Callable[[str, Precondition], Operation], precondition: Precondition
) -> None:
    """A missing resource is a 404 whatever the precondition: the request would have failed without it, too, and then
    preconditions are ignored (RFC 9110 §13.2.1).
    """
    foreign = await world.create(ADA, world.stranger)
    for id_ in (NOBODY, foreign, "no-id"):
        for operation in (change(id_, precondition), GetResource(USER, id_, precondition)):
            with pytest.raises(NotFoundError):
                await world.directory.perform(world.client, operation)


async def test_a_change_that_is_overtaken_is_not_made_at_another_version(
    world: World, change: Callable[[str, Precondition], Operation]
) -> None:
    """Who is overtaken computes again, and finds a version that is no longer the client's: 412, not a second change."""
    id_ = await world.create(ADA)
    directory = overtaken(world, nick_names(world, id_), 1)
    with pytest.raises(PreconditionFailedError):
        await directory.perform(world.client, change(id_, parse_precondition(entity_tag(1), None)))
    assert await world.actions(id_) == ["created", "updated"]
    assert (await world.read(id_)).attributes == {**ADA, "active": True, "nickName": "Ada 0"}


async def test_a_change_overtaken_by_one_of_the_account_is_made(
    world: World, change: Callable[[str, Precondition], Operation]
) -> None:
    """A change of the account alone makes no version: whoever is overtaken by one computes again and succeeds."""
    id_ = await world.create(ADA)
    grant = GrantRole(USER, id_, Role.ADMINISTRATOR)
    directory = overtaken(world, lambda: world.directory.perform(world.operator, grant), 1)
    await directory.perform(world.client, change(id_, parse_precondition(entity_tag(1), None)))
    assert len(await world.actions(id_)) == 3


async def test_what_is_ours_has_no_version(world: World) -> None:
    """Roles and display name are no attributes of SCIM: the entity tag stays, and what names it still holds."""
    id_ = await world.create(ADA)
    await world.directory.perform(world.operator, GrantRole(USER, id_, Role.ADMINISTRATOR))
    await world.directory.perform(world.operator, SetDisplayName(USER, id_, "The Countess"))
    found = await world.directory.perform(world.client, GetResource(USER, id_, parse_precondition(None, entity_tag(1))))
    assert (found.stored.meta.version, found.is_known) == (1, True)


async def test_what_changes_nothing_is_checked_all_the_same(world: World) -> None:
    """A PUT of what is there already is refused at another version, and keeps the version where it is not."""
    id_ = await world.create(ADA)
    with pytest.raises(PreconditionFailedError):
        await world.directory.perform(world.client, ReplaceResource(id_, user(ADA), STALE))
    same = ReplaceResource(id_, user(ADA), parse_precondition(entity_tag(1), None))
    assert (await world.directory.perform(world.client, same)).stored.meta.version == 1


@pytest.mark.parametrize(
    "if_match, if_none_match, is_known",
    [
        (None, None, False),
        (None, entity_tag(1), True),
        (None, "*", True),
        (None, entity_tag(2), False),
        ("*", "*", True),
    ],
)
async def test_a_read_says_what_the_client_has(
    world: World, if_match: str | None, if_none_match: str | None, *, is_known: bool
) -> None:
    """A read tells whether the client has the version already; one under a failed ``If-Match`` is refused."""
    id_ = await world.create(ADA)
    read = GetResource(USER, id_, parse_precondition(if_match, if_none_match))
    assert (await world.directory.perform(world.client, read)).is_known is is_known
    with pytest.raises(PreconditionFailedError):
        await world.directory.perform(world.client, GetResource(USER, id_, STALE))
