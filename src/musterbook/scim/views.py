"""*A resource type, seen from the root.* Decides what attribute names mean in a query of all types (RFC 7644 §3.4.2.1).

Knows schemas; knows no request and no resource. A view of a type has the type's own attributes, and beside them those
of all other types, in which the type's resources have no value. So a filter of the root is parsed once for each type
like any other, and an attribute that no type has is an error.
"""

from collections.abc import Sequence

from musterbook.scim.path import BoundPath
from musterbook.scim.schema import Attribute, ResourceType, SchemaExtension, make_resource_type, make_schema

_NAME = "Resource"
"""What errors call a type whose attributes are those of all."""


def make_views(types: Sequence[ResourceType]) -> tuple[ResourceType, ...]:
    """Return the view of each type, in the same order."""
    return tuple(_view(item, types) for item in types)


def _view(seen: ResourceType, types: Sequence[ResourceType]) -> ResourceType:
    others = [item for item in types if item is not seen]
    attributes: dict[str, Attribute] = {item.name.lower(): item for item in seen.schema.attributes}
    extensions = {item.schema.id: item for item in seen.extensions}
    for other in others:
        for attribute in other.schema.attributes:
            attributes.setdefault(attribute.name.lower(), attribute)
        # Under its URN the attributes of another type are those of a schema that no resource of this one carries.
        for extension in (SchemaExtension(other.schema), *other.extensions):
            extensions.setdefault(extension.schema.id, extension)
    base = make_schema(seen.schema.id, _NAME, seen.schema.description, list(attributes.values()))
    return make_resource_type(_NAME, seen.endpoint, base, list(extensions.values()))


def is_of(path: BoundPath, resource_type: ResourceType) -> bool:
    """Return whether a path that a view bound is one of the type itself."""
    if path.extension is not None:
        return resource_type.extension(path.extension.id) is path.extension
    return path.attribute is None or resource_type.attribute(path.attribute.name) is path.attribute
