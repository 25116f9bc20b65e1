"""Passwords that clients send, where the tenant takes them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec import UNSET

from musterbook.directory import Directory, ResourceId
from musterbook.directory.account import Account, Password, read_account
from musterbook.directory.history import FieldChange
from musterbook.directory.operation import RestoreResource
from musterbook.scim import Json, Tolerance
from musterbook.scim.operation import CreateResource, PatchResource, ReplaceResource
from musterbook.scim.password import PasswordEdit
from musterbook.scim.patch import parse_patch
from tests.directory.overtaking import OvertakenStore
from tests.directory.world import ADA, PATCH_URN, USER, World, open_world, user

START = "2026-11-23T09:00:00.000Z"


@dataclass(slots=True)
class CountedHashes:
    """Hashes that can be read, and how many were made."""

    made: list[str] = field(default_factory=list)

    async def make(self, password: str) -> str:
        """Return the hash."""
        self.made.append(password)
        return f"hash of {password}"

    async def matches(self, password: str, stored: str) -> bool:
        """Compare."""
        return stored == f"hash of {password}"


@dataclass(frozen=True, slots=True)
class Site:
    """A world whose directory keeps passwords."""

    world: World
    hashes: CountedHashes
    directory: Directory

    async def create(self, password: str | None) -> ResourceId:
        """Add a person with a password."""
        edit = None if password is None else PasswordEdit(password)
        created = await self.directory.perform(self.world.client, CreateResource(user(ADA), password=edit))
        return ResourceId(created.stored.id)

    async def patch(self, id_: str, edit: PasswordEdit, *operations: Json) -> int:
        """Set a password by PATCH, with other changes; return the version."""
        patch = parse_patch({"schemas": [PATCH_URN], "Operations": list(operations)}, USER, Tolerance())
        operation = PatchResource(USER, id_, type(patch)(patch.changes, password=edit))
        return (await self.directory.perform(self.world.client, operation)).stored.meta.version

    async def account(self, id_: ResourceId) -> Account:
        """Return what is kept of a person."""
        record = await self.world.database.resources.get(self.world.acme, USER.name, id_)
        assert record is not None
        assert record.account is not None
        return read_account(record.account)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Yield a world whose directory keeps passwords."""
    async with open_world(tmp_path) as world:
        hashes = CountedHashes()
        directory = Directory(world.database.resources, world.clock, world.random_bytes, hashes)
        yield Site(world, hashes, directory)


NICK = {"op": "replace", "path": "nickName", "value": "Ada"}


async def test_a_password_is_kept_as_a_hash(site: Site) -> None:
    """The hash is in the account; the history has when the password was set, and neither hash nor password."""
    id_ = await site.create("secret")
    assert (await site.account(id_)).password == Password("hash of secret", START)
    (line,) = await site.world.history(id_)
    assert line.revision.account is not None
    assert "secret" not in line.revision.account
    assert FieldChange("account.password.set_at", None, START) in line.changes
    assert "hash of secret" not in repr(await site.account(id_))


async def test_the_same_password_changes_nothing(site: Site) -> None:
    """A PUT or PATCH with the password that is there is no change; without one it stays."""
    id_ = await site.create("secret")
    before = await site.account(id_), await site.world.history(), await site.world.event_types()
    site.world.clock.move(seconds=5)
    assert await site.patch(id_, PasswordEdit("secret"), {"op": "replace", "path": "active", "value": True}) == 1
    for edit in (PasswordEdit("secret"), None):
        replace = ReplaceResource(id_, user(ADA), password=edit)
        await site.directory.perform(site.world.client, replace)
    assert (await site.account(id_), await site.world.history(), await site.world.event_types()) == before
    assert site.hashes.made == ["secret"]


async def test_another_password_is_a_revision_and_no_version(site: Site) -> None:
    """A new password is told of in the history by its time; the resource is as it was, so its version is too."""
    id_ = await site.create("secret")
    site.world.clock.move(seconds=5)
    assert await site.patch(id_, PasswordEdit("better")) == 1
    assert (await site.account(id_)).password == Password("hash of better", "2026-11-23T09:00:05.000Z")
    _, line = await site.world.history(id_)
    assert line.changes == (FieldChange("account.password.set_at", START, "2026-11-23T09:00:05.000Z"),)
    assert await site.patch(id_, PasswordEdit(None)) == 1
    assert (await site.account(id_)).password is UNSET
    assert (await site.world.history(id_))[-1].changes == (
        FieldChange("account.password.set_at", "2026-11-23T09:00:05.000Z", None),
    )


async def test_a_removed_person_has_no_password(site: Site) -> None:
    """A tombstone holds no secret, so whoever is restored has none."""
    id_ = await site.create("secret")
    await site.world.delete(id_)
    await site.world.directory.perform(site.world.operator, RestoreResource(USER, id_))
    assert (await site.account(id_)).password is UNSET


async def test_an_overtaken_password_is_hashed_once(site: Site) -> None:
    """However often a change is computed again, the work of hashing is done once."""
    id_, world = await site.create(None), site.world
    numbers = iter(range(9))
    store = OvertakenStore(
        world.database.resources, lambda: world.patch(id_, {**NICK, "value": f"Ada {next(numbers)}"}), 3
    )
    directory = Directory(store, world.clock, world.random_bytes, site.hashes)
    overtaken = Site(world, site.hashes, directory)
    assert await overtaken.patch(id_, PasswordEdit("secret")) == 4
    assert site.hashes.made == ["secret"]
    assert (await site.account(id_)).password == Password("hash of secret", START)


async def test_nothing_is_kept_where_nothing_hashes(site: Site) -> None:
    """A directory that was given no way to hash keeps no password, rather than one in the clear."""
    created = await site.world.directory.perform(
        site.world.client, CreateResource(user(ADA), password=PasswordEdit("secret"))
    )
    assert (await site.account(ResourceId(created.stored.id))).password is UNSET


def test_an_edit_shows_no_password() -> None:
    """What is printed of a request or of an account holds neither a password nor its hash."""
    assert "secret" not in repr(PasswordEdit("secret"))
    assert "secret" not in repr(Password("secret", START))
