"""RFC 9967: the security events that tell of our changes."""

import re
from dataclasses import replace

import msgspec
import pytest

from musterbook.directory import Action, ActorKind, KeyId, ResourceId, Role, TenantId, break_glass_type
from musterbook.directory.events import event_of
from musterbook.directory.history import Revision
from musterbook.directory.operation import GrantRole, RestoreResource, SetDisplayName
from musterbook.directory.security_events import EventUri, FeedChange, Form, SecurityEvent, security_event
from musterbook.directory.store import HistoryEntry, HistoryQuery
from musterbook.scim import Json, ResourceType, user_type
from tests.architecture.tree import ROOT
from tests.directory.groups import Groups
from tests.directory.world import ADA, GROUP, PATCH_URN, USER, USER_URN, World

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PROVISIONING = "urn:ietf:params:scim:event:prov:"
FEED = "urn:ietf:params:scim:event:feed:"
CREATE, PATCH, PUT, DELETE = (f"{PROVISIONING}{name}" for name in ("create", "patch", "put", "delete"))
ACTIVATE, DEACTIVATE = (f"{PROVISIONING}{name}" for name in ("activate", "deactivate"))


def revision(action: Action, document: Json, *, number: int = 1, account: Json = None) -> Revision:
    """Return a revision of the person with the id ``ada``."""
    return Revision(
        tenant_id=TenantId("acme"),
        resource_type="User",
        resource_id=ResourceId("ada"),
        number=number,
        at="2026-11-23T09:00:00.000Z",
        action=action,
        actor_kind=ActorKind.SCIM,
        actor_name="Scim System User",
        request_id="request-1",
        key_id=KeyId("key-1"),
        version=number,
        document=msgspec.json.encode({"schemas": [USER_URN], "id": "ada", **document}).decode(),
        account=None if account is None else msgspec.json.encode(account).decode(),
    )


def group(number: int, *, name: str = "Crew", came: tuple[str, ...] = (), left: tuple[str, ...] = ()) -> Revision:
    """Return a revision of the group with the id ``crew``."""
    action = Action.CREATED if number == 1 else Action.UPDATED
    return replace(
        revision(action, {}, number=number),
        resource_type="Group",
        resource_id=ResourceId("crew"),
        document=msgspec.json.encode({"schemas": [GROUP.schema.id], "id": "crew", "displayName": name}).decode(),
        members_added=came,
        members_removed=left,
    )


def told(
    *revisions: Revision,
    form: Form = Form.NOTICE,
    feed: FeedChange = FeedChange.STAYS,
    resource_type: ResourceType | None = None,
) -> SecurityEvent | None:
    """Return what is told of the last of these revisions."""
    previous, last = (None, *revisions)[-2:]
    assert last is not None
    kind = resource_type or (GROUP if last.resource_type == GROUP.name else user_type())
    return security_event(event_of(last, "event-1"), HistoryEntry(last, previous), kind, form, feed)


def events(*revisions: Revision, form: Form = Form.NOTICE, feed: FeedChange = FeedChange.STAYS) -> Json:
    """Return the events that tell of the last of these revisions."""
    found = told(*revisions, form=form, feed=feed)
    return None if found is None else found.events


NEW = revision(Action.CREATED, {"userName": "ada", "active": True, "name": {"givenName": "Ada"}})
RENAMED = revision(Action.UPDATED, {"userName": "ada", "active": True, "name": {"givenName": "Augusta"}}, number=2)
SUSPENDED = revision(Action.SUSPENDED, {"userName": "ada", "active": False, "name": {"givenName": "Ada"}}, number=2)
REMOVED = revision(Action.DEPROVISIONED, {"userName": "ada", "active": True}, number=3)


def test_an_attribute_called_account_is_the_resources_own_where_there_is_no_account() -> None:
    """What is ours of a person is not told; an operator's resource may have an attribute of that name."""
    before, after = ({"account": {"number": number}} for number in ("1", "2"))
    changed = [revision(Action.CREATED, before), revision(Action.UPDATED, after, number=2)]
    assert events(*changed) == {f"{PUT}:notice": {"version": 'W/"2"', "attributes": ["account.number"]}}
    persons = [replace(item, account='{"status":"active"}') for item in changed]
    assert events(*persons) is None


def test_the_claims_of_a_creation() -> None:
    """A token names its subject by the relative path and the client's own id, the transaction and the time."""
    made = revision(Action.CREATED, {"externalId": "00u1", "userName": "ada", "active": True})
    assert told(made) == SecurityEvent(
        sub_id={"format": "scim", "uri": "/Users/ada", "externalId": "00u1"},
        txn="event-1",
        toe=1795424400,
        events={f"{CREATE}:notice": {"version": 'W/"1"', "attributes": ["id", "active", "externalId", "userName"]}},
    )


def test_a_full_event_holds_the_resource() -> None:
    """In full form there is the final representation with the id that was assigned, and no list of attributes."""
    data = {"schemas": [USER_URN], "id": "ada", "userName": "ada", "active": True, "name": {"givenName": "Ada"}}
    assert events(NEW, form=Form.FULL) == {f"{CREATE}:full": {"version": 'W/"1"', "data": data}}
    data["name"] = {"givenName": "Augusta"}
    assert events(NEW, RENAMED, form=Form.FULL) == {f"{PUT}:full": {"version": 'W/"2"', "data": data}}


def test_a_notice_holds_names_and_no_values() -> None:
    """A change names what was added, modified or removed as a PATCH path does, and holds no personal data."""
    before = revision(Action.CREATED, {"userName": "ada", "title": "Miss", "name": {"givenName": "Ada"}})
    after = revision(
        Action.UPDATED,
        {"userName": "ada", "name": {"givenName": "Augusta"}, ENTERPRISE: {"department": "Sums"}},
        number=2,
    )
    assert events(before, after) == {
        f"{PUT}:notice": {"version": 'W/"2"', "attributes": ["name.givenName", "title", f"{ENTERPRISE}:department"]}
    }


@pytest.mark.parametrize("form", Form)
def test_exactly_one_of_data_and_attributes(form: Form) -> None:
    """What ends in full has ``data``, what ends in notice has ``attributes``, and nothing has both (§2.4)."""
    for chain in ([NEW], [NEW, RENAMED], [NEW, SUSPENDED], [NEW, RENAMED, REMOVED]):
        for uri, payload in events(*chain, form=form).items():
            assert ("data" in payload, "attributes" in payload) == (uri.endswith("full"), uri.endswith("notice"))


def test_members_are_told_as_a_patch() -> None:
    """A change of members is the PATCH that brings it about; a notice names ``members`` and nobody (§2.4.2)."""
    made = group(1, came=("ada", "grace"))
    changed = group(2, name="Officers", came=("edith",), left=("ada", "grace"))
    assert events(made, changed) == {f"{PATCH}:notice": {"version": 'W/"2"', "attributes": ["displayName", "members"]}}
    operations = [
        {"op": "replace", "path": "displayName", "value": "Officers"},
        {"op": "remove", "path": 'members[value eq "ada"]'},
        {"op": "remove", "path": 'members[value eq "grace"]'},
        {"op": "add", "path": "members", "value": [{"value": "edith"}]},
    ]
    data = {"schemas": [PATCH_URN], "Operations": operations}
    assert events(made, changed, form=Form.FULL) == {f"{PATCH}:full": {"version": 'W/"2"', "data": data}}


def test_what_a_change_of_members_takes_away_is_removed() -> None:
    """An attribute that went in the same change is removed by the PATCH that is told."""
    made = replace(group(1), document='{"externalId":"x","displayName":"Crew"}')
    payload = events(made, group(2, left=("ada",)), form=Form.FULL)[f"{PATCH}:full"]
    assert payload["data"]["Operations"] == [
        {"op": "remove", "path": "externalId"},
        {"op": "remove", "path": 'members[value eq "ada"]'},
    ]


def test_a_group_is_made_with_its_members() -> None:
    """A creation tells of the members that the group was made with."""
    made = group(1, came=("ada",))
    data = {"schemas": [GROUP.schema.id], "id": "crew", "displayName": "Crew", "members": [{"value": "ada"}]}
    assert events(made, form=Form.FULL) == {f"{CREATE}:full": {"version": 'W/"1"', "data": data}}
    assert events(made) == {f"{CREATE}:notice": {"version": 'W/"1"', "attributes": ["id", "displayName", "members"]}}


def test_a_group_is_renamed_by_a_patch() -> None:
    """A replacement that left the members out would be the end of them for whoever replays it (RFC 7644 §3.5.1), so
    a group is changed by a PATCH always.
    """
    made, renamed = group(1, came=("ada",)), group(2, name="Officers")
    assert events(made, renamed) == {f"{PATCH}:notice": {"version": 'W/"2"', "attributes": ["displayName"]}}
    operations = [{"op": "replace", "path": "displayName", "value": "Officers"}]
    data = {"schemas": [PATCH_URN], "Operations": operations}
    assert events(made, renamed, form=Form.FULL) == {f"{PATCH}:full": {"version": 'W/"2"', "data": data}}


def test_a_suspension_is_a_replacement_and_a_deactivation() -> None:
    """``active`` is an attribute and a signal: both stand in the token of one change."""
    assert events(NEW, SUSPENDED) == {f"{PUT}:notice": {"version": 'W/"2"', "attributes": ["active"]}, DEACTIVATE: {}}
    back = revision(Action.REACTIVATED, {"userName": "ada", "active": True, "name": {"givenName": "Ada"}}, number=3)
    assert events(SUSPENDED, back) == {f"{PUT}:notice": {"version": 'W/"3"', "attributes": ["active"]}, ACTIVATE: {}}


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("feed", FeedChange)
def test_a_removal_says_nothing_but_that(form: Form, feed: FeedChange) -> None:
    """A removal has no form and no payload, and is never told as ``feed:remove`` as well (§2.4.4)."""
    assert events(NEW, REMOVED, form=form, feed=feed) == {DELETE: {}}


def test_a_restored_resource_is_a_new_one_again() -> None:
    """Who was told of the removal is told of a creation, with everything that came back."""
    back = revision(Action.RESTORED, {"userName": "ada", "active": True}, number=4)
    assert events(REMOVED, back) == {
        f"{CREATE}:notice": {"version": 'W/"4"', "attributes": ["id", "active", "userName"]}
    }


@pytest.mark.parametrize(
    "action", [Action.ROLE_GRANTED, Action.ROLE_REVOKED, Action.DISPLAY_NAME_CHANGED, Action.LINKED]
)
def test_what_is_ours_alone_is_no_event(action: Action) -> None:
    """A change of the account makes none: the resource is as it was."""
    before = revision(Action.CREATED, {"userName": "ada"}, account={"roles": []})
    after = revision(action, {"userName": "ada"}, account={"roles": ["Administrator"]}, number=2)
    assert told(before, after) is None


def test_a_break_glass_account_is_nobodys_business() -> None:
    """What no endpoint serves has no path, and no receiver hears of it."""
    assert told(NEW, resource_type=break_glass_type()) is None


@pytest.mark.parametrize(
    "chain, feed, expected",
    [
        ([NEW], FeedChange.JOINS, {f"{CREATE}:notice"}),
        ([NEW, RENAMED], FeedChange.JOINS, {f"{FEED}add", f"{PUT}:notice"}),
        ([NEW, RENAMED], FeedChange.LEAVES, {f"{FEED}remove"}),
        ([NEW, SUSPENDED], FeedChange.LEAVES, {f"{FEED}remove", DEACTIVATE}),
        ([RENAMED, revision(Action.ROLE_GRANTED, {}, number=3)], FeedChange.LEAVES, {f"{FEED}remove"}),
    ],
)
def test_who_joins_and_leaves_a_feed(chain: list[Revision], feed: FeedChange, expected: set[str]) -> None:
    """Joining adds ``feed:add``; leaving leaves ``feed:remove`` and a deactivation, and tells nothing else (§2.3)."""
    found = events(*chain, feed=feed)
    assert set(found) == expected
    assert all(payload == {} for uri, payload in found.items() if uri.startswith((FEED, DEACTIVATE)))


def test_a_change_of_the_account_can_bring_into_a_feed() -> None:
    """A feed may be of those who hold a role: then the grant is ``feed:add``, and no replacement."""
    granted = revision(Action.ROLE_GRANTED, {"userName": "ada"}, account={"roles": ["Administrator"]}, number=2)
    assert events(revision(Action.CREATED, {"userName": "ada"}), granted, feed=FeedChange.JOINS) == {f"{FEED}add": {}}


def test_uris_are_lower_case() -> None:
    """The registry has no capital letter in an event URI, nor have we."""
    assert [uri.value for uri in EventUri if uri.value != uri.value.lower()] == []


async def test_the_life_of_a_person(world: World) -> None:
    """Every change of a person that clients can see is told once, in order, and nothing else is."""
    id_ = await world.create(ADA)
    await world.put(id_, ADA)
    await world.patch(id_, {"op": "replace", "path": "active", "value": False})
    await world.patch(id_, {"op": "replace", "value": {"active": True, "title": "Countess"}})
    await world.directory.perform(world.operator, GrantRole(USER, id_, Role.ADMINISTRATOR))
    await world.directory.perform(world.operator, SetDisplayName(USER, id_, "Ada King"))
    await world.delete(id_)
    await world.directory.perform(world.operator, RestoreResource(USER, id_))

    entries = await world.database.resources.history(world.acme, HistoryQuery(resource_id=id_))
    by_number = {entry.revision.number: entry for entry in entries}
    stored = await world.database.resources.events(world.acme, after=(0, 0), limit=100)
    mine = [item.event for item in stored if item.event.resource_id == id_]
    said = [security_event(event, by_number[event.revision], USER) for event in mine]
    assert [list(item.events) for item in said if item is not None] == [
        [f"{CREATE}:notice"],
        [f"{PUT}:notice", DEACTIVATE],
        [f"{PUT}:notice", ACTIVATE],
        [DELETE],
        [f"{CREATE}:notice"],
    ]
    told_of = [item.txn for item in said if item is not None]
    assert sorted(told_of) == sorted(set(told_of))


async def test_the_life_of_a_group(world: World) -> None:
    """Every change of a group is told once and in order; that a member was removed from the directory is one."""
    groups = Groups(world.directory, world.client)
    ada = await world.create(ADA)
    crew = await groups.create("Crew")
    for _ in range(2):
        await groups.patch(crew, {"op": "add", "path": "members", "value": [{"value": ada}]})
    await groups.put(crew, {"displayName": "Officers"})
    await world.delete(ada)
    await groups.delete(crew)

    entries = await world.database.resources.history(world.acme, HistoryQuery(resource_id=crew))
    by_number = {entry.revision.number: entry for entry in entries}
    stored = await world.database.resources.events(world.acme, after=(0, 0), limit=100)
    mine = [item.event for item in stored if item.event.resource_id == crew]
    said = [security_event(event, by_number[event.revision], GROUP) for event in mine]
    assert [item.events for item in said if item is not None] == [
        {f"{CREATE}:notice": {"version": 'W/"1"', "attributes": ["id", "displayName"]}},
        {f"{PATCH}:notice": {"version": 'W/"2"', "attributes": ["members"]}},
        {f"{PATCH}:notice": {"version": 'W/"3"', "attributes": ["displayName"]}},
        {f"{PATCH}:notice": {"version": 'W/"4"', "attributes": ["members"]}},
        {DELETE: {}},
    ]
    assert {item.sub_id["uri"] for item in said if item is not None} == {f"/Groups/{crew}"}


def test_every_uri_is_on_the_page() -> None:
    """The reference page has each event URI, and no other."""
    page = (ROOT / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
    listed = re.findall(r"`((?:prov|feed):[a-z:]+)`", page)
    assert sorted(f"urn:ietf:params:scim:event:{name}" for name in listed) == sorted(uri.value for uri in EventUri)
