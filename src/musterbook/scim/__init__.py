"""*The SCIM engine* (RFC 7643, RFC 7644): schemas, resources, filters, PATCH and the protocol, as plain functions.

Pure: no I/O, no clock, no database, no web framework; the standard library and msgspec only. Beside the names below,
three modules are vocabularies that other rooms import as they are: ``scim.errors``, ``scim.operation`` and
``scim.filter`` (the syntax tree); ``scim.protocol`` is for the web shell.
"""

from musterbook.scim.dialects import Profile, Tolerance
from musterbook.scim.indexing import IndexEntries, index_entries
from musterbook.scim.match import comparison_key
from musterbook.scim.resource import Json, Meta, Resource, StoredResource, read_document, render_document
from musterbook.scim.schema import ResourceType, make_resource_type, make_schema, user_type

__all__ = [
    "IndexEntries",
    "Json",
    "Meta",
    "Profile",
    "Resource",
    "ResourceType",
    "StoredResource",
    "Tolerance",
    "comparison_key",
    "index_entries",
    "make_resource_type",
    "make_schema",
    "read_document",
    "render_document",
    "user_type",
]
