"""*Rows and values.* Decides in which order columns are selected, and what a row of them means.

Shared by the engines, whose tables have the same columns; knows neither. A row is whatever the driver gives that can be
unpacked.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from musterbook.directory import KeyId, ResourceId, SetupLink, Switches, Tenant, TenantId, TenantStatus
from musterbook.directory.actor import ActorKind
from musterbook.directory.events import Event, StoredEvent
from musterbook.directory.history import Action, Revision
from musterbook.directory.store import HistoryEntry, Record
from musterbook.identity.store import Key, KeyRecord
from musterbook.scim import Json, Meta, StoredResource
from musterbook.scim.resource import Related

Row: TypeAlias = Iterable[Any]
"""`Any`: neither driver knows the types of the columns; each function below states them once."""

STORED_COLUMNS: Final = (
    "resources.id, resources.document, resources.created_at, resources.last_modified, resources.version"
)
RECORD_COLUMNS: Final = f"{STORED_COLUMNS}, resources.revision, resources.account"
REVISION_COLUMNS: Final = (
    "tenant_id",
    "resource_type",
    "resource_id",
    "number",
    "at",
    "action",
    "actor_kind",
    "actor_name",
    "request_id",
    "key_id",
    "version",
    "document",
    "account",
    "members_added",
    "members_removed",
)
EVENT_COLUMNS: Final = "tenant_id, id, type, resource_type, resource_id, revision, at"
TENANT_COLUMNS: Final = "tenant_id, slug, name, status, scim_enabled, created_at, unique_group_names, accepts_passwords"
SETUP_LINK_COLUMNS: Final = "tenant_id, link_hash, account_id, created_at, expires_at"
KEY_COLUMNS: Final = (
    "keys.tenant_id, keys.id, keys.key_hash, keys.prefix, keys.label, keys.idp, keys.profile, keys.created_at,"
    " keys.expires_at, keys.revoked_at, keys.last_used_at"
)
KEY_RECORD_COLUMNS: Final = (
    f"{KEY_COLUMNS}, tenants.status, tenants.scim_enabled, tenants.unique_group_names, tenants.accepts_passwords"
)


def read_stored(row: Row, related: Sequence[Related] | None = None) -> StoredResource:
    """Return the resource of a row of ``STORED_COLUMNS``, with these memberships."""
    resource_id, document, created, last_modified, version = row
    return StoredResource(resource_id, document, Meta(created, last_modified, version), related)


def read_record(row: Row) -> Record:
    """Return the record of a row of ``RECORD_COLUMNS``."""
    *stored, revision, account = row
    return Record(read_stored(stored), revision, account)


# Lists of members are JSON: an engine makes the text of a hundred thousand in less time than the driver their rows.
_ENCODER: Final = msgspec.json.Encoder()
_RELATED: Final = msgspec.json.Decoder(tuple[Related, ...])
_IDS: Final = msgspec.json.Decoder(tuple[str, ...])
_DOCUMENT: Final = msgspec.json.Decoder(dict[str, Json])


def read_related(text: str) -> tuple[Related, ...]:
    """Return the memberships of a JSON array, each an array of the fields of ``Related`` in their order."""
    return _RELATED.decode(text)


def ids_text(ids: Sequence[str]) -> str | None:
    """Return the text of a column that holds the ids of members; ``None`` where there are none."""
    return _ENCODER.encode(ids).decode() if ids else None


def display_of(resource_type: str, document: str) -> str | None:
    """Return the name under which its members show a group; ``None`` for any other resource."""
    return _DOCUMENT.decode(document).get("displayName") if resource_type == "Group" else None


def read_revision(row: Row) -> Revision:
    """Return the revision of a row of ``REVISION_COLUMNS``."""
    tenant_id, resource_type, resource_id, number, at, action, actor_kind, *rest, added, removed = row
    members = (_read_ids(added), _read_ids(removed))
    return Revision(
        TenantId(tenant_id),
        resource_type,
        ResourceId(resource_id),
        number,
        at,
        Action(action),
        ActorKind(actor_kind),
        *(*rest, *members),
    )


def _read_ids(text: str | None) -> tuple[str, ...]:
    return () if text is None else _IDS.decode(text)


def read_history_entry(row: Row) -> HistoryEntry:
    """Return the entry of a row of ``REVISION_COLUMNS`` twice: the revision and the one before it."""
    columns = tuple(row)
    half = len(REVISION_COLUMNS)
    previous = columns[half:]
    return HistoryEntry(read_revision(columns[:half]), None if previous[0] is None else read_revision(previous))


def read_event(row: Row) -> StoredEvent:
    """Return the event of a row of ``EVENT_COLUMNS``, its transaction and its position."""
    tenant_id, event_id, type_, resource_type, resource_id, revision, at, transaction_id, position = row
    event = Event(TenantId(tenant_id), event_id, type_, resource_type, ResourceId(resource_id), revision, at)
    return StoredEvent(event, transaction_id, position)


def read_tenant(row: Row) -> Tenant:
    """Return the tenant of a row of ``TENANT_COLUMNS``."""
    tenant_id, slug, name, status, scim_enabled, created_at, *switches = row
    return Tenant(
        TenantId(tenant_id), slug, name, TenantStatus(status), bool(scim_enabled), created_at, _read_switches(switches)
    )


def _read_switches(row: Row) -> Switches:
    unique_group_names, accepts_passwords = row
    return Switches(unique_group_names=bool(unique_group_names), accepts_passwords=bool(accepts_passwords))


def read_setup_link(row: Row) -> SetupLink:
    """Return the link of a row of ``SETUP_LINK_COLUMNS``."""
    tenant_id, link_hash, account_id, created_at, expires_at = row
    return SetupLink(TenantId(tenant_id), link_hash, ResourceId(account_id), created_at, expires_at)


def read_key(row: Row) -> Key:
    """Return the key of a row of ``KEY_COLUMNS``."""
    tenant_id, key_id, *rest = row
    return Key(TenantId(tenant_id), KeyId(key_id), *rest)


def read_key_record(row: Row) -> KeyRecord:
    """Return the key of a row of ``KEY_RECORD_COLUMNS``."""
    *key, tenant_status, scim_enabled, unique_group_names, accepts_passwords = row
    switches = _read_switches([unique_group_names, accepts_passwords])
    return KeyRecord(read_key(key), TenantStatus(tenant_status), bool(scim_enabled), switches)


def may_be_stored(identifier: str) -> bool:
    """Return whether an identifier of ours can read like this.

    Ours are ASCII. Databases take neither NUL nor a lone surrogate, and a caller's text may hold both.
    """
    return identifier.isascii() and "\0" not in identifier
