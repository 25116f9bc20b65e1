"""How a line of the history is told to people."""

from dataclasses import replace

import pytest

from musterbook.cli.telling import told_changes
from musterbook.directory import Action, HistoryLine, KeyId, ResourceId, TenantId
from musterbook.directory.actor import ActorKind
from musterbook.directory.history import FieldChange, Revision
from musterbook.scim import Json


def line(action: Action, *changes: tuple[str, Json, Json]) -> HistoryLine:
    """Return a line of the history with these changes."""
    revision = Revision(
        tenant_id=TenantId("acme"),
        resource_type="User",
        resource_id=ResourceId("1"),
        number=2,
        at="2026-11-23T12:00:00.000Z",
        action=action,
        actor_kind=ActorKind.SCIM,
        actor_name="Scim System User",
        request_id="r",
        key_id=KeyId("k"),
        version=2,
        document="{}",
        account="{}",
    )
    return HistoryLine(revision, "ada@acme.example", tuple(FieldChange(*change) for change in changes))


DEPARTMENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"


@pytest.mark.parametrize(
    "changes, told",
    [
        ([("title", None, "Countess")], "title: none → Countess"),
        ([("title", "Countess", None)], "title: Countess → none"),
        ([(DEPARTMENT, "Sales", "Engines")], "department: Sales → Engines"),
        ([("account.display_name", "Ada", "Ada King")], "display name: Ada → Ada King"),
        ([("account.roles", None, ["Administrator"])], "roles: none → Administrator"),
        ([("emails", [{"value": "a@x.example", "type": "work"}], [])], "emails: a@x.example → "),
        ([("addresses", None, [{"locality": "London"}])], 'addresses: none → {"locality":"London"}'),
        ([("title", "x" * 61, "y" * 60)], f"title: {'x' * 59}… → {'y' * 60}"),
        ([("name.givenName", "A", "B"), ("title", "C", "D")], "givenName: A → B; title: C → D"),
    ],
)
def test_a_change_is_told_with_both_values(changes: list[tuple[str, Json, Json]], told: str) -> None:
    """A change names the attribute, in short, and the value before and after."""
    assert told_changes(line(Action.UPDATED, *changes)) == told


def test_what_the_action_says_is_not_said_again() -> None:
    """A suspension does not list that somebody is no longer active, but does list what came with it."""
    suspended = (("active", True, False), ("account.status", "active", "suspended"))
    assert told_changes(line(Action.SUSPENDED, *suspended)) == ""
    assert told_changes(line(Action.SUSPENDED, *suspended, ("title", "A", "B"))) == "title: A → B"


def test_the_formatted_name_is_told_only_by_itself() -> None:
    """name.formatted follows from the names; it is told only where they have not changed."""
    formatted = ("name.formatted", "Ada Roe", "Ada Doe")
    assert told_changes(line(Action.UPDATED, formatted)) == "formatted: Ada Roe → Ada Doe"
    changes = told_changes(line(Action.UPDATED, formatted, ("name.familyName", "Roe", "Doe")))
    assert changes == "familyName: Roe → Doe"


@pytest.mark.parametrize("action", [Action.CREATED, Action.DEPROVISIONED, Action.RESTORED])
def test_who_comes_or_goes_is_not_told_field_by_field(action: Action) -> None:
    """After joining, leaving and restoring, the action says all."""
    assert told_changes(line(action, ("title", None, "Countess"))) == ""


@pytest.mark.parametrize(
    "left, came, told",
    [
        (None, ["1"], "members: 1 joined"),
        (["1", "2"], None, "members: 2 left"),
        (["1"], [str(number) for number in range(100_000)], "members: 100000 joined, 1 left"),
    ],
)
def test_members_are_counted(left: Json, came: Json, told: str) -> None:
    """Of the members of a group people are told how many joined and left: a hundred thousand ids fit no table."""
    of_group = line(Action.UPDATED, ("members", left, came))
    counted = replace(of_group.revision, account=None, members_added=came or (), members_removed=left or ())
    assert told_changes(replace(of_group, revision=counted)) == told


def test_what_an_operator_defines_may_be_called_like_ours() -> None:
    """Of a resource that is neither person nor group, ``members`` and ``active`` are attributes like any other."""
    changed = line(Action.UPDATED, ("active", True, False), ("members", 6, 7))
    badge = replace(changed.revision, resource_type="Badge", account=None)
    assert told_changes(replace(changed, revision=badge)) == "active: true → false; members: 6 → 7"
