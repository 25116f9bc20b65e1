"""*Events.* Decides the vocabulary of facts that leave the directory.

Knows actions; knows no delivery. An event is a row of the same transaction as its revision and points to it; what
changed is computed from the revisions, so an event holds no personal data of its own. Types have the form
``<resource type>.<action>``, for example ``user.suspended``, as Standard Webhooks asks.
"""

from dataclasses import dataclass

from musterbook.directory.actor import ResourceId, TenantId
from musterbook.directory.history import Action, Revision


@dataclass(frozen=True, slots=True)
class Event:
    """A fact about one resource."""

    tenant_id: TenantId
    id: str
    """UUIDv7; receivers recognise a repeated delivery by it."""
    type: str
    resource_type: str
    resource_id: ResourceId
    revision: int
    """The number of the revision that the change made."""
    at: str
    """UTC, ``YYYY-MM-DDTHH:MM:SS.mmmZ``."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its place in the order of commits."""

    event: Event
    transaction_id: int
    """Readers follow this order: a transaction that commits late is never skipped."""
    position: int
    """Orders the events of one transaction."""


def event_type(resource_type: str, action: Action) -> str:
    """Return the type of the event for ``action`` on a resource of ``resource_type``."""
    return f"{resource_type.lower()}.{action.value}"


def event_of(revision: Revision, event_id: str) -> Event:
    """Return the event that announces ``revision``."""
    return Event(
        tenant_id=revision.tenant_id,
        id=event_id,
        type=event_type(revision.resource_type, revision.action),
        resource_type=revision.resource_type,
        resource_id=revision.resource_id,
        revision=revision.number,
        at=revision.at,
    )
