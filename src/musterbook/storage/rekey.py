"""*New comparison keys.* Decides the keys of stored resources when the comparison key changes (``scim.match``).

Shared by the engines: they bring stored rows and write what comes back; nothing is run here. Keys are computed from the
stored documents alone, so they can be made anew at any time.
"""

from collections.abc import Sequence
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
from musterbook.storage.migrations import SchemaVersion

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


def types_to_rekey(version: SchemaVersion) -> tuple[str, ...]:
    """Return the names of the types whose keys have to be made anew.

    Never among them is one that nobody defines any more: what its keys are made of is not known.
    """
    if version.needs_new_keys:
        return (
            *(item.name for item in _built_in(unique_group_names=True)),
            *(item.name for item in version.custom_types),
        )
    return version.types_with_other_keys


def keys_of(
    tenant_id: str,
    resource_type: str,
    resource_id: str,
    document: str,
    *,
    unique_group_names: bool,
    custom_types: Sequence[ResourceType] = (),
) -> RowKeys:
    """Return the keys of a stored document; ``unique_group_names`` as the tenant has it.

    Raises:
        ValueError: a type that is neither built in nor one of ``custom_types``.
    """
    types = (*_built_in(unique_group_names=unique_group_names), *custom_types)
    found = next((item for item in types if item.name == resource_type), None)
    if found is None:
        raise ValueError(f"{resource_type} is no type that is known here")
    entries = index_entries(read_document(found, StoredResource(resource_id, document, _NO_META)))
    return RowKeys(tenant_id, resource_type, resource_id, entries)


def _built_in(*, unique_group_names: bool) -> tuple[ResourceType, ...]:
    return user_type(), break_glass_type(), group_type(unique_names=unique_group_names)
