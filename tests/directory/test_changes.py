"""What one write stores, made of states by plain functions."""

import pytest

from musterbook.directory import Action, ResourceId, TenantId, operator_actor
from musterbook.directory.break_glass import open_break_glass_account
from musterbook.directory.changes import (
    Occasion,
    create_change,
    removal_change,
    state_of,
    state_of_revision,
    update_change,
)
from musterbook.directory.rules import FOREVER, State
from musterbook.directory.store import Record
from musterbook.scim import IndexEntries, Meta, Resource, StoredResource, make_resource_type, make_schema, user_type

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


def test_an_administrator_without_end() -> None:
    """An account that was set up administers without end."""
    state = open_break_glass_account(ResourceId("boss"), "boss@acme.example", "2026-11-23T09:00:00.000Z", "")
    assert create_change(state, occasion(Action.CREATED, 0))[1].administers_until == FOREVER
