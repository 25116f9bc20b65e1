"""Groups of one tenant, as a SCIM client handles them."""

from collections.abc import Sequence
from dataclasses import dataclass

from musterbook.directory import Actor, Directory, ResourceId
from musterbook.scim import Json, Resource, Tolerance
from musterbook.scim.members import MembersEdit, take_members
from musterbook.scim.operation import (
    Created,
    CreateResource,
    DeleteResource,
    Found,
    GetResource,
    PatchAnswer,
    PatchResource,
    ReplaceResource,
)
from musterbook.scim.parse import parse_resource
from musterbook.scim.patch import parse_patch
from musterbook.scim.resource import Related
from musterbook.scim.versions import NO_PRECONDITION, Precondition
from tests.directory.world import GROUP, PATCH_URN, USER


def group(document: Json) -> tuple[Resource, MembersEdit | None]:
    """Return what a client sends of a group: its own attributes, and what it says of the members."""
    resource = parse_resource({"schemas": [GROUP.schema.id], **document}, GROUP, Tolerance())
    return take_members(resource, Tolerance())


def values(ids: Sequence[str]) -> list[Json]:
    """Return members as a client sends them."""
    return [{"value": id_} for id_ in ids]


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups that one actor handles."""

    directory: Directory
    actor: Actor

    async def post(self, document: Json) -> Created:
        """Create a group, and return the answer."""
        resource, members = group(document)
        return await self.directory.perform(self.actor, CreateResource(resource, members))

    async def create(self, name: str, *members: str) -> ResourceId:
        """Create a group, and return its id."""
        return ResourceId((await self.post({"displayName": name, "members": values(members)})).stored.id)

    async def put(self, id_: str, document: Json, precondition: Precondition = NO_PRECONDITION) -> Found:
        """Replace a group, and return the answer."""
        resource, members = group(document)
        return await self.directory.perform(self.actor, ReplaceResource(id_, resource, precondition, members))

    async def patch(
        self,
        id_: str,
        *operations: Json,
        precondition: Precondition = NO_PRECONDITION,
        answer: PatchAnswer = PatchAnswer.SHORT,
        shows_related: bool = True,
    ) -> Found:
        """Patch a group, and return the answer."""
        patch = parse_patch({"schemas": [PATCH_URN], "Operations": list(operations)}, GROUP, Tolerance())
        operation = PatchResource(GROUP, id_, patch, precondition, shows_related, answer)
        return await self.directory.perform(self.actor, operation)

    async def delete(self, id_: str) -> None:
        """Remove a group."""
        await self.directory.perform(self.actor, DeleteResource(GROUP, id_))

    async def get(self, id_: str, *, shows_related: bool = True) -> Found:
        """Read a group."""
        return await self.directory.perform(self.actor, GetResource(GROUP, id_, shows_related=shows_related))

    async def members(self, id_: str) -> list[str]:
        """Return the ids of the members of a group, in order."""
        return ids((await self.get(id_)).stored.related)

    async def groups_of(self, user_id: str) -> dict[str, str]:
        """Return the groups that a person is in, each with how: directly or not."""
        found = await self.directory.perform(self.actor, GetResource(USER, user_id))
        assert found.stored.related is not None
        return {item.value: item.type for item in found.stored.related}


def ids(related: Sequence[Related] | None) -> list[str]:
    """Return the ids of what is shown; it must be shown."""
    assert related is not None
    return [item.value for item in related]
