"""*History.* Decides what a revision is, and computes differences between revisions.

Knows resources and accounts as stored text; knows no SQL. A revision is {resource, account} **after** a change, with
who made it. Revisions are appended and never changed. The last one of a removed person is the tombstone: it keeps the
last resource and an account with the status ``removed``, so that a restore needs nothing else.
"""

from dataclasses import dataclass
from enum import Enum

from musterbook.directory.actor import ActorKind, KeyId, ResourceId, TenantId


class Action(Enum):
    """What a revision did, in one word; the event of the same change has it in its type."""

    CREATED = "created"
    UPDATED = "updated"
    SUSPENDED = "suspended"
    REACTIVATED = "reactivated"
    DEPROVISIONED = "deprovisioned"
    RESTORED = "restored"
    LINKED = "linked"
    """A client wrote for the first time to a person who was added otherwise."""
    ROLE_GRANTED = "role_granted"
    ROLE_REVOKED = "role_revoked"
    DISPLAY_NAME_CHANGED = "display_name_changed"


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of a resource and its account, and who brought it about."""

    tenant_id: TenantId
    resource_type: str
    resource_id: ResourceId
    number: int
    """Counts the revisions of the resource, from 1, without gaps; goes on after a restore."""
    at: str
    """UTC, ``YYYY-MM-DDTHH:MM:SS.mmmZ``."""
    action: Action
    actor_kind: ActorKind
    actor_name: str
    request_id: str
    key_id: KeyId | None
    version: int
    """The resource's SCIM version after the change."""
    document: str
    """The resource's stored text after the change; on a tombstone the last one."""
    account: str | None
    """The account's stored text after the change; ``None`` for resources that are no persons."""
