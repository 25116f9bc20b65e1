"""*New comparison keys.* Decides the keys of stored resources when the comparison key changes (``scim.match``).

Shared by the engines: they bring stored rows and write what comes back; nothing is run here. Keys are computed from the
stored documents alone, so they can be made anew at any time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from musterbook.directory.break_glass import break_glass_type
from musterbook.scim import IndexEntries, Meta, ResourceType, StoredResource, index_entries, read_document, user_type

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


@cache
def _stored_types() -> Mapping[str, ResourceType]:
    return MappingProxyType({item.name: item for item in (user_type(), break_glass_type())})


def keys_of(tenant_id: str, resource_type: str, resource_id: str, document: str) -> RowKeys:
    """Return the keys of a stored document.

    Raises:
        KeyError: a type that this release does not store.
    """
    stored = StoredResource(resource_id, document, _NO_META)
    entries = index_entries(read_document(_stored_types()[resource_type], stored))
    return RowKeys(tenant_id, resource_type, resource_id, entries)
