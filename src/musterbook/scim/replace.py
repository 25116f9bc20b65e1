"""*PUT.* Decides what a resource is after it was replaced (RFC 7644 §3.5.1).

Knows resources and mutability; knows no request, tenant or storage. What the client sent takes the place of what was
there, and what it left out is cleared, with exceptions:

* ``active`` and ``externalId`` stay as they are. OneLogin's own templates carry neither: to clear ``active`` would
  bring a suspended person back with the next change of a title.
* What is read-only stays the server's, and memberships are changed apart from the resource.
* What is never returned stays where it is left out: nobody can send back what nobody can read.
* What is immutable stays once it is set.
* What no schema defines any more stays, because no client can see it. Otherwise a start without the definitions of an
  operator would cost everybody what is stored under them, as soon as their provider sends them again.
"""

from collections.abc import Mapping

from musterbook.scim.errors import MutabilityError
from musterbook.scim.resource import Json, Resource
from musterbook.scim.schema import Attribute, Mutability, is_hidden

KEPT_WHEN_OMITTED = ("externalId", "active")
"""Attributes that a PUT keeps when they are absent, ``null`` or empty."""


def replace_resource(current: Resource, sent: Resource) -> Resource:
    """Return ``current`` with the attributes of ``sent``; equal to ``current`` where nothing changes.

    Raises:
        MutabilityError: an immutable attribute is set, and ``sent`` has another value for it.
    """
    attributes = dict(sent.attributes)
    for name in KEPT_WHEN_OMITTED:
        if name in current.attributes:
            attributes.setdefault(name, current.attributes[name])
    resource_type = current.resource_type
    _keep_own(resource_type.schema.attributes, current.attributes, attributes, "")
    attributes.update(
        {
            name: value
            for name, value in current.attributes.items()
            if resource_type.attribute(name) is None and resource_type.extension(name) is None
        }
    )
    for extension in resource_type.extensions:
        urn = extension.schema.id
        present = current.attributes.get(urn, {})
        inner = {name: value for name, value in present.items() if extension.schema.attribute(name) is None}
        inner.update(attributes.get(urn, {}))
        _keep_own(extension.schema.attributes, present, inner, f"{urn}:")
        if inner:
            attributes[urn] = inner
    return Resource(current.resource_type, attributes, current.id, current.meta)


def _keep_own(
    definitions: tuple[Attribute, ...], current: Mapping[str, Json], attributes: dict[str, Json], prefix: str
) -> None:
    """Carry over from ``current`` into ``attributes`` what the client may not, or may no longer, write."""
    for attribute in definitions:
        name = attribute.name
        present = current.get(name)
        if present is None:
            continue
        if attribute.mutability is Mutability.READ_ONLY or attribute.kept_as_rows:
            attributes[name] = present
        elif attribute.mutability is Mutability.IMMUTABLE:
            if attributes.setdefault(name, present) != present:
                raise MutabilityError(f"{prefix}{name} cannot be changed once it is set.")
        elif is_hidden(attribute):
            attributes.setdefault(name, present)
        elif attribute.sub_attributes and not attribute.multi_valued and name in attributes:
            inner = dict(attributes[name])
            _keep_own(attribute.sub_attributes, present, inner, f"{prefix}{name}.")
            attributes[name] = inner
