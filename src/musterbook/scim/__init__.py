"""*The SCIM engine* (RFC 7643, RFC 7644): schemas, resources, filters, PATCH and the protocol, as plain functions.

Pure: no I/O, no clock, no database, no web framework; the standard library and msgspec only. Beside the names below,
three modules are vocabularies that other rooms import as they are: ``scim.errors``, ``scim.operation`` and
``scim.filter`` (the syntax tree); ``scim.protocol`` is for the web shell.
"""

from musterbook.scim.dialects import Profile, Tolerance
from musterbook.scim.indexing import IndexEntries, index_entries, unique_attribute_is
from musterbook.scim.match import COMPARISON_KEY_VERSION, comparison_key, compile_filter, matches
from musterbook.scim.patch import apply_patch
from musterbook.scim.replace import replace_resource
from musterbook.scim.resource import Json, Meta, Resource, StoredResource, read_document, render_document
from musterbook.scim.schema import ResourceType, group_type, make_resource_type, make_schema, user_type

__all__ = [
    "COMPARISON_KEY_VERSION",
    "IndexEntries",
    "Json",
    "Meta",
    "Profile",
    "Resource",
    "ResourceType",
    "StoredResource",
    "Tolerance",
    "apply_patch",
    "comparison_key",
    "compile_filter",
    "group_type",
    "index_entries",
    "make_resource_type",
    "make_schema",
    "matches",
    "read_document",
    "render_document",
    "replace_resource",
    "unique_attribute_is",
    "user_type",
]
