"""Roles and grants as tables: what each role allows, and by which grant somebody holds it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterbook.directory import Role
from musterbook.directory.permissions import (
    ROLES,
    Grant,
    GrantedTo,
    Permission,
    decide,
    explain,
    held_permissions,
    held_roles,
)

ALLOWED = {
    Role.ADMINISTRATOR: {permission.value for permission in Permission},
    Role.USER_MANAGER: {"profile.read", "profile.write", "users.read", "users.write", "groups.read"},
    Role.AUDITOR: {
        *("profile.read", "profile.write", "users.read", "groups.read", "permissions.read", "settings.read"),
        *("history.read", "provisioning.read"),
    },
    Role.MEMBER: {"profile.read", "profile.write"},
}
OWN = Grant(Role.USER_MANAGER, GrantedTo.PERSON)
CREW = Grant(Role.AUDITOR, GrantedTo.GROUP, "group-1", "Crew")
FLEET = Grant(Role.USER_MANAGER, GrantedTo.OUTER_GROUP, "group-2", "Fleet")
ALL = Grant(Role.MEMBER, GrantedTo.EVERYONE)
GRANTS = st.lists(st.builds(Grant, st.sampled_from(Role), st.sampled_from(GrantedTo)))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_what_each_role_allows(role: Role, permission: Permission) -> None:
    """Every role allows exactly what the table says."""
    grant = Grant(role, GrantedTo.PERSON)
    assert decide([grant], permission) is (permission.value in ALLOWED[role])


def test_every_role_is_in_the_table() -> None:
    """No role is without a meaning."""
    assert set(ROLES) == set(Role) == set(ALLOWED)


def test_to_change_groups_is_to_grant() -> None:
    """A role that lets its holder change groups, or the settings that map them to roles, allows everything else."""
    for permission in (Permission.GROUPS_WRITE, Permission.SETTINGS_WRITE, Permission.PERMISSIONS_WRITE):
        assert {role for role in Role if permission in ROLES[role]} == {Role.ADMINISTRATOR}
    assert ROLES[Role.ADMINISTRATOR] == frozenset(Permission)


def test_each_grant_that_gives_a_permission_is_named() -> None:
    """The explanation holds each grant that gives the permission, in their order, and no other."""
    grants = [OWN, CREW, FLEET, ALL]
    assert explain(grants, Permission.USERS_WRITE) == (OWN, FLEET)
    assert explain(grants, Permission.HISTORY_READ) == (CREW,)
    assert explain(grants, Permission.PROFILE_READ) == (OWN, CREW, FLEET, ALL)
    assert explain(grants, Permission.SETTINGS_WRITE) == ()


def test_roles_are_named_once() -> None:
    """A role that comes by two grants is held once."""
    assert held_roles([ALL, FLEET, OWN, CREW]) == (Role.AUDITOR, Role.MEMBER, Role.USER_MANAGER)


@given(GRANTS, GRANTS)
def test_grants_add_up(some: list[Grant], more: list[Grant]) -> None:
    """Whoever gets more grants loses nothing, and holds what each of the two gives."""
    assert held_permissions([*some, *more]) == held_permissions(some) | held_permissions(more)


@given(GRANTS, st.sampled_from(Permission))
def test_what_is_held_is_what_can_be_explained(grants: list[Grant], permission: Permission) -> None:
    """Deciding, explaining and listing agree."""
    is_held = permission in held_permissions(grants)
    assert decide(grants, permission) is bool(explain(grants, permission)) is is_held


def test_nobody_holds_anything_without_a_grant() -> None:
    """Without a grant nothing is allowed."""
    assert held_permissions([]) == frozenset()
