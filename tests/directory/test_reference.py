"""The reference of events and the page about the history say what the code does."""

import re
from dataclasses import fields
from pathlib import Path

from musterbook.directory import Action, Role
from musterbook.directory.actor import SCIM_ACTOR_NAME, SIGN_IN_ACTOR_NAME, TenantId, operator_actor
from musterbook.directory.events import Event, event_type
from musterbook.directory.everyone import everyone_type
from musterbook.directory.own_types import SETTINGS_TYPES
from musterbook.directory.permissions import ROLES, Permission

DOCS = Path(__file__).parents[2] / "docs"
FIRST_COLUMN = re.compile(r"^\| (?P<cell>[^|]+) \|", flags=re.MULTILINE)
NAME = re.compile(r"`([^`]+)`")


def names(page: str, heading: str) -> list[str]:
    """Return the names in the first column of the table below a heading."""
    _, _, rest = (DOCS / page).read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    section = rest.partition("\n## ")[0]
    return [name for row in FIRST_COLUMN.finditer(section) for name in NAME.findall(row["cell"])]


def test_every_event_type_has_an_entry() -> None:
    """The reference lists every type of event: of people, of groups, and of what a tenant settles."""
    roles = (Action.ROLE_GRANTED, Action.ROLE_REVOKED)
    of_groups = (Action.CREATED, Action.UPDATED, Action.DEPROVISIONED, Action.RESTORED, *roles)
    assert names("reference/events.md", "Types") == [
        *(event_type("User", action) for action in Action),
        *(event_type("Group", action) for action in of_groups),
        *(event_type(everyone_type().name, action) for action in roles),
        *(event_type(settings, Action.UPDATED) for settings in sorted(SETTINGS_TYPES - {everyone_type().name})),
    ]


def test_every_field_of_an_event_has_an_entry() -> None:
    """The reference lists the fields of an event, and no other."""
    assert names("reference/events.md", "Fields") == [field.name for field in fields(Event)]


def test_every_action_is_explained() -> None:
    """The page about the history explains every action, and no other."""
    assert sorted(names("explanation/history.md", "What the words mean")) == sorted(action.value for action in Action)


def test_the_table_of_permissions_is_that_of_the_code() -> None:
    """The page about permissions has each permission, and which roles allow it."""
    _, _, rest = (DOCS / "explanation/permissions.md").read_text(encoding="utf-8").partition("\n## Roles\n")
    lines = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("|")]
    (_, _, *roles), _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    assert roles == [role.value for role in Role]
    assert {row[0].strip("`"): row[2:] for row in rows} == {
        permission.value: ["yes" if permission in ROLES[role] else "no" for role in Role] for permission in Permission
    }


def test_the_actors_are_named_as_the_history_names_them() -> None:
    """The page about the history has the names that stand in it."""
    operator = operator_actor(TenantId("acme"), "command-1").name
    assert names("explanation/history.md", "Who it was") == [SCIM_ACTOR_NAME, operator, SIGN_IN_ACTOR_NAME]
