"""*What look-ups find a resource by.* Decides the comparison keys that storage keeps beside a resource's text.

Knows resource types and the comparison key; knows no SQL. Because the same key is stored, filtered by and refused as a
duplicate, what a filter finds is what uniqueness refuses.
"""

from dataclasses import dataclass

from musterbook.scim.filter import CompareOp, Comparison
from musterbook.scim.match import comparison_key
from musterbook.scim.path import BoundPath
from musterbook.scim.resource import Resource
from musterbook.scim.schema import ResourceType


@dataclass(frozen=True, slots=True)
class IndexEntries:
    """The keys of one resource."""

    unique_key: str | None = None
    """The comparison key of the type's unique attribute."""
    external_id: str | None = None
    """As sent: ``externalId`` is case-exact (RFC 7643 §3.1)."""
    values: tuple[tuple[str, str], ...] = ()
    """(path, comparison key) of each indexed value, such as ``("emails.value", "ada@example.com")`` or
    ``("displayName", "crew")``, no repetitions."""


def index_entries(resource: Resource) -> IndexEntries:
    """Return the keys under which ``resource`` is found."""
    attributes = resource.attributes
    resource_type = resource.resource_type
    unique = attributes.get(resource_type.unique_attribute) if resource_type.unique_attribute else None
    values: dict[tuple[str, str], None] = {}
    for name, sub in resource_type.indexed_attributes:
        value = attributes.get(name)
        if value is not None and sub is None:
            values[name, comparison_key(value)] = None
        elif value is not None:
            path = f"{name}.{sub}"
            values.update({(path, comparison_key(item[sub])): None for item in value if sub in item})
    return IndexEntries(
        unique_key=None if unique is None else comparison_key(unique),
        external_id=attributes.get("externalId"),
        values=tuple(values),
    )


def unique_attribute_is(resource_type: ResourceType, value: str) -> Comparison:
    """Return the filter that finds the resource whose unique attribute has ``value``.

    Raises:
        ValueError: the type has no unique attribute.
    """
    attribute = resource_type.attribute(resource_type.unique_attribute or "")
    if attribute is None:
        raise ValueError(f"{resource_type.name} has no unique attribute")
    return Comparison(BoundPath(None, attribute), CompareOp.EQ, value)
