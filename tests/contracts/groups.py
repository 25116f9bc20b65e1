"""Groups and changes of who is in them, for the contract tests: what the directory would make, made by hand."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from musterbook.directory import ActorKind, KeyId, ResourceId, TenantId
from musterbook.directory.events import event_of
from musterbook.directory.history import Action, Revision
from musterbook.directory.store import ALL_RELATED, Change, GroupLeft, MembersChange, MembersOutcome, Record
from musterbook.scim import (
    IndexEntries,
    Json,
    Meta,
    Resource,
    ResourceType,
    StoredResource,
    group_type,
    index_entries,
    render_document,
)
from musterbook.scim.members import MembersEdit
from musterbook.scim.resource import Related
from musterbook.storage import Database
from tests.contracts.sample import ACME, Person, at, event_id, id_of
from tests.contracts.sample import removed as person_removed


@dataclass(frozen=True, slots=True)
class Group:
    """A group with everything that one state of it consists of, its members excepted."""

    tenant_id: TenantId
    id: ResourceId
    attributes: dict[str, Json]
    revision: int = 1
    version: int = 1
    second: int = 0
    created_second: int = 0
    has_unique_name: bool = True

    @property
    def resource_type(self) -> ResourceType:
        """The resource type, as the tenant has it."""
        return group_type(unique_names=self.has_unique_name)

    @property
    def resource(self) -> Resource:
        """The SCIM resource."""
        return Resource(self.resource_type, self.attributes, self.id, self.meta)

    @property
    def meta(self) -> Meta:
        """What the server knows of it."""
        return Meta(at(self.created_second), at(self.second), self.version)

    @property
    def record(self) -> Record:
        """What the store keeps of it."""
        return Record(StoredResource(self.id, render_document(self.resource), self.meta), self.revision, None)

    def with_members(self, *related: Related) -> Record:
        """Return what the store gives when it is asked for the members too."""
        return replace(self.record, stored=replace(self.record.stored, related=related))

    def becomes(self, second: int, **attributes: Json) -> "Group":
        """Return the next state of this group, with these attributes too."""
        merged = {**self.attributes, **attributes}
        return replace(self, attributes=merged, revision=self.revision + 1, version=self.version + 1, second=second)

    def history(
        self, action: Action, *, members_added: tuple[str, ...] = (), members_removed: tuple[str, ...] = ()
    ) -> Revision:
        """Return the revision that leads to this state."""
        return Revision(
            tenant_id=self.tenant_id,
            resource_type="Group",
            resource_id=self.id,
            number=self.revision,
            at=at(self.second),
            action=action,
            actor_kind=ActorKind.SCIM,
            actor_name="Scim System User",
            request_id=f"request-{self.second}",
            key_id=KeyId("key-1"),
            version=self.version,
            document=self.record.stored.document,
            account=None,
            members_added=members_added,
            members_removed=members_removed,
        )


def group(number: int, name: str, *, tenant_id: TenantId = ACME, **attributes: Json) -> Group:
    """Return a new group whose id and times follow from ``number``."""
    return Group(tenant_id, id_of(number), {"displayName": name, **attributes}, second=number, created_second=number)


def adding(*members: Person | Group | str, replaces: bool = False, leaves_out_unknown: bool = True) -> MembersEdit:
    """Return the edit that adds members, under no name of their own."""
    added = dict.fromkeys(map(_id, members))
    return MembersEdit(added, replaces=replaces, leaves_out_unknown=leaves_out_unknown)


def removing(*members: Person | Group | str) -> MembersEdit:
    """Return the edit that removes members."""
    return MembersEdit(removed=frozenset(map(_id, members)))


def _id(member: Person | Group | str) -> str:
    return member if isinstance(member, str) else member.id


def founded(new: Group, members: MembersEdit | None = None) -> Change:
    """Return the change that adds a group, or brings one back whose revisions go on."""
    return _change(new, None, Action.CREATED if new.revision == 1 else Action.RESTORED, members)


def reformed(new: Group, members: MembersEdit | None = None, *, expected: int | None = None) -> Change:
    """Return the change that leads to ``new`` from the revision before it, or from ``expected``."""
    return _change(new, new.revision - 1 if expected is None else expected, Action.UPDATED, members)


def _change(new: Group, expected: int | None, action: Action, members: MembersEdit | None) -> Change:
    revision = new.history(action)
    return Change(
        tenant_id=new.tenant_id,
        resource_type="Group",
        expected_revision=expected,
        record=new.record,
        entries=index_entries(new.resource),
        revision=revision,
        event=event_of(revision, event_id(revision)),
        members=members,
    )


def disbanded(last: Group, second: int) -> Change:
    """Return the change that removes a group."""
    revision = replace(last, revision=last.revision + 1, second=second).history(Action.DEPROVISIONED)
    return Change(
        tenant_id=last.tenant_id,
        resource_type="Group",
        expected_revision=last.revision,
        record=None,
        entries=IndexEntries(),
        revision=revision,
        event=event_of(revision, event_id(revision)),
        leave_group=leaving(last, second),
    )


def discharged(last: Person, second: int) -> Change:
    """Return the change that removes a person, who leaves every group."""
    return replace(person_removed(last, second), leave_group=leaving(last, second))


def leaving(member: Person | Group, second: int) -> Callable[[Record], GroupLeft]:
    """Return what says what becomes of the groups that ``member`` leaves."""

    def leave(record: Record) -> GroupLeft:
        meta = record.stored.meta
        left = Group(member.tenant_id, ResourceId(record.stored.id), {}, record.revision + 1, meta.version + 1, second)
        meta = Meta(meta.created, at(second), meta.version + 1)
        revision = replace(left.history(Action.UPDATED, members_removed=(member.id,)), document=record.stored.document)
        after = Record(replace(record.stored, meta=meta), left.revision, None)
        return GroupLeft(after, revision, event_of(revision, event_id(revision)))

    return leave


def members_change(
    group_: Group, edit: MembersEdit, second: int, *, expected_revision: int | None = None
) -> MembersChange:
    """Return the change of nothing but the members of a group, at a time."""
    revision = replace(
        group_.history(Action.UPDATED), number=0, version=0, document="", at=at(second), request_id=f"request-{second}"
    )
    event = replace(event_of(revision, f"event-{second}"), revision=0)
    return MembersChange(group_.tenant_id, group_.id, edit, revision, event, expected_revision)


async def change(
    database: Database, group_: Group, edit: MembersEdit, second: int, *, expected_revision: int | None = None
) -> MembersOutcome:
    """Change the members of a group."""
    asked = members_change(group_, edit, second, expected_revision=expected_revision)
    return await database.resources.change_members(asked)


def member(of: Person | Group, display: str | None = None) -> Related:
    """Return how a group shows a member."""
    kind = "User" if isinstance(of, Person) else "Group"
    return Related(of.id, kind, kind, display)


def direct(of: Group) -> Related:
    """Return how a person shows a group that they are a member of."""
    return Related(of.id, "Group", "direct", of.attributes["displayName"])


def indirect(of: Group) -> Related:
    """Return how a person shows a group that they are in by way of others."""
    return Related(of.id, "Group", "indirect", of.attributes["displayName"])


async def shown(database: Database, of: Person | Group, *, limit: int = ALL_RELATED) -> tuple[Related, ...] | None:
    """Return the memberships that somebody shows."""
    kind = "User" if isinstance(of, Person) else "Group"
    record = await database.resources.get(of.tenant_id, kind, of.id, related_limit=limit)
    assert record is not None
    return None if record.stored.related is None else tuple(record.stored.related)
