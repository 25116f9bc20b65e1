"""What one write stores, made of states by plain functions."""

from dataclasses import replace

import pytest

from musterbook.directory import Action, ResourceId, TenantId, operator_actor, rules
from musterbook.directory.account import Password
from musterbook.directory.break_glass import open_break_glass_account
from musterbook.directory.changes import (
    Occasion,
    create_change,
    leave_group,
    members_change,
    removal_change,
    state_of,
    state_of_revision,
    update_change,
)
from musterbook.directory.events import event_of
from musterbook.directory.rules import FOREVER, State
from musterbook.directory.store import Record
from musterbook.scim import IndexEntries, Meta, Resource, StoredResource, make_resource_type, make_schema, user_type
from musterbook.scim.members import MembersEdit
from musterbook.scim.resource import Related
from musterbook.scim.schema import group_type

THING = make_resource_type("Thing", "/Things", make_schema("urn:example:Thing", "Thing", "No person.", []))
ACTOR = operator_actor(TenantId("acme"), "command-1")


def occasion(action: Action, second: int) -> Occasion:
    """Return an occasion in a second of its own."""
    return Occasion(ACTOR, action, f"2026-11-23T09:00:{second:02}.000Z", f"event-{second}")


def test_a_resource_without_id_is_not_stored() -> None:
    """Only what has an id can be stored; whoever forgets one has made a mistake, and not the client."""
    with pytest.raises(ValueError, match="only with an id"):
        create_change(State(Resource(user_type(), {"userName": "ada"}), None), occasion(Action.CREATED, 0))


def test_a_change_holds_everything_that_one_write_stores() -> None:
    """Resource, account, index entries, revision and event are one value, and agree with each other."""
    expires_at = "2026-11-30T09:00:00.000Z"
    state = open_break_glass_account(
        ResourceId("boss"), "Boss@acme.example", occasion(Action.CREATED, 0).now, expires_at
    )
    record, change = create_change(state, occasion(Action.CREATED, 0))
    assert change.record == record
    assert (change.tenant_id, change.resource_type, change.expected_revision) == ("acme", "BreakGlassAccount", None)
    assert change.entries == IndexEntries(unique_key="boss@acme.example")
    assert (change.administers_until, change.may_remove_administrator) == (expires_at, False)
    revision = change.revision
    assert (revision.document, revision.account) == (record.stored.document, record.account)
    assert (revision.number, revision.version, revision.at) == (1, 1, "2026-11-23T09:00:00.000Z")
    assert (change.event.id, change.event.type, change.event.revision) == ("event-0", "breakglassaccount.created", 1)
    assert state_of(state.resource.resource_type, record) == state
    assert state_of_revision(state.resource.resource_type, revision) == state


def test_what_is_no_person_is_stored_without_an_account() -> None:
    """A resource that is no person goes the same way, without an account, from its creation to its tombstone."""
    state = State(Resource(THING, {"externalId": "x"}, "thing"), None)
    record, change = create_change(state, occasion(Action.CREATED, 0))
    assert (record.account, change.revision.account, change.administers_until) == (None, None, None)
    tombstone = removal_change(record, state_of(THING, record), occasion(Action.DEPROVISIONED, 1))
    assert (tombstone.record, tombstone.entries, tombstone.revision.account) == (None, IndexEntries(), None)
    assert (tombstone.expected_revision, tombstone.revision.number, tombstone.revision.version) == (1, 2, 1)


def test_a_resource_that_changes_keeps_its_beginning() -> None:
    """A change keeps ``created``, counts version and revision on, and is stored under the revision it came from."""
    stored = StoredResource("thing", '{"schemas":["urn:example:Thing"],"id":"thing"}', Meta("A", "B", 4))
    before = state_of(THING, Record(stored, 7, None))
    after = State(Resource(THING, {"externalId": "x"}, "thing", before.resource.meta), None)
    record, change = update_change(Record(stored, 7, None), before, after, occasion(Action.UPDATED, 1))
    assert record.stored.meta == Meta("A", "B", 5)
    assert (change.expected_revision, record.revision, change.revision.number) == (7, 8, 8)


def test_a_change_of_members_is_made_of_nothing_that_was_read() -> None:
    """What only the store can know (number, version, text and who came) is left to it; the rest is said."""
    edit = MembersEdit(added={"ada": None})
    change = members_change(group_type(), ResourceId("crew"), edit, occasion(Action.UPDATED, 1), expected_revision=None)
    revision = change.revision
    assert (change.tenant_id, change.group_id, change.members, change.expected_revision) == ("acme", "crew", edit, None)
    assert (revision.resource_type, revision.resource_id, revision.action) == ("Group", "crew", Action.UPDATED)
    assert (revision.at, revision.actor_name, revision.request_id) == (
        "2026-11-23T09:00:01.000Z",
        "Operator",
        "command-1",
    )
    assert (revision.number, revision.version, revision.document) == (0, 0, "")
    assert (change.event.id, change.event.type, change.event.at) == ("event-1", "group.updated", revision.at)


@pytest.mark.parametrize("second", [0, 9])
def test_a_group_is_left(second: int) -> None:
    """Who is removed leaves a version, a revision and an event in each group; no clock makes a group look older."""
    modified = "2026-11-23T09:00:05.000Z"
    stored = StoredResource("crew", '{"id":"crew","displayName":"Crew"}', Meta("A", modified, 4))
    left = leave_group(Record(stored, 7, None), ResourceId("ada"), occasion(Action.UPDATED, second))
    at = max(modified, occasion(Action.UPDATED, second).now)
    assert left.record == Record(replace(stored, meta=Meta("A", at, 5)), 8, None)
    revision = left.revision
    assert (revision.resource_type, revision.resource_id, revision.action) == ("Group", "crew", Action.UPDATED)
    assert (revision.number, revision.version, revision.at) == (8, 5, at)
    assert (revision.document, revision.members_added, revision.members_removed) == (stored.document, (), ("ada",))
    assert left.event == event_of(revision, f"event-{second}")


def test_memberships_are_no_part_of_a_state() -> None:
    """What a change is computed from has no memberships, also where they were read with it."""
    stored = StoredResource("crew", '{"id":"crew","displayName":"Crew"}', Meta("A", "B", 4))
    loaded = replace(stored, related=[Related("ada", "User", "User")])
    assert state_of(group_type(), Record(loaded, 7, None)) == state_of(group_type(), Record(stored, 7, None))


def test_an_administrator_without_end() -> None:
    """An account that was set up administers without end; until then, as long as its set-up link is good."""
    now, later = "2026-11-23T09:00:00.000Z", "2026-11-30T09:00:00.000Z"
    state = open_break_glass_account(ResourceId("boss"), "boss@acme.example", now, later)
    assert create_change(state, occasion(Action.CREATED, 0))[1].administers_until == later
    assert state.account is not None
    set_up = replace(state, account=rules.set_password(state.account, Password("hash", now)))
    assert create_change(set_up, occasion(Action.CREATED, 0))[1].administers_until == FOREVER
