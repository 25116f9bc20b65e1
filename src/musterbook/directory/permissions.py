"""*Permissions.* Decides which roles there are, what each allows, and by which grant a person holds it.

Knows no storage, operation or request: which permission an operation needs is decided in ``access``. Three ideas:

* **Grants add up.** A role is granted to a person, to a group or to Everyone. Whoever holds a role by any of these
  holds it; no grant takes away what another gives.
* **Deciding and explaining are one.** What decides is that there is an explanation, so the two cannot disagree.
* **To change groups is to grant.** Where groups map to roles, whoever decides who is in a group decides who holds what.
  So ``groups.write`` comes with every other permission, or not at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from musterbook.directory.account import Role


class Permission(Enum):
    """What one may be allowed to do, as ``<noun>.<verb>``."""

    PROFILE_READ = "profile.read"
    """See oneself: one's attributes, sessions and permissions."""
    PROFILE_WRITE = "profile.write"
    """Change how one signs in oneself: password, second factor, sessions."""
    USERS_READ = "users.read"
    USERS_WRITE = "users.write"
    """Add, change, suspend and remove people who may do no more than oneself."""
    GROUPS_READ = "groups.read"
    GROUPS_WRITE = "groups.write"
    PERMISSIONS_READ = "permissions.read"
    """See what was granted to whom."""
    PERMISSIONS_WRITE = "permissions.write"
    """Grant what one holds oneself, and revoke it; make and remove break-glass accounts."""
    SETTINGS_READ = "settings.read"
    SETTINGS_WRITE = "settings.write"
    HISTORY_READ = "history.read"
    PROVISIONING_READ = "provisioning.read"
    """See what identity providers sent, and why it was refused."""


_PROFILE = frozenset({Permission.PROFILE_READ, Permission.PROFILE_WRITE})

ROLES: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.ADMINISTRATOR: frozenset(Permission),
        Role.USER_MANAGER: _PROFILE | {Permission.USERS_READ, Permission.USERS_WRITE, Permission.GROUPS_READ},
        Role.AUDITOR: _PROFILE
        | {
            Permission.USERS_READ,
            Permission.GROUPS_READ,
            Permission.PERMISSIONS_READ,
            Permission.SETTINGS_READ,
            Permission.HISTORY_READ,
            Permission.PROVISIONING_READ,
        },
        Role.MEMBER: _PROFILE,
    }
)
"""What each role allows."""


class GrantedTo(Enum):
    """To whom a role was granted that a person holds."""

    PERSON = "person"
    """To the person alone."""
    GROUP = "group"
    """To a group of which the person is a member."""
    OUTER_GROUP = "outer-group"
    """To a group that holds the person's group, directly or through others."""
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Grant:
    """One reason why a person holds a role."""

    role: Role
    granted_to: GrantedTo
    group_id: str | None = None
    group_name: str | None = None


def explain(grants: Iterable[Grant], permission: Permission) -> tuple[Grant, ...]:
    """Return the grants that give ``permission``; none: it is not held."""
    return tuple(grant for grant in grants if permission in ROLES[grant.role])


def decide(grants: Iterable[Grant], permission: Permission) -> bool:
    """Return whether whoever has these grants holds ``permission``."""
    return bool(explain(grants, permission))


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Return everything that these roles allow."""
    return frozenset[Permission]().union(*(ROLES[role] for role in roles))


def held_permissions(grants: Sequence[Grant]) -> frozenset[Permission]:
    """Return everything that whoever has these grants may do."""
    return frozenset(permission for permission in Permission if decide(grants, permission))


def held_roles(grants: Iterable[Grant]) -> tuple[Role, ...]:
    """Return the roles of these grants, each once, sorted by their names."""
    return sorted_roles(grant.role for grant in grants)


def sorted_roles(roles: Iterable[Role]) -> tuple[Role, ...]:
    """Return the roles as they are stored and shown: each once, sorted by their names."""
    return tuple(sorted(set(roles), key=lambda role: role.value))
