"""*Rules of a person.* Decides what follows from a change: display name, status, link, sessions, who administers.

Knows resources and accounts; knows no storage, request or clock. Plain functions from a state to the next.
"""

from dataclasses import dataclass, replace

from msgspec import UNSET

from musterbook.directory.account import Account, DisplayNameOrigin, Password, Role, Source, Status
from musterbook.directory.actor import ActorKind
from musterbook.directory.history import Action
from musterbook.directory.permissions import sorted_roles
from musterbook.scim import Resource, ResourceType
from musterbook.scim.errors import InvalidValueError

FOREVER = "9999-12-31T23:59:59.999Z"
"""``administers_until`` of an administrator without an end; sorts after every time."""
MAX_DISPLAY_NAME_LENGTH = 256
"""As long as a ``userName`` may be."""


@dataclass(frozen=True, slots=True)
class State:
    """A resource and its account, as they are or as they are to be."""

    resource: Resource
    account: Account | None
    """``None`` for resources that are no persons."""
    granted: tuple[Role, ...] = ()
    """What was granted to a group, or to Everyone. The roles of a person are in the account."""


def is_person(resource_type: ResourceType) -> bool:
    """Return whether resources of this type are people, who have an account."""
    return resource_type.name == "User"


def is_group(resource_type: ResourceType) -> bool:
    """Return whether resources of this type are groups, who have members."""
    return resource_type.name == "Group"


def with_defaults(resource: Resource) -> Resource:
    """Return a resource to be created with ``active`` set where the client left it out (RFC 7643 §4.1.1)."""
    if not is_person(resource.resource_type) or "active" in resource.attributes:
        return resource
    return replace(resource, attributes={**resource.attributes, "active": True})


def open_account(resource: Resource, source: Source) -> Account | None:
    """Return the account of a new person, or ``None`` if the resource is no person."""
    if not is_person(resource.resource_type):
        return None
    name, origin = _display_name(resource)
    return Account(name, origin, _status(resource), source)


def follow_resource(account: Account | None, resource: Resource, by: ActorKind) -> Account | None:
    """Return the account after its resource changed.

    The status follows ``active``. The display name follows only until a first or last name has come. A person who was
    added otherwise is linked by the first write of a client.
    """
    if account is None:
        return None
    name, origin = account.display_name, account.display_name_origin
    if origin is DisplayNameOrigin.FALLBACK:
        name, origin = _display_name(resource)
    source = Source.SCIM if by is ActorKind.SCIM else account.source
    return replace(account, display_name=name, display_name_origin=origin, status=_status(resource), source=source)


def _status(resource: Resource) -> Status:
    return Status.SUSPENDED if resource.attributes.get("active") is False else Status.ACTIVE


def _display_name(resource: Resource) -> tuple[str, DisplayNameOrigin]:
    attributes = resource.attributes
    name = attributes.get("name", {})
    first_and_last = " ".join(filter(None, (name.get(part, "").strip() for part in ("givenName", "familyName"))))
    if first_and_last:
        return first_and_last, DisplayNameOrigin.NAME
    stand_ins = (attributes.get("displayName", ""), name.get("formatted", ""), attributes.get("userName", ""))
    return next(filter(None, map(str.strip, stand_ins)), ""), DisplayNameOrigin.FALLBACK


def administers_until(account: Account | None) -> str | None:
    """Return until when a person counts as an administrator who can sign in; ``None``: does not.

    Only a role of one's own counts: a provider may empty a group at any moment. A break-glass account without a
    password counts until its set-up link expires. What the store adds, because it is a matter of other rows: where
    single sign-on is the only way, whoever is no break-glass account counts once the provider's name for them is known.
    """
    if account is None or account.status is not Status.ACTIVE or Role.ADMINISTRATOR not in account.roles:
        return None
    if account.source is Source.BREAK_GLASS and account.password is UNSET:
        return account.setup_expires_at
    return account.setup_expires_at or FOREVER


def may_remove_administrator(before: Account | None, after: Account | None, now: str) -> bool:
    """Return whether a change takes away somebody who counts as an administrator ``now``."""
    until = administers_until(before)
    if until is None or until <= now:
        return False
    return (administers_until(after) or "") < until


def action_between(before: State, after: State) -> Action:
    """Return what a write to an existing resource did, in one word; the strongest where it did several things."""
    was, is_ = before.account, after.account
    if was is None or is_ is None:
        return Action.UPDATED
    if was.status is not is_.status:
        return Action.SUSPENDED if is_.status is Status.SUSPENDED else Action.REACTIVATED
    return Action.LINKED if was.source is not is_.source else Action.UPDATED


def grant(account: Account, role: Role) -> Account:
    """Return the account with ``role``."""
    return replace(account, roles=sorted_roles((*account.roles, role)))


def revoke(account: Account, role: Role) -> Account:
    """Return the account without ``role``."""
    return replace(account, roles=tuple(item for item in account.roles if item is not role))


def with_role(state: State, role: Role) -> State:
    """Return the state after ``role`` was granted to the person, the group or Everyone."""
    if state.account is not None:
        return replace(state, account=grant(state.account, role))
    return replace(state, granted=sorted_roles((*state.granted, role)))


def without_role(state: State, role: Role) -> State:
    """Return the state after ``role`` was revoked from the person, the group or Everyone."""
    if state.account is not None:
        return replace(state, account=revoke(state.account, role))
    return replace(state, granted=tuple(item for item in state.granted if item is not role))


def set_password(account: Account, password: Password) -> Account:
    """Return the account with a password that its owner has set, so that it needs no set-up any more."""
    return replace(account, password=password, setup_expires_at=None)


def end_sessions(account: Account) -> Account:
    """Return the account after every session ended."""
    return replace(account, session_epoch=account.epoch + 1)


def follow_sessions(before: Account | None, after: Account | None) -> Account | None:
    """Return ``after``, with every session ended where the change is one that ends them, whoever makes it.

    Suspension is, and so is another password, or none. Reactivation is not, so it revives no session, either.
    """
    if before is None or after is None or after is before:
        return after
    is_suspended = after.status is Status.SUSPENDED and before.status is Status.ACTIVE
    return end_sessions(after) if is_suspended or after.password != before.password else after


def entomb(account: Account) -> Account:
    """Return the account of somebody who is removed, as the tombstone keeps it.

    A tombstone is kept for long and may hold no secret, so whoever comes back sets up a password and a second factor
    anew. No session outlives the removal.
    """
    gone = replace(account, status=Status.REMOVED, password=UNSET, second_factor_at=UNSET)
    return end_sessions(gone)


def name_by_administrator(account: Account | None, name: str) -> Account | None:
    """Return the account with a display name that syncs leave from now on.

    Raises:
        InvalidValueError: the name is blank, too long, or holds what cannot be shown.
    """
    name = name.strip()
    if not name or len(name) > MAX_DISPLAY_NAME_LENGTH or not name.isprintable():
        raise InvalidValueError(f"A display name has 1 to {MAX_DISPLAY_NAME_LENGTH} printable characters.")
    if account is None:
        return None
    return replace(account, display_name=name, display_name_origin=DisplayNameOrigin.ADMINISTRATOR)
