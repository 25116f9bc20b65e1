"""*From stored text to grants.* Decides by which grants a person holds what, given everything around them.

Knows the forms in which accounts and settings are stored; knows no storage. What a grant gives is decided in
``permissions``.
"""

from musterbook.directory.account import Role, read_account, read_granted
from musterbook.directory.everyone import DEFAULT_ROLES, EVERYONE_ID, everyone_type
from musterbook.directory.grant_store import Surroundings
from musterbook.directory.permissions import Grant, GrantedTo
from musterbook.directory.rules import State
from musterbook.scim import Resource


def everyone_roles(account: str | None) -> tuple[Role, ...]:
    """Return what Everyone is granted, by the text of its account; ``None``: nobody has decided about it."""
    return DEFAULT_ROLES if account is None else read_granted(account)


def everyone_state(roles: tuple[Role, ...]) -> State:
    """Return Everyone, who is granted these roles."""
    return State(Resource(everyone_type(), {}, EVERYONE_ID), None, roles)


def grants_of(around: Surroundings) -> tuple[Grant, ...]:
    """Return every grant by which a person holds a role: their own first, then those of groups, then Everyone's."""
    own = () if around.record.account is None else read_account(around.record.account).roles
    grants = [Grant(role, GrantedTo.PERSON) for role in own]
    for group in around.groups:
        granted_to = GrantedTo.GROUP if group.is_direct else GrantedTo.OUTER_GROUP
        grants += [Grant(role, granted_to, group.id, group.name) for role in read_granted(group.account)]
    grants += [Grant(role, GrantedTo.EVERYONE) for role in everyone_roles(around.everyone)]
    return tuple(grants)
