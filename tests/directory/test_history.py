"""Revisions and their differences as tables."""

from dataclasses import replace

import msgspec
import pytest

from musterbook.directory import Action, ActorKind, KeyId, ResourceId, TenantId
from musterbook.directory.events import Event, event_of, event_type
from musterbook.directory.history import FieldChange, Revision, changes_between, history_line, is_tombstone
from musterbook.scim import Json

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def revision(document: Json, account: Json = None, *, number: int = 1, action: Action = Action.CREATED) -> Revision:
    """Return a revision with this resource and account."""
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
        document=msgspec.json.encode({"schemas": [], "id": "ada", **document}).decode(),
        account=None if account is None else msgspec.json.encode(account).decode(),
    )


@pytest.mark.parametrize(
    "before, after, changes",
    [
        ({}, {}, []),
        ({"title": "Countess"}, {"title": "Countess"}, []),
        ({}, {"title": "Countess"}, [("title", None, "Countess")]),
        ({"title": "Countess"}, {}, [("title", "Countess", None)]),
        ({"active": True}, {"active": False}, [("active", True, False)]),
        (
            {"name": {"givenName": "Ada", "familyName": "Byron"}},
            {"name": {"givenName": "Ada", "familyName": "King"}},
            [("name.familyName", "Byron", "King")],
        ),
        ({"name": {"givenName": "Ada"}}, {}, [("name.givenName", "Ada", None)]),
        (
            {"emails": [{"value": "a@x"}]},
            {"emails": [{"value": "a@x"}, {"value": "b@x"}]},
            [("emails", [{"value": "a@x"}], [{"value": "a@x"}, {"value": "b@x"}])],
        ),
        (
            {ENTERPRISE: {"department": "Sums", "manager": {"value": "1"}}},
            {ENTERPRISE: {"manager": {"value": "2"}}},
            [(f"{ENTERPRISE}:department", "Sums", None), (f"{ENTERPRISE}:manager.value", "1", "2")],
        ),
        (
            {"userName": "b", "title": "x"},
            {"userName": "a", "title": "y"},
            [("title", "x", "y"), ("userName", "b", "a")],
        ),
    ],
)
def test_the_difference_of_two_resources(before: Json, after: Json, changes: list[tuple[str, Json, Json]]) -> None:
    """A difference names each value that differs by its path, sorted; multi-valued attributes are one value."""
    found = changes_between(revision(before), revision(after, number=2))
    assert found == tuple(FieldChange(*change) for change in changes)


def test_the_difference_of_two_accounts() -> None:
    """What is ours stands below ``account.``; an empty list of roles is no value."""
    before = revision({}, {"status": "active", "roles": [], "setup_expires_at": None})
    after = revision({}, {"status": "removed", "roles": ["Administrator"], "setup_expires_at": None}, number=2)
    assert changes_between(before, after) == (
        FieldChange("account.roles", None, ["Administrator"]),
        FieldChange("account.status", "active", "removed"),
    )


def test_a_first_revision_differs_from_nothing() -> None:
    """The difference of a first revision is everything that it holds, schemas and id left out."""
    line = history_line(revision({"userName": "ada"}, {"status": "active"}), None)
    assert (line.user_name, line.changes) == (
        "ada",
        (FieldChange("account.status", None, "active"), FieldChange("userName", None, "ada")),
    )


@pytest.mark.parametrize("document", [{"number": "7"}, {"displayName": {"text": "Sums"}}])
def test_a_resource_without_a_name_has_an_empty_one(document: dict[str, Json]) -> None:
    """The history has a line also for what has no name, or calls something else so."""
    assert history_line(replace(revision(document), resource_type="Badge"), None).user_name == ""


def test_a_group_is_named_by_its_display_name() -> None:
    """A line about a group has the name that the group had then."""
    made = replace(revision({"displayName": "Crew"}), resource_type="Group")
    assert history_line(made, None).user_name == "Crew"


@pytest.mark.parametrize(
    "came, left, change",
    [
        ((), (), ()),
        (("ada", "grace"), (), (FieldChange("members", None, ["ada", "grace"]),)),
        ((), ("ada",), (FieldChange("members", ["ada"], None),)),
        (("grace",), ("ada",), (FieldChange("members", ["ada"], ["grace"]),)),
    ],
)
def test_the_members_who_came_and_left(
    came: tuple[str, ...], left: tuple[str, ...], change: tuple[FieldChange, ...]
) -> None:
    """The difference of two revisions of a group holds who left and who came, and nobody who stayed."""
    before = replace(revision({"displayName": "Crew"}), members_added=("edith",))
    after = replace(revision({"displayName": "Crew"}, number=2), members_added=came, members_removed=left)
    assert changes_between(before, after) == change


def test_members_stand_among_the_other_changes() -> None:
    """A change of members and of attributes is sorted by path like any other."""
    before = revision({"displayName": "Crew", "title": "A"})
    after = replace(revision({"displayName": "Officers", "title": "B"}, number=2), members_added=("ada",))
    assert [change.path for change in changes_between(before, after)] == ["displayName", "members", "title"]


@pytest.mark.parametrize("action", Action)
def test_only_a_removal_leaves_a_tombstone(action: Action) -> None:
    """A resource is restored from the revision of its removal and from no other."""
    assert is_tombstone(revision({}, action=action)) is (action is Action.DEPROVISIONED)


def test_an_event_points_to_its_revision() -> None:
    """An event tells what happened to whom, and holds nothing of what changed."""
    assert event_of(revision({"userName": "ada"}, number=7, action=Action.SUSPENDED), "event-1") == Event(
        tenant_id=TenantId("acme"),
        id="event-1",
        type="user.suspended",
        resource_type="User",
        resource_id=ResourceId("ada"),
        revision=7,
        at="2026-11-23T09:00:00.000Z",
    )


@pytest.mark.parametrize("resource_type", ["User", "BreakGlassAccount"])
@pytest.mark.parametrize("action", Action)
def test_event_types_keep_to_standard_webhooks(resource_type: str, action: Action) -> None:
    """The types are full-stop delimited and hold nothing but lower-case letters and underscores."""
    noun, verb = event_type(resource_type, action).split(".")
    assert (noun, verb) == (resource_type.lower(), action.value)
    assert (noun + verb).replace("_", "").isalpha()
