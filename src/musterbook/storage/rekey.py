"""*New comparison keys.* Decides the keys of stored resources when the comparison key changes (``scim.match``).

Shared by the engines: they bring stored rows and write what comes back; nothing is run here. Keys are computed from the
stored documents alone, so they can be made anew at any time.
"""

from dataclasses import dataclass

from musterbook.directory.break_glass import break_glass_type
from musterbook.scim import (
    IndexEntries,
    Meta,
    ResourceType,
    StoredResource,
    group_type,
    index_entries,
    read_document,
    user_type,
)

REKEY_BATCH: int = 500
"""How many documents are held in memory at once."""

_NO_META = Meta("", "", 0)


@dataclass(frozen=True, slots=True)
class RowKeys:
    """A stored resource and the keys that this release finds it by."""

    tenant_id: str
    resource_type: str
    id: str
    entries: IndexEntries


def keys_of(
    tenant_id: str, resource_type: str, resource_id: str, document: str, *, unique_group_names: bool
) -> RowKeys:
    """Return the keys of a stored document; ``unique_group_names`` as the tenant has it.

    Raises:
        ValueError: a type that this release does not store.
    """
    stored = StoredResource(resource_id, document, _NO_META)
    entries = index_entries(read_document(_stored_type(resource_type, unique_group_names=unique_group_names), stored))
    return RowKeys(tenant_id, resource_type, resource_id, entries)


def _stored_type(name: str, *, unique_group_names: bool) -> ResourceType:
    types = (user_type(), break_glass_type(), group_type(unique_names=unique_group_names))
    found = next((item for item in types if item.name == name), None)
    if found is None:
        raise ValueError(f"{name} is no type that this release stores")
    return found
