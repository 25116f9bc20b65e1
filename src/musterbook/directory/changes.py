"""*From states to a change.* Decides what one write stores: resource, index entries, revision and event.

Knows states and the forms in which they are stored; knows no storage. Plain functions; time and ids are arguments.
"""

from dataclasses import dataclass, replace

from msgspec import UNSET

from musterbook.directory import rules
from musterbook.directory.account import (
    Account,
    read_account,
    read_granted,
    render_account,
    render_granted,
    without_secrets,
)
from musterbook.directory.actor import Actor, ResourceId
from musterbook.directory.events import event_of
from musterbook.directory.everyone import everyone_type
from musterbook.directory.history import Action, Revision
from musterbook.directory.rules import State
from musterbook.directory.store import Change, GroupLeft, MembersChange, Record
from musterbook.scim import (
    IndexEntries,
    Meta,
    ResourceType,
    StoredResource,
    index_entries,
    read_document,
    render_document,
)
from musterbook.scim.members import MembersEdit
from musterbook.scim.schema import group_type

_GROUP = group_type().name
_EVERYONE = everyone_type().name
_GRANTEES = frozenset({_GROUP, _EVERYONE})
"""The types whose accounts hold roles and nothing else."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who makes a change, what it does, and when."""

    actor: Actor
    action: Action
    now: str
    event_id: str


def state_of(resource_type: ResourceType, record: Record) -> State:
    """Return the state that a record holds. Memberships are no part of it: they are rows, and change by themselves."""
    resource = read_document(resource_type, replace(record.stored, related=None))
    if record.account is None:
        return State(resource, None)
    if resource_type.name in _GRANTEES:
        return State(resource, None, read_granted(record.account))
    return State(resource, read_account(record.account))


def state_of_revision(resource_type: ResourceType, revision: Revision) -> State:
    """Return the state that a revision recorded; its ``meta`` is left to whoever stores it again."""
    meta = Meta(revision.at, revision.at, revision.version)
    stored = StoredResource(revision.resource_id, revision.document, meta)
    return state_of(resource_type, Record(stored, revision.number, revision.account))


def create_change(state: State, occasion: Occasion, *, number: int = 1, version: int = 1) -> tuple[Record, Change]:
    """Return the record of a resource to be added, and the change. A restored one goes on counting."""
    resource = replace(state.resource, meta=Meta(occasion.now, occasion.now, version))
    created = State(resource, state.account, state.granted)
    return _storing_change(None, created, occasion, expected=None, number=number)


def update_change(record: Record, before: State, after: State, occasion: Occasion) -> tuple[Record, Change]:
    """Return the record and the change from ``before`` to ``after``. Without new attributes the version stays."""
    meta = before.resource.meta
    if meta is not None and after.resource.attributes != before.resource.attributes:
        # A clock that was set back must not make a resource look older than it was.
        last_modified = max(occasion.now, meta.last_modified)
        meta = Meta(meta.created, last_modified, meta.version + 1)
    account = rules.follow_sessions(before.account, after.account)
    state = State(replace(after.resource, meta=meta), account, after.granted)
    return _storing_change(before.account, state, occasion, expected=record.revision, number=record.revision + 1)


def removal_change(record: Record, before: State, occasion: Occasion) -> Change:
    """Return the change that removes a resource; its revision is the tombstone from which it can be restored."""
    revision = _revision(
        before.resource.resource_type.name,
        record.stored,
        record.account if before.account is None else render_account(rules.entomb(before.account)),
        occasion,
        record.revision + 1,
    )
    return Change(
        tenant_id=occasion.actor.tenant_id,
        resource_type=before.resource.resource_type.name,
        expected_revision=record.revision,
        record=None,
        entries=IndexEntries(),
        revision=revision,
        event=event_of(revision, occasion.event_id),
        may_remove_administrator=rules.may_remove_administrator(before.account, None, occasion.now),
    )


def members_change(
    group_type: ResourceType,
    group_id: ResourceId,
    members: MembersEdit,
    occasion: Occasion,
    *,
    expected_revision: int | None,
) -> MembersChange:
    """Return the change of the members of a group, of which nothing was read."""
    # What only the store knows is left empty: it copies the group's text and counts on.
    unread = StoredResource(group_id, "", Meta(occasion.now, occasion.now, 0))
    revision = _revision(group_type.name, unread, None, occasion, 0)
    return MembersChange(
        tenant_id=occasion.actor.tenant_id,
        group_id=group_id,
        members=members,
        revision=revision,
        event=event_of(revision, occasion.event_id),
        expected_revision=expected_revision,
    )


def leave_group(group: Record, member_id: ResourceId, occasion: Occasion) -> GroupLeft:
    """Return what is stored of a group whose member was removed from the directory."""
    meta = group.stored.meta
    last_modified = max(occasion.now, meta.last_modified)
    stored = replace(group.stored, meta=Meta(meta.created, last_modified, meta.version + 1), related=None)
    record = Record(stored, group.revision + 1, group.account)
    revision = _revision(_GROUP, stored, group.account, occasion, record.revision)
    revision = replace(revision, members_removed=(member_id,))
    return GroupLeft(record, revision, event_of(revision, occasion.event_id))


def _storing_change(
    account_before: Account | None, state: State, occasion: Occasion, *, expected: int | None, number: int
) -> tuple[Record, Change]:
    resource, account = state.resource, state.account
    if resource.id is None or resource.meta is None:
        raise ValueError("a resource is stored only with an id and meta")
    stored = StoredResource(resource.id, render_document(resource), resource.meta)
    account_text = _account_text(state)
    record = Record(stored, number, account_text)
    told = account_text if account is None or account.password is UNSET else render_account(without_secrets(account))
    revision = _revision(resource.resource_type.name, stored, told, occasion, number)
    change = Change(
        tenant_id=occasion.actor.tenant_id,
        resource_type=resource.resource_type.name,
        expected_revision=expected,
        record=record,
        entries=index_entries(resource),
        revision=revision,
        event=event_of(revision, occasion.event_id),
        administers_until=rules.administers_until(account),
        may_remove_administrator=rules.may_remove_administrator(account_before, account, occasion.now),
    )
    return record, change


def _account_text(state: State) -> str | None:
    if state.account is not None:
        return render_account(state.account)
    if state.granted or state.resource.resource_type.name == _EVERYONE:
        # Everyone without a role is not the same as Everyone of whom nobody has decided anything.
        return render_granted(state.granted)
    return None


def _revision(
    resource_type: str, stored: StoredResource, account: str | None, occasion: Occasion, number: int
) -> Revision:
    actor = occasion.actor
    return Revision(
        tenant_id=actor.tenant_id,
        resource_type=resource_type,
        resource_id=ResourceId(stored.id),
        number=number,
        at=max(occasion.now, stored.meta.last_modified),
        action=occasion.action,
        actor_kind=actor.kind,
        actor_name=actor.name,
        request_id=actor.request_id,
        key_id=actor.key_id,
        version=stored.meta.version,
        document=stored.document,
        account=account,
    )
