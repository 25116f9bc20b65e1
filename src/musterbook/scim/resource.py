"""*A resource in memory.* Decides the shape of a typed resource and of its stored text (RFC 7643 §3).

Knows schemas; knows no request, tenant or database. Three ideas:

* :class:`Resource` holds attributes under the schema's own spelling, an extension's attributes in an object under the
  extension's URN, and no empty value: ``null``, ``[]`` and absence are one state, absence (RFC 7643 §2.5). Whoever
  holds a ``Resource`` holds checked values; only ``parse`` and ``patch`` make new ones from what a client sent.
* The stored text is the resource as compact JSON without ``meta`` and without anything that depends on the base URL.
  It is spliced into responses as it is. Memberships are not in it either: they are rows, of which a resource shows its
  end (:class:`Related`).
* Attributes are shared between resources and never changed in place; a change makes new containers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import msgspec

from musterbook.scim.path import BoundPath
from musterbook.scim.schema import ResourceType

Json: TypeAlias = Any
"""A decoded JSON value. `Any` because its type is decided by the schema at run time; the only such alias."""

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(dict[str, Json])


@dataclass(frozen=True, slots=True)
class Meta:
    """What the server knows of a resource beside its attributes (RFC 7643 §3.1, ``meta``)."""

    created: str
    """UTC, ``YYYY-MM-DDTHH:MM:SS.mmmZ``; this form sorts as text in the order of time."""
    last_modified: str
    """UTC, in the form of ``created``."""
    version: int
    """Counts the changes of the resource, from 1."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A checked resource of one type."""

    resource_type: ResourceType
    attributes: Mapping[str, Json]
    """Without ``schemas``, ``id`` and ``meta``; names in the schema's spelling."""
    id: str | None = None
    meta: Meta | None = None

    @property
    def schemas(self) -> tuple[str, ...]:
        """The URNs of the schemas whose attributes are present, the base schema first (RFC 7643 §3).

        Last come those that the type does not have: an operator defined them elsewhere, or no longer, and what was
        stored under them is not to be lost by a write of something else. Answers do not show them.
        """
        attributes = self.attributes
        known = [item.schema.id for item in self.resource_type.extensions if item.schema.id in attributes]
        others = [name for name in attributes if ":" in name and name not in known]
        return (self.resource_type.schema.id, *known, *others)


class Related(NamedTuple):
    """One end of a membership, as the other end shows it. A tuple: a group may have a hundred thousand members."""

    value: str
    """The id of the member, or of the group."""
    resource_type: str
    """The name of the resource type at this end."""
    type: str
    """What ``type`` shows: of a member its resource type; of a group ``direct`` or ``indirect`` (RFC 7643 §4.1.2)."""
    display: str | None = None
    """Of a member the name under which the client added it; of a group its present ``displayName``."""


@dataclass(frozen=True, slots=True)
class StoredResource:
    """A resource as storage holds it: text, not decoded."""

    id: str
    document: str
    meta: Meta
    related: Sequence[Related] | None = None
    """The elements of the type's ``related_attribute``, in the order of their ids; ``None``: not loaded."""


def render_document(resource: Resource) -> str:
    """Return the text that is stored: ``schemas``, ``id`` and the attributes in the order of the schema."""
    schemas = resource.schemas
    document: dict[str, Json] = {"schemas": schemas, "id": resource.id}
    attributes = resource.attributes
    resource_type = resource.resource_type
    apart = (resource_type.related_attribute, resource_type.password_attribute)
    external_id = attributes.get("externalId")
    if external_id is not None:
        document["externalId"] = external_id
    for attribute in resource_type.schema.attributes:
        value = attributes.get(attribute.name)
        if value is not None and attribute.name not in apart:
            document[attribute.name] = value
    document.update({urn: attributes[urn] for urn in schemas[1:]})
    # An attribute that its schema has no longer is not lost, either.
    document.update({name: value for name, value in attributes.items() if name not in document and name not in apart})
    return _ENCODER.encode(document).decode()


def read_document(resource_type: ResourceType, stored: StoredResource) -> Resource:
    """Return the resource of a stored text, which is trusted: it came from :func:`render_document`."""
    attributes = _DECODER.decode(stored.document)
    attributes.pop("schemas", None)
    attributes.pop("id", None)
    if stored.related and resource_type.related_attribute is not None:
        attributes[resource_type.related_attribute] = [element_of(item) for item in stored.related]
    return Resource(resource_type, attributes, stored.id, stored.meta)


def element_of(related: Related) -> dict[str, Json]:
    """Return one end of a membership as an element of the attribute that shows it, without its ``$ref``."""
    element = {"value": related.value, "display": related.display, "type": related.type}
    return {name: value for name, value in element.items() if value is not None}


def value_at(resource: Resource, path: BoundPath) -> Json:
    """Return the value that ``path`` names, or ``None`` where it is unassigned.

    For a sub-attribute of a multi-valued attribute this is the list of the elements' values.
    ``id``, ``schemas`` and ``meta`` are served like any attribute, ``meta.location`` and ``meta.version`` excepted:
    those depend on the base URL and on the response.
    """
    if path.attribute is None:
        return resource.attributes.get(path.extension.id) if path.extension is not None else None
    if path.extension is not None:
        value = resource.attributes.get(path.extension.id, {}).get(path.attribute.name)
    else:
        value = _top_level(resource, path.attribute.name)
    if path.sub_attribute is None or value is None:
        return value
    name = path.sub_attribute.name
    if isinstance(value, list):
        found = [item[name] for item in value if name in item]
        return found or None
    return value.get(name)


def _top_level(resource: Resource, name: str) -> Json:
    match name:
        case "id":
            return resource.id
        case "schemas":
            return list(resource.schemas)
        case "meta":
            meta = resource.meta
            if meta is None:
                return None
            return {
                "resourceType": resource.resource_type.name,
                "created": meta.created,
                "lastModified": meta.last_modified,
            }
        case _:
            return resource.attributes.get(name)
